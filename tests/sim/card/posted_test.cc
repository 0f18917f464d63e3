/* SPDX-License-Identifier: BSD-2-Clause */
/* "posted=N": register writes that are under way for N steps. */
#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

/* What a card shows without a register read of the same function, which would flush. */
class Posted : public ::testing::Test
{
      protected:
	Machine m;
	struct vfnet_err err = {};

	void Plug(const char *spec)
	{
		ASSERT_EQ(vfnet_sim_card(m.sim, 0, spec, &err), 0) << err.text;
	}
};

TEST_F(Posted, AWriteArrivesAfterItsStepsAndNoEarlier)
{
	ASSERT_NO_FATAL_FAILURE(Plug("posted=3"));
	Function f(m, "0.0"), peer(m, "0.1");
	ASSERT_NO_FATAL_FAILURE(f.Up(kMacA));
	ASSERT_NO_FATAL_FAILURE(peer.Up(kMacB));
	EXPECT_EQ(f.tdt, nullptr) << "doorbells are posted too";
	uint32_t at = f.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	m.Step();
	EXPECT_FALSE(f.Sent(at));
	m.Step();
	EXPECT_TRUE(f.Sent(at));
}

TEST_F(Posted, AReadOfTheSameFunctionBringsItThere)
{
	ASSERT_NO_FATAL_FAILURE(Plug("posted=1000"));
	Function f(m, "0.0"), other(m, "0.1");
	ASSERT_NO_FATAL_FAILURE(f.Up(kMacA));
	uint32_t at = f.Send(Frame(kStranger, kMacA, 60));
	other.Rd(IGBVF_STATUS);
	m.Step();
	EXPECT_FALSE(f.Sent(at)) << "another function's read";
	f.Rd(IGBVF_STATUS);
	m.Step();
	EXPECT_TRUE(f.Sent(at));
}

TEST_F(Posted, WritesArriveInTheirOrderHoweverMany)
{
	ASSERT_NO_FATAL_FAILURE(Plug("posted=1000"));
	Function f(m, "0.0");
	for (uint32_t i = 1; i <= 500; i++) {
		f.Wr(IGBVF_VTIVAR, 0);
		f.Wr(IGBVF_RDLEN, i);
	}
	f.Wr(IGBVF_VTIVAR, 0x81);
	EXPECT_EQ(f.Rd(IGBVF_RDLEN), 500u);
	EXPECT_EQ(f.Rd(IGBVF_VTIVAR), 0x81u);
}

TEST_F(Posted, AResetOfTheFunctionComesBehindThem)
{
	ASSERT_NO_FATAL_FAILURE(Plug("posted=5"));
	Function f(m, "0.0");
	f.Wr(IGBVF_VTEIMS, 0x7);
	ASSERT_EQ(f.dev->ops->reset(f.dev, &err), 0);
	for (int i = 0; i < 10; i++)
		m.Step();
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 0u);
}

TEST_F(Posted, OtherCardsAreNotConcerned)
{
	ASSERT_NO_FATAL_FAILURE(Plug("posted=8"));
	Function f(m, "1.0");
	EXPECT_NE(f.rdt, nullptr);
	EXPECT_NE(f.tdt, nullptr);
}

TEST_F(Posted, TheNumberOfStepsIsChecked)
{
	for (const char *bad : {"posted", "posted=0", "posted=1001", "posted=x"})
		EXPECT_EQ(vfnet_sim_card(m.sim, 0, bad, &err), -EINVAL) << bad;
	EXPECT_NE(std::string(err.text).find("1 to 1000"), std::string::npos) << err.text;
}

} // namespace
