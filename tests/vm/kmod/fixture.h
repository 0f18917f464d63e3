/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The common ground of the tests: an edu device, or a virtual function, that is open and mapped.
 * A missing address is a failure and not a skip: the guest script decides which tests a machine
 * can run.
 *
 * A test that makes a device touch memory which is not mapped gets reports of the IOMMU into the
 * kernel's log, where the guest's script looks for them: ExpectFaults announces them. expect_cut()
 * does so by itself.
 */
#ifndef VFNET_TESTS_VM_KMOD_FIXTURE_H
#define VFNET_TESTS_VM_KMOD_FIXTURE_H

#include <memory>

#include <gtest/gtest.h>

#include "tests/vm/kmod/edu.h"
#include "tests/vm/kmod/process.h"
#include "tests/vm/kmod/vf.h"

namespace kmod
{

/* Which IOMMU the machine has: "vtd", "identity", "nointremap" or "none" ($VFNET_IOMMU). */
std::string iommu();

/* Reports of faults by this function, as the IOMMU sees it, are right while this exists. */
class ExpectFaults
{
      public:
	explicit ExpectFaults(const std::string &address);
	~ExpectFaults();
	ExpectFaults(const ExpectFaults &) = delete;
	ExpectFaults &operator=(const ExpectFaults &) = delete;
};

class EduTest : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(device_.open(address_of(name_)), 0) << "VFNET_" << name_;
		ASSERT_EQ(edu_.attach(device_), 0);
		ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	}

	explicit EduTest(const char *name = "EDU0") : name_(name)
	{
	}

	/* Does the device read, or write, the page at @iova, which the test sees at @at of @view?
	 */
	bool reads(uint64_t iova, const Pages &view, uint64_t at = 0);
	bool writes(uint64_t iova, const Pages &view, uint64_t at = 0);
	/* Tries both and finds that the device got nothing and that @view stays as it is. */
	void expect_cut(uint64_t iova, const Pages &view, uint64_t at = 0);
	/* Tries to write only. */
	void expect_write_cut(uint64_t iova, const Pages &view, uint64_t at = 0);

	bool load(uint8_t byte); /* the device's buffer is full of it */

	const char *name_;
	Device device_;
	Edu edu_;
	Pages probe_;
	uint64_t probe_iova_ = 0;
	std::unique_ptr<ExpectFaults> faults_; /* until the test ends, once something was cut */

      private:
	bool store(); /* the device's buffer goes to probe_ */
};

class VfTest : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(device_.open(address_of("VF0")), 0) << "VFNET_VF0";
		ASSERT_EQ(vf_.attach(device_), 0);
		ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	}

	Device device_;
	Vf vf_;
};

} // namespace kmod

#endif
