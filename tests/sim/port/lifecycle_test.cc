/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/port/rig.h"

namespace
{

class Lifecycle : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	}

	int TryOpen(const char *name)
	{
		vfnet_port *port = nullptr;
		int rc = vfnet_port_open(rig_.v, name, nullptr, &port, &rig_.err);
		if (rc == 0)
			vfnet_port_close(port);
		return rc;
	}

	Rig rig_;
};

TEST_F(Lifecycle, OneHundredTimesOpenAndClose)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	auto opts = SizedOpts<vfnet_queue_opts>();
	opts.cache = rig_.cache;
	const uint64_t free_bytes = vfnet_dma_free_bytes(vfnet_get_region(rig_.v));
	for (int i = 0; i < 100; i++) {
		vfnet_port *port = nullptr;
		vfnet_rxq *rxq = nullptr;
		vfnet_txq *txq = nullptr;
		ASSERT_EQ(0, vfnet_port_open(rig_.v, "sim:0.0", nullptr, &port, &rig_.err))
		    << i << ": " << rig_.err.text;
		ASSERT_EQ(0, vfnet_rxq_open(port, &opts, &rxq, &rig_.err)) << rig_.err.text;
		ASSERT_EQ(0, vfnet_txq_open(port, &opts, &txq, &rig_.err)) << rig_.err.text;
		vfnet_rxq_close(rxq);
		vfnet_txq_close(txq);
		ASSERT_EQ(0, vfnet_port_close(port));
	}
	EXPECT_EQ(free_bytes, vfnet_dma_free_bytes(vfnet_get_region(rig_.v)));
}

TEST_F(Lifecycle, AVfOpensOnce)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
	EXPECT_EQ(-EBUSY, TryOpen("sim:0.0"));
	EXPECT_NE(nullptr, strstr(rig_.err.text, "sim:0.0")) << rig_.err.text;
	EXPECT_EQ(0, TryOpen("sim:0.1"));
	EXPECT_EQ(0, TryOpen("sim:1.0"));
}

TEST_F(Lifecycle, UnknownDevicesAreRefused)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	for (const char *name : {"sim:0.7", "sim:16.0", "sim:0", "sim:", "sim:a.b", "sim:0.0x",
				 "sim:-1.0", "sim:0.-1", "sim:4294967296.0"}) {
		EXPECT_GT(0, TryOpen(name)) << name;
		EXPECT_NE(nullptr, strstr(rig_.err.text, "sim:")) << rig_.err.text;
	}
}

TEST_F(Lifecycle, APhysicalFunctionThatIsDownSaysSo)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "down"));
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	EXPECT_EQ(-ENETDOWN, TryOpen("sim:0.0"));
	EXPECT_NE(nullptr, strstr(rig_.err.text, "physical function")) << rig_.err.text;
}

TEST_F(Lifecycle, TheAddressIsRandomAndLocalUnlessTheAdministratorSetOne)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Card(1, "mac=0:02:11:22:33:44:55"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1", "sim:1.0"}));
	EXPECT_EQ(0x02, rig_.Mac(0)[0] & 0x03);
	EXPECT_EQ(0x02, rig_.Mac(1)[0] & 0x03);
	EXPECT_NE(rig_.Mac(0), rig_.Mac(1));
	EXPECT_EQ((std::vector<uint8_t>{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}), rig_.Mac(2));
}

TEST_F(Lifecycle, TheAddressAskedForIsInForce)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Card(1, "mac=0:02:11:22:33:44:55"));
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	auto opts = SizedOpts<vfnet_port_opts>();
	const uint8_t mac[6] = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
	memcpy(opts.mac, mac, sizeof(mac));
	vfnet_port *port = nullptr;
	ASSERT_EQ(0, vfnet_port_open(rig_.v, "sim:0.0", &opts, &port, &rig_.err)) << rig_.err.text;
	vfnet_port_info info;
	vfnet_port_get_info(port, &info);
	EXPECT_EQ(0, memcmp(mac, info.mac, 6));
	EXPECT_EQ(0, vfnet_port_close(port));
	EXPECT_EQ(-EPROTO, vfnet_port_open(rig_.v, "sim:1.0", &opts, &port, &rig_.err))
	    << "the administrator's address cannot be changed";
}

TEST_F(Lifecycle, CloseWhileTrafficRunsKeepsThePoolWhole)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	for (int i = 0; i < 1000; i++)
		ASSERT_LE(0, rig_.ForwardOnce(0, 1, true));
	rig_.CloseQueues(); /* the source still sends */
	EXPECT_LT(0u, rig_.Sum(&vfnet_counters::tx_packets));
	/* Rig::Close() expects every buffer back */
}

TEST_F(Lifecycle, TheLinkIsUpOnceServiced)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
	vfnet_link link = {};
	uint64_t now = 0;
	for (int i = 0; i < 100 && !link.up; i++) {
		now = vfnet_port_service(rig_.ports[0].port, now);
		vfnet_port_get_link(rig_.ports[0].port, &link);
	}
	EXPECT_TRUE(link.up);
	EXPECT_EQ(1000u, link.speed_mbps);
	EXPECT_TRUE(link.full_duplex);
}

} // namespace
