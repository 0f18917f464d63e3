/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The document of 2010, sentence by sentence: each Document.X is one of them, README.md has the
 * table. DocumentRoot is what an administrator does.
 */
#ifndef VFNET_TESTS_VM_KMOD_DOCUMENT_H
#define VFNET_TESTS_VM_KMOD_DOCUMENT_H

#include "tests/vm/kmod/fixture.h"

namespace kmod
{

const uint64_t IOVA = 0xb0000000;

class Document : public EduTest
{
      protected:
	/* a second device, opened and able to master the bus */
	void open_vf()
	{
		ASSERT_EQ(vf_device_.open(address_of("VF0")), 0) << "VFNET_VF0";
		ASSERT_EQ(vf_.attach(vf_device_), 0);
		ASSERT_EQ(vf_device_.set_command(COMMAND_MASTER), 0);
	}

	Device vf_device_;
	Vf vf_;
};

/* Rebinds EDU3, which nobody else has open. */
class DocumentRoot : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_TRUE(is_root());
		address_ = address_of("EDU3");
		ASSERT_FALSE(address_.empty());
		if (node_of(address_).empty()) {
			ASSERT_EQ(bind_device(address_), 0);
		}
	}

	void TearDown() override
	{
		sysfs_write("/sys/bus/pci/devices/" + address_ + "/driver_override", "vfio");
		if (node_of(address_).empty()) {
			EXPECT_EQ(bind_device(address_), 0);
		}
		EXPECT_EQ(grant_device(address_), 0);
	}

	/* what open() says to the ordinary user: 0 or errno */
	static int opens_for_user(const std::string &node)
	{
		return in_child([&node] {
			if (!become_user())
				return 125;
			return open(node.c_str(), O_RDWR) < 0 ? errno : 0;
		});
	}

	std::string address_;
};

} // namespace kmod

#endif
