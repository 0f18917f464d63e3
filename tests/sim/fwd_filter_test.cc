/* SPDX-License-Identifier: BSD-2-Clause */
/* --allmulti and --vlan: what gets in with them, and comes out of the other port as it was. */
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/sim/fwd_json.h"
#include "tests/sim/pcap_file.h"

namespace
{
const Frame kMac = {2, 0, 0, 0, 0, 0x11};
const Frame kGroup = {1, 0, 0x5e, 0, 0, 1};
const Frame kSender = {2, 0, 0, 0, 0, 0x22};

Frame Tagged(Frame frame, uint8_t vid)
{
	const uint8_t tag[] = {0x81, 0, 0, vid};

	frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
	return frame;
}

class FwdFilter : public testing::Test
{
      protected:
	/* from a capture through sim:0.0 and sim:1.0 into another; in mode mac the source changes
	 */
	Counts Forward(Args options)
	{
		const Args rest = {"--card",  "0=mac=0:02:00:00:00:00:11",
				   "--card",  "1=mac=0:02:00:00:00:00:22",
				   "--wire",  "0=pcap-in:" + dir_.File("in"),
				   "--wire",  "1=pcap-out:" + dir_.File("out"),
				   "sim:0.0", "sim:1.0"};

		WritePcap(dir_.File("in"), frames_);
		options.insert(options.end(), rest.begin(), rest.end());
		Json run = RunJson(options);
		for (const Frame &frame : ReadPcap(dir_.File("out"))) {
			EXPECT_EQ(Frame(frame.begin() + 6, frame.begin() + 12), kSender);
			out_.push_back(frame);
		}
		return NonZero(run.get(), "missed");
	}
	Frame AsSent(size_t i)
	{
		Frame frame = frames_[i];

		std::copy(kSender.begin(), kSender.end(), frame.begin() + 6);
		return frame;
	}

	TempDir dir_;
	Frames frames_ = {MakeFrame(60, 1, kMac), MakeFrame(61, 2, kGroup),
			  Tagged(MakeFrame(62, 3, kMac), 5), Tagged(MakeFrame(63, 4, kMac), 6),
			  Tagged(MakeFrame(64, 5, kMac), 7)};
	Frames out_;
};

TEST_F(FwdFilter, WithoutThemGroupsAndVlansAreMissed)
{
	EXPECT_EQ(Forward({}), (Counts{{"no_filter_match", 4}}));
	EXPECT_EQ(out_, (Frames{AsSent(0)}));
}

TEST_F(FwdFilter, AllMultiLetsGroupsIn)
{
	EXPECT_EQ(Forward({"--allmulti"}), (Counts{{"no_filter_match", 3}}));
	EXPECT_EQ(out_, (Frames{AsSent(0), AsSent(1)}));
}

TEST_F(FwdFilter, VlansComeInAndGoOutWithTheirTags)
{
	EXPECT_EQ(Forward({"--vlan", "5", "--vlan", "7"}), (Counts{{"no_filter_match", 2}}));
	EXPECT_EQ(out_, (Frames{AsSent(0), AsSent(2), AsSent(4)}));
}
} // namespace
