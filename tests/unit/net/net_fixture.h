/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_NET_FIXTURE_H
#define VFNET_TESTS_NET_FIXTURE_H

#include "tests/common/fake_context.h"
#include "tests/unit/net/fake_driver.h"

class Net : public FakeContext
{
      protected:
	void SetUp() override
	{
		fake_driver = {};
		ASSERT_NO_FATAL_FAILURE(FakeContext::SetUp());
	}
	void TearDown() override
	{
		FakeContext::TearDown();
		EXPECT_EQ(0, fake_driver.n_ports);
		EXPECT_EQ(0, fake_driver.n_queues);
	}

	vfnet_port *OpenPort()
	{
		vfnet_port *port = nullptr;
		EXPECT_EQ(0, vfnet_port_open(v_, "fake:a", nullptr, &port, &err_)) << err_.text;
		return port;
	}
};

#endif
