/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames a port gets: what one function sends to another through the card's switch, before
 * and after the receiver has asked for more.
 */
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/sim/port/rig.h"

namespace
{

using Mac = std::array<uint8_t, 6>;

constexpr uint16_t kNoTag = 0xffff;
/* two of 4096 places in the card's table */
constexpr Mac kGroup{0x01, 0, 0x5e, 0, 0, 0x01};
constexpr Mac kOther{0x01, 0, 0x5e, 0, 0, 0x02};

Mac Further(uint8_t i)
{
	return {0x02, 0, 0, 0, 1, i};
}

class PortFilter : public ::testing::Test
{
      protected:
	void Begin(const std::string &spec = "")
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, spec));
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
		a_ = rig_.ports[0].port;
		b_ = rig_.ports[1].port;
	}
	Mac MacOf(size_t i)
	{
		Mac mac;
		std::copy_n(rig_.Mac(i).begin(), 6, mac.begin());
		return mac;
	}
	/* port 0 sends a frame of 60 bytes to @dst, with a tag of 4 more if @vid is one */
	void Send(const Mac &dst, uint16_t vid = kNoTag)
	{
		vfnet_pkt pkt;
		ASSERT_EQ(1u, vfnet_pkt_alloc(rig_.cache, &pkt, 1));
		auto *data = static_cast<uint8_t *>(vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt));
		memset(data, 0, 64);
		std::copy(dst.begin(), dst.end(), data);
		memcpy(data + 6, rig_.Mac(0).data(), 6);
		pkt.len = 60;
		if (vid != kNoTag) {
			data[12] = 0x81;
			data[14] = static_cast<uint8_t>(vid >> 8);
			data[15] = static_cast<uint8_t>(vid);
			pkt.len = 64;
		}
		ASSERT_EQ(1, vfnet_tx_burst(rig_.ports[0].txq, &pkt, 1));
		sent_++;
	}
	/* Return: frames that port 1 got; the tag of the last is in tag_ */
	int Received()
	{
		int n = 0;
		for (int i = 0; i < 10; i++) {
			vfnet_pkt pkt;
			if (vfnet_rx_burst(rig_.ports[1].rxq, &pkt, 1) != 1)
				continue;
			const auto *data = static_cast<const uint8_t *>(
			    vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt));
			tag_ = kNoTag;
			if (pkt.flags & VFNET_PKT_VLAN)
				tag_ = pkt.vlan;
			else if (data[12] == 0x81 && data[13] == 0)
				tag_ = static_cast<uint16_t>(data[14] << 8 | data[15]);
			vfnet_pkt_free(rig_.cache, &pkt, 1);
			n++;
		}
		return n;
	}
	int Heard(const Mac &dst, uint16_t vid = kNoTag)
	{
		Send(dst, vid);
		return Received();
	}
	void Happen(vfnet_sim_event event)
	{
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, event));
	}
	/* the program goes on until both ports run, in a time that is the test's own */
	void ComeBack()
	{
		for (int i = 0; i < 100000; i++, now_ += 100000) {
			bool all = true;
			for (auto &port : rig_.ports) {
				vfnet_port_service(port.port, now_);
				vfnet_txq_reclaim(port.txq);
				all = all && vfnet_port_state(port.port) == VFNET_PORT_RUNNING;
			}
			Received();
			vfnet_pkt pkt;
			ASSERT_GE(0, vfnet_rx_burst(rig_.ports[0].rxq, &pkt, 1));
			if (all)
				return;
		}
		FAIL() << "the ports do not come back";
	}
	void Reset()
	{
		ASSERT_NO_FATAL_FAILURE(Happen(VFNET_SIM_PF_DOWN));
		ASSERT_NO_FATAL_FAILURE(Happen(VFNET_SIM_PF_UP));
		for (auto &port : rig_.ports) {
			vfnet_port_service(port.port, now_);
			ASSERT_EQ(VFNET_PORT_RESETTING, vfnet_port_state(port.port));
		}
		ASSERT_NO_FATAL_FAILURE(ComeBack());
	}
	uint64_t Lost(size_t i)
	{
		vfnet_port_get_counters(rig_.ports[i].port, &rig_.ports[i].counters);
		return rig_.ports[i].counters.filters_lost;
	}
	void ExpectRefused(int rc, const char *part)
	{
		EXPECT_EQ(-EPROTO, rc);
		EXPECT_NE(nullptr, strstr(rig_.err.text, part)) << rig_.err.text;
		EXPECT_EQ(VFNET_PORT_RUNNING, vfnet_port_state(b_));
	}

	Rig rig_;
	vfnet_port *a_ = nullptr;
	vfnet_port *b_ = nullptr;
	uint16_t tag_ = kNoTag;
	uint64_t sent_ = 0;
	uint64_t now_ = 1000000;
};

TEST_F(PortFilter, FramesToAGroupArriveWhenItWasNamed)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	EXPECT_EQ(0, Heard(kGroup));
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, kGroup.data(), 1, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(1, Heard(kGroup));
	EXPECT_EQ(0, Heard(kOther));
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, kOther.data(), 1, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, Heard(kGroup)) << "the list was replaced";
	EXPECT_EQ(1, Heard(kOther));
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, nullptr, 0, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, Heard(kOther));
	EXPECT_EQ(1, Heard(MacOf(1)));
}

TEST_F(PortFilter, MoreThanThirtyGroupsAreAll)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	std::vector<uint8_t> groups;
	for (uint8_t i = 0; i < 31; i++)
		groups.insert(groups.end(), {0x01, 0, 0, 0, 0, static_cast<uint8_t>(0x80 + i)});
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, groups.data(), 30, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(1, Heard({0x01, 0, 0, 0, 0, 0x80 + 29}));
	EXPECT_EQ(0, Heard(kGroup));
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, groups.data(), 31, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(1, Heard(kGroup));
}

TEST_F(PortFilter, AllMulticastIsOnTopOfTheList)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, kGroup.data(), 1, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_set_allmulti(b_, true, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(1, Heard(kOther));
	ASSERT_EQ(0, vfnet_port_set_allmulti(b_, false, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, Heard(kOther));
	EXPECT_EQ(1, Heard(kGroup));
	EXPECT_EQ(0, Heard(Further(1))) << "never foreign unicast";
}

TEST_F(PortFilter, FramesOfAVlanArriveAndLeaveWhenItWasAdded)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_vlan_add(b_, 5, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, Heard(MacOf(1), 5)) << "the sender has not added it";
	ASSERT_EQ(0, vfnet_port_vlan_add(a_, 5, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_vlan_add(a_, 6, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(1, Heard(MacOf(1), 5));
	EXPECT_EQ(5, tag_);
	EXPECT_EQ(0, Heard(MacOf(1), 6));
	EXPECT_EQ(1, Heard(MacOf(1)));
	EXPECT_EQ(kNoTag, tag_);
	EXPECT_EQ(1, Heard(MacOf(1), 0)) << "a priority tag needs no VLAN";
	ASSERT_EQ(0, vfnet_port_vlan_remove(b_, 5, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, Heard(MacOf(1), 5));
	rig_.CloseQueues();
	EXPECT_EQ("spoof=1", rig_.Drops());
	/* one card, no wire: what nobody inside hears goes out */
	EXPECT_EQ(sent_, rig_.Sum(&vfnet_counters::tx_packets) + 1);
}

TEST_F(PortFilter, ARefusedVlanSaysWhatToDo)
{
	ASSERT_NO_FATAL_FAILURE(Begin("vlan=1:7"));
	ExpectRefused(vfnet_port_vlan_add(b_, 5, &rig_.err), "'ip link set dev PF vf N vlan 0'");
	for (uint16_t vid = 100; vid < 130; vid++)
		ASSERT_EQ(0, vfnet_port_vlan_add(a_, vid, &rig_.err)) << rig_.err.text;
	ExpectRefused(vfnet_port_vlan_add(a_, 130, &rig_.err), "32 VLAN entries are in use");
	ASSERT_EQ(0, vfnet_port_vlan_remove(a_, 100, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, vfnet_port_vlan_add(a_, 130, &rig_.err)) << rig_.err.text;
}

TEST_F(PortFilter, FramesToAFurtherAddressArriveUntilItIsCleared)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_mac_add(b_, Further(1).data(), &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_mac_add(b_, Further(2).data(), &rig_.err)) << rig_.err.text;
	EXPECT_EQ(1, Heard(Further(1)));
	EXPECT_EQ(1, Heard(Further(2)));
	ASSERT_EQ(0, vfnet_port_mac_clear(b_, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, Heard(Further(1)));
	EXPECT_EQ(1, Heard(MacOf(1)));
}

TEST_F(PortFilter, AnAdministratorsAddressAllowsFurtherOnesWithTrustOnly)
{
	ASSERT_NO_FATAL_FAILURE(Begin("mac=0:02:00:00:00:00:aa,mac=1:02:00:00:00:00:bb,trust=0"));
	ExpectRefused(vfnet_port_mac_add(b_, Further(1).data(), &rig_.err), "trust on");
	EXPECT_EQ(0, vfnet_port_mac_add(a_, Further(1).data(), &rig_.err)) << rig_.err.text;
}

TEST_F(PortFilter, AClosedPortLeavesNothingBehind)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, kGroup.data(), 1, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_set_allmulti(b_, true, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_vlan_add(a_, 5, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_vlan_add(b_, 5, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_mac_add(b_, Further(1).data(), &rig_.err)) << rig_.err.text;
	EXPECT_EQ(1, Heard(MacOf(1), 5));
	vfnet_rxq_close(rig_.ports[1].rxq);
	vfnet_txq_close(rig_.ports[1].txq);
	ASSERT_EQ(0, vfnet_port_close(b_));
	rig_.ports.pop_back();
	ASSERT_NO_FATAL_FAILURE(rig_.OpenPort("sim:0.1"));
	auto opts = SizedOpts<vfnet_queue_opts>();
	opts.n_desc = rig_.n_desc;
	opts.cache = rig_.cache;
	auto &port = rig_.ports[1];
	ASSERT_EQ(0, vfnet_rxq_open(port.port, &opts, &port.rxq, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_txq_open(port.port, &opts, &port.txq, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(0, Heard(kGroup));
	EXPECT_EQ(0, Heard(MacOf(1), 5));
	EXPECT_EQ(0, Heard(Further(1)));
	EXPECT_EQ(1, Heard(MacOf(1)));
}

TEST_F(PortFilter, GroupsOutliveAReset)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, kGroup.data(), 1, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Reset());
	EXPECT_EQ(1, Heard(kGroup));
	EXPECT_EQ(0, Heard(kOther));
}

TEST_F(PortFilter, AllMulticastOutlivesAReset)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_set_allmulti(b_, true, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Reset());
	EXPECT_EQ(1, Heard(kOther));
}

TEST_F(PortFilter, VlansOutliveAReset)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	for (vfnet_port *port : {a_, b_})
		for (uint16_t vid : {5, 6})
			ASSERT_EQ(0, vfnet_port_vlan_add(port, vid, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Reset());
	for (uint16_t vid : {5, 6}) {
		EXPECT_EQ(1, Heard(MacOf(1), vid));
		EXPECT_EQ(vid, tag_);
	}
	EXPECT_EQ(0, Heard(MacOf(1), 7));
}

TEST_F(PortFilter, FurtherAddressesOutliveAReset)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	for (uint8_t i : {1, 2, 3})
		ASSERT_EQ(0, vfnet_port_mac_add(b_, Further(i).data(), &rig_.err));
	ASSERT_NO_FATAL_FAILURE(Reset());
	ASSERT_NO_FATAL_FAILURE(Reset());
	for (uint8_t i : {1, 2, 3})
		EXPECT_EQ(1, Heard(Further(i)));
	EXPECT_EQ(0, Heard(Further(4)));
	EXPECT_EQ(1, Heard(MacOf(1)));
}

TEST_F(PortFilter, CallsWhileTheInterfaceIsDownCountAfterwards)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, kGroup.data(), 1, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Happen(VFNET_SIM_PF_DOWN));
	/* a_ has been told of the reset, b_ finds out by its call */
	vfnet_port_service(a_, now_);
	for (vfnet_port *port : {a_, b_})
		ASSERT_EQ(0, vfnet_port_vlan_add(port, 5, &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_mac_add(b_, Further(1).data(), &rig_.err)) << rig_.err.text;
	ASSERT_EQ(0, vfnet_port_set_multicast(b_, kOther.data(), 1, &rig_.err)) << rig_.err.text;
	EXPECT_EQ(VFNET_PORT_RESETTING, vfnet_port_state(b_));
	ASSERT_NO_FATAL_FAILURE(Happen(VFNET_SIM_PF_UP));
	ASSERT_NO_FATAL_FAILURE(ComeBack());
	EXPECT_EQ(1, Heard(MacOf(1), 5));
	EXPECT_EQ(1, Heard(Further(1)));
	EXPECT_EQ(1, Heard(kOther));
	EXPECT_EQ(0, Heard(kGroup));
	EXPECT_EQ(0u, Lost(0) + Lost(1));
	EXPECT_EQ(1u, rig_.ports[1].counters.resets);
}

TEST_F(PortFilter, WhatIsRefusedAfterAResetIsCountedAndThePortRuns)
{
	ASSERT_NO_FATAL_FAILURE(Begin());
	ASSERT_EQ(0, vfnet_port_vlan_add(b_, 5, &rig_.err)) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Happen(VFNET_SIM_PF_DOWN));
	vfnet_port_service(a_, now_);
	for (uint16_t vid = 100; vid < 132; vid++)
		ASSERT_EQ(0, vfnet_port_vlan_add(a_, vid, &rig_.err)) << "nobody to ask";
	ASSERT_NO_FATAL_FAILURE(Happen(VFNET_SIM_PF_UP));
	ASSERT_NO_FATAL_FAILURE(ComeBack());
	EXPECT_EQ(2u, Lost(0) + Lost(1)) << "32 entries for 33 VLANs and the priority tag's";
	EXPECT_EQ(1, Heard(MacOf(1)));
}

TEST_F(PortFilter, CallsAreMadeWhileAnotherThreadServesAndPacketsPass)
{
	rig_.mode = VFNET_SIM_THREAD;
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(Begin());
	std::atomic<bool> stop{false};
	std::thread caller([&] {
		vfnet_err err;
		for (uint16_t vid = 1; !stop; vid = static_cast<uint16_t>(vid % 20 + 1)) {
			EXPECT_EQ(0, vfnet_port_vlan_add(b_, vid, &err)) << err.text;
			EXPECT_EQ(0, vfnet_port_set_multicast(b_, kGroup.data(), vid & 1, &err));
			EXPECT_EQ(0, vfnet_port_vlan_remove(b_, vid, &err)) << err.text;
		}
	});
	int heard = 0;
	for (int i = 0; i < 200; i++)
		heard += Heard(MacOf(1));
	stop = true;
	caller.join();
	for (int i = 0; i < 50000 && heard < 200; i++) {
		heard += Received();
		std::this_thread::sleep_for(std::chrono::microseconds(100)); /* the card's turn */
	}
	EXPECT_EQ(200, heard);
}

TEST(PortStatistics, CountWithSixtyFourBitsPastTheCardsWrap)
{
	Rig rig;
	ASSERT_NO_FATAL_FAILURE(rig.OpenSim());
	for (unsigned int card : {0, 1})
		ASSERT_NO_FATAL_FAILURE(rig.Card(card, "stats=4294967000"));
	ASSERT_NO_FATAL_FAILURE(rig.Wire(0, "gen:size=64,count=1000"));
	ASSERT_NO_FATAL_FAILURE(rig.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_NO_FATAL_FAILURE(rig.ForwardAll());
	rig.CloseQueues();
	rig.ExpectBalanced();
	EXPECT_EQ(1000u, rig.ports[0].counters.hw_rx_packets);
	EXPECT_EQ(64000u, rig.ports[0].counters.hw_rx_bytes);
	EXPECT_EQ(1000u, rig.ports[1].counters.hw_tx_packets);
	EXPECT_EQ(64000u, rig.ports[1].counters.hw_tx_bytes);
}

} // namespace
