/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The region on real hugepages: what the unit tests of lib/mem can only describe. Needs a machine
 * that has 32 free ones of 2 MiB, which nobody else takes meanwhile; guest/memory.sh makes one.
 */
#include <vfnet/cache.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sstream>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem/hugepage.h"
#include "tests/unit/mem/fixture.h"

namespace
{

const uint64_t MIB = UINT64_C(1) << 20;

uint64_t n_free()
{
	return vfnet_hugepage_free("", VFNET_PAGE_2M, -1);
}

class Hugepages : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		free_before_ = n_free();
		ASSERT_GE(free_before_, 32u) << "hugepages of 2 MiB";
	}

	void TearDown() override
	{
		EXPECT_EQ(vfnet_region_close(region_), 0);
		EXPECT_EQ(n_free(), free_before_) << "hugepages are not back";
	}

	int open(uint64_t bytes, uint64_t page_bytes, const char *root = nullptr)
	{
		struct vfnet_region_opts opts = {};

		opts.bytes = bytes;
		opts.page_bytes = page_bytes;
		opts.log = log_.log();
		opts.root = root;
		return vfnet_region_open(&opts, &region_, &err_);
	}

	bool said(const std::string &words) const
	{
		return std::string(err_.text).find(words) != std::string::npos;
	}

	uint64_t free_before_ = 0;
	LogLines log_;
	struct vfnet_region *region_ = nullptr;
	struct vfnet_err err_ = {};
};

/* "KernelPageSize" of the mapping that starts at @base, in KiB */
long mapped_page_kib(const void *base)
{
	std::ifstream smaps("/proc/self/smaps");
	std::ostringstream start;
	std::string line;
	long kib;

	start << std::hex << reinterpret_cast<uintptr_t>(base) << "-";
	while (std::getline(smaps, line))
		if (line.rfind(start.str(), 0) == 0)
			break;
	while (std::getline(smaps, line))
		if (sscanf(line.c_str(), "KernelPageSize: %ld", &kib) == 1)
			return kib;
	return -1;
}

TEST_F(Hugepages, RegionTakesThemAtOpenAndReturnsThemAtClose)
{
	ASSERT_EQ(open(8 * MIB, VFNET_PAGE_2M), 0) << err_.text;
	EXPECT_EQ(region_->page_bytes, VFNET_PAGE_2M);
	EXPECT_EQ(region_->bytes, 8 * MIB);
	EXPECT_EQ(region_->chunk_shift, 21u);
	EXPECT_EQ(reinterpret_cast<uintptr_t>(region_->base) % VFNET_PAGE_2M, 0u);
	EXPECT_EQ(mapped_page_kib(region_->base), 2048);
	EXPECT_EQ(n_free(), free_before_ - 4);
	memset(region_->base, 0x5a, region_->bytes);
	EXPECT_EQ(n_free(), free_before_ - 4);
	EXPECT_EQ(vfnet_region_close(region_), 0);
	region_ = nullptr;
	EXPECT_EQ(n_free(), free_before_);
}

TEST_F(Hugepages, SizeIsRoundedUpToThePage)
{
	ASSERT_EQ(open(2 * MIB + 1, VFNET_PAGE_2M), 0) << err_.text;
	EXPECT_EQ(region_->bytes, 4 * MIB);
	region_->base[region_->bytes - 1] = 1;
}

TEST_F(Hugepages, NoPageSizeAskedForTakesThemWithoutAWarning)
{
	ASSERT_EQ(open(6 * MIB, 0), 0) << err_.text;
	EXPECT_EQ(region_->page_bytes, VFNET_PAGE_2M);
	EXPECT_EQ(n_free(), free_before_ - 3);
	for (const std::string &line : log_.lines)
		EXPECT_EQ(line.rfind("INFO", 0), 0u) << line;
}

TEST_F(Hugepages, TooFewAndNoPageSizeAskedForFallsBackWithOneLine)
{
	ASSERT_EQ(open((free_before_ + 1) * VFNET_PAGE_2M, 0), 0) << err_.text;
	EXPECT_EQ(region_->page_bytes, VFNET_PAGE_4K);
	EXPECT_EQ(n_free(), free_before_);
	ASSERT_EQ(log_.lines.size(), 1u);
	EXPECT_NE(log_.lines[0].find("not enough free hugepages"), std::string::npos)
	    << log_.lines[0];
}

TEST_F(Hugepages, AllOfThemCanBeUsed)
{
	ASSERT_EQ(open(free_before_ * VFNET_PAGE_2M, VFNET_PAGE_2M), 0) << err_.text;
	EXPECT_EQ(n_free(), 0u);
	for (uint64_t at = 0; at < region_->bytes; at += VFNET_PAGE_2M)
		region_->base[at] = 1;
}

TEST_F(Hugepages, TooFewIsAnErrorWithBothNumbers)
{
	EXPECT_EQ(open((free_before_ + 1) * VFNET_PAGE_2M, VFNET_PAGE_2M), -ENOMEM);
	EXPECT_EQ(region_, nullptr);
	EXPECT_TRUE(said("needs " + std::to_string(free_before_ + 1) + " hugepages of 2 MiB and " +
			 std::to_string(free_before_) + " are free"))
	    << err_.text;
	EXPECT_EQ(n_free(), free_before_);
}

/* /sys promises more than there are, as when another process takes them between look and call */
TEST_F(Hugepages, TakenMeanwhileIsAnErrorAtOpenAndNoSignal)
{
	FakeMachine machine;

	machine.free_pages(VFNET_PAGE_2M, free_before_ + 1);
	EXPECT_EQ(open((free_before_ + 1) * VFNET_PAGE_2M, VFNET_PAGE_2M, machine.root.c_str()),
		  -ENOMEM);
	EXPECT_EQ(region_, nullptr);
	EXPECT_TRUE(said("in pages of 2048 KiB failed at")) << err_.text;
	EXPECT_EQ(n_free(), free_before_);
}

TEST_F(Hugepages, NoBufferOfAPoolCrossesTwoOfThem)
{
	struct vfnet_pool_opts opts = {};
	struct vfnet_cache *cache;
	struct vfnet_pool *pool;
	std::vector<uint32_t> handles(4096);

	opts.size = sizeof(opts);
	opts.n_bufs = 4096;
	ASSERT_EQ(open(16 * MIB, VFNET_PAGE_2M), 0) << err_.text;
	ASSERT_EQ(vfnet_pool_open(region_, &opts, &pool, &err_), 0) << err_.text;
	ASSERT_EQ(vfnet_cache_open(pool, 0, &cache, &err_), 0) << err_.text;
	ASSERT_EQ(vfnet_cache_get(cache, handles.data(), 4096), 4096u);
	EXPECT_GT(pool->end - pool->first, 4096 * pool->stride) << "none had to be left out";
	for (uint32_t handle : handles) {
		uint64_t at = uint64_t(handle) << VFNET_PLACE_SHIFT;

		EXPECT_EQ(at / VFNET_PAGE_2M, (at + pool->buf_bytes - 1) / VFNET_PAGE_2M);
		memset(vfnet_place_ptr(region_, handle), 1, pool->buf_bytes);
	}
	vfnet_cache_put(cache, handles.data(), 4096);
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	EXPECT_EQ(vfnet_pool_close(pool, &err_), 0) << err_.text;
}

TEST_F(Hugepages, ObjectOfAWholePageDoesNotCross)
{
	void *small, *whole;

	ASSERT_EQ(open(8 * MIB, VFNET_PAGE_2M), 0) << err_.text;
	ASSERT_EQ(vfnet_dma_alloc(region_, 64, 64, 0, &small, &err_), 0) << err_.text;
	ASSERT_EQ(vfnet_dma_alloc(region_, VFNET_PAGE_2M, 64, VFNET_DMA_NO_CROSS, &whole, &err_), 0)
	    << err_.text;
	EXPECT_EQ(reinterpret_cast<uintptr_t>(whole) % VFNET_PAGE_2M, 0u);
	memset(whole, 1, VFNET_PAGE_2M);
	EXPECT_EQ(vfnet_dma_free(region_, whole), 0);
	EXPECT_EQ(vfnet_dma_free(region_, small), 0);
}

TEST_F(Hugepages, BoundToNodeZeroAndToNoneThatIsMissing)
{
	struct vfnet_region_opts opts = {};
	struct vfnet_region *none = nullptr;

	opts.bytes = 2 * MIB;
	opts.page_bytes = VFNET_PAGE_2M;
	opts.numa_node = 1;
	ASSERT_EQ(vfnet_region_open(&opts, &region_, &err_), 0) << err_.text;
	EXPECT_EQ(n_free(), free_before_ - 1);
	opts.numa_node = 1000;
	EXPECT_EQ(vfnet_region_open(&opts, &none, &err_), -EINVAL);
	EXPECT_TRUE(said("numa_node 1000")) << err_.text;
	EXPECT_EQ(none, nullptr);
}

TEST_F(Hugepages, ForkedChildHasNoMapping)
{
	int status;
	pid_t child;

	ASSERT_EQ(open(2 * MIB, VFNET_PAGE_2M), 0) << err_.text;
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) /* msync of an unmapped address says ENOMEM */
		_exit(msync(region_->base, 4096, MS_ASYNC) == -1 && errno == ENOMEM ? 0 : 1);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(Hugepages, KilledProcessLeavesNoneBehind)
{
	int status, ready[2];
	char byte = 0;
	pid_t child;

	ASSERT_EQ(pipe(ready), 0);
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		byte = open(8 * MIB, VFNET_PAGE_2M) ? 'n' : 'y';
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
	EXPECT_EQ(byte, 'y');
	EXPECT_EQ(n_free(), free_before_ - 4);
	kill(child, SIGKILL);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	close(ready[0]);
	close(ready[1]);
}

} // namespace
