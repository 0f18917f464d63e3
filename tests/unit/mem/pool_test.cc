/* SPDX-License-Identifier: BSD-2-Clause */
#include <vfnet/cache.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <set>

#include "fixture.h"
#include "lib/mem/hugepage.h"
#include "lib/mem/pool.h"

namespace
{

class Pool : public RegionTest
{
      protected:
	void SetUp() override
	{
		open(32 << 20);
	}

	/* everything that a cache and the pool have */
	std::vector<uint32_t> drain(struct vfnet_cache *cache)
	{
		std::vector<uint32_t> all;
		uint32_t handle;

		while (vfnet_cache_get(cache, &handle, 1))
			all.push_back(handle);
		return all;
	}
};

TEST_F(Pool, DefaultsAreThoseOfTheHeader)
{
	struct vfnet_pool *pool = nullptr;

	ASSERT_EQ(vfnet_pool_open(region_, nullptr, &pool, &err_), 0) << err_.text;
	EXPECT_EQ(pool->region, region_);
	EXPECT_EQ(pool->n_bufs, 4096u);
	EXPECT_EQ(pool->priv_bytes, 0u);
	EXPECT_EQ(pool->default_off, 128u);
	EXPECT_EQ(pool->buf_bytes, 128u + 2048u);
	EXPECT_EQ(pool->stride, 35u) << "34 units made odd";
	EXPECT_EQ(vfnet_pool_n_free(pool), 4096u);
	EXPECT_EQ(vfnet_pool_low_water(pool), 4096u);
	close_pool(pool);
	close_pool(nullptr);
}

TEST_F(Pool, StrideIsOddAndHoldsTheBuffer)
{
	for (uint32_t data = 64; data <= 1024; data += 64) {
		struct vfnet_pool_opts opts = {};
		struct vfnet_pool *pool;

		opts.size = sizeof(opts);
		opts.n_bufs = 3;
		opts.data_bytes = data;
		opts.headroom_bytes = 64;
		opts.priv_bytes = 128;
		ASSERT_EQ(vfnet_pool_open(region_, &opts, &pool, &err_), 0) << err_.text;
		EXPECT_EQ(pool->stride % 2, 1u);
		EXPECT_GE(pool->stride * 64, pool->buf_bytes);
		EXPECT_EQ(pool->default_off, 192u);
		EXPECT_EQ(pool->buf_bytes, 192 + data);
		close_pool(pool);
	}
}

TEST_F(Pool, EveryBufferIsHandedOutOnceWithinThePool)
{
	struct vfnet_pool *pool = open_pool(1000);
	struct vfnet_cache *cache = open_cache(pool, 64);
	std::vector<uint32_t> all = drain(cache);
	std::set<uint32_t> different(all.begin(), all.end());

	EXPECT_EQ(all.size(), 1000u);
	EXPECT_EQ(different.size(), 1000u);
	for (uint32_t handle : all) {
		EXPECT_EQ((handle - pool->first) % pool->stride, 0u);
		EXPECT_LT(handle, pool->end);
	}
	EXPECT_EQ(vfnet_pool_n_free(pool), 0u);
	EXPECT_EQ(vfnet_pool_low_water(pool), 0u);
	EXPECT_EQ(vfnet_pool_put(region_, all.data(), 1000), 0);
	EXPECT_EQ(vfnet_pool_n_free(pool), 1000u);
	EXPECT_EQ(vfnet_pool_low_water(pool), 0u);
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	close_pool(pool);
}

TEST_F(Pool, ChunksAreSharedWithNothing)
{
	unsigned int shift = region_->chunk_shift;
	auto chunk = [&](uint32_t place) { return place >> (shift - VFNET_PLACE_SHIFT); };
	struct vfnet_pool *one = open_pool(1), *two = open_pool(300);
	std::vector<void *> objects;

	EXPECT_EQ(one->first % (1u << (shift - VFNET_PLACE_SHIFT)), 0u);
	EXPECT_EQ(two->first % (1u << (shift - VFNET_PLACE_SHIFT)), 0u);
	EXPECT_NE(chunk(one->first), chunk(two->first));
	EXPECT_EQ(vfnet_dma_free_bytes(region_) % (1u << shift), 0u);
	for (int i = 0; i < 100; i++) {
		void *ptr;

		ASSERT_EQ(vfnet_dma_alloc(region_, 4096, 64, 0, &ptr, &err_), 0);
		uint32_t at = static_cast<uint32_t>((static_cast<uint8_t *>(ptr) - region_->base) >>
						    VFNET_PLACE_SHIFT);

		EXPECT_NE(chunk(at), chunk(one->first));
		EXPECT_TRUE(chunk(at) < chunk(two->first) || chunk(at) > chunk(two->end - 1));
		objects.push_back(ptr);
	}
	for (void *ptr : objects)
		EXPECT_EQ(vfnet_dma_free(region_, ptr), 0);
	close_pool(one);
	close_pool(two);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

TEST_F(Pool, OptionsOutOfRangeAreRefused)
{
	struct vfnet_pool_opts good = {};
	std::vector<struct vfnet_pool_opts> bad(9, good);
	struct vfnet_pool *pool = nullptr;

	for (auto &opts : bad)
		opts.size = sizeof(opts);
	bad[0].n_bufs = (1 << 24) + 1;
	bad[1].data_bytes = 100;
	bad[2].data_bytes = 65536;
	bad[3].headroom_bytes = 1;
	bad[4].headroom_bytes = 1088;
	bad[5].priv_bytes = 32;
	bad[6].priv_bytes = 1088;
	bad[7].size = 0;
	bad[8].size = sizeof(good) + 8;
	for (auto &opts : bad) {
		err_ = {};
		EXPECT_EQ(vfnet_pool_open(region_, &opts, &pool, &err_), -EINVAL);
		EXPECT_EQ(err_.code, -EINVAL);
		EXPECT_STRNE(err_.text, "");
	}
	EXPECT_EQ(pool, nullptr);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

TEST_F(Pool, LargestBufferFitsAPacketsOffsets)
{
	struct vfnet_pool_opts opts = {};
	struct vfnet_pool *pool;

	opts.size = sizeof(opts);
	opts.n_bufs = 2;
	opts.data_bytes = 65472;
	opts.headroom_bytes = 1024;
	opts.priv_bytes = 1024;
	ASSERT_EQ(vfnet_pool_open(region_, &opts, &pool, &err_), 0) << err_.text;
	EXPECT_LE(pool->default_off, 65535u);
	close_pool(pool);
}

TEST_F(Pool, LargerThanTheRegionNamesNeedAndRest)
{
	struct vfnet_pool_opts opts = {};
	struct vfnet_pool *pool = nullptr;

	opts.size = sizeof(opts);
	opts.name = "big";
	for (uint32_t n_bufs : {100000u, 1u << 24}) {
		opts.n_bufs = n_bufs;
		EXPECT_EQ(vfnet_pool_open(region_, &opts, &pool, &err_), -ENOMEM);
		EXPECT_NE(std::string(err_.text).find("pool big: " + std::to_string(n_bufs)),
			  std::string::npos);
		EXPECT_NE(std::string(err_.text).find("33554432 of 33554432"), std::string::npos)
		    << err_.text;
	}
	EXPECT_EQ(pool, nullptr);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

TEST_F(Pool, PutTakesHandlesOfAnyPoolAndRefusesOthers)
{
	struct vfnet_pool *one = open_pool(256), *two = open_pool(256);
	struct vfnet_cache *c1 = open_cache(one, 64), *c2 = open_cache(two, 64);
	std::vector<uint32_t> mixed(40);

	ASSERT_EQ(vfnet_cache_get(c1, &mixed[0], 10), 10u);
	ASSERT_EQ(vfnet_cache_get(c2, &mixed[10], 10), 10u);
	ASSERT_EQ(vfnet_cache_get(c1, &mixed[20], 10), 10u);
	mixed[30] = two->end + 1000000;	       /* beyond */
	mixed[31] = one->first + 1;	       /* not the start of a buffer */
	mixed[32] = mixed[0] | VFNET_PKT_HELD; /* bit 31 must be 0 */
	mixed[33] = 0x7fffffff;
	mixed[34] = UINT32_MAX;
	ASSERT_EQ(vfnet_cache_get(c2, &mixed[35], 5), 5u);
	EXPECT_EQ(vfnet_pool_put(region_, mixed.data(), 40), -EINVAL);
	EXPECT_EQ(vfnet_pool_put(region_, mixed.data(), 0), 0);
	EXPECT_EQ(vfnet_cache_close(c1), 0);
	EXPECT_EQ(vfnet_cache_close(c2), 0);
	EXPECT_EQ(vfnet_pool_n_free(one), 256u);
	EXPECT_EQ(vfnet_pool_n_free(two), 256u);
	close_pool(one);
	EXPECT_EQ(vfnet_pool_put(region_, mixed.data(), 1), -EINVAL) << "of a closed pool";
	close_pool(two);
}

TEST_F(Pool, CloseIsRefusedWhileACacheIsOpenOrABufferIsOut)
{
	struct vfnet_pool *pool = open_pool(256);
	struct vfnet_cache *cache = open_cache(pool, 64);
	uint32_t handle[3];

	ASSERT_EQ(vfnet_cache_get(cache, handle, 3), 3u);
	EXPECT_EQ(vfnet_pool_close(pool, &err_), -EBUSY);
	EXPECT_NE(std::string(err_.text).find("1 caches"), std::string::npos) << err_.text;
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	EXPECT_EQ(vfnet_pool_close(pool, &err_), -EBUSY);
	EXPECT_NE(std::string(err_.text).find("3 of 256 buffers are not back"), std::string::npos)
	    << err_.text;
	EXPECT_EQ(vfnet_pool_put(region_, handle, 3), 0);
	close_pool(pool);
}

TEST_F(Pool, CloseAfterADoublePutPointsToDebug)
{
	struct vfnet_pool *pool = open_pool(256);
	struct vfnet_cache *cache = open_cache(pool, 64);
	uint32_t handle, again[257];

	ASSERT_EQ(vfnet_cache_get(cache, &handle, 1), 1u);
	EXPECT_EQ(vfnet_pool_put(region_, &handle, 1), 0);
	EXPECT_EQ(vfnet_pool_put(region_, &handle, 1), 0);
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	EXPECT_EQ(vfnet_pool_close(pool, &err_), -EBUSY);
	EXPECT_NE(std::string(err_.text).find("given back twice, 1 times"), std::string::npos)
	    << err_.text;
	cache = open_cache(pool, 64);
	ASSERT_EQ(vfnet_cache_get(cache, again, 257), 257u);
	vfnet_cache_put(cache, again, 256);
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	close_pool(pool);
}

TEST_F(Pool, LowWaterIsTheLeastSeen)
{
	struct vfnet_pool *pool = open_pool(256);
	struct vfnet_cache *cache = open_cache(pool, 64);
	uint32_t handle[96];

	ASSERT_EQ(vfnet_cache_get(cache, handle, 96), 96u);
	EXPECT_EQ(vfnet_pool_n_free(pool), 160u);
	vfnet_cache_put(cache, handle, 96);
	ASSERT_EQ(vfnet_cache_get(cache, handle, 1), 1u);
	vfnet_cache_put(cache, handle, 1);
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	EXPECT_EQ(vfnet_pool_n_free(pool), 256u);
	EXPECT_EQ(vfnet_pool_low_water(pool), 160u);
	close_pool(pool);
}

TEST_F(Pool, CommitLeavesRoomForTwoBursts)
{
	struct vfnet_pool *pool = open_pool(1000, false, "fwd");

	EXPECT_EQ(vfnet_pool_commit(pool, 512, "ring A", &err_), 0);
	EXPECT_EQ(vfnet_pool_commit(pool, 361, "ring B", &err_), -ENOBUFS);
	EXPECT_NE(std::string(err_.text).find("pool fwd: with 361 for ring B"), std::string::npos)
	    << err_.text;
	EXPECT_NE(std::string(err_.text).find("need 1001 buffers, and it has 1000"),
		  std::string::npos)
	    << err_.text;
	EXPECT_EQ(vfnet_pool_commit(pool, 360, "ring B", &err_), 0);
	EXPECT_EQ(vfnet_pool_commit(pool, 1, "ring C", nullptr), -ENOBUFS);
	vfnet_pool_uncommit(pool, 512);
	EXPECT_EQ(vfnet_pool_commit(pool, UINT32_MAX, "ring D", &err_), -ENOBUFS);
	EXPECT_EQ(vfnet_pool_commit(pool, 512, "ring E", &err_), 0);
	close_pool(pool);
}

TEST(Store, HeadNeverLooksTheSameAgain)
{
	struct vfnet_store store;
	uint32_t handles[VFNET_POOL_BLOCK];

	ASSERT_EQ(vfnet_store_open(&store, 0, 1, VFNET_POOL_BLOCK), 0);
	std::iota(handles, handles + VFNET_POOL_BLOCK, 0);
	vfnet_store_put(&store, handles, VFNET_POOL_BLOCK);
	uint64_t full = store.full.head, empty = store.empty.head;

	ASSERT_EQ(vfnet_store_get(&store, handles, 1), unsigned(VFNET_POOL_BLOCK));
	vfnet_store_put(&store, handles, VFNET_POOL_BLOCK);
	EXPECT_EQ(uint32_t(store.full.head), uint32_t(full)) << "the same block on top";
	EXPECT_NE(store.full.head, full) << "or a slow thread would swap in a stale link";
	EXPECT_NE(store.empty.head, empty);
	vfnet_store_close(&store);
}

TEST(PoolSlots, OnHugepagesABufferThatCrosses2MibIsLeftOut)
{
	const uint32_t stride = 35, page = (2 << 20) / 64;
	uint32_t n = vfnet_pool_slots(4096, stride, VFNET_PAGE_2M), usable = 0;

	for (uint32_t slot = 0; slot < n; slot++) {
		uint32_t first = slot * stride, last = first + stride - 1;

		EXPECT_EQ(vfnet_pool_crosses(slot, stride, VFNET_PAGE_2M),
			  first / page != last / page);
		usable += first / page == last / page;
	}
	EXPECT_EQ(usable, 4096u);
	EXPECT_GT(n, 4096u);
	EXPECT_EQ(vfnet_pool_slots(4096, stride, VFNET_PAGE_1G), n);
	EXPECT_EQ(vfnet_pool_slots(4096, stride, VFNET_PAGE_4K), 4096u);
	EXPECT_EQ(vfnet_pool_slots(1, stride, VFNET_PAGE_2M), 1u);
}

TEST(Packet, GrowsAndShrinksWithinItsBuffer)
{
	struct vfnet_pool pool = {};
	struct vfnet_pkt pkt = {};

	pool.priv_bytes = 64;
	pool.default_off = 192;
	pool.buf_bytes = 192 + 256;
	pkt.off = 192;
	EXPECT_FALSE(vfnet_pkt_append(&pool, &pkt, 257));
	EXPECT_TRUE(vfnet_pkt_append(&pool, &pkt, 256));
	EXPECT_FALSE(vfnet_pkt_append(&pool, &pkt, 1));
	EXPECT_FALSE(vfnet_pkt_push(&pool, &pkt, 129));
	EXPECT_TRUE(vfnet_pkt_push(&pool, &pkt, 128));
	EXPECT_EQ(pkt.off, 64);
	EXPECT_EQ(pkt.len, 384);
	EXPECT_FALSE(vfnet_pkt_push(&pool, &pkt, 1)) << "the private area is not headroom";
	EXPECT_FALSE(vfnet_pkt_pull(&pkt, 384)) << "a packet has at least a byte";
	EXPECT_TRUE(vfnet_pkt_pull(&pkt, 383));
	EXPECT_EQ(pkt.off, 447);
	EXPECT_EQ(pkt.len, 1);
	EXPECT_FALSE(vfnet_pkt_trim(&pkt, 1));
	EXPECT_TRUE(vfnet_pkt_push(&pool, &pkt, 10));
	EXPECT_TRUE(vfnet_pkt_trim(&pkt, 10));
	EXPECT_EQ(pkt.off, 437);
	EXPECT_EQ(pkt.len, 1);
}

} // namespace
