/* SPDX-License-Identifier: BSD-2-Clause */
#include <vfnet/region.h>

#include <cerrno>
#include <cstdint>
#include <sstream>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "lib/mem/hugepage.h"

namespace
{

uint64_t allocated_bytes(struct vfnet_region *region)
{
	struct stat st;

	EXPECT_EQ(fstat(vfnet_region_private(region)->backing.fd, &st), 0);
	return static_cast<uint64_t>(st.st_blocks) * 512;
}

/* Rss of the mapping that starts at the region's base, in KiB */
long resident_kib(const struct vfnet_region *region)
{
	std::ifstream smaps("/proc/self/smaps");
	std::ostringstream start;
	std::string line;
	long kib;

	start << std::hex << reinterpret_cast<uintptr_t>(region->base) << "-";
	while (std::getline(smaps, line))
		if (line.rfind(start.str(), 0) == 0)
			break;
	while (std::getline(smaps, line))
		if (sscanf(line.c_str(), "Rss: %ld", &kib) == 1)
			return kib;
	return -1;
}

size_t open_files()
{
	std::filesystem::directory_iterator begin("/proc/self/fd"), end;

	return static_cast<size_t>(std::distance(begin, end));
}

TEST(Region, ZeroBytesMeans64Mib)
{
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region;

	opts.page_bytes = 4096;
	ASSERT_EQ(vfnet_region_open(&opts, &region, nullptr), 0);
	EXPECT_EQ(region->bytes, UINT64_C(64) << 20);
	EXPECT_EQ(vfnet_region_close(region), 0);
}

TEST_F(RegionTest, BaseIsAlignedTo2Mib)
{
	EXPECT_EQ(reinterpret_cast<uintptr_t>(region_->base) % (2 << 20), 0u);
	EXPECT_EQ(region_->bytes, 8u << 20);
	EXPECT_EQ(region_->page_bytes, 4096u);
	EXPECT_EQ(region_->chunk_shift, unsigned(VFNET_CHUNK_SHIFT_ORDINARY));
}

TEST(Region, SizeIsRoundedUpToTheChunk)
{
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region;

	opts.bytes = (1 << 20) + 1;
	opts.page_bytes = 4096;
	ASSERT_EQ(vfnet_region_open(&opts, &region, nullptr), 0);
	EXPECT_EQ(region->bytes, (1u << 20) + (1u << VFNET_CHUNK_SHIFT_ORDINARY));
	region->base[region->bytes - 1] = 1;
	EXPECT_EQ(vfnet_region_close(region), 0);
}

TEST_F(RegionTest, HandleIsAPlaceAndBit31IsIgnored)
{
	EXPECT_EQ(vfnet_place_ptr(region_, 0), region_->base);
	EXPECT_EQ(vfnet_place_ptr(region_, 3), region_->base + 192);
	EXPECT_EQ(vfnet_place_ptr(region_, 3 | VFNET_PKT_HELD), region_->base + 192);
}

TEST_F(RegionTest, MemoryIsAllocatedWhenHandedOutAndResidentWhenTouched)
{
	struct vfnet_pool *pool;

	EXPECT_EQ(allocated_bytes(region_), 0u);
	pool = open_pool(4096);
	EXPECT_GE(allocated_bytes(region_), uint64_t(pool->end - pool->first) * 64);
	EXPECT_EQ(resident_kib(region_), 0);
	memset(vfnet_place_ptr(region_, pool->first), 1, 1);
	EXPECT_GE(resident_kib(region_), 4);
	EXPECT_LE(resident_kib(region_), 64);
	close_pool(pool);
}

/* msync of an unmapped address says ENOMEM */
bool child_lacks(void *page)
{
	int status = 0;
	pid_t child = fork();

	if (!child)
		_exit(msync(page, 4096, MS_ASYNC) == -1 && errno == ENOMEM ? 0 : 1);
	EXPECT_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(RegionTest, ForkedChildHasNoMapping)
{
	void *any = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(any, MAP_FAILED);
	ASSERT_EQ(madvise(any, 4096, MADV_DONTFORK), 0);
	bool heeded = child_lacks(any);
	munmap(any, 4096);
	if (!heeded)
		GTEST_SKIP() << "MADV_DONTFORK does nothing here, as in QEMU's user mode";
	EXPECT_TRUE(child_lacks(region_->base));
}

TEST_F(RegionTest, RegionsShareNothing)
{
	struct vfnet_region_opts opts = {};
	struct vfnet_region *other;

	opts.bytes = 1 << 20;
	opts.page_bytes = 4096;
	ASSERT_EQ(vfnet_region_open(&opts, &other, nullptr), 0);
	EXPECT_NE(other->base, region_->base);
	memset(other->base, 0xff, 64);
	EXPECT_EQ(region_->base[0], 0);
	EXPECT_EQ(vfnet_region_close(other), 0);
}

TEST_F(RegionTest, CloseIsRefusedWhileAPoolIsOpen)
{
	struct vfnet_pool *pool = open_pool(64);

	EXPECT_EQ(vfnet_region_close(region_), -EBUSY);
	memset(vfnet_place_ptr(region_, pool->first), 1, 64);
	close_pool(pool);
}

TEST(Region, CloseOfNullDoesNothing)
{
	EXPECT_EQ(vfnet_region_close(nullptr), 0);
}

struct Refusal {
	uint64_t bytes;
	uint64_t page_bytes;
	int numa_node;
	int code;
	const char *words; /* in the sentence */
};

class RegionRefuses : public ::testing::TestWithParam<Refusal>
{
};

TEST_P(RegionRefuses, WithASentenceAndLosesNothing)
{
	FakeMachine machine;
	LogLines log;
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region = nullptr;
	struct vfnet_err err = {};
	size_t n_files = open_files();

	machine.free_pages(VFNET_PAGE_2M, 3);
	machine.write("/proc/meminfo", "MemAvailable: 1024 kB");
	opts.bytes = GetParam().bytes;
	opts.page_bytes = GetParam().page_bytes;
	opts.numa_node = GetParam().numa_node;
	opts.root = machine.root.c_str();
	opts.log = log.log();
	EXPECT_EQ(vfnet_region_open(&opts, &region, &err), GetParam().code);
	EXPECT_EQ(err.code, GetParam().code);
	EXPECT_NE(std::string(err.text).find(GetParam().words), std::string::npos) << err.text;
	EXPECT_EQ(region, nullptr);
	EXPECT_EQ(open_files(), n_files);
	EXPECT_TRUE(log.lines.empty());
	EXPECT_EQ(vfnet_region_open(&opts, &region, nullptr), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    AllReasons, RegionRefuses,
    ::testing::Values(
	Refusal{(UINT64_C(128) << 30) + 1, 0, 0, -EINVAL, "128 GiB"},
	Refusal{UINT64_MAX, 4096, 0, -EINVAL, "128 GiB"},
	Refusal{1 << 20, 8192, 0, -EINVAL, "page_bytes 8192"},
	Refusal{1 << 20, 0, -1, -EINVAL, "numa_node -1"},
	Refusal{1 << 20, 0, 5000, -EINVAL, "numa_node 5000"},
	Refusal{(1 << 20) + 1, 4096, 0, -ENOMEM, "the 1 MiB that the machine"},
	Refusal{16 << 20, 0, 0, -ENOMEM, "16 MiB of DMA memory"},
	Refusal{8 << 20, VFNET_PAGE_2M, 0, -ENOMEM, "needs 4 hugepages of 2 MiB and 3 are free"},
	Refusal{1, VFNET_PAGE_1G, 0, -ENOMEM, "needs 1 hugepages of 1024 MiB and 0"}));

/* The description promises hugepages. A machine that has them gives them; another must fall back,
 * or say so where exactly these were asked for. */
TEST(RegionOnPromisedHugepages, TakesThemOrFallsBackWithOneLine)
{
	FakeMachine machine;
	LogLines log;
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region;
	struct vfnet_err err = {};

	machine.free_pages(VFNET_PAGE_2M, 100);
	opts.bytes = 3 << 20;
	opts.root = machine.root.c_str();
	opts.log = log.log();
	ASSERT_EQ(vfnet_region_open(&opts, &region, &err), 0) << err.text;
	EXPECT_EQ(err.code, 0) << "a call that succeeds does not write it";
	if (region->page_bytes == VFNET_PAGE_2M) {
		EXPECT_EQ(region->bytes, 4u << 20);
		EXPECT_EQ(region->chunk_shift, 21u);
		ASSERT_EQ(log.lines.size(), 1u);
		EXPECT_NE(log.lines[0].find("2 pages of 2 MiB"), std::string::npos) << log.lines[0];
	} else {
		EXPECT_EQ(region->page_bytes, VFNET_PAGE_4K);
		EXPECT_EQ(region->bytes, 3u << 20);
		ASSERT_EQ(log.lines.size(), 1u);
		EXPECT_EQ(log.lines[0].rfind("INFO mem/region: not enough", 0), 0u) << log.lines[0];
	}
	region->base[region->bytes - 1] = 1;
	EXPECT_EQ(vfnet_region_close(region), 0);
}

TEST(RegionOnPromisedHugepages, ExactlyTheseOrAnErrorNeverASignal)
{
	FakeMachine machine;
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region = nullptr;
	struct vfnet_err err = {};
	int ret;

	machine.free_pages(VFNET_PAGE_2M, 100);
	opts.bytes = 4 << 20;
	opts.page_bytes = VFNET_PAGE_2M;
	opts.root = machine.root.c_str();
	ret = vfnet_region_open(&opts, &region, &err);
	if (ret) {
		EXPECT_TRUE(ret == -ENOMEM || ret == -ENOTSUP) << err.text;
		EXPECT_EQ(region, nullptr);
	} else {
		memset(region->base, 1, region->bytes);
		EXPECT_EQ(vfnet_region_close(region), 0);
	}
}

TEST(Region, OrdinaryPagesAskedForAreNotWorthALine)
{
	LogLines log;
	struct vfnet_region_opts opts = {};
	struct vfnet_region *region;

	opts.bytes = 1 << 20;
	opts.page_bytes = 4096;
	opts.log = log.log();
	ASSERT_EQ(vfnet_region_open(&opts, &region, nullptr), 0);
	EXPECT_TRUE(log.lines.empty());
	EXPECT_EQ(vfnet_region_close(region), 0);
}

} // namespace
