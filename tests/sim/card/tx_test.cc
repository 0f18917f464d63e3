/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit ring: 82576-vf.md §5. What leaves is read back from a capture. */
#include <algorithm>

#include "tests/sim/card/capture.h"
#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

class Tx : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		m.Wire(0, "pcap-out:" + file.path);
		f = std::make_unique<Function>(m, "0.0");
		f->Up(kMacA, 16);
	}
	std::vector<Bytes> Out()
	{
		vfnet_sim_stop(m.sim);
		return ReadCapture(file.path);
	}
	TempFile file;
	Machine m;
	std::unique_ptr<Function> f;
};

TEST_F(Tx, NothingLeavesBeforeAStep)
{
	uint32_t at = f->Send(Frame(kStranger, kMacA, 60));

	EXPECT_FALSE(f->Sent(at));
	EXPECT_EQ(m.Counters(0).out_packets, 0u);
	EXPECT_EQ(m.Step(), 1u);
	EXPECT_TRUE(f->Sent(at));
	EXPECT_EQ(m.Counters(0).out_packets, 1u);
	EXPECT_EQ(m.Counters(0).out_bytes, 60u);
	EXPECT_EQ(f->Rd(IGBVF_TDH), 1u);
}

TEST_F(Tx, BytesAreReadAtTheStepNotLater)
{
	Bytes frame = Frame(kStranger, kMacA, 200);
	uint32_t before = f->Send(frame);

	f->TxBuf(before)[100] ^= 0xff;
	m.Step();
	uint32_t after = f->Send(frame);
	m.Step();
	ASSERT_TRUE(f->Sent(after));
	f->TxBuf(after)[100] ^= 0xff;
	std::vector<Bytes> out = Out();
	ASSERT_EQ(out.size(), 2u);
	EXPECT_EQ(out[1], frame);
	EXPECT_NE(out[0], frame);
	frame[100] ^= 0xff;
	EXPECT_EQ(out[0], frame);
}

TEST_F(Tx, DoneIsWrittenOnlyWhereItIsAskedFor)
{
	Bytes frame = Frame(kStranger, kMacA, 60);
	uint32_t first = f->Queue(frame);

	f->tx_ring[first].d[2] &= ~Function::kRs;
	uint32_t second = f->Queue(frame);
	f->Ring();
	m.Step();
	EXPECT_FALSE(f->Sent(first));
	EXPECT_TRUE(f->Sent(second));
	EXPECT_EQ(f->Rd(IGBVF_VFGPTC), 2u);
}

TEST_F(Tx, PiecesAreGathered)
{
	Bytes frame = Frame(kStranger, kMacA, 1514, 9);
	uint64_t at = m.Iova(f->TxBuf(0));

	std::copy(frame.begin(), frame.end(), f->TxBuf(0));
	f->Put(at, 14, Function::kData, 1514 << 14);
	f->Put(at + 14, 0, Function::kData, 0);
	f->Put(at + 14, 1000, Function::kData, 0);
	uint32_t last = f->Put(at + 1014, 500, Function::kData | Function::kEop | Function::kRs, 0);
	f->Ring();
	EXPECT_EQ(m.Step(), 1u);
	EXPECT_TRUE(f->Sent(last));
	EXPECT_FALSE(f->Sent(0));
	EXPECT_EQ(Out(), std::vector<Bytes>{frame});
}

TEST_F(Tx, AFrameWhoseEndIsNotAnnouncedWaits)
{
	Bytes frame = Frame(kStranger, kMacA, 100);
	uint64_t at = m.Iova(f->TxBuf(0));

	std::copy(frame.begin(), frame.end(), f->TxBuf(0));
	f->Put(at, 50, Function::kData, 100 << 14);
	f->Ring();
	EXPECT_EQ(m.Step(), 0u);
	f->Put(at + 50, 50, Function::kData | Function::kEop | Function::kRs, 0);
	f->Ring();
	EXPECT_EQ(m.Step(), 1u);
	EXPECT_EQ(Out(), std::vector<Bytes>{frame});
}

TEST_F(Tx, OrderIsKeptBetweenSimpleAndGatheredFrames)
{
	std::vector<Bytes> sent;

	for (uint8_t i = 0; i < 10; i++) {
		Bytes frame = Frame(kStranger, kMacA, i % 3 ? 100 : 40, i);

		f->Queue(frame);
		frame.resize(std::max<size_t>(frame.size(), 60));
		sent.push_back(frame);
	}
	f->Ring();
	m.Step();
	EXPECT_EQ(Out(), sent);
}

TEST_F(Tx, TheRingWraps)
{
	for (int i = 0; i < 100; i++) {
		uint32_t at = f->Send(Frame(kStranger, kMacA, 60));

		m.Step();
		ASSERT_TRUE(f->Sent(at)) << i;
	}
	EXPECT_EQ(f->Rd(IGBVF_VFGPTC), 100u);
	EXPECT_EQ(f->Rd(IGBVF_VFGOTC), 6400u);
}

TEST_F(Tx, AStepSendsNoMoreThanItsBudget)
{
	for (int i = 0; i < 10; i++)
		f->Send(Frame(kStranger, kMacA, 60));
	EXPECT_EQ(m.Step(3), 3u);
	EXPECT_EQ(m.Step(3), 3u);
	EXPECT_EQ(m.Step(100), 4u);
}

TEST_F(Tx, ShortFramesArePaddedWithZeros)
{
	Bytes frame = Frame(kStranger, kMacA, 17, 5);

	f->Send(frame);
	f->Send(Frame(kStranger, kMacA, 16));
	m.Step();
	frame.resize(60);
	EXPECT_EQ(Out(), std::vector<Bytes>{frame});
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_invalid), 1u);
	EXPECT_EQ(f->lost_bytes, 60u) << "as it would be on the wire";
}

TEST_F(Tx, TheLongestFrameIs9724)
{
	uint8_t *big = m.Alloc(9728);
	uint64_t at = m.Iova(big);
	Bytes frame = Frame(kStranger, kMacA, 9724);

	std::copy(frame.begin(), frame.end(), big);
	f->Put(at, 9724, Function::kData | Function::kEop | Function::kRs, 9724 << 14);
	uint32_t last =
	    f->Put(at, 9725, Function::kData | Function::kEop | Function::kRs, 9725 << 14);
	f->Ring();
	m.Step();
	EXPECT_TRUE(f->Sent(last));
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_oversize), 1u);
	EXPECT_EQ(f->lost_bytes, 9725u);
	EXPECT_EQ(f->Rd(IGBVF_VFGPTC), 1u);
	EXPECT_EQ(Out(), std::vector<Bytes>{frame});
}

TEST_F(Tx, ALegacyDescriptorDoesNotLeaveAndIsCounted)
{
	Bytes frame = Frame(kStranger, kMacA, 100);

	f->tx_ring[f->Queue(frame)].d[2] &= ~(1u << 29 | 3u << 20);
	f->Put(m.Iova(f->TxBuf(1)), 50, Function::kData, 100 << 14);
	f->Put(m.Iova(f->TxBuf(1)), 50, Function::kEop, 0);
	uint32_t last = f->Queue(frame);
	f->Ring();
	m.Step();
	EXPECT_TRUE(f->Sent(last));
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_unsupported), 2u);
	EXPECT_EQ(f->lost_bytes, 200u);
	EXPECT_EQ(m.log.Count("tx_unsupported"), 1u) << "one line per cause";
	EXPECT_EQ(Out().size(), 1u);
}

TEST_F(Tx, AnAddressOutsideTheMappingIsACountedFault)
{
	f->Put(0x4000, 60, Function::kData | Function::kEop | Function::kRs, 60 << 14);
	f->Put(Machine::kIova + Machine::kBytes - 59, 60,
	       Function::kData | Function::kEop | Function::kRs, 60 << 14);
	uint32_t last = f->Queue(Frame(kStranger, kMacA, 60));
	f->Ring();
	m.Step();
	EXPECT_TRUE(f->Sent(0));
	EXPECT_TRUE(f->Sent(last));
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_dma_fault), 2u);
	EXPECT_EQ(m.log.Count("DMA fault"), 1u);
	EXPECT_EQ(Out().size(), 1u);
}

TEST_F(Tx, AForeignSourceIsSpoofing)
{
	uint32_t at = f->Send(Frame(kStranger, kMacB, 70));

	m.Step();
	EXPECT_TRUE(f->Sent(at));
	EXPECT_EQ(f->Drops(VFNET_DROPS_spoof), 1u);
	EXPECT_EQ(f->lost_bytes, 70u);
	EXPECT_EQ(f->Rd(IGBVF_VFGPTC), 0u);
	EXPECT_EQ(Out().size(), 0u);
}

TEST_F(Tx, ATagThatWasNotAddedIsSpoofing)
{
	Bytes frame = Frame(kStranger, kMacA, 70);

	frame[12] = 0x81;
	frame[13] = 0;
	frame[14] = 0xe0;
	frame[15] = 5;
	f->Send(frame);
	frame[15] = 0; /* priority only */
	f->Send(frame);
	m.Step();
	EXPECT_EQ(f->Drops(VFNET_DROPS_spoof), 1u);
	EXPECT_EQ(Out(), std::vector<Bytes>{frame});
}

TEST_F(Tx, NothingMovesAfterResetUntilThePfHasAnswered)
{
	f->Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	f->TxUp(16);
	f->Send(Frame(kStranger, kMacA, 60));
	EXPECT_EQ(m.Step(), 0u);
	f->Ask({IGBVF_MSG_RESET});
	f->SetMac(kMacA);
	EXPECT_EQ(m.Counters(0).out_packets + f->Drops(VFNET_DROPS_spoof), 1u)
	    << "it left, or went before the address was there";
}

TEST_F(Tx, ATailOutsideTheRingIsIgnored)
{
	f->Queue(Frame(kStranger, kMacA, 60));
	f->Tail(IGBVF_TDT, f->tdt, 16);
	EXPECT_EQ(m.Step(), 0u);
	f->Ring();
	EXPECT_EQ(m.Step(), 1u);
	EXPECT_EQ(m.log.Count("tail outside the ring, which ends at (seen 16, want 15)"), 1u);
}

TEST(TxQueueOne, SendsBesideQueueZeroAndBothGetTheirTurn)
{
	Machine m;
	Function f(m, "0.0");
	Bytes frame = Frame(kStranger, kMacA, 60);

	f.Up(kMacA);
	f.UseQueue(1);
	f.TxUp(64);
	for (int i = 0; i < 20; i++)
		f.Queue(frame);
	f.Ring();
	uint32_t *tdt = f.tdt;
	EXPECT_NE(tdt, nullptr);
	f.UseQueue(0);
	EXPECT_NE(tdt, f.tdt);
	inside_desc *ring = f.tx_ring;
	f.TxUp(64);
	for (int i = 0; i < 20; i++)
		f.Queue(frame);
	f.Ring();
	for (int i = 0; i < 14; i++)
		m.Step(1);
	EXPECT_GT(f.Rd(IGBVF_TDH), 0u);
	EXPECT_GT(f.Rd(IGBVF_TDH + 0x100), 0u);
	m.Step();
	m.Step();
	EXPECT_TRUE(f.Sent(19));
	EXPECT_TRUE(inside_dd(&ring[19], 3));
	EXPECT_EQ(m.Counters(0).out_packets, 40u);
}

TEST(TxDoorbell, WorksByCallAsByStore)
{
	Machine m(VFNET_SIM_MANUAL, true);
	Function f(m, "0.0");

	f.Up(kMacA);
	EXPECT_EQ(f.tdt, nullptr);
	uint32_t at = f.Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_TRUE(f.Sent(at));
}

TEST(TxNoSpoof, ForeignSourcesLeave)
{
	Machine m;

	m.Card(0, "nospoof");
	Function f(m, "0.0");
	f.Up(kMacA);
	f.Send(Frame(kStranger, kMacB, 60));
	m.Step();
	EXPECT_EQ(f.Drops(VFNET_DROPS_spoof), 0u);
	EXPECT_EQ(m.Counters(0).out_packets, 1u) << "without a sink frames are discarded";
}

} // namespace
