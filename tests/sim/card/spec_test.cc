/* SPDX-License-Identifier: BSD-2-Clause */
/* Specifications of cards and wires: what is wrong is named, with what would be right. */
#include "tests/sim/card/capture.h"

using namespace guest;

namespace
{

struct BadSpec {
	const char *spec;
	const char *says;
	int code = -EINVAL;
};

void PrintTo(const BadSpec &bad, std::ostream *out)
{
	*out << bad.spec;
}

class BadWire : public ::testing::TestWithParam<BadSpec>
{
};

TEST_P(BadWire, IsRefusedWithASentence)
{
	Machine m;
	vfnet_err err = {};

	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, GetParam().spec, &err), GetParam().code);
	EXPECT_EQ(err.code, GetParam().code);
	EXPECT_NE(std::string(err.text).find(GetParam().says), std::string::npos) << err.text;
	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, "gen", nullptr), 0) << "nothing is plugged in";
	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, "sink", nullptr), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Wires, BadWire,
    ::testing::Values(
	BadSpec{"", "there are: gen"}, BadSpec{"tape:eth0", "pcap-in:FILE"},
	BadSpec{"generator", "no wire \"generator\""},
	BadSpec{"gen:length=64", "unknown option \"length\"; known are: size=64..9728"},
	BadSpec{"gen:size=63", "from 64 to 9728"}, BadSpec{"gen:size=9729", "9728"},
	BadSpec{"gen:size=", "whole number"}, BadSpec{"gen:size", "size=64..9728"},
	BadSpec{"gen:size=64k", "whole number"}, BadSpec{"gen:size=-64", "whole number"},
	BadSpec{"gen:size= 64", "whole number"},
	BadSpec{"gen:size=99999999999999999999", "whole number"},
	BadSpec{"gen:size=64,size=64", "twice"}, BadSpec{"gen:size=64,", "unknown option"},
	BadSpec{"gen:count=0", "from 1"}, BadSpec{"gen:rate=0", "from 1"},
	BadSpec{"gen:flows=20000", "16384"}, BadSpec{"gen:dst=1:2:3", "02:00:00:00:00:01"},
	BadSpec{"sink:size=64", "no options"}, BadSpec{"pcap-in", "pcap-in:FILE"},
	BadSpec{"pcap-out:", "pcap-out:FILE"},
	BadSpec{"pcap-in:/nonexistent/x.pcap", "/nonexistent/x.pcap", -ENOENT},
	BadSpec{"pcap-out:/nonexistent/x.pcap", "/nonexistent/x.pcap", -ENOENT}));

class BadCard : public ::testing::TestWithParam<BadSpec>
{
};

TEST_P(BadCard, IsRefusedAndChangesNothing)
{
	Machine m;
	vfnet_err err = {};

	EXPECT_EQ(vfnet_sim_card(m.sim, 0, GetParam().spec, &err), GetParam().code);
	EXPECT_NE(std::string(err.text).find(GetParam().says), std::string::npos) << err.text;
	Function f(m, "0.0");
	EXPECT_TRUE(f.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU);
}

INSTANTIATE_TEST_SUITE_P(
    Cards, BadCard,
    ::testing::Values(BadSpec{"down,promiscuous", "unknown option \"promiscuous\""},
		      BadSpec{"promisc=1", "without a value"}, BadSpec{"down,mac", "mac=VF:ADDR"},
		      BadSpec{"down,mac=7:02:00:00:00:00:01", "VF from 0 to 6"},
		      BadSpec{"mac=0", "mac=VF:ADDR"}, BadSpec{"mac=0:02:00", "02:00:00:00:00:01"},
		      BadSpec{"mac=0:ff:ff:ff:ff:ff:ff", "not a unicast"},
		      BadSpec{"down,vlan=0:0", "1 to 4094"}, BadSpec{"vlan=0:4095", "1 to 4094"},
		      BadSpec{"vlan=5", "vlan=VF:ID"}, BadSpec{"vlan=7:5", "VF from 0 to 6"},
		      BadSpec{"trust", "trust=VF"}, BadSpec{"trust=7", "0 to 6"},
		      BadSpec{"stats=4294967296", "0 to 4294967295"},
		      BadSpec{"stats=0x10", "whole number"}, BadSpec{"promisc,promisc", "twice"},
		      BadSpec{"down,reset=0", "from 1"}, BadSpec{"down,reset", "reset=MS"},
		      BadSpec{"down,outage=5", "reset=MS"}, BadSpec{"down,flap=1h", "whole number"},
		      BadSpec{"down,lose-reply=-1", "whole number"},
		      BadSpec{"down,lag=1,lag=2", "twice"}, BadSpec{"down,garble=0", "from 1"},
		      BadSpec{"down,shuffle=x", "whole number"}, BadSpec{"quirks", "quirks=NAME"},
		      BadSpec{"down,quirks=", "there is no \"\""},
		      BadSpec{"quirks=qemu+half", "no \"half\"; there are qemu, ivar-sticks"},
		      BadSpec{"quirks=qemu,quirks=qemu", "twice"}));

TEST(Spec, CardsEndAtFifteen)
{
	Machine m;
	vfnet_err err = {};
	vfnet_sim_wire_counters counters;

	EXPECT_EQ(vfnet_sim_card(m.sim, 16, "promisc", &err), -EINVAL);
	EXPECT_EQ(vfnet_sim_wire(m.sim, 16, "sink", &err), -EINVAL);
	EXPECT_NE(std::string(err.text).find("0 to 15"), std::string::npos);
	EXPECT_EQ(vfnet_sim_get_wire_counters(m.sim, 16, &counters), -ENODEV);
	EXPECT_EQ(vfnet_sim_get_wire_counters(m.sim, 3, &counters), -ENODEV);
	EXPECT_EQ(vfnet_sim_card(m.sim, 3, "", &err), 0);
	EXPECT_EQ(vfnet_sim_get_wire_counters(m.sim, 3, &counters), 0);
}

TEST(Spec, ASideTakesOneWire)
{
	TempFile file;
	Machine m;
	vfnet_err err = {};

	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, "gen", &err), 0);
	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, "sink", &err), 0);
	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, "gen:size=100", &err), -EEXIST);
	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, ("pcap-out:" + file.path).c_str(), &err), -EEXIST);
}

TEST(Spec, OptionsOfSimOpenAreChecked)
{
	vfnet_sim_opts opts = {};
	vfnet_sim *sim = nullptr;
	vfnet_err err = {};

	EXPECT_EQ(vfnet_sim_open(&opts, &sim, &err), -EINVAL);
	opts.size = sizeof(opts);
	opts.mode = static_cast<vfnet_sim_mode>(9);
	EXPECT_EQ(vfnet_sim_open(&opts, &sim, &err), -EINVAL);
	EXPECT_EQ(sim, nullptr);
	ASSERT_EQ(vfnet_sim_open(nullptr, &sim, &err), 0);
	EXPECT_NE(vfnet_sim_get_mode(sim), VFNET_SIM_AUTO);
	EXPECT_EQ(vfnet_sim_close(sim), 0);
	EXPECT_EQ(vfnet_sim_close(nullptr), 0);
}

} // namespace
