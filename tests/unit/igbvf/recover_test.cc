/* SPDX-License-Identifier: BSD-2-Clause */
/* A port that is reset, step by step, against a physical function that is not always kind. */
#include <algorithm>
#include <cerrno>

#include "tests/unit/igbvf/fake_pf.h"

namespace
{

using Mac = std::array<uint8_t, 6>;

constexpr uint64_t kMs = 1000000;
const Mac given = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
const Mac wanted = {0x02, 0x00, 0x00, 0x00, 0x00, 0x07};

class RecoverTest : public PortTest
{
      protected:
	uint64_t now = kMs;
	unsigned int n_accesses = 0;
	unsigned int most_accesses = 0; /* of a service call */
	bool stuck = false;

	void open_port()
	{
		ASSERT_EQ(open(), 0) << err.text;
		pf.requests.clear();
		card.on_read = [this, inner = card.on_read](uint32_t offset, uint32_t val) {
			n_accesses++;
			return inner(offset, val);
		};
		card.on_write = [this, inner = card.on_write](uint32_t offset, uint32_t val) {
			n_accesses++;
			inner(offset, val);
		};
	}

	void TearDown() override
	{
		card.on_progress = nullptr;
		PortTest::TearDown();
	}

	/* service at its deadlines; Return: whether the port runs within @ms */
	bool back(uint64_t ms = 10)
	{
		for (uint64_t end = now + ms * kMs; now < end;) {
			n_accesses = 0;
			uint64_t next = service(now);
			most_accesses = std::max(most_accesses, n_accesses);
			EXPECT_GT(next, now);
			now = next;
			if (port->state == VFNET_PORT_RUNNING)
				return true;
		}
		return false;
	}
};

TEST_F(RecoverTest, AllThatThePhysicalFunctionForgotIsToldAgain)
{
	opts.mtu = 9000;
	ASSERT_NO_FATAL_FAILURE(open_port());
	Mac before = port_mac();

	pf.ping(false);
	EXPECT_TRUE(back());
	ASSERT_EQ(pf.requests.size(), 3u);
	EXPECT_EQ(pf.requests[0][0], IGBVF_MSG_RESET);
	EXPECT_EQ(pf.requests[1][0], IGBVF_MSG_SET_MAC);
	EXPECT_EQ(mac_of(pf.requests[1]), before);
	EXPECT_EQ(pf.requests[2][0], IGBVF_MSG_SET_LPE);
	EXPECT_EQ(pf.requests[2][1], 9022u);
	EXPECT_EQ(port_mac(), before);
	EXPECT_EQ(port->base.resets, 1u);
	EXPECT_TRUE(port->link_word & VFNET_LINK_WORD_UP);
	EXPECT_EQ(log_lines.count("runs again"), 1u);
}

TEST_F(RecoverTest, TheFunctionIsResetMappedAndMaskedAsAfterOpen)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	for (uint32_t reg : {IGBVF_VTIVAR_MISC, IGBVF_VTEIAC, IGBVF_VTEIAM})
		card.reg(reg) = 0;
	card.writes.clear();
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(card.n_writes(IGBVF_VTCTRL), 1u);
	EXPECT_EQ(card.reg(IGBVF_VTIVAR_MISC), 0x82u);
	EXPECT_EQ(card.reg(IGBVF_VTEIAC), 7u);
	EXPECT_EQ(card.reg(IGBVF_VTEIAM), 7u);
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 0u) << "nobody listens";
}

TEST_F(RecoverTest, EventsAreUnmaskedAgain)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	ASSERT_EQ(igbvf_driver.events(port, 40, &err), 0);
	pf.ping(false);
	service(now);
	card.writes.clear();
	EXPECT_TRUE(back());
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 1u);
}

TEST_F(RecoverTest, VectorsThatAResetOfTheWholeCardTookAreConnectedAgain)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	ASSERT_EQ(igbvf_driver.events(port, 40, &err), 0);
	card.n_irq_set = 0;
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(card.n_irq_set, 0u) << "nothing was taken";
	card.restore_rc = 1;
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(card.n_irq_set, 2u) << "off, and on again";
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, 40, 40}));
}

TEST_F(RecoverTest, WithoutListenersOnlyBusMasteringIsGivenBack)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	card.n_irq_set = 0;
	card.restore_rc = 1;
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(card.restore_rc, 0);
	EXPECT_EQ(card.n_irq_set, 0u);
}

TEST_F(RecoverTest, VectorsThatAreNotToBeHadAreTriedAgain)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	ASSERT_EQ(igbvf_driver.events(port, 40, &err), 0);
	card.restore_rc = 1;
	card.irq_rc = -ENOSPC;
	pf.ping(false);
	EXPECT_FALSE(back(300));
	EXPECT_LT(1u, card.n_master_off);
	card.irq_rc = 0;
	EXPECT_TRUE(back(300));
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, 40, 40}));
}

/* QEMU's function after a reset of the whole card: no register is there. */
TEST_F(RecoverTest, AFunctionWithoutRegistersGetsThemBack)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	card.restore_rc = 1;
	pf.ping(false);
	service(now);
	card.on_read = [this, inner = card.on_read](uint32_t offset, uint32_t val) {
		return card.restore_rc ? 0 : inner(offset, val);
	};
	EXPECT_TRUE(back(100));
}

TEST_F(RecoverTest, ADeviceWithoutConfigurationSpaceIsGone)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	card.restore_rc = -ENODEV;
	pf.ping(false);
	EXPECT_FALSE(back());
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_GONE});
}

TEST_F(RecoverTest, NoCallTakesLong)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_LE(most_accesses, 32u);
}

TEST_F(RecoverTest, TheAdministratorsAddressIsNotAskedForAgain)
{
	pf.admin_mac = given;
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.ping(false);
	EXPECT_TRUE(back());
	ASSERT_EQ(pf.requests.size(), 2u);
	EXPECT_EQ(pf.requests[1][0], IGBVF_MSG_SET_LPE);
	EXPECT_EQ(port_mac(), given);
}

TEST_F(RecoverTest, AnAdministratorWhoChangesHisMindIsWarnedOf)
{
	memcpy(opts.mac, wanted.data(), 6);
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.admin_mac = given;
	pf.refuse_mac = true;
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(mac_of(pf.requests.at(1)), wanted);
	EXPECT_EQ(port_mac(), wanted);
	EXPECT_EQ(log_lines.count("refuses the address 02:00:00:00:00:07"), 1u);
}

TEST_F(RecoverTest, AnAdministratorWhoTakesItsAddressAwayIsTold)
{
	pf.admin_mac = given;
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.admin_mac = {};
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(mac_of(pf.requests.at(1)), given) << "ours as long as the port is open";
}

TEST_F(RecoverTest, ALostReplyIsARetryFromReset)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.n_ignored = 1;
	pf.ping(false);
	EXPECT_FALSE(back(900)) << "it waits a second";
	EXPECT_TRUE(back(200));
	EXPECT_EQ(pf.requests.size(), 4u);
	EXPECT_EQ(pf.requests[1][0], IGBVF_MSG_RESET);
}

TEST_F(RecoverTest, APingInThePlaceOfTheReplyShortensTheWait)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.n_ignored = 1;
	pf.ping(false);
	service(now);
	for (int i = 0; i < 20 && pf.requests.empty(); i++)
		service(now += kMs);
	ASSERT_EQ(pf.requests.size(), 1u);
	pf.ping(true);
	EXPECT_TRUE(back(100));
	EXPECT_EQ(port->base.resets, 1u);
}

TEST_F(RecoverTest, ARefusalWithoutCtsIsARetryWithPauses)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.forgot = true;
	pf.ping(false);
	EXPECT_FALSE(back(2000));
	EXPECT_LE(pf.requests.size(), 60u) << "two each, 100 ms apart in the end";
	EXPECT_GE(pf.requests.size(), 30u);
	pf.forgot = false;
	EXPECT_TRUE(back(200));
}

TEST_F(RecoverTest, AnInterfaceThatIsDownIsWaitedForWithoutEnd)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	pf.mailbox = IGBVF_V2PMAILBOX_RSTI;
	EXPECT_FALSE(back(600000));
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_RESETTING});
	EXPECT_TRUE(pf.requests.empty());
	EXPECT_EQ(port->base.resets, 1u);
	EXPECT_EQ(log_lines.count("was reset"), 1u);
	pf.mailbox = IGBVF_V2PMAILBOX_RSTD;
	EXPECT_TRUE(back(500));
}

TEST_F(RecoverTest, QueuesThatDoNotStopAreARetry)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	stuck = true;
	card.on_read = [this, inner = card.on_read](uint32_t offset, uint32_t val) {
		val = inner(offset, val);
		return stuck && offset == IGBVF_AT(TXDCTL, 1) ? val | IGBVF_TXDCTL_ENABLE : val;
	};
	pf.ping(false);
	EXPECT_FALSE(back(1000));
	stuck = false;
	EXPECT_TRUE(back(500));
}

TEST_F(RecoverTest, AResetWhileQueuesAreSwitchedIsSeenAtOnce)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	stuck = true;
	card.on_read = [this, inner = card.on_read](uint32_t offset, uint32_t val) {
		val = inner(offset, val);
		return stuck && offset == IGBVF_AT(RXDCTL, 0) ? val | IGBVF_RXDCTL_ENABLE : val;
	};
	pf.ping(false);
	EXPECT_FALSE(back(100));
	pf.requests.clear();
	pf.ping(false);
	EXPECT_FALSE(back(100)) << "not only after the queue's two seconds";
	EXPECT_EQ(pf.requests.size(), 3u);
	stuck = false;
	EXPECT_TRUE(back(100));
	EXPECT_EQ(port->base.resets, 1u);
}

TEST_F(RecoverTest, ADeviceThatGoesMeanwhileIsGone)
{
	for (unsigned int at = 0; at < 30; at++) {
		ASSERT_NO_FATAL_FAILURE(open_port());
		unsigned int n_reads = 0;
		auto inner = card.on_read;
		pf.ping(false);
		card.on_read = [&, inner](uint32_t offset, uint32_t val) {
			card.gone = card.gone || n_reads++ >= at;
			return card.gone ? IGBVF_GONE : inner(offset, val);
		};
		for (int i = 0; i < 100; i++)
			service(now += kMs);
		EXPECT_EQ(port->state, uint32_t{VFNET_PORT_GONE}) << at;
		EXPECT_EQ(port->link_word, 0u);
		igbvf_driver.close(port);
		card.gone = false;
		card.on_read = inner;
		pf.mailbox = 0;
	}
	port = nullptr;
}

TEST_F(RecoverTest, CountersThatWereClearedMeanwhileGoOn)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	card.reg(IGBVF_VFGPRC) = 1000;
	card.reg(IGBVF_VFGPTC) = 2000;
	service(now);
	ASSERT_EQ(port->base.hw_rx_packets, 1000u);
	card.reg(IGBVF_VFGPRC) = 0;
	card.reg(IGBVF_VFGPTC) = 2007;
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(port->base.hw_rx_packets, 1000u) << "cleared";
	EXPECT_EQ(port->base.hw_tx_packets, 2007u) << "not cleared";
	card.reg(IGBVF_VFGPRC) = 5;
	service(now);
	EXPECT_EQ(port->base.hw_rx_packets, 1005u);
}

TEST_F(RecoverTest, WhatARegisterCountedIsReadBeforeAnythingIsReset)
{
	ASSERT_NO_FATAL_FAILURE(open_port());
	card.on_write = [this, inner = card.on_write](uint32_t offset, uint32_t val) {
		if (offset == IGBVF_VTCTRL)
			card.reg(IGBVF_RQDPC) = 0;
		inner(offset, val);
	};
	card.reg(IGBVF_RQDPC) = 5;
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(port->base.missed[VFNET_MISSED_no_descriptor], 5u);
}

/* Word 0 of all messages in their order, and VLANs after theirs. */
std::vector<uint32_t> Told(const igbvf_soft &soft)
{
	std::vector<uint32_t> told;
	uint32_t word[IGBVF_MBOX_WORDS];

	for (unsigned int k = 0; igbvf_soft_message(&soft, k, word); k++) {
		told.push_back(word[0]);
		if (word[0] == (IGBVF_MSG_SET_VLAN | 1u << 16))
			told.push_back(word[1]);
	}
	return told;
}

constexpr uint32_t kVlanAdd = IGBVF_MSG_SET_VLAN | 1u << 16;
constexpr uint32_t kMacAdd = IGBVF_MSG_SET_MAC | uint32_t{IGBVF_MAC_FILTER_ADD} << 16;

TEST(SoftState, HasOneMessageForEachThingAndThenNoMore)
{
	igbvf_soft soft = {};
	uint32_t word[IGBVF_MBOX_WORDS];

	memcpy(soft.mac, wanted.data(), 6);
	soft.max_frame = 1522;
	EXPECT_EQ(igbvf_soft_message(&soft, 0, word), 3u);
	EXPECT_EQ(word[0], IGBVF_MSG_SET_MAC);
	EXPECT_EQ(word[1], 0x02u);
	EXPECT_EQ(word[2], 0x0700u);
	EXPECT_EQ(igbvf_soft_message(&soft, 1, word), 2u);
	EXPECT_EQ(word[0], IGBVF_MSG_SET_LPE);
	EXPECT_EQ(word[1], 1522u);
	EXPECT_EQ(igbvf_soft_message(&soft, 2, word), 0u);
	soft.mac_given = true;
	EXPECT_EQ(Told(soft), (std::vector<uint32_t>{IGBVF_MSG_SET_LPE}));
}

TEST(SoftState, FiltersComeAfterThatAndCanBeDroppedOneByOne)
{
	igbvf_soft soft = {};
	const uint32_t groups = IGBVF_MSG_SET_MULTICAST | 1u << 16;
	const uint32_t all = IGBVF_MSG_SET_PROMISC | 2u << 16;
	const uint32_t first[2] = {IGBVF_MSG_SET_MAC, IGBVF_MSG_SET_LPE};

	soft.n_hashes = 1;
	soft.allmulti = true;
	for (uint16_t vid : {7, 5, 6})
		soft.vlans[soft.n_vlans++] = vid;
	soft.n_macs = 2;
	soft.macs[0][5] = 1;
	soft.macs[1][5] = 2;
	EXPECT_EQ(Told(soft), (std::vector<uint32_t>{first[0], first[1], groups, all, kVlanAdd, 7,
						     kVlanAdd, 5, kVlanAdd, 6, kMacAdd, kMacAdd}));
	EXPECT_FALSE(igbvf_soft_drop(&soft, 0)) << "its address";
	EXPECT_FALSE(igbvf_soft_drop(&soft, 1)) << "and frame size";
	EXPECT_FALSE(igbvf_soft_drop(&soft, 9)) << "no such message";
	EXPECT_TRUE(igbvf_soft_drop(&soft, 7));
	EXPECT_EQ(soft.macs[0][5], 2);
	EXPECT_TRUE(igbvf_soft_drop(&soft, 4));
	EXPECT_EQ(Told(soft), (std::vector<uint32_t>{first[0], first[1], groups, all, kVlanAdd, 5,
						     kVlanAdd, 6, kMacAdd}));
	EXPECT_TRUE(igbvf_soft_drop(&soft, 5));
	EXPECT_TRUE(igbvf_soft_drop(&soft, 3));
	EXPECT_TRUE(igbvf_soft_drop(&soft, 2));
	EXPECT_EQ(Told(soft), (std::vector<uint32_t>{first[0], first[1], kVlanAdd, 5, kMacAdd}));
}

} // namespace
