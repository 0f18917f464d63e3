/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call into the C library that lib/mem makes to open something fails once, in turn: nothing
 * may leak (files are counted here, memory by AddressSanitizer) and out-parameters stay untouched.
 * The linker's --wrap brings the calls here; it also lets a machine without hugepages pretend.
 */
#include <cerrno>
#include <cstdlib>
#include <functional>

#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "fixture.h"
#include "lib/mem/hugepage.h"

namespace
{

struct Faults {
	int countdown = 0; /* the call that fails; 0 = none */
	int n_calls = 0;
	int signals = 0; /* so many calls of fallocate() are interrupted first */
	bool fake_hugepages = false;
	bool no_mfd_hugetlb = false;
};

thread_local Faults faults;

bool fails(int code)
{
	faults.n_calls++;
	if (!faults.countdown || --faults.countdown)
		return false;
	errno = code;
	return true;
}

} // namespace

#define WRAP(ret, name, params, args, code, bad)                                                   \
	ret __real_##name params;                                                                  \
	ret __wrap_##name params                                                                   \
	{                                                                                          \
		return fails(code) ? bad : __real_##name args;                                     \
	}

extern "C" {
WRAP(void *, malloc, (size_t n), (n), ENOMEM, nullptr)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), ENOMEM, nullptr)
WRAP(void *, realloc, (void *old, size_t size), (old, size), ENOMEM, nullptr)
WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size), ENOMEM, nullptr)
WRAP(int, ftruncate, (int fd, off_t bytes), (fd, bytes), ENOSPC, -1)
WRAP(int, madvise, (void *addr, size_t bytes, int advice), (addr, bytes, advice), EINVAL, -1)
WRAP(void *, mmap, (void *addr, size_t bytes, int prot, int flags, int fd, off_t at),
     (addr, bytes, prot, flags, fd, at), ENOMEM, MAP_FAILED)

int __real_fallocate(int fd, int mode, off_t at, off_t bytes);
int __wrap_fallocate(int fd, int mode, off_t at, off_t bytes)
{
	if (faults.signals) {
		faults.signals--;
		errno = EINTR;
		return -1;
	}
	return fails(ENOSPC) ? -1 : __real_fallocate(fd, mode, at, bytes);
}

int __real_memfd_create(const char *name, unsigned int flags);
int __wrap_memfd_create(const char *name, unsigned int flags)
{
	if (flags & MFD_HUGETLB && faults.no_mfd_hugetlb) {
		errno = EINVAL;
		return -1;
	}
	if (faults.fake_hugepages)
		flags &= MFD_CLOEXEC;
	return fails(ENODEV) ? -1 : __real_memfd_create(name, flags);
}
}

namespace
{

class Fault : public RegionTest
{
      protected:
	void TearDown() override
	{
		faults = Faults();
		RegionTest::TearDown();
	}

	static long open_files()
	{
		std::filesystem::directory_iterator begin("/proc/self/fd"), end;

		return std::distance(begin, end);
	}

	/* @call with its first call into the C library failing, then its second ... until it
	 * succeeds; how many failed. @call returns what the function under test returns. */
	int fail_each(const std::function<int(struct vfnet_err *)> &call)
	{
		long n_files = open_files();

		for (int i = 1; i < 1000; i++) {
			struct vfnet_err err = {};
			int ret;

			faults.countdown = i;
			ret = call(&err);
			faults.countdown = 0;
			if (!ret)
				return i - 1;
			EXPECT_LT(ret, 0) << i;
			EXPECT_EQ(err.code, ret) << i;
			EXPECT_STRNE(err.text, "") << i;
			EXPECT_EQ(open_files(), n_files) << i;
		}
		return -1;
	}
};

TEST_F(Fault, RegionOpen)
{
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region = nullptr;

	opts.bytes = 1 << 20;
	opts.page_bytes = 4096;
	EXPECT_GE(fail_each([&](struct vfnet_err *err) {
			  int ret = vfnet_region_open(&opts, &region, err);

			  EXPECT_EQ(region != nullptr, ret == 0);
			  return ret;
		  }),
		  9);
	EXPECT_EQ(vfnet_region_close(region), 0);
}

TEST_F(Fault, RegionOpenOnHugepages)
{
	FakeMachine machine;
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region = nullptr;

	machine.free_pages(VFNET_PAGE_2M, 2);
	opts.bytes = 4 << 20;
	opts.page_bytes = VFNET_PAGE_2M;
	opts.root = machine.root.c_str();
	faults.fake_hugepages = true;
	EXPECT_GE(fail_each([&](struct vfnet_err *err) {
			  int ret = vfnet_region_open(&opts, &region, err);

			  EXPECT_EQ(region != nullptr, ret == 0);
			  return ret;
		  }),
		  10);
	EXPECT_EQ(vfnet_region_close(region), 0);
}

TEST_F(Fault, PoolOpen)
{
	struct vfnet_pool_opts opts = {};
	struct vfnet_pool *pool = nullptr;

	opts.size = sizeof(opts);
	opts.n_bufs = 500;
	opts.debug = true;
	EXPECT_GE(fail_each([&](struct vfnet_err *err) {
			  int ret = vfnet_pool_open(region_, &opts, &pool, err);

			  EXPECT_EQ(pool != nullptr, ret == 0);
			  EXPECT_EQ(vfnet_dma_free_bytes(region_) == region_->bytes, ret != 0);
			  return ret;
		  }),
		  6);
	close_pool(pool);
}

TEST_F(Fault, CacheOpen)
{
	struct vfnet_pool *pool = open_pool(256, true);
	struct vfnet_cache *cache = nullptr;

	EXPECT_EQ(fail_each([&](struct vfnet_err *err) {
			  int ret = vfnet_cache_open(pool, 128, &cache, err);

			  EXPECT_EQ(cache != nullptr, ret == 0);
			  return ret;
		  }),
		  2)
	    << "a failed one commits nothing, or the last would not fit";
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	close_pool(pool);
}

TEST_F(Fault, DmaAllocWhileTheRecordsGrow)
{
	std::vector<void *> all;
	int n_failed = 0;

	for (int i = 0; i < 300; i++)
		n_failed += fail_each([&](struct vfnet_err *err) {
			void *ptr;
			uint64_t before = vfnet_dma_free_bytes(region_);
			int ret = vfnet_dma_alloc(region_, 4096, 64, 0, &ptr, err);

			if (ret)
				EXPECT_EQ(vfnet_dma_free_bytes(region_), before);
			else
				all.push_back(ptr);
			return ret;
		});
	EXPECT_GT(n_failed, 300 * 4096 / 65536) << "each chunk, and the records a few times";
	for (void *ptr : all)
		EXPECT_EQ(vfnet_dma_free(region_, ptr), 0);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

TEST_F(Fault, SignalsOnlyDelayTheAllocation)
{
	void *ptr;

	faults.signals = 5;
	ASSERT_EQ(vfnet_dma_alloc(region_, 4096, 64, 0, &ptr, &err_), 0) << err_.text;
	EXPECT_EQ(faults.signals, 0);
	EXPECT_EQ(vfnet_dma_free(region_, ptr), 0);
}

/* from here: a machine that has hugepages, as far as the library can see */
class Hugepages : public Fault
{
      protected:
	void SetUp() override
	{
		struct vfnet_region_opts opts = {};

		machine_.free_pages(VFNET_PAGE_2M, 8);
		opts.bytes = (16 << 20) - 5;
		opts.root = machine_.root.c_str();
		opts.log = log_.log();
		faults.fake_hugepages = true;
		ASSERT_EQ(vfnet_region_open(&opts, &region_, &err_), 0) << err_.text;
	}

	FakeMachine machine_;
};

TEST_F(Hugepages, AreTakenWhereEnoughAreFree)
{
	EXPECT_EQ(region_->page_bytes, VFNET_PAGE_2M);
	EXPECT_EQ(region_->bytes, 16u << 20);
	EXPECT_EQ(region_->chunk_shift, 21u);
	ASSERT_EQ(log_.lines.size(), 1u);
	EXPECT_NE(log_.lines[0].find("8 pages of 2 MiB"), std::string::npos) << log_.lines[0];
}

TEST_F(Hugepages, AreAllAllocatedAtOpen)
{
	int before = faults.n_calls;
	void *ptr;

	ASSERT_EQ(vfnet_dma_alloc(region_, 16 << 20, 64, 0, &ptr, &err_), 0);
	EXPECT_EQ(faults.n_calls, before) << "no fallocate any more";
	EXPECT_EQ(vfnet_dma_free(region_, ptr), 0);
}

TEST_F(Hugepages, NoBufferOfAPoolCrossesOne)
{
	struct vfnet_pool_opts opts = {};
	struct vfnet_pool *pool;
	struct vfnet_cache *cache;
	std::vector<uint32_t> all(2500);

	opts.size = sizeof(opts);
	opts.n_bufs = 2500;
	ASSERT_EQ(vfnet_pool_open(region_, &opts, &pool, &err_), 0) << err_.text;
	cache = open_cache(pool);
	EXPECT_EQ(vfnet_pool_n_free(pool), 2500u);
	ASSERT_EQ(vfnet_cache_get(cache, all.data(), 2500), 2500u);
	for (uint32_t handle : all)
		EXPECT_EQ(handle >> 15, (handle + pool->stride - 1) >> 15);
	vfnet_cache_put(cache, all.data(), 2500);
	EXPECT_EQ(vfnet_cache_close(cache), 0);
	close_pool(pool);
}

TEST_F(Hugepages, NoCrossMeansAHugepage)
{
	void *first, *second;

	ASSERT_EQ(vfnet_dma_alloc(region_, 64, 64, 0, &first, &err_), 0);
	ASSERT_EQ(vfnet_dma_alloc(region_, 2 << 20, 64, VFNET_DMA_NO_CROSS, &second, &err_), 0);
	EXPECT_EQ(reinterpret_cast<uintptr_t>(second) % (2 << 20), 0u);
	EXPECT_EQ(vfnet_dma_alloc(region_, (2 << 20) + 1, 64, VFNET_DMA_NO_CROSS, &second, &err_),
		  -EINVAL);
}

TEST_F(Fault, KernelWithoutMfdHugetlbTakesTheMount)
{
	struct vfnet_err err = {};
	int fd;

	faults.no_mfd_hugetlb = true;
	fd = vfnet_page_file(VFNET_PAGE_2M, &err);
	if (fd >= 0)
		EXPECT_EQ(close(fd), 0);
	else
		EXPECT_NE(std::string(err.text).find("no MFD_HUGETLB"), std::string::npos)
		    << err.text;
}

TEST_F(Fault, ProcessorWithoutThatPageSizeIsSaid)
{
	faults.countdown = 1;
	EXPECT_EQ(vfnet_page_file(VFNET_PAGE_1G, &err_), -ENOTSUP);
	EXPECT_NE(std::string(err_.text).find("no pages of 1048576 KiB"), std::string::npos)
	    << err_.text;
}

} // namespace
