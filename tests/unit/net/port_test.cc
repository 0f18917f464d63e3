/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/cpu.h"
#include "tests/unit/net/net_fixture.h"

namespace
{

using PortTest = Net;

TEST_F(PortTest, OpensWithDefaultsAndTellsWhatItIs)
{
	vfnet_port *port = OpenPort();
	vfnet_port_info info;
	vfnet_port_get_info(port, &info);
	EXPECT_STREQ("fake:a", info.name);
	EXPECT_STREQ("fake", info.driver);
	EXPECT_EQ(1500u, info.mtu);
	EXPECT_EQ(1518u, info.max_frame);
	EXPECT_EQ(1u, info.max_rx_queues);
	EXPECT_EQ(2u, info.max_tx_queues);
	EXPECT_EQ(vfnet_cpu_simd(), info.simd);
	vfnet_link link;
	vfnet_port_get_link(port, &link);
	EXPECT_TRUE(link.up);
	EXPECT_TRUE(link.full_duplex);
	EXPECT_EQ(1000u, link.speed_mbps);
	EXPECT_EQ(VFNET_PORT_RUNNING, vfnet_port_state(port));
	EXPECT_EQ(0, vfnet_port_close(port));
}

TEST_F(PortTest, BadOptionsAreRefusedBeforeTheDeviceIsBroughtUp)
{
	vfnet_port *port = nullptr;
	vfnet_port_opts opts = {};
	opts.size = 1;
	EXPECT_EQ(-EINVAL, vfnet_port_open(v_, "fake:a", &opts, &port, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "sizeof(struct vfnet_port_opts)"));
	opts.size = sizeof(opts);
	opts.mac[0] = 0x01;
	EXPECT_EQ(-EINVAL, vfnet_port_open(v_, "fake:a", &opts, &port, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "group address")) << err_.text;
	opts.mac[0] = 0;
	opts.simd = static_cast<vfnet_simd>(4);
	EXPECT_EQ(-EINVAL, vfnet_port_open(v_, "fake:a", &opts, &port, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "vfnet_port_opts.simd is 4")) << err_.text;
	opts.simd = VFNET_SIMD_AUTO;
	for (uint32_t mtu : {1u, 67u, 9711u, UINT32_MAX}) {
		opts.mtu = mtu;
		EXPECT_EQ(-EINVAL, vfnet_port_open(v_, "fake:a", &opts, &port, &err_));
		EXPECT_NE(nullptr, strstr(err_.text, "68 to 9710")) << err_.text;
	}
	EXPECT_EQ(nullptr, port);
	EXPECT_EQ(0, fake_.open_devs);
}

TEST_F(PortTest, RunsByTheInstructionsAskedForOrSaysThatThereAreNone)
{
	for (vfnet_simd simd : {VFNET_SIMD_SCALAR, VFNET_SIMD_AVX2, VFNET_SIMD_AVX512}) {
		vfnet_port *port = nullptr;
		vfnet_port_opts opts = {};
		vfnet_port_info info;
		opts.size = sizeof(opts);
		opts.simd = simd;
		if (simd > vfnet_cpu_simd()) {
			EXPECT_EQ(-ENOTSUP, vfnet_port_open(v_, "fake:a", &opts, &port, &err_));
			EXPECT_NE(nullptr, strstr(err_.text, "use that or auto")) << err_.text;
			EXPECT_EQ(0, fake_.open_devs);
			continue;
		}
		ASSERT_EQ(0, vfnet_port_open(v_, "fake:a", &opts, &port, &err_)) << err_.text;
		vfnet_port_get_info(port, &info);
		EXPECT_EQ(simd, info.simd);
		EXPECT_EQ(0, vfnet_port_close(port));
	}
}

TEST_F(PortTest, AFunctionWithoutADriverSaysWhatVfnetDrives)
{
	vfnet_port *port = nullptr;
	fake_.device_id = 0x1520;
	EXPECT_EQ(-ENOTSUP, vfnet_port_open(v_, "fake:a", nullptr, &port, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "8086:1520")) << err_.text;
	EXPECT_NE(nullptr, strstr(err_.text, "8086:10ca")) << err_.text;
}

TEST_F(PortTest, ADriverThatFailsLeavesNothingOpen)
{
	vfnet_port *port = nullptr;
	fake_driver.open_rc = -ENETDOWN;
	EXPECT_EQ(-ENETDOWN, vfnet_port_open(v_, "fake:a", nullptr, &port, &err_));
	EXPECT_STREQ("fake driver: fake:a", err_.text);
	EXPECT_EQ(0, fake_.open_devs);
	EXPECT_EQ(0, fake_.open_domains);
}

TEST_F(PortTest, CloseOfNullDoesNothing)
{
	EXPECT_EQ(0, vfnet_port_close(nullptr));
}

/* What it switches off reads and writes registers, and the card may write to memory until then. */
TEST_F(PortTest, TheDriverIsDoneBeforeTheDeviceIsTakenAway)
{
	static const FakeBus *bus;
	static std::string so_far;
	vfnet_port *port = OpenPort();
	bus = &fake_;
	fake_driver.during_close = [](vfnet_port *) { so_far = bus->history(); };
	EXPECT_EQ(0, vfnet_port_close(port));
	EXPECT_EQ(std::string::npos, so_far.find("master_off")) << so_far;
	EXPECT_EQ(so_far + " master_off detach unmap dma_close close", fake_.history());
}

TEST_F(PortTest, ServicePassesTheTimeAndReturnsTheNextDeadline)
{
	vfnet_port *port = OpenPort();
	EXPECT_EQ(1000u + VFNET_SERVICE_PERIOD_NS, vfnet_port_service(port, 1000));
	EXPECT_EQ(1000u, fake_driver.serviced_at);
	fake_driver.service_state = VFNET_PORT_GONE;
	vfnet_port_service(port, 2000);
	EXPECT_EQ(VFNET_PORT_GONE, vfnet_port_state(port));
	EXPECT_EQ(0, vfnet_port_close(port));
}

TEST(CounterNames, EachOccursOnceAndEndsWithNull)
{
	std::map<std::string, int> seen;
	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
		seen[vfnet_missed_name(i)]++;
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		seen[vfnet_drops_name(i)]++;
	EXPECT_EQ(size_t(VFNET_MISSED_COUNT + VFNET_DROPS_COUNT), seen.size());
	EXPECT_EQ(nullptr, vfnet_missed_name(VFNET_MISSED_COUNT));
	EXPECT_EQ(nullptr, vfnet_drops_name(VFNET_DROPS_COUNT));
	EXPECT_STREQ("no_descriptor", vfnet_missed_name(VFNET_MISSED_no_descriptor));
	EXPECT_STREQ("not_drained", vfnet_drops_name(VFNET_DROPS_not_drained));
}

} // namespace
