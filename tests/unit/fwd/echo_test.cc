/* SPDX-License-Identifier: BSD-2-Clause */
/* Mode echo of vfnet-fwd: what is answered, how, and what is left alone. */
#include <algorithm>

#include "apps/vfnet-fwd/echo.h"

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"
#include "lib/frame/probe.h"
#include "tests/unit/frame/frames.h"

using namespace frames;

namespace
{

constexpr uint8_t kPing = 8, kPing6 = 128, kSolicitation = 135;

/* 10.0.0.2 and 1011:...:1f, at the address that frames.h sends to */
fwd_host Host()
{
	fwd_host host = {{2, 0, 0, 0, 0, 1}, true, true, {10, 0, 0, 2}, {}};

	for (uint8_t i = 0; i < 16; i++)
		host.ip6[i] = static_cast<uint8_t>(16 + i);
	return host;
}

/* checksums of the IP header and of what it carries, put right */
Bytes Summed(Bytes frame)
{
	vfnet_frame at;

	EXPECT_EQ(vfnet_frame_parse(frame.data(), frame.size(), &at), 0);
	if (at.l3 == VFNET_FRAME_L3_IP4) {
		uint8_t *ip = &frame[at.l3_off];

		vfnet_checksum_store(ip + 10, 0);
		vfnet_checksum_store(ip + 10, vfnet_checksum_finish(vfnet_checksum_add(
						  0, ip, at.l4_off - at.l3_off)));
	}
	int checksum = vfnet_frame_l4_checksum(frame.data(), &at);
	if (checksum >= 0)
		vfnet_checksum_store(&frame[vfnet_frame_l4_checksum_off(&at)],
				     static_cast<uint16_t>(checksum));
	return frame;
}

Bytes Icmp(uint8_t type, const Bytes &rest)
{
	return join({{type, 0, 0, 0, 0x12, 0x34, 0, 7}, rest});
}

Bytes Ping(size_t payload = 56)
{
	return Summed(join({ethernet(0x800), ip4(1, 28 + payload), Icmp(kPing, text(payload))}));
}

Bytes Ping6(size_t payload = 56)
{
	return Summed(join({ethernet(0x86dd), ip6(58, 8 + payload), Icmp(kPing6, text(payload))}));
}

Bytes Arp(unsigned int op = 1, uint8_t target = 2)
{
	return join({{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6},
		     {0, 1, 8, 0, 6, 4, high(op), low(op)},
		     {2, 0, 0, 0, 0, 2, 10, 0, 0, 1},
		     {0, 0, 0, 0, 0, 0, 10, 0, 0, target},
		     Bytes(18)});
}

Bytes Solicitation()
{
	fwd_host host = Host();
	Bytes target(host.ip6, host.ip6 + 16);
	Bytes frame = join({{0x33, 0x33, 0xff, 29, 30, 31, 2, 0, 0, 0, 0, 2, 0x86, 0xdd},
			    ip6(58, 32),
			    {kSolicitation, 0, 0, 0, 0, 0, 0, 0},
			    target,
			    {1, 1, 2, 0, 0, 0, 0, 2}});

	frame[14 + 7] = 255;
	return Summed(frame);
}

Bytes Probe(bool v6, size_t payload = 100)
{
	Bytes probe(payload);

	EXPECT_EQ(vfnet_probe_fill(probe.data(), payload, 3, 77), 0);
	return Summed(
	    join({ethernet(v6 ? 0x86dd : 0x800), v6 ? ip6(17, 8 + payload) : ip4(17, 28 + payload),
		  udp(8 + payload), probe}));
}

/* in memory of exactly that size, so that a byte too far is seen */
bool Answer(Bytes *frame, bool more = false, const fwd_host &host = Host())
{
	auto exact = std::make_unique<uint8_t[]>(frame->size());

	std::copy(frame->begin(), frame->end(), exact.get());
	bool answered =
	    fwd_echo_answer(&host, exact.get(), static_cast<uint32_t>(frame->size()), more);
	frame->assign(exact.get(), exact.get() + frame->size());
	return answered;
}

Bytes Part(const Bytes &frame, size_t off, size_t n)
{
	return Bytes(frame.begin() + static_cast<long>(off),
		     frame.begin() + static_cast<long>(off + n));
}

/* the two addresses at @off and @off + @n are exchanged in @answer */
void ExpectSwapped(const Bytes &request, const Bytes &answer, size_t off, size_t n)
{
	EXPECT_EQ(Part(answer, off, n), Part(request, off + n, n)) << "at " << off;
	EXPECT_EQ(Part(answer, off + n, n), Part(request, off, n)) << "at " << off;
}

bool SumsGood(const Bytes &frame)
{
	vfnet_frame at;

	return !vfnet_frame_parse(frame.data(), frame.size(), &at) &&
	       (at.l3 != VFNET_FRAME_L3_IP4 ||
		vfnet_checksum_ip4_good(&frame[at.l3_off], at.l4_off - at.l3_off)) &&
	       vfnet_frame_l4_good(frame.data(), &at) == 1;
}

TEST(Echo, TellsItsAddressToWhoAsks)
{
	const Bytes expected = join({{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6},
				     {0, 1, 8, 0, 6, 4, 0, 2},
				     {2, 0, 0, 0, 0, 1, 10, 0, 0, 2},
				     {2, 0, 0, 0, 0, 2, 10, 0, 0, 1},
				     Bytes(18)});
	Bytes frame = Arp();

	EXPECT_TRUE(Answer(&frame));
	EXPECT_EQ(frame, expected);
}

TEST(Echo, AnswersAPingWithWhatWasInIt)
{
	for (size_t payload : {0u, 1u, 18u, 56u, 1472u}) {
		const Bytes request = Ping(payload);
		Bytes answer = request;

		ASSERT_TRUE(Answer(&answer)) << payload;
		ExpectSwapped(request, answer, 0, 6);
		ExpectSwapped(request, answer, 26, 4);
		EXPECT_EQ(answer[34], 0) << "echo reply";
		EXPECT_EQ(Part(answer, 38, 4 + payload), Part(request, 38, 4 + payload));
		EXPECT_TRUE(SumsGood(answer)) << payload;
	}
}

TEST(Echo, TheAnswerHasATimeToLiveOfItsOwn)
{
	for (auto [frame, at] : {std::pair{Ping(), 22}, std::pair{Ping6(), 21}}) {
		frame[static_cast<size_t>(at)] = 1;
		frame = Summed(frame);
		ASSERT_TRUE(Answer(&frame));
		EXPECT_EQ(frame[static_cast<size_t>(at)], 64);
		EXPECT_TRUE(SumsGood(frame));
	}
}

TEST(Echo, KeepsATagAndThePadding)
{
	Bytes frame = Ping(4);
	frame.insert(frame.begin() + 12, {0x81, 0, 0x20, 5});
	frame.resize(64, 0x5a);
	ASSERT_TRUE(Answer(&frame));
	EXPECT_EQ(Part(frame, 12, 4), (Bytes{0x81, 0, 0x20, 5}));
	EXPECT_EQ(frame[63], 0x5a);
	EXPECT_TRUE(SumsGood(frame));
}

TEST(Echo, DamageStaysVisible)
{
	for (Bytes request : {Ping(), Ping6(), Probe(false), Probe(true)}) {
		request[70] ^= 0x10;
		ASSERT_TRUE(Answer(&request));
		EXPECT_FALSE(SumsGood(request));
	}
}

TEST(Echo, AFrameOverSeveralBuffersIsAnsweredByItsFirst)
{
	Bytes frame = Ping(8000);

	frame.resize(2048);
	EXPECT_FALSE(Answer(&frame)) << "cut";
	EXPECT_TRUE(Answer(&frame, true));
	EXPECT_EQ(frame[34], 0);
}

TEST(Echo, ASolicitationOverSeveralBuffersIsLeftAlone)
{
	const Bytes whole = Solicitation();

	for (size_t len = 14; len < whole.size(); len++) {
		Bytes part(whole.begin(), whole.begin() + static_cast<long>(len));
		EXPECT_FALSE(Answer(&part, true)) << len;
	}
}

TEST(Echo, SendsAProbeBackWhicheverItsIpAddresses)
{
	for (bool v6 : {false, true}) {
		fwd_host host = Host();
		size_t ip = v6 ? 22 : 26, n = v6 ? 16 : 4, l4 = v6 ? 54 : 34;
		const Bytes request = Probe(v6);
		Bytes answer = request;
		vfnet_probe probe;

		host.has_ip4 = host.has_ip6 = false;
		ASSERT_TRUE(Answer(&answer, false, host)) << v6;
		ExpectSwapped(request, answer, 0, 6);
		ExpectSwapped(request, answer, ip, n);
		ExpectSwapped(request, answer, l4, 2);
		EXPECT_TRUE(SumsGood(answer));
		ASSERT_EQ(vfnet_probe_check(&answer[l4 + 8], 100, &probe), VFNET_PROBE_OK);
		EXPECT_EQ(probe.seq, 77u);
	}
}

TEST(Echo, AnswersAPing6)
{
	const Bytes request = Ping6(33);
	Bytes answer = request;

	ASSERT_TRUE(Answer(&answer));
	ExpectSwapped(request, answer, 0, 6);
	ExpectSwapped(request, answer, 22, 16);
	EXPECT_EQ(answer[54], 129);
	EXPECT_EQ(Part(answer, 58, 37), Part(request, 58, 37));
	EXPECT_TRUE(SumsGood(answer));
}

TEST(Echo, AdvertisesItselfToItsNeighbour)
{
	const Bytes request = Solicitation();
	Bytes answer = request;

	ASSERT_TRUE(Answer(&answer));
	EXPECT_EQ(Part(answer, 0, 12), (Bytes{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}));
	EXPECT_EQ(Part(answer, 22, 16), Part(request, 62, 16)) << "from the address asked for";
	EXPECT_EQ(Part(answer, 38, 16), Part(request, 22, 16)) << "to who asked";
	EXPECT_EQ(answer[21], 255);
	EXPECT_EQ(answer[54], 136);
	EXPECT_EQ(answer[58], 0x60) << "solicited, override";
	EXPECT_EQ(Part(answer, 78, 8), (Bytes{2, 1, 2, 0, 0, 0, 0, 1}));
	EXPECT_TRUE(SumsGood(answer));
}

/* @change: a place and what is written there; sums are put right afterwards if @sum */
struct Unanswered {
	const char *why;
	Bytes frame;
	std::vector<std::pair<size_t, uint8_t>> change;
	bool sum = true;
};

std::vector<Unanswered> Unanswerable()
{
	return {
	    {"ARP for another", Arp(1, 3), {}},
	    {"an ARP reply", Arp(2), {}},
	    {"ARP from our own IP address", Arp(), {{31, 2}}},
	    {"ARP for somebody else's Ethernet address", Arp(), {{27, 9}}},
	    {"ARP of other addresses", Arp(), {{18, 8}}},
	    {"ARP to a stranger", Arp(), {{0, 2}}},
	    {"a ping for another", Ping(), {{33, 3}}},
	    {"a ping to a stranger", Ping(), {{5, 9}}},
	    {"a ping to all", Ping(), {{0, 0xff}}},
	    {"a ping from a group", Ping(), {{6, 3}}},
	    {"a ping from ourselves", Ping(), {{11, 1}}},
	    {"a ping from a multicast IP address", Ping(), {{26, 224}}},
	    {"a ping from 127.x", Ping(), {{26, 127}}},
	    {"a ping from 0.x", Ping(), {{26, 0}}},
	    {"a ping from our own IP address", Ping(), {{29, 2}}},
	    {"a ping reply", Ping(), {{34, 0}}},
	    {"a ping with a code", Ping(), {{35, 1}}},
	    {"a timestamp request", Ping(), {{34, 13}}},
	    {"a first fragment", Ping(), {{20, 0x20}}},
	    {"a later fragment", Ping(), {{21, 1}}},
	    {"a longer packet than there is", Ping(), {{17, 200}}},
	    {"a damaged IP header", Ping(), {{24, 1}}, false},
	    {"TCP", Summed(join({ethernet(0x800), ip4(6, 40), tcp(5)})), {}},
	    {"UDP that is no probe",
	     Summed(join({ethernet(0x800), ip4(17, 68), udp(48), text(40)})),
	     {}},
	    {"a probe to all", Probe(false), {{0, 0xff}}},
	    {"a probe to a multicast IP address", Probe(false), {{30, 224}}},
	    {"a probe to a multicast IPv6 address", Probe(true), {{38, 0xff}}},
	    {"a ping with IP options",
	     Summed(join({ethernet(0x800), ip4(1, 44, 0, {1, 1, 1, 0}), Icmp(kPing, text(12))})),
	     {}},
	    {"a ping6 for another", Ping6(), {{53, 3}}},
	    {"a ping6 to a group", Ping6(), {{0, 0x33}}},
	    {"a ping6 from a group", Ping6(), {{22, 0xff}}},
	    {"a ping6 reply", Ping6(), {{54, 129}}},
	    {"a solicitation for another", Solicitation(), {{77, 9}}},
	    {"a solicitation that was routed", Solicitation(), {{21, 254}}},
	    {"a solicitation with another option", Solicitation(), {{78, 14}}},
	    {"a solicitation with a longer option", Solicitation(), {{79, 2}}},
	    {"a solicitation with a code", Solicitation(), {{55, 1}}},
	    {"a damaged solicitation", Solicitation(), {{82, 1}}, false},
	    {"another ethertype", ethernet(0x88b5), {}},
	    {"a cut Ethernet header", Bytes(13, 2), {}, false},
	    {"nothing", {}, {}, false},
	};
}

TEST(Echo, LeavesTheRestAlone)
{
	for (const Unanswered &one : Unanswerable()) {
		Bytes request = one.frame;

		for (const auto &[at, val] : one.change)
			request[at] = val;
		if (one.sum)
			request = Summed(request);
		Bytes after = request;
		EXPECT_FALSE(Answer(&after)) << one.why;
		EXPECT_EQ(after, request) << one.why;
	}
}

TEST(Echo, AHostWithoutAddressesIsAskedInVain)
{
	fwd_host nobody = Host();

	nobody.has_ip4 = nobody.has_ip6 = false;
	for (Bytes frame : {Arp(), Ping(), Ping6(), Solicitation()})
		EXPECT_FALSE(Answer(&frame, false, nobody));
}

/* Requests cut and damaged at will: an answer goes to who asked, all else is as it was. */
TEST(Echo, HostileFramesGetAnAnswerOrStayAsTheyAre)
{
	const Bytes good[] = {Arp(), Ping(), Ping6(), Solicitation(), Probe(false), Probe(true)};
	std::mt19937 random(82576);
	unsigned int answered = 0;

	for (unsigned int i = 0; i < 200000; i++) {
		Bytes request = good[random() % 6];

		for (unsigned int n = random() % 4; n > 0; n--)
			request[random() % request.size()] = static_cast<uint8_t>(random());
		if (random() % 4 == 0)
			request.resize(random() % (request.size() + 1));
		Bytes after = request;
		if (!Answer(&after, random() % 2)) {
			ASSERT_EQ(after, request);
			continue;
		}
		answered++;
		ASSERT_EQ(Part(after, 0, 6), Part(request, 6, 6));
		ASSERT_EQ(Part(after, 6, 6), (Bytes{2, 0, 0, 0, 0, 1}));
		ASSERT_EQ(SumsGood(after), SumsGood(request));
	}
	EXPECT_GT(answered, 10000u);
}

} // namespace
