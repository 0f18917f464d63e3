/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/mem/cache.h"

#include <atomic>
#include <cerrno>
#include <deque>
#include <random>
#include <set>
#include <thread>

#include "fixture.h"

namespace
{

using Handles = std::vector<uint32_t>;

class Cache : public RegionTest
{
      protected:
	void SetUp() override
	{
		RegionTest::SetUp();
		pool_ = open_pool(500);
		cache_ = open_cache(pool_, 64);
	}

	void TearDown() override
	{
		EXPECT_EQ(vfnet_cache_close(cache_), 0);
		EXPECT_EQ(vfnet_pool_n_free(pool_), pool_->n_bufs);
		close_pool(pool_);
		RegionTest::TearDown();
	}

	Handles get(unsigned int n)
	{
		Handles handles(n);

		EXPECT_EQ(vfnet_cache_get(cache_, handles.data(), n), n);
		return handles;
	}

	void put(const Handles &handles)
	{
		vfnet_cache_put(cache_, handles.data(), static_cast<unsigned int>(handles.size()));
	}

	struct vfnet_pool *pool_;
	struct vfnet_cache *cache_;
};

TEST_F(Cache, KnowsItsPool)
{
	EXPECT_EQ(vfnet_cache_pool(cache_), pool_);
	EXPECT_EQ(vfnet_cache_close(nullptr), 0);
}

TEST_F(Cache, MostRecentlyFreedFirst)
{
	Handles all = get(32);

	for (uint32_t handle : all)
		put({handle});
	for (size_t i = all.size(); i-- > 0;)
		EXPECT_EQ(get(1), Handles{all[i]});
	put(all);
	EXPECT_EQ(get(32), all) << "a burst comes back as it was given";
	put(all);
}

TEST_F(Cache, StoreAlsoGivesTheMostRecentFirst)
{
	Handles a = get(64), b = get(64);

	put(a);
	put(b); /* a spills */
	EXPECT_EQ(vfnet_cache_close(cache_), 0);
	cache_ = open_cache(pool_, 64);
	Handles again = get(128);

	EXPECT_EQ(std::set<uint32_t>(a.begin(), a.end()),
		  std::set<uint32_t>(again.begin() + 64, again.end()));
	put(again);
}

TEST_F(Cache, AllOrNothing)
{
	Handles most = get(490), more(11, 7);
	uint32_t before = vfnet_pool_n_free(pool_);

	EXPECT_EQ(vfnet_cache_get(cache_, more.data(), 11), 0u);
	EXPECT_EQ(vfnet_cache_get(cache_, more.data(), UINT32_MAX), 0u);
	EXPECT_EQ(vfnet_pool_n_free(pool_), before);
	put(get(10));
	EXPECT_EQ(vfnet_cache_get(cache_, more.data(), 0), 0u);
	put(most);
}

TEST_F(Cache, BurstsLargerThanTheCacheGoThrough)
{
	for (unsigned int n : {1u, 31u, 32u, 33u, 63u, 64u, 65u, 100u, 257u, 500u}) {
		Handles all = get(n);
		std::set<uint32_t> different(all.begin(), all.end());

		EXPECT_EQ(different.size(), n);
		put(all);
		EXPECT_GE(vfnet_pool_n_free(pool_), 500u - 64u) << "keeps n_max at most";
	}
}

TEST_F(Cache, StrangersGoHome)
{
	struct vfnet_pool *other = open_pool(256);
	struct vfnet_cache *theirs = open_cache(other, 64);
	Handles mixed = get(40);

	mixed.resize(80);
	ASSERT_EQ(vfnet_cache_get(theirs, &mixed[40], 40), 40u);
	std::swap(mixed[3], mixed[60]);
	std::swap(mixed[39], mixed[79]);
	put(mixed);
	EXPECT_EQ(vfnet_cache_close(theirs), 0);
	EXPECT_EQ(vfnet_pool_n_free(other), 256u);
	EXPECT_EQ(vfnet_pool_debug_findings(pool_), 0u);
	close_pool(other);
}

TEST_F(Cache, HandlesOfNoPoolAreCountedAndDropped)
{
	Handles good = get(2);

	put({good[0] | VFNET_PKT_HELD, pool_->end + (1 << 16), pool_->first + 1, UINT32_MAX});
	EXPECT_EQ(vfnet_pool_debug_findings(pool_), 4u);
	EXPECT_TRUE(log_.lines.empty());
	put(good);
}

/* one handle takes a way of its own */
TEST_F(Cache, OneByOneAllOfThatHoldsToo)
{
	struct vfnet_pool *other = open_pool(256);
	struct vfnet_cache *theirs = open_cache(other, 64);
	Handles good = get(1), stranger(1);

	ASSERT_EQ(vfnet_cache_get(theirs, stranger.data(), 1), 1u);
	put({good[0] | VFNET_PKT_HELD});
	put({pool_->end + (1 << 16)});
	put({pool_->first - 1});
	EXPECT_EQ(vfnet_pool_debug_findings(pool_), 3u);
	put(stranger);
	put(good);
	EXPECT_EQ(vfnet_pool_debug_findings(pool_), 3u);
	EXPECT_EQ(vfnet_cache_close(theirs), 0);
	EXPECT_EQ(vfnet_pool_n_free(other), 256u);
	close_pool(other);
}

/* a cache that is closed leaves eight blocks in the store; they come back newest first */
TEST_F(Cache, BlocksComeBackInTheOrderOfAStack)
{
	struct vfnet_cache *large = open_cache(pool_, 256);
	Handles all(256), again(256);

	ASSERT_EQ(vfnet_cache_get(large, all.data(), 256), 256u);
	for (uint32_t handle : all)
		vfnet_cache_put(large, &handle, 1);
	vfnet_cache_put(large, all.data(), 0);
	uint32_t kept = pool_->n_bufs - vfnet_pool_n_free(pool_);

	EXPECT_EQ(vfnet_cache_close(large), 0);
	large = open_cache(pool_, 256);
	for (size_t i = all.size(); i-- > 256 - kept;) {
		ASSERT_EQ(vfnet_cache_get(large, &again[i], 1), 1u);
		EXPECT_EQ(again[i], all[i]) << i;
	}
	vfnet_cache_put(large, &again[256 - kept], kept);
	EXPECT_EQ(vfnet_cache_close(large), 0);
}

TEST_F(Cache, SizeOutOfRangeIsRefused)
{
	struct vfnet_cache *cache = nullptr;

	for (unsigned int n_max : {1u, 32u, 65u, 100u, 4128u, 8192u}) {
		EXPECT_EQ(vfnet_cache_open(pool_, n_max, &cache, &err_), -EINVAL);
		EXPECT_NE(std::string(err_.text).find(std::to_string(n_max)), std::string::npos);
	}
	EXPECT_EQ(cache, nullptr);
}

TEST_F(Cache, PoolTooSmallForAllCachesNamesTheNumber)
{
	struct vfnet_cache *cache = nullptr, *fits = open_cache(pool_, 288);

	EXPECT_EQ(vfnet_cache_open(pool_, 64, &cache, &err_), -ENOBUFS);
	EXPECT_NE(std::string(err_.text).find("need 544 buffers, and it has 500"),
		  std::string::npos)
	    << err_.text;
	EXPECT_EQ(cache, nullptr);
	EXPECT_EQ(vfnet_cache_close(fits), 0);
	fits = open_cache(pool_, 288);
	EXPECT_EQ(vfnet_cache_close(fits), 0);
}

TEST_F(Cache, CloseIsRefusedWhileAQueueNamesIt)
{
	vfnet_cache_hold(cache_);
	vfnet_cache_hold(cache_);
	vfnet_cache_release(cache_);
	EXPECT_EQ(vfnet_cache_close(cache_), -EBUSY);
	put(get(40));
	vfnet_cache_release(cache_);
}

TEST_F(Cache, FreshPacketsHaveHeadroomAndNothingElse)
{
	std::vector<struct vfnet_pkt> pkts(256);

	memset(pkts.data(), 0xff, sizeof(pkts[0]) * pkts.size());
	EXPECT_EQ(vfnet_pkt_alloc(cache_, pkts.data(), 257), 0u);
	EXPECT_EQ(vfnet_pkt_alloc(cache_, pkts.data(), 0), 0u);
	ASSERT_EQ(vfnet_pkt_alloc(cache_, pkts.data(), 256), 256u);
	for (const auto &pkt : pkts) {
		EXPECT_EQ(pkt.off, pool_->default_off);
		EXPECT_EQ(pkt.len | pkt.hash | pkt.vlan | pkt.flags, 0u);
		EXPECT_EQ(vfnet_pkt_data(region_, &pkt),
			  region_->base + uint64_t(pkt.buf) * 64 + pool_->default_off);
	}
	EXPECT_EQ(vfnet_pkt_alloc(cache_, pkts.data(), 256), 0u) << "244 are left";
	vfnet_pkt_free(cache_, pkts.data(), 256);
	EXPECT_EQ(vfnet_pool_debug_findings(pool_), 0u);
}

/* Threads pass buffers through a queue, so that most come back to another thread's cache or as
 * strangers, one by one or in blocks. Nobody may see a buffer that another has. */
class Stress : public RegionTest
{
      protected:
	void work(struct vfnet_pool *home, unsigned int seed)
	{
		struct vfnet_cache *cache = open_cache(home, 64);
		std::mt19937 rng(seed);

		for (int i = 0; i < 3000; i++) {
			Handles burst(1 + rng() % 70);
			unsigned int n = static_cast<unsigned int>(burst.size());

			if (vfnet_cache_get(cache, burst.data(), n))
				give(take(burst), rng());
			burst = receive();
			n = static_cast<unsigned int>(burst.size());
			for (uint32_t handle : burst)
				EXPECT_EQ(held_[handle].exchange(0), 1);
			if (rng() % 4)
				vfnet_cache_put(cache, burst.data(), n);
			else
				EXPECT_EQ(vfnet_pool_put(region_, burst.data(), n), 0);
		}
		EXPECT_EQ(vfnet_cache_close(cache), 0);
	}

	const Handles &take(const Handles &burst)
	{
		for (uint32_t handle : burst)
			EXPECT_EQ(held_[handle].exchange(1), 0) << "handed out twice";
		return burst;
	}

	void give(const Handles &burst, unsigned int at)
	{
		std::lock_guard<std::mutex> guard(lock_);

		queue_.insert(at % 2 ? queue_.begin() : queue_.end(), burst);
	}

	Handles receive()
	{
		std::lock_guard<std::mutex> guard(lock_);
		Handles burst;

		if (!queue_.empty()) {
			burst = queue_.front();
			queue_.pop_front();
		}
		return burst;
	}

	std::mutex lock_;
	std::deque<Handles> queue_;
	std::vector<std::atomic<uint8_t>> held_ =
	    std::vector<std::atomic<uint8_t>>((8 << 20) >> VFNET_PLACE_SHIFT);
};

TEST_F(Stress, BuffersTravelBetweenThreadsAndNoneIsLostOrDoubled)
{
	struct vfnet_pool *one = open_pool(403), *two = open_pool(400);
	std::thread threads[] = {
	    std::thread([&] { work(one, 1); }),
	    std::thread([&] { work(one, 2); }),
	    std::thread([&] { work(two, 3); }),
	};

	for (std::thread &thread : threads)
		thread.join();
	for (const Handles &burst : queue_)
		EXPECT_EQ(
		    vfnet_pool_put(region_, burst.data(), static_cast<unsigned int>(burst.size())),
		    0);
	EXPECT_EQ(vfnet_pool_n_free(one), 403u);
	EXPECT_EQ(vfnet_pool_n_free(two), 400u);
	EXPECT_EQ(vfnet_pool_debug_findings(one) + vfnet_pool_debug_findings(two), 0u);
	close_pool(one);
	close_pool(two);
}

} // namespace
