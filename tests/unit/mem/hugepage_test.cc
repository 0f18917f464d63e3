/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/mem/hugepage.h"

#include <cerrno>

#include <unistd.h>

#include "fixture.h"
#include "lib/mem/memory.h"
#include "lib/mem/numa.h"

namespace
{

constexpr uint64_t kBothSizes[] = {VFNET_PAGE_1G, VFNET_PAGE_2M};

std::vector<uint64_t> choose(const FakeMachine &machine, uint64_t bytes, int node = -1)
{
	uint64_t choice[3];
	unsigned int n =
	    vfnet_hugepage_choose(machine.root.c_str(), kBothSizes, 2, bytes, node, choice);

	return std::vector<uint64_t>(choice, choice + n);
}

using Sizes = std::vector<uint64_t>;

TEST(HugepageChoose, OrdinaryPagesOnAMachineWithoutHugepages)
{
	FakeMachine machine;

	EXPECT_EQ(choose(machine, 64 << 20), Sizes{VFNET_PAGE_4K});
}

TEST(HugepageChoose, OnlyIfEnoughAreFree)
{
	FakeMachine machine;

	machine.free_pages(VFNET_PAGE_2M, 31);
	EXPECT_EQ(choose(machine, 64 << 20), Sizes{VFNET_PAGE_4K});
	machine.free_pages(VFNET_PAGE_2M, 32);
	EXPECT_EQ(choose(machine, 64 << 20), (Sizes{VFNET_PAGE_2M, VFNET_PAGE_4K}));
	EXPECT_EQ(choose(machine, (64 << 20) + 1), Sizes{VFNET_PAGE_4K});
}

TEST(HugepageChoose, ReservedPagesAreNotFree)
{
	FakeMachine machine;

	machine.free_pages(VFNET_PAGE_2M, 40);
	machine.pages("/sys/kernel/mm", VFNET_PAGE_2M, "resv_hugepages", 10);
	EXPECT_EQ(vfnet_hugepage_free(machine.root.c_str(), VFNET_PAGE_2M, -1), 30u);
	EXPECT_EQ(choose(machine, 64 << 20), Sizes{VFNET_PAGE_4K});
	machine.pages("/sys/kernel/mm", VFNET_PAGE_2M, "resv_hugepages", 50);
	EXPECT_EQ(vfnet_hugepage_free(machine.root.c_str(), VFNET_PAGE_2M, -1), 0u);
}

TEST(HugepageChoose, GibPagesOnlyForWholeGib)
{
	FakeMachine machine;

	machine.free_pages(VFNET_PAGE_1G, 4);
	machine.free_pages(VFNET_PAGE_2M, 2000);
	EXPECT_EQ(choose(machine, VFNET_PAGE_1G),
		  (Sizes{VFNET_PAGE_1G, VFNET_PAGE_2M, VFNET_PAGE_4K}));
	EXPECT_EQ(choose(machine, VFNET_PAGE_1G + VFNET_PAGE_2M),
		  (Sizes{VFNET_PAGE_2M, VFNET_PAGE_4K}));
}

TEST(HugepageChoose, CountsPagesOfTheNode)
{
	FakeMachine machine;

	machine.free_pages(VFNET_PAGE_2M, 40);
	machine.free_pages_on_node(0, VFNET_PAGE_2M, 38);
	machine.free_pages_on_node(1, VFNET_PAGE_2M, 2);
	EXPECT_EQ(choose(machine, 64 << 20, 0), (Sizes{VFNET_PAGE_2M, VFNET_PAGE_4K}));
	EXPECT_EQ(choose(machine, 64 << 20, 1), Sizes{VFNET_PAGE_4K});
}

TEST(Hugepage, SurplusIsWhatTheKernelWouldStillMake)
{
	FakeMachine machine;

	EXPECT_EQ(vfnet_hugepage_surplus(machine.root.c_str(), VFNET_PAGE_2M), 0u);
	machine.pages("/sys/kernel/mm", VFNET_PAGE_2M, "nr_overcommit_hugepages", 7);
	machine.pages("/sys/kernel/mm", VFNET_PAGE_2M, "surplus_hugepages", 3);
	EXPECT_EQ(vfnet_hugepage_surplus(machine.root.c_str(), VFNET_PAGE_2M), 4u);
}

TEST(Hugepage, GarbageInAPoolFileIsNoPages)
{
	FakeMachine machine;

	machine.write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "many");
	EXPECT_EQ(vfnet_hugepage_free(machine.root.c_str(), VFNET_PAGE_2M, -1), 0u);
}

TEST(Hugepage, SizesAreLargestFirstAndOnlyOurs)
{
	uint64_t size[2] = {};
	unsigned int n = vfnet_hugepage_sizes(size);

	ASSERT_LE(n, 2u);
	for (unsigned int i = 0; i < n; i++)
		EXPECT_TRUE(size[i] == VFNET_PAGE_1G || size[i] == VFNET_PAGE_2M);
	if (n == 2) {
		EXPECT_GT(size[0], size[1]);
	}
}

TEST(Hugepage, FileOnAMountSaysHowToMountWhereThereIsNone)
{
	struct vfnet_err err = {};
	int fd = vfnet_hugepage_mount_file(VFNET_PAGE_2M, &err);

	if (fd >= 0) {
		EXPECT_EQ(close(fd), 0);
	} else {
		EXPECT_EQ(err.code, fd);
		EXPECT_NE(std::string(err.text).find("hugetlbfs"), std::string::npos) << err.text;
	}
}

TEST(MemAvailable, IsReadInBytes)
{
	FakeMachine machine;

	EXPECT_EQ(vfnet_mem_available(machine.root.c_str()), UINT64_MAX);
	machine.write("/proc/meminfo", "MemTotal: 9000 kB\nMemFree: 7 kB\nMemAvailable:   1234 kB");
	EXPECT_EQ(vfnet_mem_available(machine.root.c_str()), 1234u << 10);
	machine.write("/proc/meminfo", "MemTotal: 9000 kB");
	EXPECT_EQ(vfnet_mem_available(machine.root.c_str()), UINT64_MAX);
}

TEST(MemAvailable, ControlGroupsLeaveLess)
{
	FakeMachine machine;
	const char *root = machine.root.c_str();

	machine.write("/proc/meminfo", "MemAvailable: 8192 kB");
	machine.write("/proc/self/cgroup", "1:name=systemd:/x\n0::/jobs/one");
	machine.write("/sys/fs/cgroup/jobs/one/memory.max", "max");
	EXPECT_EQ(vfnet_mem_available(root), 8u << 20);
	machine.write("/sys/fs/cgroup/jobs/one/memory.max", "5000000");
	machine.write("/sys/fs/cgroup/jobs/one/memory.current", "1000000");
	EXPECT_EQ(vfnet_mem_available(root), 4000000u);
	machine.write("/sys/fs/cgroup/jobs/one/memory.stat", "anon 1\ninactive_file 300000");
	EXPECT_EQ(vfnet_mem_available(root), 4300000u);
	machine.write("/sys/fs/cgroup/jobs/memory.max", "2000000");
	machine.write("/sys/fs/cgroup/jobs/memory.current", "1500000");
	EXPECT_EQ(vfnet_mem_available(root), 500000u) << "the group above";
	machine.write("/sys/fs/cgroup/jobs/memory.current", "2500000");
	EXPECT_EQ(vfnet_mem_available(root), 0u);
}

TEST(MemAvailable, AContainerIsItsOwnRootGroup)
{
	FakeMachine machine;

	machine.write("/proc/self/cgroup", "0::/");
	machine.write("/sys/fs/cgroup/memory.max", "70000");
	EXPECT_EQ(vfnet_mem_available(machine.root.c_str()), 70000u);
}

TEST(Numa, UnknownNodesAreRefused)
{
	struct vfnet_numa numa = {77, false};
	struct vfnet_err err = {};

	for (int option : {-1, 100000}) {
		EXPECT_EQ(vfnet_numa_pick(option, &numa, &err), -EINVAL);
		EXPECT_NE(std::string(err.text).find("numa_node"), std::string::npos);
	}
	EXPECT_EQ(numa.node, 77) << "a failing call leaves its out-parameter untouched";
}

TEST(Numa, NodeZeroExistsEverywhere)
{
	struct vfnet_numa numa = {77, false};

	EXPECT_EQ(vfnet_numa_pick(1, &numa, nullptr), 0);
	EXPECT_LE(numa.node, 0);
	EXPECT_TRUE(numa.exact);
	EXPECT_EQ(vfnet_numa_pick(0, &numa, nullptr), 0);
	EXPECT_FALSE(numa.exact);
}

TEST(Numa, EnterAndLeaveOrASentence)
{
	struct vfnet_numa numa = {0, true};
	struct vfnet_numa_policy *old = nullptr;
	struct vfnet_err err = {};
	int ret = vfnet_numa_enter(&numa, &old, &err);

	if (ret) {
		EXPECT_EQ(ret, -EPERM);
		EXPECT_NE(std::string(err.text).find("node 0"), std::string::npos);
	} else {
		EXPECT_NE(old, nullptr);
	}
	vfnet_numa_leave(old);
	numa.node = -1;
	EXPECT_EQ(vfnet_numa_enter(&numa, &old, &err), 0);
	EXPECT_EQ(old, nullptr) << "one node: nothing to do";
	EXPECT_EQ(vfnet_numa_free_bytes(&numa), UINT64_MAX);
}

} // namespace
