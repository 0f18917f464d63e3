/* SPDX-License-Identifier: BSD-2-Clause */
/* The link, as the function sees it, and the one within the card. */
#include "tests/port/rig.h"

namespace
{

class PortLink : public PortTest
{
};

TEST_F(PortLink, IsUpWithAGigabitAndFullDuplex)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	for (auto &port : ports_) {
		vfnet_link link = {};
		vfnet_port_get_link(port.port, &link);
		EXPECT_TRUE(link.up);
		EXPECT_EQ(1000u, link.speed_mbps);
		EXPECT_TRUE(link.full_duplex);
		EXPECT_EQ(VFNET_PORT_RUNNING, vfnet_port_state(port.port));
	}
}

TEST_F(PortLink, FramesOfTheOtherFunctionAreMarkedAsLooped)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	Send(0, Make(0, MacOf(1)));
	const std::vector<Frame> heard = Heard(1);
	ASSERT_EQ(1u, heard.size());
	EXPECT_EQ(Deviates(45) ? 0 : VFNET_PKT_LOOPED, heard[0].flags & VFNET_PKT_LOOPED);
}

TEST_F(PortLink, StaysUpWhenTheOtherFunctionComesAndGoes)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	for (int life = 0; life < 3; life++) {
		vfnet_link link = {};
		ClosePort(1);
		Serve();
		vfnet_port_get_link(ports_[0].port, &link);
		EXPECT_TRUE(link.up);
		ASSERT_NO_FATAL_FAILURE(OpenPort(1));
		Serve();
		vfnet_port_get_link(ports_[0].port, &link);
		EXPECT_TRUE(link.up);
	}
	EXPECT_EQ(0u, Counters(0).resets) << "a function's reset is its own";
}

} // namespace
