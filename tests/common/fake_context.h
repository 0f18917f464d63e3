/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_FAKE_CONTEXT_H
#define VFNET_TESTS_FAKE_CONTEXT_H

#include <gtest/gtest.h>

#include <vfnet/vfnet.h>

#include "tests/common/fake_bus.h"

/* A context that knows a bus "fake". Its end proves that nothing of either is left. */
class FakeContext : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		vfnet_opts opts = {};
		opts.size = sizeof(opts);
		opts.region_bytes = 16 << 20;
		opts.page_bytes = 4096;
		ASSERT_EQ(0, vfnet_open(&opts, &v_, &err_)) << err_.text;
		ASSERT_EQ(0, vfnet_add_bus(v_, "fake", &fake_.bus, &err_)) << err_.text;
	}
	void TearDown() override
	{
		EXPECT_EQ(0, vfnet_close(v_));
		EXPECT_EQ(0, fake_.open_devs);
		EXPECT_EQ(0, fake_.open_domains);
	}

	FakeBus fake_;
	vfnet *v_ = nullptr;
	vfnet_err err_ = {};
};

#endif
