/* SPDX-License-Identifier: BSD-2-Clause */
/* Each rule broken alone, and a driver that breaks none: 82576-vf.md §5, §9. */
#include <algorithm>

#include "tests/common/frames.h"
#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint32_t kVle = 1u << 30, kTse = 1u << 31, kIfcs = 1u << 25;
constexpr uint32_t kIxsm = 1u << 8, kTxsm = 1u << 9, kBoth = kIxsm | kTxsm;
constexpr uint32_t kContext = 2u << 20 | 1u << 29;
constexpr uint32_t kIp4 = 1u << 10, kTcp = 1u << 11;
constexpr uint32_t kLengths = 14u << 9 | 20; /* MACLEN, IPLEN */

class Rules : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		f = std::make_unique<Function>(m, "0.0");
		f->Up(kMacA, 64);
		ASSERT_EQ(Mistakes(), 0u) << "the guest is a good driver";
	}
	uint64_t Mistakes()
	{
		return vfnet_sim_mistakes(m.sim, 0);
	}
	/* @n breaches of one rule since the last call, and a line that contains @text */
	void Expect(const std::string &text, uint64_t n = 1)
	{
		EXPECT_EQ(Mistakes() - seen, n) << text;
		EXPECT_EQ(m.log.Count("driver's mistake"), ++said) << text;
		EXPECT_EQ(m.log.Count(text), 1u) << text;
		seen = Mistakes();
	}
	void RingAndStep()
	{
		f->Ring();
		m.Step();
	}
	void Context(uint32_t lengths, uint32_t types, uint32_t mss_l4 = 0)
	{
		uint32_t at = f->Put(0, 0, kContext | types, mss_l4);

		f->tx_ring[at].d[0] = lengths;
		f->tx_ring[at].d[1] = 0;
	}
	/* a frame to @shape that asks for what @cmd and @info say, PAYLEN in it */
	void Ask(const frames::Shape &shape, uint32_t cmd, uint32_t info)
	{
		Bytes frame = frames::Build(shape, kStranger.data(), kMacA.data());

		if (cmd & kTse) {
			vfnet_put_be16(&frame[14 + (shape.ip6 ? 4 : 2)], 0);
			if (!shape.ip6)
				vfnet_put_be16(&frame[24], 0);
		}
		uint32_t at = f->Queue(frame, cmd);
		f->tx_ring[at].d[3] = info;
		RingAndStep();
	}

	Machine m;
	std::unique_ptr<Function> f;
	uint64_t seen = 0;
	size_t said = 0;
};

TEST_F(Rules, ADescriptorSaysWhatItsFrameIs)
{
	Bytes frame = Frame(kStranger, kMacA, 60);

	f->tx_ring[f->Queue(frame)].d[3] = 61 << 14;
	RingAndStep();
	Expect("PAYLEN (seen 61, want 60)");
	f->tx_ring[f->Queue(frame)].d[2] &= ~kIfcs;
	RingAndStep();
	Expect("IFCS in a frame's first descriptor (seen 0, want 1)");
	f->Queue(Bytes(frame.begin(), frame.begin() + 16));
	RingAndStep();
	Expect("pads no shorter one (seen 16, want 17)");
	uint8_t *big = m.Alloc(9728);
	f->Put(m.Iova(big), 9725, Function::kData | Function::kEop | Function::kRs, 9725 << 14);
	RingAndStep();
	Expect("with its tag (seen 9725, want 9724)");
	f->tx_ring[f->Queue(frame)].d[2] &= ~(1u << 29);
	RingAndStep();
	Expect("a legacy descriptor");
	f->tx_ring[f->Queue(frame)].d[3] = 62 << 14;
	RingAndStep();
	EXPECT_EQ(Mistakes() - seen, 1u) << "counted each time";
	EXPECT_EQ(m.log.Count("driver's mistake"), said) << "said once";
	EXPECT_EQ(f->Rd(IGBVF_VFGPTC), 3u) << "the card went on: 61, IFCS and 62 have left";
}

TEST_F(Rules, PiecesHaveBytesAndTheTailStandsBetweenFrames)
{
	uint64_t at = m.Iova(f->TxBuf(0));
	Bytes frame = Frame(kStranger, kMacA, 60);

	std::copy(frame.begin(), frame.end(), f->TxBuf(0));
	f->Put(at, 30, Function::kData | kIfcs, 60 << 14);
	f->Put(at + 30, 0, Function::kData, 0);
	f->Put(at + 30, 30, Function::kData | Function::kEop | Function::kRs, 0);
	RingAndStep();
	Expect("DTALEN of a descriptor within a frame (seen 0, want 1)");
	f->Put(at, 30, Function::kData | kIfcs, 60 << 14);
	RingAndStep();
	m.Step();
	Expect("TDT stands within a frame, not at its beginning (seen 4, want 3)");
	f->Put(at + 30, 30, Function::kData | Function::kEop | Function::kRs, 0);
	RingAndStep();
	EXPECT_EQ(Mistakes(), seen) << "counted once";
	while (f->tx_tail != 3) {
		f->Send(frame);
		m.Step();
	}
	f->Put(at, 30, Function::kData | kIfcs, 60 << 14);
	RingAndStep();
	EXPECT_EQ(Mistakes() - seen, 1u) << "and again a round later";
	seen = Mistakes();
	f->Tail(IGBVF_TDT, f->tdt, 64);
	m.Step();
	m.Step();
	Expect("outside the ring, which ends at (seen 64, want 63)");
}

TEST_F(Rules, ARingThatFillsHasAnRsInIt)
{
	Bytes frame = Frame(kStranger, kMacA, 60);

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 62; i++)
			f->tx_ring[f->Queue(frame)].d[2] &= ~Function::kRs;
		RingAndStep();
		EXPECT_EQ(Mistakes(), 0u);
		if (round == 0)
			f->Send(frame); /* an RS begins anew */
		m.Step();
	}
	f->tx_ring[f->Queue(frame)].d[2] &= ~Function::kRs;
	RingAndStep();
	Expect("descriptors without RS fill the ring (seen 63, want 62)");
}

TEST_F(Rules, AContextIsThereBeforeItIsNamed)
{
	frames::Shape udp;

	Ask(udp, kVle, 142 << 14);
	Expect("not given since the queue came on");
	Context(kLengths, kIp4);
	Ask(udp, kVle, 142 << 14 | 1 << 4);
	EXPECT_EQ(Mistakes() - seen, 1u) << "the other one";
	seen = Mistakes();
	Context(kLengths, kIp4 | Function::kRs);
	RingAndStep();
	Expect("RS or EOP in a context");
}

TEST_F(Rules, LengthsOfAContextAreTheFrames)
{
	frames::Shape udp, udp6, tagged;

	udp6.ip6 = true;
	tagged.vlan = 0;
	Context(kLengths, kIp4);
	Ask(udp, 0, 142 << 14 | kBoth);
	EXPECT_EQ(Mistakes(), 0u);
	Ask(tagged, 0, 146 << 14 | kBoth);
	Expect("MACLEN (seen 14, want 18)");
	Context(18 << 9 | 20, kIp4);
	Ask(tagged, 0, 146 << 14 | kBoth);
	EXPECT_EQ(Mistakes(), seen);
	Context(14 << 9 | 24, kIp4);
	Ask(udp, 0, 142 << 14 | kBoth);
	Expect("IPLEN (seen 24, want 20)");
	Context(14 << 9 | 48, 0);
	Ask(udp6, 0, 162 << 14 | kTxsm);
	EXPECT_EQ(Mistakes() - seen, 1u) << "IPLEN of IPv6";
	seen = Mistakes();
	Context(14 << 9 | 40, kIp4);
	Ask(udp6, 0, 162 << 14 | kTxsm);
	Expect("IPv4 bit (seen 1, want 0)");
	Context(14 << 9 | 40, 0);
	Ask(udp6, 0, 162 << 14 | kBoth);
	Expect("IXSM, which goes with IPv4 and always with its segments (seen 1, want 0)");
	Context(kLengths, kIp4 | kTcp);
	Ask(udp, 0, 142 << 14 | kBoth);
	Expect("L4T (seen 1, want 0)");
}

TEST_F(Rules, SegmentsAreDescribedInFull)
{
	frames::Shape tcp;
	const uint32_t payload = 100 << 14;

	tcp.tcp = true;
	Context(kLengths, kIp4 | kTcp, 50 << 16 | 20 << 8);
	Ask(tcp, kTse, payload | kBoth);
	EXPECT_EQ(Mistakes(), 0u);
	Ask(tcp, kTse, 154 << 14 | kBoth);
	Expect("PAYLEN (seen 154, want 100)");
	Ask(tcp, kTse, payload | kTxsm);
	Expect("IXSM, which goes with IPv4 and always with its segments (seen 0, want 1)");
	Ask(tcp, kTse, payload | kIxsm);
	Expect("TXSM with TSE (seen 0, want 1)");
	Context(kLengths, kIp4 | kTcp, 50 << 16 | 24 << 8);
	Ask(tcp, kTse, 96 << 14 | kBoth);
	Expect("L4LEN (seen 24, want 20)");
	Context(kLengths, kIp4 | kTcp, 20 << 8);
	Ask(tcp, kTse, payload | kBoth);
	Expect("MSS with TSE (seen 0, want 1)");
	Context(kLengths, kIp4 | kTcp, 50 << 16 | 20 << 8);
	uint32_t at = f->Queue(frames::Build(tcp, kStranger.data(), kMacA.data()), kTse);
	f->tx_ring[at].d[3] = payload | kBoth;
	RingAndStep();
	Expect("IP length or IPv4 checksum in a frame with TSE", 2);
}

TEST_F(Rules, QueuesComeOnAsTheyShould)
{
	f->Wr(IGBVF_TXDCTL, 0);
	m.Step();
	f->Ring(IGBVF_TDBAL, m.Alloc(256), 136);
	f->Wr(IGBVF_TXDCTL, IGBVF_TXDCTL_ENABLE);
	m.Step();
	Expect("no multiple of 128 bytes");
	f->Ring(IGBVF_TDBAL, m.Alloc(256), 128);
	f->Wr(IGBVF_TXDCTL, IGBVF_TXDCTL_ENABLE | 2 << 16);
	m.Step();
	Expect("WTHRESH, which above 1 sometimes never writes back (seen 2, want 1)");
	f->Enable(IGBVF_TXDCTL, false);
	f->Wr(IGBVF_TXDCTL, IGBVF_TXDCTL_ENABLE | 8);
	m.Step();
	Expect("HTHRESH beside a PTHRESH (seen 0, want 1)");
	f->Enable(IGBVF_TXDCTL, false);
	f->Wr(IGBVF_TDWBAL, 0x1001);
	f->Wr(IGBVF_TXDCTL, IGBVF_TXDCTL_ENABLE);
	m.Step();
	Expect("TXCTL lets a head write-back overtake");
	f->RxUp(64, 2, false);
	Expect("SRRCTL.DROP_EN (seen 0, want 1)");
}

TEST_F(Rules, ADoorbellWhileTheQueueIsOffIsAMistake)
{
	f->Enable(IGBVF_TXDCTL, false);
	f->Wr(IGBVF_TDT, 0);
	EXPECT_EQ(Mistakes(), 0u) << "0 is what it is anyway";
	f->Wr(IGBVF_TDT, 3);
	Expect("while ENABLE does not read 1 (seen 3, want 0)");
	f->Wr(IGBVF_TXDCTL, IGBVF_TXDCTL_ENABLE);
	f->Tail(IGBVF_TDT, f->tdt, 3); /* by a store, a step too early */
	m.Step();
	EXPECT_EQ(Mistakes() - seen, 1u);
	seen = Mistakes();
	f->Enable(IGBVF_RXDCTL, false);
	f->Wr(IGBVF_RDT, 5);
	EXPECT_EQ(Mistakes() - seen, 1u);
}

TEST_F(Rules, ADoorbellAfterAResetThatTheDriverHasNotSeenIsNone)
{
	f->Tail(IGBVF_TDT, f->tdt, 3);
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_DOWN), 0);
	f->Tail(IGBVF_TDT, f->tdt, 9);
	f->Wr(IGBVF_TDT, 10);
	f->Wr(IGBVF_TDT + 0x100, 10);
	m.Step();
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_UP), 0);
	f->Up(kMacA, 64);
	f->Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_EQ(Mistakes(), 0u);
}

TEST_F(Rules, APostedDescriptorHasNoDd)
{
	Function b(m, "0.1");

	b.Reset();
	b.SetMac(kMacB);
	b.RxUp(8);
	b.rx_ring[1].d[2] = 1;
	f->Send(Frame(kMacB, kMacA, 60));
	f->Send(Frame(kMacB, kMacA, 60));
	m.Step();
	Expect("a posted receive descriptor has DD set");
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 2u);
}

TEST_F(Rules, CountsAreOfACardAndLinesOfAFunction)
{
	Bytes frame = Frame(kStranger, kMacA, 60);

	EXPECT_EQ(vfnet_sim_mistakes(m.sim, 1), 0u) << "not made yet";
	EXPECT_EQ(vfnet_sim_mistakes(m.sim, 16), 0u);
	f->tx_ring[f->Queue(frame)].d[3] = 0;
	RingAndStep();
	f.reset();
	f = std::make_unique<Function>(m, "0.0");
	f->Up(kMacA, 64);
	f->tx_ring[f->Queue(frame)].d[3] = 0;
	RingAndStep();
	EXPECT_EQ(Mistakes(), 2u);
	EXPECT_EQ(m.log.Count("PAYLEN"), 2u) << "once for each time that it was opened";
}

} // namespace
