/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver asks its physical function to let through, and what it makes of the answers. */
#include <cerrno>

#include "tests/unit/igbvf/fake_pf.h"

namespace
{

using Mac = std::array<uint8_t, 6>;

constexpr uint64_t kMs = 1000000;
constexpr uint32_t kAdd = IGBVF_MAC_FILTER_ADD << 16;
constexpr uint32_t kClear = IGBVF_MAC_FILTER_CLEAR << 16;

Mac Further(uint8_t i)
{
	return {0x02, 0, 0, 0, 1, i};
}

class FilterTest : public PortTest
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(open(), 0) << err.text;
		pf.requests.clear();
	}
	int ask(vfnet_filter filter)
	{
		return igbvf_driver.filter(port, &filter, &err);
	}
	int multicast(const std::vector<Mac> &addrs)
	{
		return ask({VFNET_FILTER_MULTICAST, addrs.empty() ? nullptr : addrs[0].data(),
			    static_cast<unsigned int>(addrs.size()), 0, false});
	}
	int allmulti(bool on)
	{
		return ask({VFNET_FILTER_ALLMULTI, nullptr, 0, 0, on});
	}
	int vlan(uint16_t vid, bool on)
	{
		return ask({VFNET_FILTER_VLAN, nullptr, 0, vid, on});
	}
	int mac_add(const Mac &mac)
	{
		return ask({VFNET_FILTER_MAC_ADD, mac.data(), 0, 0, false});
	}
	int mac_clear()
	{
		return ask({VFNET_FILTER_MAC_CLEAR, nullptr, 0, 0, false});
	}
	/* the one request since the last call of this */
	FakePf::Message request()
	{
		EXPECT_EQ(pf.requests.size(), 1u);
		FakePf::Message message = pf.requests.empty() ? FakePf::Message{} : pf.requests[0];

		pf.requests.clear();
		return message;
	}
	/* service at its deadlines; Return: whether the port runs soon */
	bool back()
	{
		for (int i = 0; i < 200; i++) {
			now = service(now);
			if (port->state == VFNET_PORT_RUNNING)
				return true;
		}
		return false;
	}
	std::vector<uint32_t> vlans_told()
	{
		std::vector<uint32_t> told;

		for (const auto &message : pf.requests)
			if (message[0] == (IGBVF_MSG_SET_VLAN | 1u << 16))
				told.push_back(message[1]);
		return told;
	}
	uint64_t now = kMs;
	const igbvf_soft &soft()
	{
		return reinterpret_cast<igbvf_port *>(port)->soft;
	}
};

TEST_F(FilterTest, GroupsAreHashesTwoToAWord)
{
	/* byte 4 gives the low nibble, byte 5 the rest */
	ASSERT_EQ(multicast({{1, 0, 0x5e, 0, 0, 1},
			     {1, 0, 0x5e, 0, 0xf0, 0xab},
			     {1, 0, 0x5e, 0xff, 0x0f, 0xff}}),
		  0)
	    << err.text;
	FakePf::Message message = request();
	EXPECT_EQ(message[0], IGBVF_MSG_SET_MULTICAST | 3u << 16);
	EXPECT_EQ(message[1], 0x010u | 0xabfu << 16);
	EXPECT_EQ(message[2], 0xff0u);
	ASSERT_EQ(multicast({}), 0);
	EXPECT_EQ(request()[0], uint32_t{IGBVF_MSG_SET_MULTICAST});
}

TEST_F(FilterTest, ThirtyGroupsFillTheMessageAndMoreAreAll)
{
	std::vector<Mac> groups;

	for (uint8_t i = 0; i < 30; i++)
		groups.push_back({1, 0, 0, 0, 0, i});
	ASSERT_EQ(multicast(groups), 0);
	FakePf::Message message = request();
	EXPECT_EQ(message[0], IGBVF_MSG_SET_MULTICAST | 30u << 16);
	EXPECT_EQ(message[15], 28u << 4 | 29u << 20);
	groups.resize(1000, Mac{1, 0, 0, 0, 0, 7});
	ASSERT_EQ(multicast(groups), 0);
	message = request();
	EXPECT_EQ(message[0], IGBVF_MSG_SET_MULTICAST | 0x9eu << 16) << "more than igb's limit";
	EXPECT_EQ(message[15], 28u << 4 | 29u << 20);
}

TEST_F(FilterTest, AllMulticastIsPromiscuityOfThatKindOnly)
{
	ASSERT_EQ(allmulti(true), 0) << err.text;
	EXPECT_EQ(request()[0], IGBVF_MSG_SET_PROMISC | 2u << 16);
	EXPECT_TRUE(soft().allmulti);
	ASSERT_EQ(allmulti(false), 0);
	EXPECT_EQ(request()[0], uint32_t{IGBVF_MSG_SET_PROMISC});
	EXPECT_FALSE(soft().allmulti);
}

TEST_F(FilterTest, AVlanIsAddedOnceAndRemovedOnce)
{
	ASSERT_EQ(vlan(5, true), 0) << err.text;
	FakePf::Message message = request();
	EXPECT_EQ(message[0], IGBVF_MSG_SET_VLAN | 1u << 16);
	EXPECT_EQ(message[1], 5u);
	EXPECT_EQ(vlan(5, true), 0);
	EXPECT_TRUE(pf.requests.empty()) << "it is there";
	EXPECT_EQ(vlan(6, false), -ENOENT);
	expect_text("VLAN 6 was not added");
	EXPECT_TRUE(pf.requests.empty());
	ASSERT_EQ(vlan(5, false), 0);
	message = request();
	EXPECT_EQ(message[0], uint32_t{IGBVF_MSG_SET_VLAN});
	EXPECT_EQ(message[1], 5u);
	EXPECT_EQ(vlan(5, false), -ENOENT);
}

TEST_F(FilterTest, AVlanInTheMiddleCanGo)
{
	for (uint16_t vid : {5, 6, 7})
		ASSERT_EQ(vlan(vid, true), 0);
	ASSERT_EQ(vlan(5, false), 0);
	EXPECT_EQ(soft().n_vlans, 2u);
	for (uint16_t vid : {6, 7})
		EXPECT_EQ(vlan(vid, false), 0) << vid;
}

TEST_F(FilterTest, ARefusedVlanIsNotKeptAndTheSentenceNamesBothReasons)
{
	pf.refuse_type = IGBVF_MSG_SET_VLAN;
	EXPECT_EQ(vlan(5, true), -EPROTO);
	expect_text("fake:0: the physical function refuses VLAN 5");
	expect_text("vlan 0");
	expect_text("32 VLAN entries");
	EXPECT_EQ(soft().n_vlans, 0u);
	pf.refuse_type = 0;
	EXPECT_EQ(vlan(5, true), 0);
	EXPECT_EQ(pf.requests.size(), 2u) << "asked again";
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_RUNNING});
}

TEST_F(FilterTest, APortHasThirtyTwoVlansAtMost)
{
	for (uint16_t vid = 1; vid <= 32; vid++)
		ASSERT_EQ(vlan(vid, true), 0);
	EXPECT_EQ(vlan(33, true), -ENOSPC);
	expect_text("a port can have 32");
	ASSERT_EQ(vlan(1, false), 0);
	EXPECT_EQ(vlan(33, true), 0);
}

TEST_F(FilterTest, ThreeFurtherAddresses)
{
	ASSERT_EQ(mac_add(Further(1)), 0) << err.text;
	FakePf::Message message = request();
	EXPECT_EQ(message[0], IGBVF_MSG_SET_MAC | kAdd);
	EXPECT_EQ(mac_of(message), Further(1));
	EXPECT_EQ(message[2] >> 16, 0u);
	EXPECT_EQ(mac_add(Further(1)), 0);
	EXPECT_EQ(mac_add(port_mac()), 0);
	EXPECT_TRUE(pf.requests.empty()) << "they are there";
	EXPECT_EQ(mac_add(Further(2)), 0);
	EXPECT_EQ(mac_add(Further(3)), 0);
	EXPECT_EQ(mac_add(Further(4)), -ENOSPC);
	expect_text("02:00:00:00:01:04");
	expect_text("3 beside its own");
}

TEST_F(FilterTest, ClearNamesAGoodAddressAndNothingIsClearedTwice)
{
	EXPECT_EQ(mac_clear(), 0);
	EXPECT_TRUE(pf.requests.empty());
	ASSERT_EQ(mac_add(Further(1)), 0);
	pf.requests.clear();
	ASSERT_EQ(mac_clear(), 0);
	FakePf::Message message = request();
	EXPECT_EQ(message[0], IGBVF_MSG_SET_MAC | kClear);
	EXPECT_EQ(mac_of(message), port_mac()) << "igb refuses zeros";
	EXPECT_EQ(soft().n_macs, 0u);
	EXPECT_EQ(mac_add(Further(1)), 0);
	EXPECT_EQ(pf.requests.size(), 1u) << "asked for again";
}

TEST(SoftState, AnAddressLeavesNothingOfTheMessageBefore)
{
	std::array<uint32_t, IGBVF_MBOX_WORDS> word;

	word.fill(0xffffffff);
	ASSERT_EQ(igbvf_soft_mac(Further(1).data(), 0, word.data()), 3u);
	EXPECT_EQ(word[0], uint32_t{IGBVF_MSG_SET_MAC});
	EXPECT_EQ(word[2], 0x0101u);
}

TEST_F(FilterTest, ARefusedAddressIsNotKept)
{
	pf.refuse_type = IGBVF_MSG_SET_MAC;
	EXPECT_EQ(mac_add(Further(1)), -EPROTO);
	expect_text("02:00:00:00:01:01");
	expect_text("trust on");
	EXPECT_EQ(soft().n_macs, 0u);
}

TEST_F(FilterTest, RefusedMulticastIsNotKept)
{
	pf.refuse_type = IGBVF_MSG_SET_PROMISC;
	EXPECT_EQ(allmulti(true), -EPROTO);
	expect_text("refuses multicast");
	EXPECT_FALSE(soft().allmulti);
	pf.refuse_type = IGBVF_MSG_SET_MULTICAST;
	EXPECT_EQ(multicast({{1, 0, 0, 0, 0, 1}}), -EPROTO);
	EXPECT_EQ(soft().n_hashes, 0u);
}

TEST_F(FilterTest, APingBeforeTheAnswerIsNotTheAnswer)
{
	pf.n_pings = 1;
	EXPECT_EQ(vlan(5, true), 0) << err.text;
	EXPECT_EQ(soft().n_vlans, 1u);
}

TEST_F(FilterTest, AResetInsteadOfAnAnswerPutsItOff)
{
	pf.forgot = true;
	EXPECT_EQ(vlan(5, true), 0) << err.text;
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_RESETTING});
	EXPECT_EQ(port->base.resets, 1u);
	pf.forgot = false;
	pf.requests.clear();
	EXPECT_EQ(vlan(6, true), 0);
	EXPECT_TRUE(pf.requests.empty()) << "it knows nobody now";
	EXPECT_TRUE(back());
	EXPECT_EQ(vlans_told(), (std::vector<uint32_t>{5, 6}));
	EXPECT_EQ(port->base.resets, 1u);
}

TEST_F(FilterTest, SilencePutsItOff)
{
	pf.n_ignored = 1;
	EXPECT_EQ(vlan(5, true), 0) << err.text;
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_RESETTING});
	EXPECT_EQ(port->base.resets, 0u);
	EXPECT_TRUE(back());
	EXPECT_EQ(vlans_told(), (std::vector<uint32_t>{5, 5})) << "and told afterwards";
	EXPECT_EQ(soft().n_vlans, 1u);
}

TEST_F(FilterTest, EachKindIsToldAgainAfterAReset)
{
	ASSERT_EQ(multicast({{1, 0, 0x5e, 0, 0, 1}, {1, 0, 0x5e, 0, 0, 2}}), 0);
	ASSERT_EQ(allmulti(true), 0);
	for (uint16_t vid : {5, 6})
		ASSERT_EQ(vlan(vid, true), 0);
	for (uint8_t i : {1, 2})
		ASSERT_EQ(mac_add(Further(i)), 0);
	std::vector<FakePf::Message> before;
	before.swap(pf.requests);
	ASSERT_EQ(before.size(), 6u);
	pf.ping(false);
	EXPECT_TRUE(back());
	ASSERT_EQ(pf.requests.size(), 9u) << "reset, address and frame size come first";
	for (size_t i = 0; i < before.size(); i++) {
		EXPECT_EQ(pf.requests[i + 3][0], before[i][0]) << i;
		EXPECT_EQ(pf.requests[i + 3][1], before[i][1]) << i;
	}
	EXPECT_EQ(mac_of(pf.requests[8]), Further(2));
}

TEST_F(FilterTest, WhatWasTakenBackDuringAResetIsNotToldAgain)
{
	ASSERT_EQ(multicast({{1, 0, 0x5e, 0, 0, 1}}), 0);
	ASSERT_EQ(allmulti(true), 0);
	for (uint16_t vid : {5, 6})
		ASSERT_EQ(vlan(vid, true), 0);
	ASSERT_EQ(mac_add(Further(1)), 0);
	pf.ping(false);
	pf.requests.clear();
	service(now);
	ASSERT_EQ(port->state, uint32_t{VFNET_PORT_RESETTING});
	EXPECT_EQ(multicast({}), 0);
	EXPECT_EQ(allmulti(false), 0);
	EXPECT_EQ(vlan(5, false), 0);
	EXPECT_EQ(vlan(7, false), -ENOENT);
	EXPECT_EQ(mac_clear(), 0);
	EXPECT_TRUE(back());
	ASSERT_EQ(pf.requests.size(), 4u);
	EXPECT_EQ(vlans_told(), (std::vector<uint32_t>{6}));
}

/* A call before each step of a recovery: it is told once, whichever way. */
TEST_F(FilterTest, ACallAtAnyMomentOfARecovery)
{
	bool asked = false, remembered = false;

	ASSERT_EQ(vlan(5, true), 0);
	for (uint16_t at = 1; at < 40; at++) {
		const auto vid = static_cast<uint16_t>(100 + at);

		pf.requests.clear();
		pf.ping(false);
		for (uint16_t i = 0; i < at; i++)
			service(now += kMs);
		size_t before = pf.requests.size();
		bool resetting = port->state == VFNET_PORT_RESETTING;
		ASSERT_EQ(vlan(vid, true), 0) << at << err.text;
		asked |= resetting && pf.requests.size() > before;
		remembered |= resetting && pf.requests.size() == before;
		back();
		service(now += kMs);
		ASSERT_EQ(port->state, uint32_t{VFNET_PORT_RUNNING}) << at;
		ASSERT_FALSE(pf.requests.empty()) << at;
		auto last = pf.requests.end();
		while ((*--last)[0] != IGBVF_MSG_RESET)
			;
		pf.requests.erase(pf.requests.begin(), last);
		ASSERT_EQ(vlans_told(), (std::vector<uint32_t>{5, vid})) << at;
		ASSERT_EQ(vlan(vid, false), 0);
	}
	EXPECT_TRUE(asked && remembered);
}

TEST_F(FilterTest, AResetThatACallFindsInARecoveryIsPartOfThatOne)
{
	for (uint16_t at = 1; at < 40; at++) {
		pf.ping(false);
		for (uint16_t i = 0; i < at; i++)
			service(now += kMs);
		uint64_t resets = port->base.resets;
		bool resetting = port->state == VFNET_PORT_RESETTING;
		pf.forgot = true;
		ASSERT_EQ(vlan(at, true), 0) << at << err.text;
		pf.forgot = false;
		ASSERT_EQ(port->state, uint32_t{VFNET_PORT_RESETTING});
		EXPECT_EQ(port->base.resets, resets + !resetting) << at;
		ASSERT_TRUE(back()) << at;
		ASSERT_EQ(vlan(at, false), 0);
	}
}

TEST_F(FilterTest, APingInThePlaceOfTheRequestShortensTheWait)
{
	pf.n_ignored = 1;
	card.on_progress = [this] {
		pf.ping(true);
		card.on_progress = nullptr;
	};
	unsigned int n_looks = 0;
	const auto inner = card.on_read;
	card.on_read = [&](uint32_t offset, uint32_t val) {
		n_looks++;
		return inner(offset, val);
	};
	EXPECT_EQ(vlan(5, true), 0) << err.text;
	EXPECT_LT(n_looks, 200u) << "2000 are a second";
	card.on_read = inner;
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_RESETTING});
	EXPECT_TRUE(back());
}

TEST_F(FilterTest, WhatIsRefusedAfterAResetIsTakenBackAndCounted)
{
	for (uint16_t vid : {5, 6, 7})
		ASSERT_EQ(vlan(vid, true), 0);
	ASSERT_EQ(allmulti(true), 0);
	ASSERT_EQ(mac_add(Further(1)), 0);
	pf.refuse_vlan = 6;
	pf.refuse_type = IGBVF_MSG_SET_PROMISC;
	pf.requests.clear();
	pf.ping(false);
	EXPECT_TRUE(back());
	EXPECT_EQ(vlans_told(), (std::vector<uint32_t>{5, 6, 7}));
	EXPECT_EQ(pf.requests.size(), 8u) << "each once";
	EXPECT_EQ(port->base.filters_lost, 2u);
	EXPECT_EQ(log_lines.count("after a reset fake:0: the physical function refuses VLAN 6"),
		  1u);
	EXPECT_FALSE(soft().allmulti);
	EXPECT_EQ(soft().n_macs, 1u);
	EXPECT_EQ(vlan(6, false), -ENOENT);
	EXPECT_EQ(vlan(7, false), 0);
}

TEST_F(FilterTest, AGoneDeviceIsSaidToBe)
{
	card.gone = true;
	EXPECT_EQ(vlan(5, true), -ENODEV);
	expect_text("the device is gone");
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_GONE});
	EXPECT_EQ(vlan(5, true), -ENODEV);
}

} // namespace
