/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive ring: 82576-vf.md §5. Frames come from a second card's function or a capture. */
#include <algorithm>

#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

/* Two functions of one card: what a sends to b's address is received by b. */
class Rx : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		a.Up(kMacA);
		b.Reset();
		b.SetMac(kMacB);
	}
	Machine m;
	Function a{m, "0.0"};
	Function b{m, "0.1"};
};

TEST_F(Rx, AFrameArrivesByteByByte)
{
	Bytes frame = Frame(kMacB, kMacA, 1514, 3);

	b.RxUp(8);
	a.Send(frame);
	EXPECT_EQ(b.Receive().n_desc, 0u);
	m.Step();
	Received got = b.Receive();
	EXPECT_EQ(got.data, frame);
	EXPECT_EQ(got.n_desc, 1u);
	EXPECT_EQ(got.status & 3, 3u);
	EXPECT_EQ(b.Rd(IGBVF_RDH), 1u);
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 1u);
	EXPECT_EQ(b.Rd(IGBVF_VFGORC), 1518u);
}

TEST_F(Rx, EveryLengthArrives)
{
	b.RxUp(8);
	for (size_t len = 60; len < 200; len++) {
		Bytes frame = Frame(kMacB, kMacA, len, static_cast<uint8_t>(len));

		a.Send(frame);
		m.Step();
		ASSERT_EQ(b.Receive().data, frame) << len;
	}
}

TEST_F(Rx, TheRingHoldsOneLessThanItsSizeAndTheRestIsCounted)
{
	b.RxUp(8);
	for (int i = 0; i < 10; i++)
		a.Send(Frame(kMacB, kMacA, 60, static_cast<uint8_t>(i)));
	m.Step();
	for (int i = 0; i < 7; i++)
		EXPECT_EQ(b.Receive().data[20], i + 20);
	EXPECT_EQ(b.Receive().n_desc, 0u);
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 3u);
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 0u);
	EXPECT_EQ(b.Missed(VFNET_MISSED_no_descriptor), 0u) << "a register counts it";
}

TEST_F(Rx, WhatIsCountedOutlivesAResetOfTheFunction)
{
	b.RxUp(8);
	for (int i = 0; i < 10; i++)
		a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	b.Reset();
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 7u);
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 3u);
}

TEST_F(Rx, TheRingWrapsManyTimes)
{
	b.RxUp(8);
	for (int i = 0; i < 50; i++) {
		a.Send(Frame(kMacB, kMacA, 60, static_cast<uint8_t>(i)));
		m.Step();
		Received got = b.Receive();
		ASSERT_EQ(got.n_desc, 1u);
		ASSERT_EQ(got.data[20], i + 20);
	}
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 0u);
}

TEST_F(Rx, WithoutDropEnableTheSenderWaits)
{
	b.RxUp(8, 2, false);
	for (int i = 0; i < 10; i++)
		a.Send(Frame(kMacB, kMacA, 60, static_cast<uint8_t>(i)));
	for (int i = 0; i < 5; i++)
		m.Step();
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 0u);
	EXPECT_EQ(a.Rd(IGBVF_VFGPTC), 7u);
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(b.Receive().data[20], i + 20);
		m.Step();
	}
}

TEST_F(Rx, LongFramesTakeSeveralBuffersAndOnlyTheLastHasTheEnd)
{
	Bytes frame = Frame(kMacB, kMacA, 1514);

	b.RxUp(8, 1);
	a.Send(frame);
	m.Step();
	EXPECT_EQ(inside_dd(&b.rx_ring[0], 2), true);
	EXPECT_EQ(b.rx_ring[0].d[2], 1u);
	EXPECT_EQ(b.rx_ring[0].d[3] & 0xffff, 1024u);
	Received got = b.Receive();
	EXPECT_EQ(got.n_desc, 2u);
	EXPECT_EQ(got.data, frame);
}

TEST_F(Rx, AChainWithoutRoomForItsEndIsNotBegun)
{
	b.RxUp(8, 1);
	for (int i = 0; i < 4; i++)
		a.Send(Frame(kMacB, kMacA, 1514));
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(b.Receive().n_desc, 2u);
	EXPECT_EQ(b.Receive().data.size(), 60u);
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 1u);
}

TEST_F(Rx, ABufferOfExactlyTheFrameTakesOneDescriptor)
{
	b.RxUp(8, 1);
	a.Send(Frame(kMacB, kMacA, 1024));
	a.Send(Frame(kMacB, kMacA, 1025));
	m.Step();
	EXPECT_EQ(b.Receive().n_desc, 1u);
	EXPECT_EQ(b.Receive().n_desc, 2u);
}

TEST_F(Rx, QueueOneHasDescriptorsAndGetsNothing)
{
	b.UseQueue(1);
	b.RxUp(8);
	inside_desc *ring = b.rx_ring;
	b.UseQueue(0);
	b.RxUp(8);
	for (int i = 0; i < 9; i++)
		a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_FALSE(inside_dd(&ring[0], 2));
	EXPECT_EQ(b.Rd(IGBVF_RDH + 0x100), 0u);
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 7u);
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 2u) << "igb leaves RSS off for its functions";
}

TEST_F(Rx, AnAddressOutsideTheMappingIsAFaultThatIsCountedAndSaidOnce)
{
	b.RxUp(8);
	inside_put_addr(&b.rx_ring[0], 0x1234);
	a.Send(Frame(kMacB, kMacA, 60));
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Missed(VFNET_MISSED_dma_fault), 2u);
	EXPECT_EQ(m.log.Count("DMA fault"), 1u);
	EXPECT_FALSE(inside_dd(&b.rx_ring[0], 2));
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 0u);
	/* the frame needs 60 bytes, not the whole buffer */
	inside_put_addr(&b.rx_ring[0], Machine::kIova + Machine::kBytes - 60);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_TRUE(inside_dd(&b.rx_ring[0], 2));
	inside_put_addr(&b.rx_ring[1], Machine::kIova + Machine::kBytes - 59);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Missed(VFNET_MISSED_dma_fault), 3u);
}

TEST_F(Rx, AFaultInTheMiddleOfAChainWritesNothing)
{
	b.RxUp(8, 1);
	inside_put_addr(&b.rx_ring[1], 0x1234);
	std::memset(b.rx_bufs, 0x77, 1024);
	a.Send(Frame(kMacB, kMacA, 1514));
	m.Step();
	EXPECT_EQ(b.Missed(VFNET_MISSED_dma_fault), 1u);
	EXPECT_EQ(b.rx_bufs[0], 0x77);
	EXPECT_FALSE(inside_dd(&b.rx_ring[0], 2));
}

TEST_F(Rx, ARingThatIsUnmappedLosesFrames)
{
	vfnet_err err = {};

	b.RxUp(8);
	m.bus->ops->dma_unmap(m.dma, Machine::kIova, Machine::kBytes);
	m.Step();
	EXPECT_EQ(m.log.Count("ring at I/O address"), 2u); /* a and b, once each */
	ASSERT_EQ(m.bus->ops->dma_map(m.dma, m.mem, Machine::kIova, Machine::kBytes, &err), 0);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Receive().n_desc, 1u);
}

TEST_F(Rx, AQueueThatIsOffIsNotEnabled)
{
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Missed(VFNET_MISSED_not_enabled), 1u);
	b.RxUp(8);
	b.dev->ops->bus_master(b.dev, false, nullptr);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Missed(VFNET_MISSED_not_enabled), 2u);
	b.dev->ops->bus_master(b.dev, true, nullptr);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Receive().n_desc, 1u);
}

TEST_F(Rx, AfterVtctrlResetNothingMovesUntilThePfHasAnswered)
{
	b.RxUp(8);
	b.Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	b.RxUp(8); /* rings, but no VF_RESET: VFRE is off, and the address is gone */
	a.Send(Frame(kBroadcast, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Receive().n_desc, 0u);
	EXPECT_EQ(b.Missed(VFNET_MISSED_not_enabled), 1u);
	EXPECT_NE(b.Ask({IGBVF_MSG_RESET}), Function::kNone);
	a.Send(Frame(kBroadcast, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Receive().n_desc, 1u);
}

TEST_F(Rx, LongFramesNeedSetLpe)
{
	b.RxUp(16);
	a.Send(Frame(kMacB, kMacA, 1515));
	m.Step();
	EXPECT_EQ(b.Receive().n_desc, 0u);
	EXPECT_EQ(b.Missed(VFNET_MISSED_oversize), 1u);
	EXPECT_EQ(b.Ask({IGBVF_MSG_SET_LPE, 1600}),
		  IGBVF_MSG_SET_LPE | IGBVF_MSG_CTS | IGBVF_MSG_ACK);
	a.Send(Frame(kMacB, kMacA, 1596));
	a.Send(Frame(kMacB, kMacA, 1597));
	m.Step();
	EXPECT_EQ(b.Receive().data.size(), 1596u);
	EXPECT_EQ(b.Receive().n_desc, 0u);
	EXPECT_EQ(b.Missed(VFNET_MISSED_oversize), 2u);
}

TEST_F(Rx, ATailOutsideTheRingIsIgnored)
{
	b.RxUp(8);
	b.Tail(IGBVF_RDT, b.rdt, 8);
	for (int i = 0; i < 3; i++)
		a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Rd(IGBVF_RQDPC), 3u);
	EXPECT_EQ(m.log.Count("tail outside the ring, which ends at (seen 8, want 7)"), 1u);
	b.Tail(IGBVF_RDT, b.rdt, 7);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Receive().n_desc, 1u);
}

struct TypeCase {
	const char *name;
	std::vector<uint8_t> header; /* from the ethertype on */
	uint32_t types;
};

class RxTypes : public ::testing::TestWithParam<TypeCase>
{
};

TEST_P(RxTypes, AreWrittenBack)
{
	Machine m;

	m.Card(0, "promisc"); /* a tag would not pass */
	Function a(m, "0.0");
	Function b(m, "0.1");
	a.Up(kMacA);
	b.Up(kMacB);
	Bytes frame(100);
	std::copy(kMacB.begin(), kMacB.end(), frame.begin());
	std::copy(kMacA.begin(), kMacA.end(), frame.begin() + 6);
	std::copy(GetParam().header.begin(), GetParam().header.end(), frame.begin() + 12);
	a.Send(frame);
	m.Step();
	Received got = b.Receive();
	ASSERT_EQ(got.n_desc, 1u);
	EXPECT_EQ(got.types, GetParam().types);
	EXPECT_EQ(got.status & 0x000ff80f, 3u | 1u << 18);
}

Bytes Ip4(uint8_t first, uint8_t proto, uint16_t fragment = 0)
{
	Bytes header{0x08,
		     0,
		     first,
		     0,
		     0,
		     80,
		     0,
		     0,
		     static_cast<uint8_t>(fragment >> 8),
		     static_cast<uint8_t>(fragment),
		     64,
		     proto,
		     0,
		     0,
		     1,
		     2,
		     3,
		     4,
		     5,
		     6,
		     7,
		     8};

	header.resize(header.size() + 4u * static_cast<size_t>(first - 0x45));
	return header;
}

Bytes Ip6(uint8_t next)
{
	Bytes header{0x86, 0xdd, 0x60, 0, 0, 0, 0, 40, next, 64};

	header.resize(42, 1);
	if (next == 0) { /* hop-by-hop, then UDP */
		header.insert(header.end(), {17, 0, 1, 4, 0, 0, 0, 0});
	}
	return header;
}

INSTANTIATE_TEST_SUITE_P(
    Frames, RxTypes,
    ::testing::Values(TypeCase{"other", {0x88, 0xb5}, 0}, TypeCase{"arp", {0x08, 0x06}, 0},
		      TypeCase{"udp", Ip4(0x45, 17), 0x210}, TypeCase{"tcp", Ip4(0x45, 6), 0x110},
		      TypeCase{"sctp", Ip4(0x45, 132), 0x410},
		      TypeCase{"icmp", Ip4(0x45, 1), 0x010},
		      TypeCase{"udp_options", Ip4(0x46, 17), 0x230},
		      TypeCase{"first_fragment", Ip4(0x45, 17, 0x2000), 0x010},
		      TypeCase{"later_fragment", Ip4(0x45, 17, 0x0010), 0x010},
		      TypeCase{"udp6", Ip6(17), 0x240}, TypeCase{"tcp6", Ip6(6), 0x140},
		      TypeCase{"udp6_extension", Ip6(0), 0x2c0}),
    [](const auto &test) { return std::string(test.param.name); });

} // namespace
