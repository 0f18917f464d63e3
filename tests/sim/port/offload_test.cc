/* SPDX-License-Identifier: BSD-2-Clause */
/* Offloads through resets of the physical function. What they do: tests/port/offload_test.cc. */
#include "tests/common/offload_frames.h"
#include "tests/sim/port/rig.h"

namespace
{

using frames::Bytes;
using frames::Shape;

class Offload : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "nospoof,promisc")); /* for any tag */
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	}
	void Send(const Shape &shape, const Bytes &whole)
	{
		Shape sent = shape;
		vfnet_pkt pkt;
		const Bytes frame = frames::Untag(sent, whole);
		ASSERT_EQ(1u, vfnet_pkt_alloc(rig_.cache, &pkt, 1));
		memcpy(vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt), frame.data(), frame.size());
		pkt.len = static_cast<uint16_t>(frame.size());
		pkt.flags = VFNET_PKT_VLAN;
		pkt.vlan = static_cast<uint16_t>(shape.vlan);
		frames::Ask(vfnet_get_region(rig_.v), pkt, sent, VFNET_PKT_TX_L4SUM, 0);
		ASSERT_EQ(1, vfnet_tx_burst(rig_.ports[0].txq, &pkt, 1));
	}
	/* Return: what port 1 gets; empty = nothing. */
	Bytes Receive()
	{
		for (int i = 0; i < 1000; i++) {
			vfnet_pkt pkt;
			if (vfnet_rx_burst(rig_.ports[1].rxq, &pkt, 1) != 1)
				continue;
			const uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
			const Bytes got(data, data + pkt.len);
			vfnet_pkt_free(rig_.cache, &pkt, 1);
			return got;
		}
		return {};
	}

	Rig rig_;
};

/* The same tag and lengths before and after: the card has forgotten them, the driver must too. */
TEST_F(Offload, AContextIsGivenAgainAfterAReset)
{
	const auto dst = rig_.Mac(1), src = rig_.Mac(0);
	uint64_t now = 1000000;

	for (int i = 0; i < 20; i++) {
		Shape shape;
		shape.seed = static_cast<uint32_t>(i);
		shape.vlan = 0x2005;
		shape.payload = 100;
		const Bytes want = frames::Build(shape, dst.data(), src.data());
		ASSERT_NO_FATAL_FAILURE(Send(shape, want));
		ASSERT_EQ(want, Receive()) << "frame " << i;
		if (i % 3)
			continue;
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_DOWN));
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_UP));
		for (bool run = false; !run;) {
			run = true;
			for (auto &port : rig_.ports) {
				vfnet_port_service(port.port, now += 100000);
				vfnet_rxq_park(port.rxq);
				vfnet_txq_reclaim(port.txq);
				run &= vfnet_port_state(port.port) == VFNET_PORT_RUNNING;
			}
		}
		EXPECT_TRUE(Receive().empty()) << "its ring has buffers again";
	}
	rig_.CloseQueues();
	EXPECT_EQ(0u, vfnet_sim_mistakes(rig_.sim, 0));
	EXPECT_EQ("", rig_.Drops());
}

} // namespace
