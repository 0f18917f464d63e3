/* SPDX-License-Identifier: BSD-2-Clause */
/* Each quirk of QEMU's card, beside what the chip does: 82576-vf.md §9. */
#include <algorithm>

#include "tests/common/frames.h"
#include "tests/sim/card/capture.h"
#include "tests/sim/card/quirks.h"

using namespace guest;

namespace
{

constexpr uint32_t kEnable = IGBVF_RXDCTL_ENABLE;

TEST(Quirks, RegistersThatReadOrKeepSomethingElse)
{
	using Values = std::vector<uint32_t>;
	auto eiac = Both("eiac-sticks", [](Machine &m) {
		Function f(m, "0.0");
		f.Wr(IGBVF_VTEIAC, 3);
		f.Wr(IGBVF_VTEIAC, 4);
		return f.Rd(IGBVF_VTEIAC);
	});
	EXPECT_EQ(eiac.chip, 4u);
	EXPECT_EQ(eiac.qemu, 7u);

	auto eicr = Both("eicr-echo", [](Machine &m) {
		Function f(m, "0.0");
		f.Wr(IGBVF_VTEICS, 5);
		Values got{f.Rd(IGBVF_VTEICR)};
		f.Wr(IGBVF_VTEICR, 2);
		got.push_back(f.Rd(IGBVF_VTEICR));
		got.push_back(f.Rd(IGBVF_VTEICR));
		return got;
	});
	EXPECT_EQ(eicr.chip, (Values{5, 0, 0}));
	EXPECT_EQ(eicr.qemu, (Values{0, 2, 0}));

	auto eims = Both("eims-echo", [](Machine &m) {
		Function f(m, "0.0");
		f.Wr(IGBVF_VTEIMS, 1);
		f.Wr(IGBVF_VTEIMS, 4);
		f.Wr(IGBVF_VTEIMC, 4);
		return f.Rd(IGBVF_VTEIMS);
	});
	EXPECT_EQ(eims.chip, 1u);
	EXPECT_EQ(eims.qemu, 4u);

	auto dead = Both("dead-registers", [](Machine &m) {
		Function f(m, "0.0");
		m.Step();
		for (uint32_t reg : Values{IGBVF_PSRTYPE, IGBVF_RXCTL, IGBVF_RXCTL + 0x100})
			f.Wr(reg, 0x20);
		return Values{f.Rd(IGBVF_PSRTYPE), f.Rd(IGBVF_RXCTL), f.Rd(IGBVF_RXCTL + 0x100),
			      f.Rd(IGBVF_VTFRTIMER) > 0};
	});
	EXPECT_EQ(dead.chip, (Values{0x20, 0x20, 0x20, 1}));
	EXPECT_EQ(dead.qemu, (Values{0, 0, 0, 0}));
}

TEST(Quirks, HalfReset)
{
	using Values = std::vector<uint32_t>;
	auto left = Both("half-reset", [](Machine &m) {
		Function f(m, "0.0");
		f.Up(kMacA);
		f.Send(Frame(kStranger, kMacA, 60));
		m.Step();
		f.Wr(IGBVF_VTEIMS, 2);
		f.Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
		m.Step();
		Values got{f.Rd(IGBVF_TDLEN), f.Rd(IGBVF_TDH), f.Rd(IGBVF_VTEIMS)};
		got.push_back(f.Rd(IGBVF_RXDCTL) & kEnable ? 1 : 0);
		f.Wr(IGBVF_TDT, 5);
		EXPECT_EQ(vfnet_sim_mistakes(m.sim, 0), 0u) << "it need not know of a reset yet";
		EXPECT_TRUE(f.Ask({IGBVF_MSG_RESET}) & (IGBVF_MSG_ACK | IGBVF_MSG_NACK));
		return got;
	});
	EXPECT_EQ(left.chip, (Values{0, 0, 0, 1}));
	EXPECT_EQ(left.qemu, (Values{1024, 1, 2, 0}));
}

TEST(Quirks, HalfResetOfTheCardLeavesNothing)
{
	Machine m;
	m.Card(0, "quirks=half-reset");
	Function f(m, "0.0");
	f.Up(kMacA);
	f.Wr(IGBVF_VTEIMS, 2);
	vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_DOWN);
	EXPECT_EQ(f.Rd(IGBVF_TDLEN), 0u);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 0u);
}

TEST(Quirks, HeadsWritable)
{
	auto head = Both("heads-writable", [](Machine &m) {
		Function f(m, "0.0");
		f.Wr(IGBVF_RDH, 9);
		f.Wr(IGBVF_TDH + 0x100, 7);
		return std::vector<uint32_t>{f.Rd(IGBVF_RDH), f.Rd(IGBVF_TDH + 0x100)};
	});
	EXPECT_EQ(head.chip, (std::vector<uint32_t>{0, 0}));
	EXPECT_EQ(head.qemu, (std::vector<uint32_t>{9, 7}));
}

/* what a driver for QEMU only would do: none of it may lead outside the ring */
TEST(Quirks, AHeadOutsideTheRingIsNone)
{
	Machine m;
	m.Card(0, "quirks=heads-writable+half-reset");
	Function f(m, "0.0");
	f.Up(kMacA);
	f.Wr(IGBVF_TDH, 64);
	EXPECT_EQ(f.Rd(IGBVF_TDH), 0u) << "of a queue that runs";
	f.Enable(IGBVF_TXDCTL, false);
	f.Wr(IGBVF_TDH, 0xffff);
	f.Enable(IGBVF_TXDCTL, true);
	EXPECT_EQ(f.Rd(IGBVF_TDH), 0u) << "of one that comes on";
	f.tx_tail = 0;
	uint32_t at = f.Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_TRUE(f.Sent(at));
}

/* nothing is sent before the doorbell, wherever the head was left */
TEST(Quirks, ARingThatComesOnAgainWaitsForItsTail)
{
	Machine m;
	m.Card(0, "quirks=half-reset");
	Function f(m, "0.0");
	f.Up(kMacA);
	for (int i = 0; i < 3; i++)
		f.Send(Frame(kStranger, kMacA, 60));
	m.Step();
	f.Enable(IGBVF_TXDCTL, false);
	f.Enable(IGBVF_TXDCTL, true);
	m.Step();
	EXPECT_EQ(f.Rd(IGBVF_TDH), 3u);
	EXPECT_EQ(f.Rd(IGBVF_VFGPTC), 3u);
	uint32_t at = f.Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_TRUE(f.Sent(at));
	EXPECT_EQ(f.Rd(IGBVF_VFGPTC), 4u);
}

TEST(Quirks, LooseRings)
{
	struct {
		uint32_t off, bytes;
		bool qemu;
	} const rings[] = {{32, 128, true}, {0, 144, true}, {16, 128, false}, {0, 120, false}};

	for (const auto &ring : rings) {
		auto on = Both("loose-rings", [&](Machine &m) {
			Function f(m, "0.0");
			f.Enable(IGBVF_TXDCTL, false);
			f.Ring(IGBVF_TDBAL, m.Alloc(1024) + ring.off, ring.bytes);
			bool came = f.Enable(IGBVF_TXDCTL, true);
			EXPECT_EQ(vfnet_sim_mistakes(m.sim, 0), 1u) << "all the same";
			return came;
		});
		EXPECT_FALSE(on.chip);
		EXPECT_EQ(on.qemu, ring.qemu) << ring.off << " " << ring.bytes;
	}
}

TEST(Quirks, InstantEnable)
{
	auto on = Both("instant-enable", [](Machine &m) {
		Function f(m, "0.0");
		f.Wr(IGBVF_RXDCTL, 0);
		return !(f.Rd(IGBVF_RXDCTL) & kEnable);
	});
	EXPECT_FALSE(on.chip);
	EXPECT_TRUE(on.qemu);
}

TEST(Quirks, EarlyRdt)
{
	auto got = Both("early-rdt", [](Machine &m) {
		Function f(m, "0.0"), g(m, "0.1");
		f.Up(kMacA);
		g.Up(kMacB);
		f.Enable(IGBVF_RXDCTL, false);
		f.Tail(IGBVF_RDT, nullptr, 63);
		f.Enable(IGBVF_RXDCTL, true);
		g.Send(Frame(kMacA, kMacB, 60));
		m.Step();
		return f.Receive().n_desc;
	});
	EXPECT_EQ(got.chip, 0u);
	EXPECT_EQ(got.qemu, 1u);
}

TEST(Quirks, SplitForgets)
{
	const Bytes frame = Frame(kMacB, kMacA, 100), rest = Frame(kStranger, kMacA, 60);

	auto sent = Both("split-forgets", [&](Machine &m) {
		TempFile file;
		m.Wire(0, "pcap-out:" + file.path);
		Function f(m, "0.0");
		f.Up(kMacA);
		std::copy(frame.begin(), frame.end(), f.TxBuf(0));
		std::copy(rest.begin(), rest.end(), f.TxBuf(1));
		f.Put(m.Iova(f.TxBuf(0)), 100, Function::kData | 1u << 25, 160u << 14);
		f.Ring();
		m.Step();
		f.Put(m.Iova(f.TxBuf(1)), 60, Function::kData | Function::kEop | Function::kRs, 0);
		f.Ring();
		m.Step();
		vfnet_sim_stop(m.sim);
		return ReadCapture(file.path);
	});
	Bytes whole = frame;
	whole.insert(whole.end(), rest.begin(), rest.end());
	EXPECT_EQ(sent.chip, std::vector<Bytes>{whole});
	EXPECT_EQ(sent.qemu, std::vector<Bytes>{rest});
}

TEST(Quirks, FewBuffers)
{
	for (uint32_t n : {64u, 65u}) {
		auto sent = Both("few-buffers", [&](Machine &m) {
			Function f(m, "0.0");
			f.Up(kMacA, 128);
			Bytes frame = Frame(kStranger, kMacA, n);
			std::copy(frame.begin(), frame.end(), f.TxBuf(0));
			uint32_t at = 0;
			for (uint32_t i = 0; i < n; i++)
				at = f.Put(m.Iova(f.TxBuf(0) + i), 1,
					   Function::kData | 1u << 25 |
					       (i + 1 == n ? Function::kEop | Function::kRs : 0),
					   i ? 0 : n << 14);
			f.Ring();
			m.Step();
			EXPECT_TRUE(f.Sent(at));
			EXPECT_EQ(f.Rd(IGBVF_VFGPTC) + f.Drops(VFNET_DROPS_tx_unsupported), 1u);
			return f.Rd(IGBVF_VFGPTC);
		});
		EXPECT_EQ(sent.chip, 1u);
		EXPECT_EQ(sent.qemu, n == 64 ? 1u : 0u);
	}
}

TEST(Quirks, AnyDesctype)
{
	for (uint32_t type = 0; type < 8; type++) {
		auto on = Both("any-desctype", [&](Machine &m) {
			Function f(m, "0.0");
			f.Enable(IGBVF_RXDCTL, false);
			f.Ring(IGBVF_RDBAL, m.Alloc(128), 128);
			f.Wr(IGBVF_SRRCTL, 2u | type << 25 | IGBVF_SRRCTL_DROP_EN);
			return f.Enable(IGBVF_RXDCTL, true);
		});
		EXPECT_EQ(on.chip, type == 1) << type;
		EXPECT_EQ(on.qemu, type == 0 || type == 1 || type == 3 || type == 4) << type;
	}
}

TEST(Quirks, OwnFrames)
{
	for (const Mac &to : {kBroadcast, kMacA}) {
		auto heard = Both("own-frames", [&](Machine &m) {
			Function f(m, "0.0");
			f.Up(kMacA);
			f.Send(Frame(to, kMacA, 60));
			m.Step();
			return f.Receive().n_desc;
		});
		EXPECT_EQ(heard.chip, 0u);
		EXPECT_EQ(heard.qemu, 1u);
	}
}

TEST(Quirks, NoSpoofCheck)
{
	auto sent = Both("no-spoof-check", [](Machine &m) {
		Function f(m, "0.0");
		f.Up(kMacA);
		f.Send(Frame(kBroadcast, kStranger, 60));
		f.Send(Tagged(Frame(kBroadcast, kMacA, 60), 5));
		m.Step();
		return f.Rd(IGBVF_VFGPTC);
	});
	EXPECT_EQ(sent.chip, 0u);
	EXPECT_EQ(sent.qemu, 2u);
}

TEST(Quirks, NoAllmulti)
{
	constexpr uint32_t kGroupHash = 0x010;
	/* asked for, and more groups than there are places for; the group is named in both */
	const std::vector<uint32_t> asked[] = {
	    {IGBVF_MSG_SET_PROMISC | IGBVF_PROMISC_MULTICAST << 16},
	    {IGBVF_MSG_SET_MULTICAST | 31u << 16, kGroupHash},
	};

	for (const auto &words : asked) {
		auto heard = Both("no-allmulti", [&](Machine &m) {
			Function f(m, "0.0"), g(m, "0.1");
			f.Up(kMacA);
			g.Up(kMacB);
			EXPECT_TRUE(f.Ask({IGBVF_MSG_SET_MULTICAST | 1u << 16, kGroupHash}) &
				    IGBVF_MSG_ACK);
			EXPECT_TRUE(f.Ask(words) & IGBVF_MSG_ACK);
			g.Send(Frame(kGroup, kMacB, 60));
			m.Step();
			return f.Receive().n_desc;
		});
		EXPECT_EQ(heard.chip, 1u);
		EXPECT_EQ(heard.qemu, 0u);
	}
}

TEST(Quirks, SilentOverflow)
{
	auto lost = Both("silent-overflow", [](Machine &m) {
		Function f(m, "0.0"), g(m, "0.1");
		f.Up(kMacA, 8);
		g.Up(kMacB);
		for (int i = 0; i < 10; i++)
			g.Send(Frame(kMacA, kMacB, 60));
		m.Step();
		uint32_t counted = f.Rd(IGBVF_RQDPC);
		EXPECT_EQ(counted + f.Missed(VFNET_MISSED_no_descriptor), 3u) << "none forgotten";
		return counted;
	});
	EXPECT_EQ(lost.chip, 3u);
	EXPECT_EQ(lost.qemu, 0u);
}

TEST(Quirks, PlainStatistics)
{
	using Values = std::vector<uint32_t>;
	auto count = Both("plain-statistics", [](Machine &m) {
		Function f(m, "0.0"), g(m, "0.1");
		f.Up(kMacA);
		g.Up(kMacB);
		f.SetVlan(5, true);
		g.SetVlan(5, true);
		g.Send(Tagged(Frame(kMacA, kMacB, 60), 5));
		m.Step();
		EXPECT_EQ(f.Receive().vlan, 5);
		return Values{f.Rd(IGBVF_VFGPRC),   f.Rd(IGBVF_VFGORC),	 f.Rd(IGBVF_VFGPRLBC),
			      f.Rd(IGBVF_VFGORLBC), g.Rd(IGBVF_VFGPTC),	 g.Rd(IGBVF_VFGOTC),
			      g.Rd(IGBVF_VFGPTLBC), g.Rd(IGBVF_VFGOTLBC)};
	});
	EXPECT_EQ(count.chip, (Values{1, 68, 1, 68, 1, 68, 1, 68}));
	EXPECT_EQ(count.qemu, (Values{1, 64, 0, 0, 1, 68, 0, 0}));
}

/* What a function sends of @frame by a context of TCP over IPv4, in what a wire has seen. */
std::vector<Bytes> SentByContext(Machine &m, Function &f, const Bytes &frame, uint32_t cmd,
				 uint32_t popts, const std::string &path)
{
	uint32_t at = f.Put(0, 0, 2u << 20 | 1u << 29, 0);
	f.tx_ring[at].d[0] = 20 | 14 << 9;
	f.tx_ring[at].d[1] = 0;
	f.tx_ring[at].d[2] |= 1u << 10 | 1u << 11;
	f.tx_ring[at].d[3] = 100u << 16 | 20 << 8;
	at = f.Queue(frame, cmd);
	f.tx_ring[at].d[3] =
	    static_cast<uint32_t>(cmd ? frame.size() - 54 : frame.size()) << 14 | popts << 8;
	f.Ring();
	m.Step();
	vfnet_sim_stop(m.sim);
	return ReadCapture(path);
}

TEST(Quirks, NoFinPsh)
{
	using Flags = std::vector<int>;
	auto flags = Both("no-fin-psh", [](Machine &m) {
		TempFile file;
		m.Wire(0, "pcap-out:" + file.path);
		Function f(m, "0.0");
		f.Up(kMacA);
		frames::Shape shape;
		shape.tcp = true;
		shape.tcp_flags = 0x19; /* FIN, PSH, ACK */
		shape.payload = 250;
		const Bytes frame = frames::Build(shape, kStranger.data(), kMacA.data());
		Flags seen;
		for (const Bytes &one : SentByContext(m, f, frame, 1u << 31, 3, file.path))
			seen.push_back(one[14 + 20 + 13]);
		return seen;
	});
	EXPECT_EQ(flags.chip, (Flags{0x10, 0x10, 0x19}));
	EXPECT_EQ(flags.qemu, (Flags{0x10, 0x10, 0x10}));
}

TEST(Quirks, NoLoopBit)
{
	auto status = Both("no-loop-bit", [](Machine &m) {
		Function f(m, "0.0"), g(m, "0.1");
		f.Up(kMacA);
		g.Up(kMacB);
		g.Send(Frame(kMacA, kMacB, 60));
		m.Step();
		return f.Receive().status >> 18 & 1;
	});
	EXPECT_EQ(status.chip, 1u);
	EXPECT_EQ(status.qemu, 0u);
}

TEST(Quirks, IpLength)
{
	auto length = Both("ip-length", [](Machine &m) {
		TempFile file;
		m.Wire(0, "pcap-out:" + file.path);
		Function f(m, "0.0");
		f.Up(kMacA);
		frames::Shape shape;
		shape.tcp = true;
		shape.payload = 1;
		Bytes frame = frames::Build(shape, kStranger.data(), kMacA.data());
		frame.resize(60);
		vfnet_put_be16(&frame[14 + 10], 0);
		const Bytes sent = SentByContext(m, f, frame, 0, 1, file.path).at(0);
		EXPECT_TRUE(vfnet_checksum_ip4_good(&sent[14], 20));
		return sent[16] << 8 | sent[17];
	});
	EXPECT_EQ(length.chip, 41);
	EXPECT_EQ(length.qemu, 46);
}

TEST(Quirks, CutIsOne)
{
	using Values = std::vector<uint32_t>;
	auto count = Both("cut-is-one", [](Machine &m) {
		TempFile file;
		m.Wire(0, "pcap-out:" + file.path);
		Function f(m, "0.0");
		f.Up(kMacA);
		frames::Shape shape;
		shape.tcp = true;
		shape.payload = 250;
		const Bytes frame = frames::Build(shape, kStranger.data(), kMacA.data());
		EXPECT_EQ(3u, SentByContext(m, f, frame, 1u << 31, 3, file.path).size());
		return Values{f.Rd(IGBVF_VFGPTC), f.Rd(IGBVF_VFGOTC)};
	});
	EXPECT_EQ(count.chip, (Values{3, 250 + 3 * 58}));
	EXPECT_EQ(count.qemu, (Values{1, 250 + 58}));
}

TEST(Quirks, SeveralByNameAndOverSeveralCalls)
{
	Machine m;
	m.Card(0, "quirks=eiac-sticks+instant-enable");
	m.Card(0, "quirks=own-frames,promisc");
	EXPECT_EQ(m.log.Count("sim/quirks: card 0: "), 2u + 3u) << "each call says what is now";
	m.Card(1, "quirks=own-frames+own-frames");
	EXPECT_EQ(m.log.Count("card 1: own-frames (row 30): "), 1u);
}

/* The log has the table; the documents have its names, rows and sentences. */
TEST(Quirks, AllAreInTheDocuments)
{
	const std::string readme = ReadAll(VFNET_SOURCE_DIR "/sim/README.md");
	const std::string manual = ReadAll(VFNET_SOURCE_DIR "/apps/vfnet-fwd/vfnet-fwd.1");
	std::string tests = ReadAll(VFNET_SOURCE_DIR "/tests/README.md");
	const std::string start = "sim/quirks: card 0: ";
	Machine m;

	tests.erase(0, tests.find("## QEMU's deviations"));
	m.Card(0, "quirks=qemu");
	ASSERT_GT(m.log.lines.size(), 10u);
	for (const std::string &line : m.log.lines) {
		ASSERT_EQ(line.find(start), 0u) << line;
		size_t row = line.find(" (row "), text = line.find("): ");
		const std::string name = line.substr(start.size(), row - start.size());
		const std::string number = line.substr(row + 6, text - row - 6);
		const std::string table =
		    "| `" + name + "` | " + number + " | " + line.substr(text + 3) + " |";
		size_t driver = tests.find("\n| " + number + " | ");

		ASSERT_NE(driver, std::string::npos) << number;
		EXPECT_LT(tests.find(" | `" + name + "` | ", driver), tests.find('\n', driver + 1))
		    << name;
		EXPECT_NE(readme.find(table), std::string::npos) << table;
		EXPECT_NE(manual.find(".It Cm " + name + "\n"), std::string::npos) << name;
	}
}

} // namespace
