/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/pcap_file.h"

#include <algorithm>

#include <pcap/pcap.h>

#include <gtest/gtest.h>

Frame MakeFrame(size_t bytes, uint8_t seed, const Frame &dst)
{
	static const Frame header = {2, 0, 0, 0, 0, 0x22, 0x88, 0xb5};
	Frame frame(std::max<size_t>(bytes, 14));

	std::copy(dst.begin(), dst.end(), frame.begin());
	std::copy(header.begin(), header.end(), frame.begin() + 6);
	for (size_t i = 14; i < frame.size(); i++)
		frame[i] = static_cast<uint8_t>(seed + i * 7);
	frame.resize(bytes);
	return frame;
}

void WritePcap(const std::string &path, const Frames &frames)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, path.c_str());

	ASSERT_NE(dumper, nullptr) << pcap_geterr(pcap);
	for (const Frame &frame : frames) {
		struct pcap_pkthdr header = {};

		header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
		pcap_dump(reinterpret_cast<u_char *>(dumper), &header, frame.data());
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

Frames ReadPcap(const std::string &path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path.c_str(), error);
	struct pcap_pkthdr *header;
	const u_char *data;
	Frames frames;

	EXPECT_NE(pcap, nullptr) << error;
	if (!pcap)
		return frames;
	while (pcap_next_ex(pcap, &header, &data) == 1)
		frames.emplace_back(data, data + header->caplen);
	pcap_close(pcap);
	return frames;
}
