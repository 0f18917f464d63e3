/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program notices of a card that is reset or loses its link while it is in use. */
#include <poll.h>

#include "tests/sim/port/rig.h"

namespace
{

bool Readable(int fd)
{
	pollfd look = {fd, POLLIN, 0};
	return poll(&look, 1, 0) == 1;
}

class Events : public ::testing::Test
{
      protected:
	void Open(std::initializer_list<const char *> names)
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Open(names));
	}
	void Happen(unsigned int card, vfnet_sim_event event)
	{
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, card, event));
	}
	vfnet_port *Port(size_t i = 0)
	{
		return rig_.ports[i].port;
	}
	bool LinkUp()
	{
		vfnet_link link = {};
		vfnet_port_get_link(Port(), &link);
		return link.up;
	}

	Rig rig_;
};

TEST_F(Events, AResetMakesTheDescriptorReadableAndServiceFindsIt)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0", "sim:1.0"}));
	int fd = vfnet_port_fd(Port(), &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	vfnet_port_service(Port(), 0); /* what was in the mailbox from opening */
	EXPECT_FALSE(Readable(fd));
	ASSERT_NO_FATAL_FAILURE(Happen(1, VFNET_SIM_PF_DOWN));
	EXPECT_FALSE(Readable(fd)) << "another card's";
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_DOWN));
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_UP));
	EXPECT_TRUE(Readable(fd));
	vfnet_port_service(Port(), 0);
	EXPECT_FALSE(Readable(fd));
	EXPECT_EQ(VFNET_PORT_RESETTING, vfnet_port_state(Port()));
}

TEST_F(Events, EachChangeOfTheLinkMakesItReadable)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	int fd = vfnet_port_fd(Port(), &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	vfnet_port_service(Port(), 0);
	for (int i = 0; i < 10; i++) {
		bool up = i % 2;
		ASSERT_NO_FATAL_FAILURE(Happen(0, up ? VFNET_SIM_LINK_UP : VFNET_SIM_LINK_DOWN));
		EXPECT_TRUE(Readable(fd)) << i;
		EXPECT_EQ(!up, LinkUp()) << "as the last service call found it";
		vfnet_port_service(Port(), 0);
		EXPECT_FALSE(Readable(fd)) << i;
		EXPECT_EQ(up, LinkUp());
	}
	EXPECT_EQ(VFNET_PORT_RUNNING, vfnet_port_state(Port()));
}

/* The program polls its queues and nothing else; each way of moving the cards. */
class ServiceThread : public Events, public ::testing::WithParamInterface<vfnet_sim_mode>
{
};

TEST_P(ServiceThread, NoticesAResetWhileTheProgramPolls)
{
	rig_.mode = GetParam();
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	EXPECT_EQ(-EBUSY, vfnet_port_fd(Port(), &rig_.err));
	vfnet_pkt pkt[32];
	ASSERT_EQ(0, vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32));
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_DOWN));
	int rc = 0;
	for (int i = 0; i < 10000 && rc == 0; i++) {
		rc = vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32);
		poll(nullptr, 0, 1);
	}
	EXPECT_EQ(-ENETDOWN, rc);
	EXPECT_EQ(VFNET_PORT_RESETTING, vfnet_port_state(Port()));
	EXPECT_FALSE(LinkUp());
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_UP));
}

TEST_P(ServiceThread, RunsBesideTrafficAndCounters)
{
	rig_.mode = GetParam();
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=20000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	vfnet_counters counters;
	vfnet_port_get_counters(Port(), &counters);
	rig_.CloseQueues();
	rig_.ExpectBalanced();
}

INSTANTIATE_TEST_SUITE_P(Mode, ServiceThread, ::testing::Values(VFNET_SIM_INLINE, VFNET_SIM_THREAD),
			 [](const auto &param_info) {
				 return param_info.param == VFNET_SIM_INLINE ? "Inline" : "Thread";
			 });

TEST_F(Events, AParkedQueueStillReceivesAndItsNextBurstTakesItBack)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_rxq_park(rig_.ports[0].rxq);
	vfnet_txq_park(rig_.ports[1].txq);
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ(100u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Events, AParkedQueueSaysNetdownAfterAReset)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	vfnet_pkt pkt[32];
	vfnet_rxq_park(rig_.ports[0].rxq);
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_DOWN));
	vfnet_port_service(Port(), 0);
	EXPECT_EQ(-ENETDOWN, vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32));
	vfnet_rxq_park(rig_.ports[0].rxq);
	EXPECT_EQ(-ENETDOWN, vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32)) << "parking heals nothing";
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_UP));
}

} // namespace
