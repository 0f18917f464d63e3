/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/mem/pool_debug.h"

#include <algorithm>
#include <cerrno>

#include "fixture.h"

namespace
{

class PoolDebug : public RegionTest
{
      protected:
	void SetUp() override
	{
		RegionTest::SetUp();
		pool_ = open_pool(200, true, "dbg");
		cache_ = open_cache(pool_, 64);
		vfnet_cache_set_name(cache_, "worker 7");
	}

	void TearDown() override
	{
		EXPECT_EQ(vfnet_cache_close(cache_), 0);
		close_pool(pool_);
		RegionTest::TearDown();
	}

	uint32_t get()
	{
		uint32_t handle = UINT32_MAX;

		EXPECT_EQ(vfnet_cache_get(cache_, &handle, 1), 1u);
		return handle;
	}

	void put(uint32_t handle)
	{
		vfnet_cache_put(cache_, &handle, 1);
	}

	uint8_t *bytes(uint32_t handle)
	{
		return static_cast<uint8_t *>(vfnet_place_ptr(region_, handle));
	}

	void expect_finding(const std::string &words)
	{
		ASSERT_EQ(vfnet_pool_debug_findings(pool_), 1u);
		ASSERT_EQ(log_.lines.size(), 1u);
		EXPECT_EQ(log_.lines[0].rfind("ERR mem/pool: pool dbg, buffer 0x", 0), 0u);
		EXPECT_NE(log_.lines[0].find(words), std::string::npos) << log_.lines[0];
	}

	struct vfnet_pool *pool_;
	struct vfnet_cache *cache_;
};

TEST_F(PoolDebug, CleanUseHasNoFindings)
{
	for (unsigned int n : {1u, 20u, 32u, 100u, 200u}) {
		std::vector<uint32_t> all(n);

		ASSERT_EQ(vfnet_cache_get(cache_, all.data(), n), n);
		for (uint32_t handle : all)
			memset(bytes(handle), 1, pool_->buf_bytes);
		vfnet_cache_put(cache_, all.data(), n / 2);
		EXPECT_EQ(vfnet_pool_put(region_, &all[n / 2], n - n / 2), 0);
	}
	EXPECT_EQ(vfnet_pool_debug_findings(pool_), 0u);
	EXPECT_TRUE(log_.lines.empty());
}

TEST_F(PoolDebug, FreeBuffersArePoisoned)
{
	uint32_t handle = get();
	const uint8_t *byte = bytes(handle);

	EXPECT_EQ(std::count(byte, byte + pool_->buf_bytes, VFNET_POOL_POISON), pool_->buf_bytes);
	memset(bytes(handle), 0, pool_->buf_bytes);
	put(handle);
	EXPECT_EQ(std::count(byte, byte + pool_->buf_bytes, VFNET_POOL_POISON), pool_->buf_bytes);
}

TEST_F(PoolDebug, WriteAfterFreeIsFoundWithByteAndOwner)
{
	for (uint32_t at : {0u, 129u, pool_->buf_bytes - 1}) {
		uint32_t handle = get();
		uint64_t before = vfnet_pool_debug_findings(pool_);

		put(handle);
		bytes(handle)[at] = 0x5a;
		ASSERT_EQ(get(), handle);
		EXPECT_EQ(vfnet_pool_debug_findings(pool_), before + 1);
		EXPECT_NE(
		    log_.lines.back().find("byte " + std::to_string(at) + " was written (0x5a)"),
		    std::string::npos)
		    << log_.lines.back();
		EXPECT_NE(log_.lines.back().find("last owner was worker 7"), std::string::npos);
		put(handle);
	}
	EXPECT_EQ(log_.lines.size(), 3u);
}

TEST_F(PoolDebug, WriteToABufferThatNobodyHadYet)
{
	memset(bytes(pool_->first), 0, 1);
	put(get());
	expect_finding("last owner was nobody yet");
}

TEST_F(PoolDebug, DoublePutIsRefused)
{
	uint32_t handle = get();

	put(handle);
	put(handle);
	expect_finding("given back twice; its last owner was worker 7");
}

TEST_F(PoolDebug, DoublePutWithinABurst)
{
	uint32_t twice[2];

	twice[0] = twice[1] = get();
	vfnet_cache_put(cache_, twice, 2);
	expect_finding("given back twice");
}

TEST_F(PoolDebug, DoublePutPastTheCache)
{
	uint32_t handle = get();

	put(handle);
	EXPECT_EQ(vfnet_pool_put(region_, &handle, 1), -EINVAL);
	expect_finding("given back twice");
}

TEST_F(PoolDebug, DoublePutByAStrangersCache)
{
	struct vfnet_pool *other = open_pool(256);
	struct vfnet_cache *theirs = open_cache(other);
	uint32_t handle = get();

	vfnet_cache_put(theirs, &handle, 1);
	vfnet_cache_put(theirs, &handle, 1);
	EXPECT_EQ(vfnet_cache_close(theirs), 0);
	close_pool(other);
	expect_finding("given back twice");
}

TEST_F(PoolDebug, HeldHandleIsAFinding)
{
	uint32_t handle = get();

	put(handle | VFNET_PKT_HELD);
	expect_finding("bit 31 (HELD) is set");
	put(handle);
	EXPECT_EQ(vfnet_pool_debug_findings(pool_), 1u);
}

TEST_F(PoolDebug, PlaceInsideABufferIsAFinding)
{
	uint32_t handle = get();

	put(handle + 1);
	expect_finding("no buffer of any pool starts there");
	put(handle);
}

TEST_F(PoolDebug, LeakReportNamesTheOwners)
{
	struct vfnet_pool *pool = open_pool(400, true, "leaky");
	struct vfnet_cache *a = open_cache(pool, 64), *b = open_cache(pool, 64);
	uint32_t taken[6];

	vfnet_cache_set_name(a, "a name that is longer than thirty-one bytes");
	ASSERT_EQ(vfnet_cache_get(a, taken, 2), 2u);
	ASSERT_EQ(vfnet_cache_get(b, taken + 2, 4), 4u);
	vfnet_cache_put(a, taken + 2, 1);
	EXPECT_EQ(vfnet_cache_close(a), 0);
	EXPECT_EQ(vfnet_cache_close(b), 0);
	EXPECT_EQ(vfnet_pool_close(pool, &err_), -EBUSY);
	std::string text = err_.text;

	EXPECT_NE(text.find("pool leaky: 5 of 400 buffers are not back"), std::string::npos)
	    << text;
	EXPECT_NE(text.find("a name that is longer than thir took 2 (0x"), std::string::npos)
	    << text;
	EXPECT_NE(text.find("cache 2 took 3 (0x"), std::string::npos) << text;
	EXPECT_EQ(vfnet_pool_put(region_, taken, 2), 0);
	EXPECT_EQ(vfnet_pool_put(region_, taken + 3, 3), 0);
	close_pool(pool);
}

TEST_F(PoolDebug, LeakReportOfManyOwnersIsCut)
{
	struct vfnet_pool *pool = open_pool(400, true, "many");
	uint32_t taken[40];

	for (int i = 0; i < 40; i++) {
		struct vfnet_cache *cache = open_cache(pool, 64);

		vfnet_cache_set_name(cache, "someone with quite a long name");
		ASSERT_EQ(vfnet_cache_get(cache, &taken[i], 1), 1u);
		EXPECT_EQ(vfnet_cache_close(cache), 0);
	}
	EXPECT_EQ(vfnet_pool_close(pool, &err_), -EBUSY);
	EXPECT_EQ(vfnet_pool_put(region_, taken, 40), 0);
	close_pool(pool);
}

} // namespace
