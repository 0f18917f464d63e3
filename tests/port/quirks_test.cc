/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port's life on a card that does all that QEMU's does and the chip does not: open, traffic, a
 * reset, close, and again, with registers that keep what the life before has left in them.
 */
#include "tests/port/rig.h"

namespace
{

class QemusCard : public ::testing::TestWithParam<bool>
{
      protected:
	void SetUp() override
	{
		rig_.doorbell_call = GetParam();
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		for (unsigned int card : {0, 1})
			ASSERT_NO_FATAL_FAILURE(rig_.Card(card, "quirks=qemu"));
	}
	void OpenPorts(std::initializer_list<const char *> names)
	{
		for (const char *name : names)
			ASSERT_NO_FATAL_FAILURE(rig_.OpenPort(name));
		ASSERT_NO_FATAL_FAILURE(rig_.OpenQueues());
	}
	void ClosePorts()
	{
		for (auto &port : rig_.ports) {
			vfnet_rxq_close(port.rxq);
			vfnet_txq_close(port.txq);
			ASSERT_EQ(0, vfnet_port_close(port.port));
		}
		rig_.ports.clear();
	}
	/* one frame of 60 bytes from port 0 to @dst, with a tag in @vlan that the card inserts */
	void Send(const std::vector<uint8_t> &dst, int vlan = -1)
	{
		vfnet_pkt pkt;
		ASSERT_EQ(1u, vfnet_pkt_alloc(rig_.cache, &pkt, 1));
		uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
		memset(data, 0, 60);
		memcpy(data, dst.data(), 6);
		memcpy(data + 6, rig_.Mac(0).data(), 6);
		pkt.len = 60;
		if (vlan >= 0) {
			pkt.flags |= VFNET_PKT_VLAN;
			pkt.vlan = static_cast<uint16_t>(vlan);
		}
		ASSERT_EQ(1, vfnet_tx_burst(rig_.ports[0].txq, &pkt, 1));
	}
	/* Return: frames that @port got; flags and tag of the last are in last_, its sender in
	 * source_ */
	int Received(size_t port)
	{
		int n = 0;
		for (int i = 0; i < 10; i++) {
			vfnet_pkt pkt;
			if (vfnet_rx_burst(rig_.ports[port].rxq, &pkt, 1) != 1)
				continue;
			last_ = pkt;
			const uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
			source_.assign(data + 6, data + 12);
			vfnet_pkt_free(rig_.cache, &pkt, 1);
			n++;
		}
		return n;
	}

	Rig rig_;
	vfnet_pkt last_ = {};
	std::vector<uint8_t> source_;
};

TEST_P(QemusCard, PortsOpenForwardAndCloseAgainAndAgain)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64"));
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	vfnet_sim_start(rig_.sim);
	for (int life = 0; life < 20; life++) {
		/* heads and tails were left somewhere else each time */
		rig_.n_desc = life % 2 ? 64 : 256;
		ASSERT_NO_FATAL_FAILURE(OpenPorts({"sim:0.0", "sim:1.0"}));
		for (int i = 0; i < 20 + life; i++)
			ASSERT_LE(0, rig_.ForwardOnce(0, 1, true));
		rig_.CloseQueues();
		EXPECT_LT(0u, rig_.Sum(&vfnet_counters::tx_packets)) << life;
		ASSERT_NO_FATAL_FAILURE(ClosePorts());
	}
}

TEST_P(QemusCard, WhatFindsNoDescriptorIsStillCounted)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=1000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	/* nobody takes what comes */
	for (int i = 0; i < 1000; i++)
		vfnet_port_service(rig_.ports[0].port, 0);
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ("no_descriptor=745", rig_.Missed()) << "a ring of 256 takes 255";
	EXPECT_EQ(255u, rig_.ports[1].counters.hw_tx_packets);
}

TEST_P(QemusCard, AResetIsFoundWithoutAnInterruptAndThePortOpensAgain)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	ASSERT_NO_FATAL_FAILURE(Send(rig_.Mac(1)));
	EXPECT_EQ(1, Received(1));
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_DOWN));
	for (auto &port : rig_.ports) {
		vfnet_port_service(port.port, 0);
		EXPECT_EQ(VFNET_PORT_RESETTING, vfnet_port_state(port.port));
	}
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_UP));
	ASSERT_NO_FATAL_FAILURE(ClosePorts());
	ASSERT_NO_FATAL_FAILURE(OpenPorts({"sim:0.0", "sim:0.1"}));
	ASSERT_NO_FATAL_FAILURE(Send(rig_.Mac(1)));
	EXPECT_EQ(1, Received(1));
}

TEST_P(QemusCard, ContextsOfTheLifeBeforeAreNotReliedOn)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	for (int vid = 5; vid < 8; vid++) {
		ASSERT_NO_FATAL_FAILURE(OpenPorts({"sim:0.0", "sim:0.1"}));
		for (auto &port : rig_.ports)
			ASSERT_EQ(0, vfnet_port_vlan_add(port.port, static_cast<uint16_t>(vid),
							 &rig_.err))
			    << rig_.err.text;
		ASSERT_NO_FATAL_FAILURE(Send(rig_.Mac(1), vid));
		EXPECT_EQ(1, Received(1));
		EXPECT_EQ(vid, last_.vlan);
		EXPECT_TRUE(last_.flags & VFNET_PKT_VLAN);
		ASSERT_NO_FATAL_FAILURE(ClosePorts());
	}
}

TEST_P(QemusCard, APortHearsItsOwnBroadcasts)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	ASSERT_NO_FATAL_FAILURE(Send(std::vector<uint8_t>(6, 0xff)));
	EXPECT_EQ(1, Received(1));
	EXPECT_EQ(1, Received(0));
	EXPECT_TRUE(last_.flags & VFNET_PKT_LOOPED);
	EXPECT_EQ(rig_.Mac(0), source_) << "by which a program that minds knows it";
}

INSTANTIATE_TEST_SUITE_P(Doorbell, QemusCard, ::testing::Bool(),
			 [](const auto &doorbell) { return doorbell.param ? "Call" : "Store"; });

} // namespace
