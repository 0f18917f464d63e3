/* SPDX-License-Identifier: BSD-2-Clause */
/* Quirks of QEMU's card that concern interrupts, beside what the chip does: 82576-vf.md §9. */
#include "tests/sim/card/quirks.h"

using namespace guest;

namespace
{

/* vectors, as bits, that the mailbox's message comes on when VTIVAR_MISC names @misc */
uint32_t MailboxVectors(Machine &m, uint32_t misc)
{
	Function f(m, "0.0");
	Vectors vectors(f);
	uint32_t came = 0;

	f.Wr(IGBVF_VTIVAR_MISC, IGBVF_VTIVAR_MISC_VALID | misc);
	f.Wr(IGBVF_VTEIMS, IGBVF_VECTORS_ALL);
	f.Ask({IGBVF_MSG_RESET});
	for (unsigned int v = 0; v < IGBVF_VECTORS; v++)
		came |= uint32_t{vectors.Messages(v) > 0} << v;
	return came;
}

TEST(Quirks, MiscMask)
{
	const uint32_t chip[] = {1, 2, 4}, qemu[] = {0, 1, 2};

	for (uint32_t misc = 0; misc < 3; misc++) {
		auto came = Both("misc-mask", [&](Machine &m) { return MailboxVectors(m, misc); });
		EXPECT_EQ(came.chip, chip[misc]);
		EXPECT_EQ(came.qemu, qemu[misc]);
	}
}

TEST(Quirks, NoAutoMask)
{
	auto came = Both("no-auto-mask", [](Machine &m) {
		Function f(m, "0.0");
		Vectors vectors(f);
		f.Wr(IGBVF_VTEIAC, 1);
		f.Wr(IGBVF_VTEIAM, 1);
		f.Wr(IGBVF_VTEIMS, 1);
		f.Wr(IGBVF_VTEICS, 1);
		f.Wr(IGBVF_VTEICS, 1);
		return vectors.Messages(0);
	});
	EXPECT_EQ(came.chip, 1u);
	EXPECT_EQ(came.qemu, 2u);
}

/* a frame for f, in a step of its own */
void Arrive(Machine &m, Function &f, Function &peer)
{
	peer.Send(Frame(kMacA, kMacB, 60));
	m.Step();
	EXPECT_FALSE(f.Receive().data.empty());
}

/* as Up(), without a reset of the function */
void Settle(Function &f)
{
	EXPECT_TRUE(f.Ask({IGBVF_MSG_RESET}) & (IGBVF_MSG_ACK | IGBVF_MSG_NACK));
	EXPECT_TRUE(f.SetMac(kMacA) & IGBVF_MSG_ACK);
	f.RxUp(64);
}

TEST(Quirks, IvarSticks)
{
	struct {
		std::vector<uint32_t> maps;
		bool reset; /* of the function, behind the first */
		uint32_t chip, qemu;
	} const cases[] = {
	    {{0x81, 0x00}, false, 0, 2}, {{0x81, 0x80}, false, 1, 2}, {{0x81, 0x82}, false, 4, 0},
	    {{0x80, 0x82}, false, 4, 4}, {{0x81}, true, 0, 2},
	};

	for (const auto &c : cases) {
		auto came = Both("ivar-sticks", [&](Machine &m) {
			Function f(m, "0.0"), peer(m, "0.1");
			Vectors vectors(f);
			peer.Up(kMacB);
			f.Wr(IGBVF_VTIVAR, c.maps[0]);
			if (c.reset)
				f.Up(kMacA); /* begins with VTCTRL.RST */
			else
				Settle(f);
			if (c.maps.size() > 1)
				f.Wr(IGBVF_VTIVAR, c.maps[1]);
			EXPECT_EQ(f.Rd(IGBVF_VTIVAR), c.reset ? 0 : c.maps.back())
			    << "what is in force is not shown";
			f.Wr(IGBVF_VTEIMS, IGBVF_VECTORS_ALL);
			Arrive(m, f, peer);
			uint32_t vector = 0;
			for (unsigned int v = 0; v < IGBVF_VECTORS; v++)
				vector |= uint32_t{vectors.Messages(v) > 0} << v;
			return vector;
		});
		EXPECT_EQ(came.chip, c.chip) << std::hex << c.maps.back();
		EXPECT_EQ(came.qemu, c.qemu) << std::hex << c.maps.back();
	}
}

TEST(Quirks, IvarSticksUntilTheCardIsReset)
{
	Machine m;
	m.Card(0, "quirks=ivar-sticks+half-reset");
	Function f(m, "0.0"), peer(m, "0.1");
	Vectors vectors(f);
	f.Wr(IGBVF_VTIVAR, 0x81);
	vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_DOWN);
	vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_UP);
	f.Up(kMacA);
	peer.Up(kMacB);
	f.Wr(IGBVF_VTEIMS, IGBVF_VECTORS_ALL);
	Arrive(m, f, peer);
	EXPECT_EQ(vectors.Messages(1), 0u);
}

TEST(Quirks, Queue1Mute)
{
	auto came = Both("queue-1-mute", [](Machine &m) {
		Function f(m, "0.0");
		Vectors vectors(f);
		f.Up(kMacA);
		f.Wr(IGBVF_VTIVAR, 0x82008100); /* TX1 to vector 2, TX0 to vector 1 */
		f.Wr(IGBVF_VTEIMS, IGBVF_VECTORS_ALL);
		f.Send(Frame(kStranger, kMacA, 60));
		m.Step();
		EXPECT_EQ(vectors.Messages(1), 1u) << "queue 0";
		f.UseQueue(1);
		f.TxUp(64);
		uint32_t at = f.Send(Frame(kStranger, kMacA, 60));
		m.Step();
		EXPECT_TRUE(f.Sent(at));
		return vectors.Messages(2);
	});
	EXPECT_EQ(came.chip, 1u);
	EXPECT_EQ(came.qemu, 0u);
}

/* vector 0 throttled to its longest interval, 8188 us, with one message behind it */
struct Throttled {
	explicit Throttled(Machine &machine) : m(machine), f(m, "0.0"), vectors(f)
	{
		f.Wr(IGBVF_VTEIAC, 1);
		f.Wr(IGBVF_VTEIMS, 1);
		f.Wr(IGBVF_EITR, 0x7ffc);
		f.Wr(IGBVF_VTEICS, 1);
		EXPECT_EQ(vectors.Messages(0), 1u);
	}
	/* messages in the next @us */
	uint64_t In(uint64_t us)
	{
		inside_skip_ns(m.sim, us * 1000);
		m.Step();
		return vectors.Messages(0);
	}
	Machine &m;
	Function f;
	Vectors vectors;
};

TEST(Quirks, LongEitr)
{
	using Messages = std::vector<uint64_t>;
	auto came = Both("long-eitr", [](Machine &m) {
		Throttled t(m);
		t.f.Wr(IGBVF_VTEICS, 1);
		return Messages{t.In(9000), t.In(20000), t.In(5000)};
	});
	EXPECT_EQ(came.chip, (Messages{1, 0, 0}));
	EXPECT_EQ(came.qemu, (Messages{0, 0, 1})) << "33.5 ms";
}

TEST(Quirks, EitrEcho)
{
	using Messages = std::vector<uint64_t>;
	/* nothing more is caused; masked meanwhile; two more causes; each: and after that, silence
	 */
	for (int how : {0, 1, 2}) {
		auto came = Both("eitr-echo", [&](Machine &m) {
			Throttled t(m);
			if (how == 1)
				t.f.Wr(IGBVF_VTEIMC, 1);
			for (int i = 0; i < how; i++)
				t.f.Wr(IGBVF_VTEICS, 1);
			return Messages{t.In(1000), t.In(8000), t.In(9000), t.In(9000)};
		});
		EXPECT_EQ(came.chip, (Messages{0, how == 2, 0, 0})) << how;
		EXPECT_EQ(came.qemu, (Messages{0, 1, 0, 0})) << how;
	}
}

} // namespace
