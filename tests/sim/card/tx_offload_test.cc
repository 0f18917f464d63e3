/* SPDX-License-Identifier: BSD-2-Clause */
/* Context descriptors and what they ask of a frame: 82576-vf.md §5. */
#include <algorithm>

#include "tests/common/frames.h"
#include "tests/sim/card/capture.h"
#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint32_t kVle = 1u << 30, kTse = 1u << 31;
constexpr uint32_t kIxsm = 1u << 8, kTxsm = 1u << 9;
constexpr uint32_t kContext = 2u << 20 | 1u << 29;

class TxOffload : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		m.Wire(0, "pcap-out:" + file.path);
		f = std::make_unique<Function>(m, "0.0");
		f->Up(kMacA, 64);
	}
	std::vector<Bytes> Out()
	{
		vfnet_sim_stop(m.sim);
		return ReadCapture(file.path);
	}
	Bytes Build(const frames::Shape &shape)
	{
		return frames::Build(shape, kStranger.data(), kMacA.data());
	}
	void Context(const frames::Shape &shape, uint16_t vlan = 0, uint32_t mss = 0,
		     uint32_t idx = 0)
	{
		uint32_t at = f->Put(0, 0, kContext, 0);

		f->tx_ring[at].d[0] = shape.L3() | shape.L2() << 9 | uint32_t{vlan} << 16;
		f->tx_ring[at].d[1] = 0;
		f->tx_ring[at].d[2] |= (shape.ip6 ? 0 : 1u << 10) | (shape.tcp ? 1u << 11 : 0);
		f->tx_ring[at].d[3] = mss << 16 | (mss ? shape.L4() << 8 : 0) | idx << 4;
	}
	/* as a driver leaves it: what the card writes is 0, or the sum of the pseudo header */
	static void Unseal(Bytes &frame, const frames::Shape &shape, bool segment)
	{
		uint8_t *ip = &frame[shape.L2()];
		uint8_t *field = ip + shape.L3() + (shape.tcp ? 16 : 6);
		uint8_t proto = shape.tcp ? 6 : 17;
		auto l4_bytes =
		    static_cast<uint16_t>(segment ? 0 : frame.size() - shape.L2() - shape.L3());

		vfnet_checksum_store(field,
				     static_cast<uint16_t>(~vfnet_checksum_finish(
					 shape.ip6 ? vfnet_checksum_pseudo6(ip, proto, l4_bytes)
						   : vfnet_checksum_pseudo4(ip, proto, l4_bytes))));
		if (!shape.ip6)
			vfnet_put_be16(ip + 10, 0);
		if (segment)
			vfnet_put_be16(ip + (shape.ip6 ? 4 : 2), 0);
	}
	uint32_t Offload(const frames::Shape &shape, Bytes frame, uint32_t cmd = 0)
	{
		Unseal(frame, shape, cmd & kTse);
		uint32_t at = f->Queue(frame, cmd);

		f->tx_ring[at].d[3] |= kTxsm | (shape.ip6 ? 0 : kIxsm);
		if (cmd & kTse)
			f->tx_ring[at].d[3] = static_cast<uint32_t>(frame.size() - shape.Headers())
						  << 14 |
					      kTxsm | (shape.ip6 ? 0 : kIxsm);
		return at;
	}
	static Bytes Tagged(Bytes frame, uint16_t vlan)
	{
		const uint8_t tag[4] = {0x81, 0, static_cast<uint8_t>(vlan >> 8),
					static_cast<uint8_t>(vlan)};

		frame.insert(frame.begin() + 12, tag, tag + 4);
		return frame;
	}

	TempFile file;
	Machine m;
	std::unique_ptr<Function> f;
};

/* Card 0 on a cable to a function that has 7 descriptors and holds the wire up without. */
class TxOffloadRefused : public TxOffload
{
      protected:
	void SetUp() override
	{
		m.Wire(0, "cable:1");
		f = std::make_unique<Function>(m, "0.0");
		f->Up(kMacA, 64);
		b = std::make_unique<Function>(m, "1.0");
		b->Up(kMacB);
		b->RxUp(8, 2, false);
	}

	std::unique_ptr<Function> b;
};

TEST_F(TxOffload, ATagIsInserted)
{
	Bytes frame = Frame(kStranger, kMacA, 60);

	Context(frames::Shape(), 0xe000);
	f->Queue(frame, kVle);
	f->Queue(frame);
	f->Queue(Bytes(frame.begin(), frame.begin() + 57), kVle);
	f->Ring();
	m.Step();
	Bytes want = Tagged(frame, 0xe000);
	std::vector<Bytes> out = Out();
	ASSERT_EQ(out.size(), 3u);
	EXPECT_EQ(out[0], want);
	EXPECT_EQ(out[1], frame);
	want.resize(61);
	EXPECT_EQ(out[2], want) << "the tag counts towards the 60";
}

TEST_F(TxOffload, ATagThatIsNotTheFunctionsIsSpoofing)
{
	Context(frames::Shape(), 5);
	f->Queue(Frame(kStranger, kMacA, 60), kVle);
	f->Ring();
	m.Step();
	EXPECT_EQ(f->Drops(VFNET_DROPS_spoof), 1u);
	EXPECT_EQ(f->lost_bytes, 64u);
	EXPECT_EQ(Out().size(), 0u);
}

TEST_F(TxOffload, ChecksumsAreThoseOfSoftware)
{
	std::vector<Bytes> want;

	for (uint32_t i = 0; i < 48; i++) {
		frames::Shape shape;
		shape.seed = i;
		shape.ip6 = i & 1;
		shape.tcp = i & 2;
		shape.vlan = i & 4 ? static_cast<int>(i) << 13 & 0xffff : -1;
		shape.ip_more = i & 8 ? 16 : 0;
		shape.tcp_more = i & 16 ? 20 : 0;
		shape.payload = 30 + i;
		want.push_back(Build(shape));
		Context(shape);
		Offload(shape, want.back());
		f->Ring();
		m.Step();
	}
	EXPECT_EQ(Out(), want);
}

TEST_F(TxOffload, AUdpSumOfZeroIsSentAsAllOnes)
{
	frames::Shape shape;
	Bytes frame = Build(shape);

	/* the last word of the payload takes up the rest */
	vfnet_checksum_store(&frame[frame.size() - 2], 0);
	frames::Seal(frame);
	uint16_t rest = vfnet_checksum_load(&frame[14 + 20 + 6]);
	vfnet_checksum_store(&frame[frame.size() - 2], rest);
	frames::Seal(frame);
	ASSERT_EQ(vfnet_checksum_load(&frame[14 + 20 + 6]), 0xffff);
	Context(shape);
	Offload(shape, frame);
	f->Ring();
	m.Step();
	EXPECT_EQ(Out(), std::vector<Bytes>{frame});
}

TEST_F(TxOffload, AContextStaysAndThereAreTwo)
{
	Bytes frame = Frame(kStranger, kMacA, 60);
	std::vector<Bytes> want;

	Context(frames::Shape(), 0x2000);
	Context(frames::Shape(), 0x4000, 0, 1);
	for (uint32_t idx : {0u, 1u, 1u, 0u}) {
		f->tx_ring[f->Queue(frame, kVle)].d[3] |= idx << 4;
		f->Ring();
		m.Step();
		want.push_back(Tagged(frame, idx ? 0x4000 : 0x2000));
	}
	Context(frames::Shape(), 0x6000);
	f->Queue(frame, kVle);
	f->Ring();
	m.Step();
	want.push_back(Tagged(frame, 0x6000));
	EXPECT_EQ(Out(), want);
}

TEST_F(TxOffload, AResetForgetsTheContext)
{
	Context(frames::Shape(), 0x2000);
	f->Ring();
	m.Step();
	f->TxUp(64);
	f->Queue(Frame(kStranger, kMacA, 60), kVle);
	f->Ring();
	m.Step();
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_invalid), 1u);
}

TEST_F(TxOffload, SegmentsAreThoseOfSoftware)
{
	for (uint32_t i = 0; i < 32; i++) {
		TempFile own;
		Machine machine;
		machine.Wire(0, "pcap-out:" + own.path);
		f = std::make_unique<Function>(machine, "0.0");
		f->Up(kMacA, 64);
		frames::Shape shape;
		shape.seed = i;
		shape.tcp = true;
		shape.ip6 = i & 1;
		shape.ip_more = i & 2 ? 8 : 0;
		shape.tcp_more = i & 4 ? 12 : 0;
		shape.vlan = i & 8 ? 0 : -1;
		shape.tcp_flags = 0x19; /* FIN, PSH, ACK */
		shape.payload = 1 + i * 57;
		const uint32_t mss = 1 + i * 17 % 300;
		const Bytes frame = Build(shape);
		const uint16_t tag = i & 16 && shape.vlan < 0 ? 0x8000 : 0;

		Context(shape, tag, mss);
		uint32_t at = Offload(shape, frame, kTse | (tag ? kVle : 0));
		f->Ring();
		for (int step = 0; step < 4; step++)
			machine.Step();
		EXPECT_TRUE(f->Sent(at));
		std::vector<Bytes> want = frames::Segments(shape, frame, mss);
		for (auto &one : want) {
			if (tag)
				one = Tagged(one, tag);
			one.resize(std::max<size_t>(one.size(), 60));
		}
		vfnet_sim_stop(machine.sim);
		EXPECT_EQ(ReadCapture(own.path), want) << i << " mss " << mss;
		EXPECT_EQ(f->Rd(IGBVF_VFGPTC), want.size());
		f.reset();
	}
}

TEST_F(TxOffload, SegmentsOfAFrameInPieces)
{
	frames::Shape shape;

	shape.tcp = true;
	shape.payload = 5000;
	Bytes frame = Build(shape);
	std::vector<Bytes> want = frames::Segments(shape, frame, 1460);
	Unseal(frame, shape, true);
	uint8_t *big = m.Alloc(frame.size());
	std::copy(frame.begin(), frame.end(), big);
	Context(shape, 0, 1460);
	uint32_t info = 5000u << 14 | kTxsm | kIxsm;
	for (size_t at = 0; at < frame.size(); info = 0) {
		size_t part = std::min<size_t>(at ? 777 : 20, frame.size() - at);
		bool last = at + part == frame.size();
		f->Put(m.Iova(big + at), static_cast<uint32_t>(part),
		       Function::kData | kTse | 1u << 25 |
			   (last ? Function::kEop | Function::kRs : 0),
		       info);
		at += part;
	}
	f->Ring();
	EXPECT_EQ(m.Step(), 2u) << "a context and a frame";
	EXPECT_EQ(Out(), want);
}

TEST_F(TxOffload, SegmentsToAFullReceiverGoOnWhereTheyStopped)
{
	Function b(m, "0.1");
	frames::Shape shape;
	std::vector<Bytes> got;

	b.Reset();
	b.SetMac(kMacB);
	b.RxUp(8, 2, false);
	shape.tcp = true;
	shape.payload = 1900;
	Bytes frame = frames::Build(shape, kMacB.data(), kMacA.data());
	Context(shape, 0, 100);
	uint32_t at = Offload(shape, frame, kTse);
	f->Ring();
	m.Step();
	EXPECT_FALSE(f->Sent(at)) << "19 segments, 7 descriptors";
	for (int i = 0; i < 10; i++) {
		for (Received one = b.Receive(); one.n_desc; one = b.Receive())
			got.push_back(one.data);
		m.Step();
	}
	EXPECT_TRUE(f->Sent(at));
	EXPECT_EQ(got, frames::Segments(shape, frame, 100));
}

TEST_F(TxOffloadRefused, SegmentsAreOnePacketOfTheLedger)
{
	frames::Shape shape;

	shape.tcp = true;
	shape.payload = 1900;
	Bytes frame = frames::Build(shape, kMacB.data(), kMacA.data());
	Context(shape, 0, 20);
	Offload(shape, frame, kTse);
	Offload(shape, frame, kTse);
	f->Queue(Frame(kMacB, kMacA, 99));
	f->Ring();
	for (int i = 0; i < 5; i++)
		m.Step();
	EXPECT_EQ(m.Counters(0).out_packets, 7u) << "of 95 segments, twice, and one frame";
	EXPECT_EQ(f->Drops(VFNET_DROPS_wire_refused), 3u);
	EXPECT_EQ(f->lost_bytes, 2u * 95 * (54 + 20) + 99);
}

TEST_F(TxOffload, WhatCannotBeDoneDoesNotLeaveAndIsCounted)
{
	frames::Shape udp, tcp;

	tcp.tcp = true;
	Offload(udp, Build(udp)); /* no context yet */
	Context(udp, 0, 50);
	Offload(udp, Build(udp), kTse);
	Context(tcp, 0, 0);
	Offload(tcp, Build(tcp), kTse);
	frames::Shape wrong;
	wrong.payload = 2000 - 42;
	wrong.ip_more = 480; /* IPLEN 500 */
	Context(wrong);
	Offload(udp, Build(udp));
	f->tx_ring[f->Queue(Build(udp))].d[3] |= 1u << 10; /* IPsec */
	tcp.payload = 11000;
	Context(tcp, 0, 9724 - 53);
	f->Put(m.Iova(f->TxBuf(0)), 11000, Function::kData | Function::kEop | kTse,
	       (11000u - 54) << 14 | kTxsm);
	f->Ring();
	m.Step();
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_invalid), 3u) << "no context, MSS 0, IPLEN";
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_unsupported), 2u) << "UDP segments, IPsec";
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_oversize), 1u) << "segments of 9725";
	EXPECT_EQ(Out().size(), 0u);
}

TEST_F(TxOffload, AFaultInAnySegmentSendsNone)
{
	frames::Shape shape;

	shape.tcp = true;
	shape.payload = 1000;
	Bytes frame = Build(shape);
	std::copy(frame.begin(), frame.end(), f->TxBuf(20));
	Context(shape, 0, 100);
	f->Put(m.Iova(f->TxBuf(20)), 900, Function::kData | kTse, 1000u << 14 | kTxsm | kIxsm);
	f->Put(0x4000, 154, Function::kData | Function::kEop | kTse, 0);
	f->Ring();
	m.Step();
	EXPECT_EQ(f->Drops(VFNET_DROPS_tx_dma_fault), 1u) << "counts once";
	EXPECT_EQ(f->lost_bytes, 10u * 154);
	EXPECT_EQ(Out().size(), 0u);
}

TEST_F(TxOffload, AForeignSourceIsCountedOncePerFrame)
{
	frames::Shape shape;

	shape.tcp = true;
	shape.payload = 1000;
	Context(shape, 0, 300);
	Offload(shape, frames::Build(shape, kStranger.data(), kMacB.data()), kTse);
	f->Ring();
	m.Step();
	EXPECT_EQ(f->Drops(VFNET_DROPS_spoof), 1u);
	EXPECT_EQ(f->lost_bytes, 1000u + 4 * 54);
}

/* without a tag, with the right one, and with another one from the function */
TEST_F(TxOffload, AnAdministratorsVlanIsInEachSegmentOnce)
{
	TempFile own;
	Machine machine;
	machine.Card(0, "vlan=0:7");
	machine.Wire(0, "pcap-out:" + own.path);
	f = std::make_unique<Function>(machine, "0.0");
	f->Up(kMacA, 64);
	frames::Shape shape;
	shape.tcp = true;
	shape.payload = 250;
	const Bytes frame = Build(shape);

	Context(shape, 0, 100);
	Offload(shape, frame, kTse);
	for (uint16_t vid : {7, 5}) {
		Context(shape, vid, 100);
		Offload(shape, frame, kTse | kVle);
	}
	f->Ring();
	machine.Step();
	EXPECT_EQ(f->Drops(VFNET_DROPS_spoof), 1u) << "once per frame";
	EXPECT_EQ(f->lost_bytes, 250u + 3 * (54 + 4));
	vfnet_sim_stop(machine.sim);
	std::vector<Bytes> want;
	for (int i = 0; i < 2; i++)
		for (const Bytes &one : frames::Segments(shape, frame, 100))
			want.push_back(Tagged(one, 7));
	EXPECT_EQ(ReadCapture(own.path), want);
	f.reset();
}

TEST_F(TxOffload, TheHeadIsWrittenBackWhereItIsWanted)
{
	auto *head = reinterpret_cast<inside_desc *>(m.Alloc(16, 16));
	Bytes frame = Frame(kStranger, kMacA, 60);

	f->Enable(IGBVF_TXDCTL, false);
	f->Wr(IGBVF_TDWBAL, static_cast<uint32_t>(m.Iova(head)) | 1);
	f->Wr(IGBVF_TDWBAH, static_cast<uint32_t>(m.Iova(head) >> 32));
	f->TxUp(64);
	head->d[0] = 77;
	f->tx_ring[f->Queue(frame)].d[2] &= ~Function::kRs;
	f->Ring();
	m.Step();
	EXPECT_EQ(head->d[0], 77u) << "RS asks for it";
	for (int i = 0; i < 100; i++) {
		uint32_t at = f->Send(frame);
		m.Step();
		ASSERT_EQ(head->d[0], (i + 2) % 64u);
		ASSERT_FALSE(f->Sent(at)) << "instead of DD";
	}
	EXPECT_EQ(head->d[1], 0u);
}

TEST_F(TxOffload, AHeadOutsideTheMappingIsSaidOnce)
{
	f->Enable(IGBVF_TXDCTL, false);
	f->Wr(IGBVF_TDWBAL, 0x1001);
	f->TxUp(64);
	f->Send(Frame(kStranger, kMacA, 60));
	m.Step();
	f->Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_EQ(m.log.Count("TDWBAL"), 1u);
	EXPECT_EQ(m.Counters(0).out_packets, 2u);
}

} // namespace
