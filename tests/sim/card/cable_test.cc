/* SPDX-License-Identifier: BSD-2-Clause */
/* Two cards joined by a cable, and what cannot be plugged together. */
#include <cerrno>

#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

TEST(Cable, CarriesFramesBothWaysWithinAStep)
{
	Machine m;

	m.Wire(0, "cable:1");
	Function a(m, "0.0"), b(m, "1.0");
	a.Up(kMacA);
	b.Up(kMacB);
	a.Send(Frame(kMacB, kMacA, 100, 7));
	b.Send(Frame(kMacA, kMacB, 1514, 9));
	m.Step();
	EXPECT_EQ(b.Receive().data, Frame(kMacB, kMacA, 100, 7));
	EXPECT_EQ(a.Receive().data, Frame(kMacA, kMacB, 1514, 9));
	for (unsigned int card : {0u, 1u}) {
		EXPECT_EQ(m.Counters(card).in_packets, 1u);
		EXPECT_EQ(m.Counters(card).out_packets, 1u);
	}
	EXPECT_EQ(m.Counters(0).out_bytes, 100u);
}

TEST(Cable, CarriesNoMoreThanTheSendersBudgetPerStep)
{
	Machine m;

	m.Wire(3, "cable:1");
	Function a(m, "3.0"), b(m, "1.0");
	a.Up(kMacA);
	b.Up(kMacB);
	for (unsigned int i = 0; i < 20; i++)
		a.Queue(Frame(kMacB, kMacA, 60));
	a.Ring();
	EXPECT_EQ(m.Step(5), 5u);
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 5u);
	m.Step();
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 20u);
}

TEST(Cable, WhatFindsNoDescriptorIsMissedByTheReceiver)
{
	Machine m;

	m.Wire(0, "cable:1");
	Function a(m, "0.0"), b(m, "1.0");
	a.Up(kMacA);
	b.Up(kMacB, 8);
	for (unsigned int i = 0; i < 10; i++)
		a.Queue(Frame(kMacB, kMacA, 60));
	a.Ring();
	m.Step();
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 7u);
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 3u);
	EXPECT_EQ(m.Counters(0).out_packets, 10u);
	EXPECT_EQ(m.Counters(1).in_packets, 10u);
	EXPECT_EQ(a.Drops(VFNET_DROPS_wire_refused), 0u);
}

TEST(Cable, AReceiverThatHoldsTheWireUpMakesItRefuse)
{
	Machine m;

	m.Wire(0, "cable:1");
	Function a(m, "0.0"), b(m, "1.0");
	a.Up(kMacA);
	b.Up(kMacB);
	b.RxUp(8, 2, false);
	for (unsigned int i = 0; i < 10; i++)
		a.Queue(Frame(kMacB, kMacA, 60 + i));
	a.Ring();
	m.Step();
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 7u);
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 0u);
	EXPECT_EQ(m.Counters(0).out_packets, 7u);
	EXPECT_EQ(m.Counters(0).out_bytes, 7u * 60 + 21);
	EXPECT_EQ(m.Counters(1).in_packets, 7u);
	EXPECT_EQ(a.Drops(VFNET_DROPS_wire_refused), 3u);
	a.Truth();
	EXPECT_EQ(a.lost_bytes, 67u + 68 + 69);
	EXPECT_TRUE(a.Sent(9)) << "DD: the card is done with it";
}

TEST(Cable, ACardWithoutLinkMissesWhatComes)
{
	Machine m;

	m.Wire(0, "cable:1");
	m.Card(1, "down");
	Function a(m, "0.0"), b(m, "1.0");
	a.Up(kMacA);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Missed(VFNET_MISSED_link_down), 1u);
}

TEST(Cable, IsNoSourceThatARunWaitsFor)
{
	Machine m;

	m.Wire(0, "cable:1");
	EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
}

struct Misfit {
	std::vector<std::pair<unsigned int, const char *>> wires; /* the last one is refused */
	int error;
	const char *text;
};

TEST(Cable, WhatDoesNotFitIsRefusedAndChangesNothing)
{
	const Misfit misfits[] = {
	    {{{0, "cable"}}, -EINVAL, "cable:CARD"},
	    {{{0, "cable:"}}, -EINVAL, "from 0 to 15"},
	    {{{0, "cable:16"}}, -EINVAL, "from 0 to 15"},
	    {{{0, "cable:0"}}, -EINVAL, "this is card 0 itself"},
	    {{{1, "sink"}, {0, "cable:1"}}, -EEXIST, "plugged into card 1 already"},
	    {{{1, "gen"}, {0, "cable:1"}}, -EEXIST, "plugged into card 1 already"},
	    {{{0, "sink"}, {0, "cable:1"}}, -EEXIST, "it has a sink already"},
	    {{{0, "gen"}, {0, "cable:1"}}, -EEXIST, "it has a source already"},
	    {{{0, "cable:1"}, {1, "cable:0"}}, -EEXIST, "it has a source already"},
	    {{{0, "cable:1"}, {1, "sink"}}, -EEXIST, "it has a sink already"},
	    {{{0, "cable:1"}, {2, "cable:1"}}, -EEXIST, "at one of its ends"},
	};

	for (const Misfit &misfit : misfits) {
		vfnet_err err = {};
		Machine m;

		for (size_t i = 0; i + 1 < misfit.wires.size(); i++)
			m.Wire(misfit.wires[i].first, misfit.wires[i].second);
		EXPECT_EQ(vfnet_sim_wire(m.sim, misfit.wires.back().first,
					 misfit.wires.back().second, &err),
			  misfit.error)
		    << misfit.wires.back().second;
		EXPECT_NE(std::string(err.text).find(misfit.text), std::string::npos) << err.text;
		m.Wire(4, "cable:5");
	}
}

TEST(Cable, IsPluggedBeforeADeviceOfEitherCardIsOpen)
{
	vfnet_err err = {};
	Machine m;
	Function b(m, "1.0");

	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, "cable:1", &err), -EBUSY) << err.text;
	EXPECT_EQ(vfnet_sim_wire(m.sim, 1, "cable:0", &err), -EBUSY) << err.text;
}

} // namespace
