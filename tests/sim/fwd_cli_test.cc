/* SPDX-License-Identifier: BSD-2-Clause */
/* What vfnet-fwd says to wrong input: one line that names the option, and an exit code. */
#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/sim/fwd_process.h"

namespace
{
struct Refusal {
	const char *name;
	Args args;
	int exit;
	std::string text; /* part of the one line */
};

void PrintTo(const Refusal &refusal, std::ostream *os)
{
	*os << refusal.name;
}

class FwdCli : public testing::TestWithParam<Refusal>
{
};

TEST_P(FwdCli, SaysWhatIsWrongInOneLine)
{
	Outcome run = RunFwd(GetParam().args);

	EXPECT_EQ(run.exit, GetParam().exit);
	EXPECT_NE(run.err.find(GetParam().text), std::string::npos) << run.err;
	EXPECT_EQ(run.err.compare(0, 11, "vfnet-fwd: "), 0) << run.err;
	EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
	EXPECT_EQ(run.out, "");
}

const Refusal kWrong[] = {
    {"NoDevice", {}, 2, "no device"},
    {"UnknownOption", {"--frobnicate", "sim:0.0"}, 2, "--frobnicate: no such option"},
    {"ShortOption", {"-x", "sim:0.0"}, 2, "-x: no such option"},
    {"MissingValue", {"sim:0.0", "--burst"}, 2, "--burst: must have a value"},
    {"Mode", {"--mode", "route", "sim:0.0"}, 2, "--mode route: must be io, mac, swap or echo"},
    {"BurstZero", {"--burst", "0", "sim:0.0"}, 2, "--burst 0: must be a whole number from 1"},
    {"BurstLarge", {"--burst", "257", "sim:0.0"}, 2, "from 1 to 256"},
    {"BurstText", {"--burst", "3x", "sim:0.0"}, 2, "--burst 3x"},
    {"BurstNegative", {"--burst", "-3", "sim:0.0"}, 2, "--burst -3"},
    {"BurstBelowFrame", {"--burst", "2", "--mtu", "9000", "sim:0.0"}, 2, "at least 5"},
    {"RingOne", {"--ring", "1", "sim:0.0"}, 2, "--ring 1: must be"},
    {"Ring100000", {"--ring", "100000", "sim:0.0"}, 2, "from 64 to 4096"},
    {"RingOdd", {"--ring", "100", "sim:0.0"}, 2, "multiple of 8"},
    {"MtuSmall", {"--mtu", "67", "sim:0.0"}, 2, "from 68 to 9710"},
    {"MtuLarge", {"--mtu", "9711", "sim:0.0"}, 2, "from 68 to 9710"},
    {"Simd", {"--simd", "mmx", "sim:0.0"}, 2, "--simd mmx: must be auto, scalar, avx2 or avx512"},
    {"VlanZero", {"--vlan", "0", "sim:0.0"}, 2, "--vlan 0: must be a whole number from 1 to 4094"},
    {"VlanLarge", {"--vlan", "4095", "sim:0.0"}, 2, "from 1 to 4094"},
    {"DurationZero", {"--duration", "0", "sim:0.0"}, 2, "--duration 0: must be seconds"},
    {"DurationNan", {"--duration", "nan", "sim:0.0"}, 2, "--duration nan"},
    {"CountZero", {"--count", "0", "sim:0.0"}, 2, "--count 0"},
    {"CountHuge", {"--count", "99999999999999999999", "sim:0.0"}, 2, "--count 9999"},
    {"MemUnit", {"--mem", "64Q", "sim:0.0"}, 2, "with K, M, G or T"},
    {"MemLarge", {"--mem", "10T", "sim:0.0"}, 2, "a size from 2M to 128G"},
    {"CoresText", {"--cores", "a", "sim:0.0"}, 2, "--cores a: must be a list"},
    {"CoresReverse", {"--cores", "3-1", "sim:0.0"}, 2, "--cores 3-1: must be a list"},
    {"CoresNone", {"--cores", "1000", "sim:0.0"}, 2, "core 1000 is none of them"},
    {"Sim", {"--sim", "magic", "sim:0.0"}, 2, "--sim magic: must be inline or thread"},
    {"Log", {"--log", "loud", "sim:0.0"}, 2, "err, warn, info or debug"},
    {"PeerForm", {"--peer", "1", "sim:0.0"}, 2, "--peer 1: must be N="},
    {"PeerMac", {"--peer", "0=12:34", "sim:0.0"}, 2, "PORT=aa:bb:cc:dd:ee:ff"},
    {"PeerPort", {"--peer", "1=02:00:00:00:00:01", "sim:0.0"}, 2, "a port from 0 to 0"},
    {"PeerMode", {"--mode", "io", "--peer", "auto", "sim:0.0"}, 2, "--mode mac or --prime"},
    {"AddressForm", {"--mode", "echo", "--address", "10.0.0.2", "sim:0.0"}, 2, "must be N="},
    {"AddressText", {"--mode", "echo", "--address", "0=10.0.2", "sim:0.0"}, 2, "PORT=IP, such as"},
    {"AddressText6",
     {"--mode", "echo", "--address", "0=fd00::g", "sim:0.0"},
     2,
     "PORT=IP, such as"},
    {"AddressGroup", {"--mode", "echo", "--address", "0=224.0.0.1", "sim:0.0"}, 2, "of one host"},
    {"AddressGroup6", {"--mode", "echo", "--address", "0=ff02::1", "sim:0.0"}, 2, "of one host"},
    {"AddressNone", {"--mode", "echo", "--address", "0=0.0.0.0", "sim:0.0"}, 2, "of one host"},
    {"AddressPort",
     {"--mode", "echo", "--address", "1=10.0.0.2", "sim:0.0"},
     2,
     "a port from 0 to 0"},
    {"AddressMode", {"--address", "0=10.0.0.2", "sim:0.0"}, 2, "must go with --mode echo"},
    {"PeerEcho", {"--mode", "echo", "--peer", "auto", "sim:0.0"}, 2, "--mode mac or --prime"},
    {"PrimeForm", {"--prime", "32", "sim:0.0"}, 2, "--prime 32: must be N:SIZE"},
    {"PrimeSmall", {"--prime", "1:63", "sim:0.0"}, 2, "from 64"},
    {"PrimeMtu", {"--prime", "1:1519", "sim:0.0"}, 2, "at most 1518 with --mtu 1500"},
    {"CardForm", {"--card", "promisc", "sim:0.0"}, 2, "--card promisc: must be N="},
    {"CardNumber", {"--card", "16=promisc", "sim:0.0"}, 2, "N from 0 to 15"},
    {"CardUnused", {"--card", "1=promisc", "sim:0.0"}, 2, "none of the devices is sim:1.VF"},
    {"CardSpec", {"--card", "0=fast", "sim:0.0"}, 2, "--card 0=fast: "},
    {"CardVlan", {"--card", "0=vlan=0:5000", "sim:0.0"}, 2, "--card 0=vlan=0:5000: "},
    {"CardTrust", {"--card", "0=trust", "sim:0.0"}, 2, "write it as \"trust=VF\""},
    {"WireUnused", {"--wire", "1=sink", "sim:0.0"}, 2, "--wire 1=sink: must name a card"},
    {"WireSpec", {"--wire", "0=water", "sim:0.0"}, 2, "--wire 0=water: "},
    {"WireTwice", {"--wire", "0=sink", "--wire", "0=sink", "sim:0.0"}, 2, "--wire 0=sink: "},
    {"GenSize", {"--wire", "0=gen:size=63", "sim:0.0"}, 2, "--wire 0=gen:size=63: "},
    {"UnknownBus", {"isa:0.0"}, 2, "isa"},
    {"DeviceForm", {"sim:zero"}, 2, "sim:zero"},
};

const Refusal kFailing[] = {
    {"UnknownCard", {"sim:16.0"}, 1, "sim:16.0"},
    {"UnknownVf", {"sim:0.7"}, 1, "sim:0.7"},
    {"OpenedTwice", {"sim:0.0", "sim:0.0"}, 1, "sim:0.0"},
    {"PfDown", {"--card", "0=down", "sim:0.0"}, 1, "sim:0.0"},
    {"VlanRefused",
     {"--card", "0=vlan=0:7", "--vlan", "5", "sim:0.0"},
     1,
     "--vlan: sim:0.0: the physical function refuses VLAN 5"},
    {"PoolSmall", {"--pool", "100", "sim:0.0"}, 1, "this run needs 1280 in all"},
    {"PoolOne", {"--pool", "1", "sim:0.0"}, 1, "this run needs 1280 in all"},
    {"RegionLarge", {"--mem", "128G", "sim:0.0"}, 1, "--mem: "},
    {"RegionSmall", {"--mem", "2M", "--ring", "4096", "sim:0.0"}, 1, "--mem: "},
    {"NoSuchFile", {"--wire", "0=pcap-in:/nowhere/x", "sim:0.0"}, 1, "/nowhere/x"},
};

std::string Name(const testing::TestParamInfo<Refusal> &info)
{
	return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Wrong, FwdCli, testing::ValuesIn(kWrong), Name);
INSTANTIATE_TEST_SUITE_P(Failing, FwdCli, testing::ValuesIn(kFailing), Name);

TEST(FwdDevice, OfPciThatCannotBeOpenedIsTheDoctors)
{
	Outcome run = RunFwd({"pci:ffff:ff:1f.7"});

	EXPECT_EQ(run.exit, 1);
	EXPECT_EQ(run.err.find("vfnet-fwd: there is no PCI function ffff:ff:1f.7 "), 0u) << run.err;
	EXPECT_NE(run.err.find("\nhint: vfnet-dev doctor ffff:ff:1f.7 "), std::string::npos)
	    << run.err;
	EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 2) << run.err;
}

struct Capture {
	const char *name;
	std::string bytes;
};

/* the head of a capture of Ethernet, and of a frame of 60 bytes */
const std::string kFileHead("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0", 24);
const std::string kFrameHead("\0\0\0\0\0\0\0\0\74\0\0\0\74\0\0\0", 16);

TEST(FwdCapture, ThatIsDamagedIsRefusedByName)
{
	const Capture captures[] = {
	    {"empty", ""},
	    {"text", "this is a letter and no capture"},
	    {"short-head", kFileHead.substr(0, 10)},
	    {"short-frame-head", kFileHead + kFrameHead.substr(0, 9)},
	    {"short-frame", kFileHead + kFrameHead + "only this"},
	};
	TempDir dir;

	for (const Capture &capture : captures) {
		std::ofstream(dir.File(capture.name), std::ios::binary) << capture.bytes;
		Outcome run = RunFwd({"--wire", "0=pcap-in:" + dir.File(capture.name), "sim:0.0"});

		EXPECT_EQ(run.exit, 2) << capture.name;
		EXPECT_EQ(run.err.find("vfnet-fwd: --wire 0=pcap-in:"), 0u) << run.err;
		EXPECT_NE(run.err.find(dir.File(capture.name), 40), std::string::npos) << run.err;
		EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
	}
}

TEST(FwdHelp, GoesToStandardOutput)
{
	Outcome run = RunFwd({"--help"});

	EXPECT_EQ(run.exit, 0);
	EXPECT_EQ(run.err, "");
	for (const char *option :
	     {"--mode",	 "--address", "--peer", "--prime",    "--duration", "--count", "--burst",
	      "--ring",	 "--mtu",     "--simd", "--allmulti", "--vlan",	    "--pool",  "--mem",
	      "--cores", "--wire",    "--card", "--sim",      "--interval", "--json",  "--log"})
		EXPECT_NE(run.out.find(option), std::string::npos) << option;
}

TEST(FwdVersion, IsOneLine)
{
	Outcome run = RunFwd({"--version"});

	EXPECT_EQ(run.exit, 0);
	EXPECT_EQ(run.out.compare(0, 10, "vfnet-fwd "), 0) << run.out;
	EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1);
}
} // namespace
