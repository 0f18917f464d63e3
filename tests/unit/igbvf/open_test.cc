/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>

#include "tests/unit/igbvf/fake_pf.h"

namespace
{

using Mac = std::array<uint8_t, 6>;

const Mac given = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
const Mac wanted = {0x02, 0x00, 0x00, 0x00, 0x00, 0x07};

TEST(IgbvfDriver, Drives82576FunctionsOnly)
{
	EXPECT_TRUE(igbvf_driver.match(0x8086, 0x10ca));
	EXPECT_FALSE(igbvf_driver.match(0x8086, 0x10c9));
	EXPECT_FALSE(igbvf_driver.match(0x1af4, 0x10ca));
	EXPECT_EQ(vfnet_drivers[0], &igbvf_driver);
	EXPECT_EQ(vfnet_drivers[1], nullptr);
}

TEST_F(PortTest, ARefusedResetIsSuccessWithARandomLocalAddress)
{
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(port->mac[0] & 3, 2) << "locally administered, no group";
	ASSERT_EQ(pf.requests.size(), 3u);
	EXPECT_EQ(pf.requests[0][0], IGBVF_MSG_RESET);
	EXPECT_EQ(pf.requests[1][0], IGBVF_MSG_SET_MAC);
	EXPECT_EQ(mac_of(pf.requests[1]), port_mac());
	EXPECT_EQ(pf.requests[1][2] >> 16, 0u);
	EXPECT_EQ(pf.requests[2][0], IGBVF_MSG_SET_LPE);
	EXPECT_EQ(pf.requests[2][1], 1522u);
}

TEST_F(PortTest, TwoRandomAddressesDiffer)
{
	ASSERT_EQ(open(), 0) << err.text;
	Mac first = port_mac();

	igbvf_driver.close(port);
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_NE(port_mac(), first);
}

TEST_F(PortTest, TheAdministratorsAddressIsTaken)
{
	pf.admin_mac = given;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(port_mac(), given);
	ASSERT_EQ(pf.requests.size(), 2u) << "nothing to ask for";
	EXPECT_EQ(pf.requests[1][0], IGBVF_MSG_SET_LPE);
}

TEST_F(PortTest, AGrantedResetWithoutAnAddressMakesARandomOne)
{
	pf.ack_reset_without_mac = true;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(port->mac[0] & 3, 2);
	EXPECT_EQ(mac_of(pf.requests.at(1)), port_mac());
}

TEST_F(PortTest, TheAddressAskedForIsSet)
{
	memcpy(opts.mac, wanted.data(), 6);
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(port_mac(), wanted);
	EXPECT_EQ(mac_of(pf.requests.at(1)), wanted);
}

TEST_F(PortTest, AnAddressThatTheAdministratorForbidsIsAnError)
{
	pf.admin_mac = given;
	pf.refuse_mac = true;
	memcpy(opts.mac, wanted.data(), 6);
	EXPECT_EQ(open(), -EPROTO);
	EXPECT_EQ(port, nullptr);
	expect_text("refuses the address 02:00:00:00:00:07");
	expect_text("fake:0");
}

TEST_F(PortTest, TheAdministratorsOwnAddressIsNotAskedFor)
{
	pf.admin_mac = wanted;
	pf.refuse_mac = true;
	memcpy(opts.mac, wanted.data(), 6);
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(port_mac(), wanted);
}

TEST_F(PortTest, LongFramesAreAskedForUpToWhatThePhysicalFunctionGrants)
{
	opts.mtu = 9000;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(pf.requests.back()[1], 9022u);
	igbvf_driver.close(port);
	opts.mtu = igbvf_driver.max_mtu;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(opts.mtu, 9710u);
	EXPECT_EQ(pf.requests.back()[1], 9728u);
}

TEST_F(PortTest, RefusedFrameLengthIsAnError)
{
	pf.refuse_lpe = true;
	EXPECT_EQ(open(), -EPROTO);
	expect_text("1522 bytes");
	EXPECT_EQ(port, nullptr);
}

TEST_F(PortTest, APhysicalFunctionThatIsDownIsSaidToBe)
{
	pf.mailbox = IGBVF_V2PMAILBOX_RSTI;
	EXPECT_EQ(open(), -ENETDOWN);
	expect_text("ip link set dev PF up");
	EXPECT_EQ(port, nullptr);
	EXPECT_TRUE(pf.requests.empty());
}

TEST_F(PortTest, APhysicalFunctionThatComesUpInTimeIsWaitedFor)
{
	unsigned int n_moves = 0;

	pf.mailbox = IGBVF_V2PMAILBOX_RSTI;
	card.on_progress = [&] {
		if (++n_moves == 100)
			pf.mailbox = IGBVF_V2PMAILBOX_RSTD;
	};
	ASSERT_EQ(open(), 0) << err.text;
	card.on_progress = nullptr;
	EXPECT_GE(n_moves, 100u);
}

TEST_F(PortTest, ASilentPhysicalFunctionTimesOutAfterASecondTry)
{
	pf.n_ignored = 1000;
	EXPECT_EQ(open(), -ETIMEDOUT);
	expect_text("does not answer");
	EXPECT_EQ(pf.requests.size(), 2u);
	EXPECT_EQ(port, nullptr);
}

TEST_F(PortTest, ALostReplyToTheResetIsCuredByAnother)
{
	pf.n_ignored = 1;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(pf.requests[0][0], IGBVF_MSG_RESET);
	EXPECT_EQ(pf.requests[1][0], IGBVF_MSG_RESET);
}

TEST_F(PortTest, APingBeforeTheReplyIsNotTheReply)
{
	pf.n_pings = 3;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(pf.requests.size(), 3u);
}

TEST_F(PortTest, ALateReplyToSomethingElseIsNotTheReply)
{
	pf.n_pings = 1;
	pf.ping_word = IGBVF_MSG_SET_LPE | IGBVF_MSG_NACK | IGBVF_MSG_CTS;
	pf.admin_mac = given;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(port_mac(), given);
}

TEST_F(PortTest, ABufferThatThePhysicalFunctionHoldsIsWaitedFor)
{
	pf.pfu_looks = 5;
	ASSERT_EQ(open(), 0) << err.text;
}

TEST_F(PortTest, ABufferThatItNeverReleasesTimesOut)
{
	pf.pfu_looks = 1000000;
	EXPECT_EQ(open(), -ETIMEDOUT);
	EXPECT_TRUE(pf.requests.empty());
}

TEST_F(PortTest, ARefusalWithoutCtsMeansThatItWasReset)
{
	pf.forgot = true;
	EXPECT_EQ(open(), -ENETDOWN);
	expect_text("went into reset");
}

TEST_F(PortTest, AResetWhileAskingIsSaidSo)
{
	card.on_progress = [this] { pf.mailbox |= IGBVF_V2PMAILBOX_RSTI; };
	pf.n_ignored = 1000;
	EXPECT_EQ(open(), -ENETDOWN);
	card.on_progress = nullptr;
}

TEST_F(PortTest, AGoneDeviceIsSaidToBe)
{
	card.gone = true;
	EXPECT_EQ(open(), -ENODEV);
	expect_text("registers read ffffffff");
	EXPECT_EQ(port, nullptr);
}

TEST_F(PortTest, ADeviceThatGoesWhileItIsAskedIsSaidToBe)
{
	unsigned int n_moves = 0;

	pf.n_ignored = 1000;
	card.on_progress = [&] { card.gone = ++n_moves == 20 || card.gone; };
	EXPECT_EQ(open(), -ENODEV);
	expect_text("registers read ffffffff");
	card.on_progress = nullptr;
}

TEST_F(PortTest, AfterOpenAllIsMappedMaskedAndOff)
{
	for (uint32_t i = 0; i < IGBVF_QUEUES; i++)
		card.reg(IGBVF_AT(RXDCTL, i)) = card.reg(IGBVF_AT(TXDCTL, i)) = IGBVF_RXDCTL_ENABLE;
	/* no reset of QEMU's clears it [Q] */
	for (uint32_t v = 0; v < IGBVF_VECTORS; v++)
		card.reg(IGBVF_AT(EITR, v)) = 980 << 2;
	ASSERT_EQ(open(), 0) << err.text;
	EXPECT_EQ(card.reg(IGBVF_VTIVAR), 0u) << "queues do not interrupt";
	EXPECT_EQ(card.reg(IGBVF_VTIVAR_MISC), 0x82u);
	for (uint32_t v = 0; v < IGBVF_VECTORS; v++)
		EXPECT_EQ(card.reg(IGBVF_AT(EITR, v)), 0u);
	EXPECT_EQ(card.reg(IGBVF_VTEIAC), 7u);
	EXPECT_EQ(card.reg(IGBVF_VTEIAM), 7u);
	EXPECT_EQ(card.reg(IGBVF_VTEIMC), 7u);
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 0u);
	for (uint32_t i = 0; i < IGBVF_QUEUES; i++) {
		EXPECT_EQ(card.reg(IGBVF_AT(RXDCTL, i)), 0u);
		EXPECT_EQ(card.reg(IGBVF_AT(TXDCTL, i)), 0u);
	}
}

TEST_F(PortTest, AQueueThatDoesNotStopIsAnError)
{
	card.on_read = [inner = card.on_read](uint32_t offset, uint32_t val) {
		val = inner(offset, val);
		return offset == IGBVF_AT(TXDCTL, 1) ? val | IGBVF_TXDCTL_ENABLE : val;
	};
	EXPECT_EQ(open(), -ETIMEDOUT);
	expect_text("TXDCTL(1)");
}

TEST_F(PortTest, CloseMasksStopsAndResets)
{
	ASSERT_EQ(open(), 0) << err.text;
	card.writes.clear();
	igbvf_driver.close(port);
	port = nullptr;
	ASSERT_FALSE(card.writes.empty());
	EXPECT_EQ(card.writes.front(), (std::pair<uint32_t, uint32_t>(IGBVF_VTEIMC, 7)));
	EXPECT_EQ(card.writes.back(),
		  (std::pair<uint32_t, uint32_t>(IGBVF_VTCTRL, IGBVF_VTCTRL_RST)));
}

TEST_F(PortTest, CloseSwitchesAllQueuesOff)
{
	ASSERT_EQ(open(), 0) << err.text;
	for (uint32_t i = 0; i < IGBVF_QUEUES; i++)
		card.reg(IGBVF_AT(RXDCTL, i)) = card.reg(IGBVF_AT(TXDCTL, i)) = IGBVF_RXDCTL_ENABLE;
	igbvf_driver.close(port);
	port = nullptr;
	for (uint32_t i = 0; i < IGBVF_QUEUES; i++) {
		EXPECT_EQ(card.reg(IGBVF_AT(RXDCTL, i)), 0u);
		EXPECT_EQ(card.reg(IGBVF_AT(TXDCTL, i)), 0u);
	}
}

/* Whoever called unmaps the memory next, and the card may still be writing to it. */
TEST_F(PortTest, CloseWaitsForWhatIsUnderWay)
{
	uint64_t reset_ns = 0;

	ASSERT_EQ(open(), 0) << err.text;
	card.on_write = [&, inner = card.on_write](uint32_t offset, uint32_t val) {
		if (offset == IGBVF_VTCTRL)
			reset_ns = FakeCard::now_ns();
		inner(offset, val);
	};
	igbvf_driver.close(port);
	port = nullptr;
	ASSERT_NE(reset_ns, 0u);
	EXPECT_GE(FakeCard::now_ns() - reset_ns, IGBVF_SETTLE_US * UINT64_C(1000));
}

TEST_F(PortTest, OpenAndCloseTenTimes)
{
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(open(), 0) << err.text;
		igbvf_driver.close(port);
	}
	port = nullptr;
}

} // namespace
