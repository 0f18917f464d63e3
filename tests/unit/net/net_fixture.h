/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_NET_FIXTURE_H
#define VFNET_TESTS_NET_FIXTURE_H

#include <gtest/gtest.h>

#include <vfnet/vfnet.h>

#include "tests/common/fake_bus.h"
#include "tests/unit/net/fake_driver.h"

class Net : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		fake_driver = {};
		vfnet_opts opts = {};
		opts.size = sizeof(opts);
		opts.region_bytes = 16 << 20;
		opts.page_bytes = 4096;
		ASSERT_EQ(0, vfnet_open(&opts, &v_, nullptr));
		ASSERT_EQ(0, vfnet_add_bus(v_, "fake", &bus_.bus, nullptr));
	}
	void TearDown() override
	{
		EXPECT_EQ(0, vfnet_close(v_));
		EXPECT_EQ(0, bus_.open_devs);
		EXPECT_EQ(0, fake_driver.n_ports);
		EXPECT_EQ(0, fake_driver.n_queues);
	}

	vfnet_port *OpenPort()
	{
		vfnet_port *port = nullptr;
		EXPECT_EQ(0, vfnet_port_open(v_, "fake:a", nullptr, &port, &err_)) << err_.text;
		return port;
	}

	FakeBus bus_;
	vfnet *v_ = nullptr;
	vfnet_err err_ = {};
};

#endif
