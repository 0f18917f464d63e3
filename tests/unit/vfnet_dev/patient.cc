/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/vfnet_dev/patient.h"

#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace
{

/* The tests may run as root, whom no mode stops: whether the owner may write stands for "may". */
bool may_open(const char *path)
{
	struct stat status;

	return !stat(path, &status) && status.st_mode & S_IWUSR;
}

int fixed_macs(const char *, unsigned int n, struct app_vf_info *infos)
{
	for (unsigned int i = 0; i < n; i++)
		infos[i] = {true, {2, 0, 0, 0, 1, static_cast<uint8_t>(i)}, 1, 0};
	return 0;
}

} /* namespace */

Patient::Patient()
{
	strcpy(user.name, "alice");
	user.memlock_kib = user.memlock_max_kib = 65536;
	user.shell = 1234;
	strcpy(user.program, "vfnet-dev");
	user.may_open = may_open;

	write("proc/cmdline", "quiet intel_iommu=on root=/dev/sda\n");
	write("sys/class/iommu/dmar0/intel-iommu/ecap", "f00f5e\n");
	write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
	write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "40\n");
	write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "32\n");
	write(dir(PF) + "/sriov_offset", "128\n");
	write(dir(PF) + "/sriov_stride", "2\n");
	write(dir(VF0) + "/numa_node", "-1\n");
	add_interface(PF, "eth0", true);
	bind(VF0, "vfio-pci");
	write("dev/vfio/vfio", "");
}

void Patient::unbind(const std::string &address)
{
	remove(dir(address) + "/driver");
}

std::vector<struct app_finding> Patient::ask(const std::vector<std::string> &addresses)
{
	struct app_check_opts opts = {machine(), &user, APP_CHECK_BYTES, fixed_macs};
	struct app_finding *findings = nullptr;
	std::vector<char *> list;
	size_t n = 0;

	for (const std::string &address : addresses)
		list.push_back(const_cast<char *>(address.c_str()));
	EXPECT_EQ(app_checks_run(&opts, list.data(), list.size(), &findings, &n), 0);
	std::vector<struct app_finding> found(findings, findings + n);
	free(findings);
	return found;
}

struct app_finding Patient::ask(const std::string &check, const std::vector<std::string> &addresses)
{
	for (const struct app_finding &finding : ask(addresses))
		if (check == finding.check)
			return finding;
	ADD_FAILURE() << "no check " << check;
	return {};
}

std::string Patient::cure(const struct app_finding &finding) const
{
	std::string text = finding.cure;

	for (size_t at; (at = text.find(root)) != std::string::npos;)
		text.replace(at, root.size(), "ROOT");
	return text;
}
