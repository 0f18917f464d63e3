/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port's life on a card that does all that QEMU's does and the chip does not: open, traffic, a
 * reset, close, and again, with registers that keep what the life before has left in them.
 */
#include <poll.h>

#include <vfnet/offload.h>

#include "tests/common/frames.h"
#include "tests/sim/port/rig.h"

namespace
{

constexpr uint64_t kMs = 1000000;
constexpr uint64_t kLong = 30000 * kMs; /* a test that waits so long has failed */
constexpr size_t kFlags = 14 + 20 + 13; /* of TCP, over IPv4 */
constexpr uint8_t kGroup[] = {0x33, 0x33, 0, 0, 0, 1};

bool Readable(int fd)
{
	pollfd look = {fd, POLLIN, 0};
	return poll(&look, 1, 0) == 1;
}

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
	/* a frame of @pieces buffers of 60 bytes from port 0 to @dst */
	std::vector<vfnet_pkt> Values(const std::vector<uint8_t> &dst, size_t pieces = 1)
	{
		std::vector<vfnet_pkt> pkt(pieces);
		EXPECT_EQ(pieces, vfnet_pkt_alloc(rig_.cache, pkt.data(),
						  static_cast<unsigned int>(pieces)));
		for (auto &one : pkt) {
			memset(Data(one), 0, 60);
			one.len = 60;
			one.flags |= VFNET_PKT_MORE;
		}
		pkt.back().flags &= static_cast<uint16_t>(~VFNET_PKT_MORE);
		memcpy(Data(pkt[0]), dst.data(), 6);
		memcpy(Data(pkt[0]) + 6, rig_.Mac(0).data(), 6);
		return pkt;
	}
	void Send(const std::vector<vfnet_pkt> &pkt)
	{
		const auto n = static_cast<unsigned int>(pkt.size());
		ASSERT_EQ(static_cast<int>(n), vfnet_tx_burst(rig_.ports[0].txq, pkt.data(), n));
	}
	/* one frame of 60 bytes, with a tag in @vlan that the card inserts */
	void Send(const std::vector<uint8_t> &dst, int vlan = -1)
	{
		auto pkt = Values(dst);
		if (vlan >= 0) {
			pkt[0].flags |= VFNET_PKT_VLAN;
			pkt[0].vlan = static_cast<uint16_t>(vlan);
		}
		ASSERT_NO_FATAL_FAILURE(Send(pkt));
	}
	uint8_t *Data(const vfnet_pkt &pkt)
	{
		return vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
	}
	/* Return: frames that @port got; flags, tag and bytes of the last are in last_ and data_ */
	int Received(size_t port)
	{
		int n = 0;
		for (int i = 0; i < 10; i++) {
			vfnet_pkt pkt;
			if (vfnet_rx_burst(rig_.ports[port].rxq, &pkt, 1) != 1)
				continue;
			last_ = pkt;
			data_.assign(Data(pkt), Data(pkt) + pkt.len);
			vfnet_pkt_free(rig_.cache, &pkt, 1);
			n++;
		}
		return n;
	}
	/* sleep on port 0 until @n frames have come and been taken */
	void SleepFor(int n)
	{
		for (int got = 0; got < n; got += Received(0))
			ASSERT_EQ(1, vfnet_wait(rig_.ports[0].rxq, 0, kLong, &rig_.err))
			    << got << " frames; " << rig_.err.text;
	}

	Rig rig_;
	vfnet_pkt last_ = {};
	std::vector<uint8_t> data_;
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
	EXPECT_FALSE(last_.flags & VFNET_PKT_LOOPED) << "row 45";
	EXPECT_EQ(rig_.Mac(0), std::vector<uint8_t>(data_.begin() + 6, data_.begin() + 12))
	    << "by which a program that minds knows it";
}

/* rows 6 to 12: nothing but the ring and the time is believed */
TEST_P(QemusCard, EachFrameOfASlowSourceEndsASleep)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:rate=2000,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
	ASSERT_LE(0, vfnet_port_fd(rig_.ports[0].port, &rig_.err)) << rig_.err.text;
	vfnet_sim_start(rig_.sim);
	ASSERT_NO_FATAL_FAILURE(SleepFor(100));
	EXPECT_EQ(0, vfnet_wait(rig_.ports[0].rxq, 0, 5 * kMs, &rig_.err)) << "all have come";
}

TEST_P(QemusCard, AResetEndsTheSleepAndAfterwardsItSleepsAgain)
{
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:rate=1000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
	vfnet_rxq *rxq = rig_.ports[0].rxq;
	vfnet_sim_start(rig_.sim);
	ASSERT_NO_FATAL_FAILURE(SleepFor(3));
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_DOWN));
	int rc;
	while ((rc = vfnet_wait(rxq, 0, kLong, &rig_.err)) == 1)
		Received(0);
	EXPECT_EQ(-ENETDOWN, rc);
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_UP));
	vfnet_txq_park(rig_.ports[0].txq);
	for (int i = 0; i < 3000; i++) {
		rc = vfnet_wait(rxq, 0, kLong, &rig_.err);
		if (rc != -ENETDOWN)
			break;
		poll(nullptr, 0, 10);
	}
	ASSERT_EQ(1, rc) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(SleepFor(20));
	vfnet_sim_stop(rig_.sim);
}

/* rows 1 and 16: what one life has mapped, the next one finds in force */
TEST_P(QemusCard, AMapOfTheLifeBeforeWakesServiceForNothingAndNoMore)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	for (int life = 0; life < 3; life++) {
		ASSERT_NO_FATAL_FAILURE(OpenPorts({"sim:0.0", "sim:0.1"}));
		ASSERT_LE(0, vfnet_rxq_fd(rig_.ports[1].rxq, &rig_.err)) << rig_.err.text;
		ASSERT_NO_FATAL_FAILURE(Send(rig_.Mac(1)));
		EXPECT_EQ(1, vfnet_wait(rig_.ports[1].rxq, 0, kLong, &rig_.err));
		EXPECT_EQ(1, Received(1));
		ASSERT_NO_FATAL_FAILURE(ClosePorts());
	}
	ASSERT_NO_FATAL_FAILURE(OpenPorts({"sim:0.0", "sim:0.1"}));
	vfnet_port *port = rig_.ports[1].port;
	int fd = vfnet_port_fd(port, &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	vfnet_port_service(port, 0);
	EXPECT_FALSE(Readable(fd));
	ASSERT_NO_FATAL_FAILURE(Send(rig_.Mac(1)));
	EXPECT_EQ(1, Received(1));
	EXPECT_TRUE(Readable(fd)) << "the receive queue is still mapped";
	vfnet_port_service(port, 0);
	EXPECT_FALSE(Readable(fd));
	EXPECT_EQ(VFNET_PORT_RUNNING, vfnet_port_state(port));
}

/* row 3: the mailbox's message comes on the receive queue's vector */
TEST_P(QemusCard, AMessageIsHeardUnlessTheProgramSleepsAndThenServiceFindsIt)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
	vfnet_port *port = rig_.ports[0].port;
	vfnet_link link = {};
	int fd = vfnet_port_fd(port, &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	vfnet_port_service(port, 0);
	EXPECT_FALSE(Readable(fd));
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_LINK_DOWN));
	EXPECT_TRUE(Readable(fd));
	vfnet_port_service(port, 0);
	vfnet_port_get_link(port, &link);
	EXPECT_FALSE(link.up);

	ASSERT_LE(0, vfnet_rxq_fd(rig_.ports[0].rxq, &rig_.err)) << rig_.err.text;
	vfnet_port_service(port, 0);
	EXPECT_FALSE(Readable(fd));
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_LINK_UP));
	EXPECT_FALSE(Readable(fd)) << "the vector is the sleeper's";
	vfnet_port_service(port, 0);
	vfnet_port_get_link(port, &link);
	EXPECT_TRUE(link.up);
}

/* rows 22 and 24: 64 buffers and no more */
TEST_P(QemusCard, AFrameOfManyBuffersArrivesWholeOrNotAtAll)
{
	rig_.mtu = 9000;
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	for (size_t pieces : {2, 64, 65, 3}) {
		uint32_t bytes = 0;
		ASSERT_NO_FATAL_FAILURE(Send(Values(rig_.Mac(1), pieces)));
		for (int i = 0; i < 10; i++) {
			vfnet_pkt pkt[8];
			int n = vfnet_rx_burst(rig_.ports[1].rxq, pkt, 8);
			ASSERT_LE(0, n);
			for (int k = 0; k < n; k++)
				bytes += pkt[k].len;
			vfnet_pkt_free(rig_.cache, pkt, static_cast<unsigned int>(n));
		}
		EXPECT_EQ(pieces == 65 ? 0 : 60 * pieces, bytes) << pieces;
	}
	rig_.CloseQueues();
	EXPECT_EQ(3u, rig_.ports[0].counters.hw_tx_packets);
	EXPECT_EQ("tx_unsupported=1", rig_.Drops()) << "a software card tells";
}

TEST_P(QemusCard, AllMulticastIsAgreedToAndThenNoGroupArrives)
{
	const std::vector<uint8_t> group(kGroup, kGroup + 6);
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	vfnet_port *port = rig_.ports[1].port;
	ASSERT_EQ(0, vfnet_port_set_allmulti(port, true, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Send(group));
	EXPECT_EQ(0, Received(1));
	ASSERT_EQ(0, vfnet_port_set_multicast(port, kGroup, 1, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Send(group));
	EXPECT_EQ(0, Received(1));
	ASSERT_EQ(0, vfnet_port_set_allmulti(port, false, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Send(group));
	EXPECT_EQ(1, Received(1));
}

/* row 36 */
TEST_P(QemusCard, FramesBetweenFunctionsAreInTheOrdinaryCounters)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	for (auto &port : rig_.ports)
		ASSERT_EQ(0, vfnet_port_vlan_add(port.port, 5, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Send(rig_.Mac(1), 5));
	EXPECT_EQ(1, Received(1));
	rig_.CloseQueues();
	EXPECT_EQ(1u, rig_.ports[0].counters.hw_tx_packets);
	EXPECT_EQ(1u, rig_.ports[1].counters.hw_rx_packets);
	EXPECT_EQ(1u, rig_.ports[1].counters.rx_packets);
	EXPECT_EQ(60u, rig_.ports[1].counters.rx_bytes) << "without the tag";
}

/* row 44 */
TEST_P(QemusCard, TheEndOfAConnectionIsSentOutsideOfSegments)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	frames::Shape shape;
	shape.tcp = true;
	shape.tcp_flags = 0x19; /* FIN, PSH, ACK */
	const auto frame = frames::Build(shape, rig_.Mac(1).data(), rig_.Mac(0).data());
	for (bool segments : {true, false}) {
		vfnet_pkt pkt;
		ASSERT_EQ(1u, vfnet_pkt_alloc(rig_.cache, &pkt, 1));
		memcpy(Data(pkt), frame.data(), frame.size());
		pkt.len = static_cast<uint16_t>(frame.size());
		if (segments) {
			pkt.flags |= VFNET_PKT_TX_SEG | VFNET_PKT_IP4 | VFNET_PKT_TCP;
			pkt.txo = vfnet_txo(14, 20, 20, 50);
			vfnet_offload_prepare(vfnet_get_region(rig_.v), &pkt);
		}
		ASSERT_NO_FATAL_FAILURE(Send({pkt}));
		ASSERT_EQ(segments ? 2 : 1, Received(1));
		EXPECT_EQ(segments ? 0x10 : 0x19, data_.at(kFlags));
	}
}

INSTANTIATE_TEST_SUITE_P(Doorbell, QemusCard, ::testing::Bool(),
			 [](const auto &doorbell) { return doorbell.param ? "Call" : "Store"; });

} // namespace
