/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_CARD_CAPTURE_H
#define TESTS_SIM_CARD_CAPTURE_H

/* Captures written and read by tests, and the temporary files that they are in. */

#include <pcap/pcap.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "tests/sim/card/guest.h"

namespace guest
{

/* A file name that is free; the file goes with the object. */
struct TempFile {
	TempFile()
	{
		char name[] = "/tmp/vfnet-card-test-XXXXXX";

		close(mkstemp(name));
		path = name;
	}
	~TempFile()
	{
		unlink(path.c_str());
	}
	TempFile(const TempFile &) = delete;
	TempFile &operator=(const TempFile &) = delete;

	std::string path;
};

inline void WriteCapture(const std::string &path, const std::vector<Bytes> &frames,
			 int link = DLT_EN10MB, uint32_t cut = 0)
{
	pcap_t *pcap = pcap_open_dead(link, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, path.c_str());

	for (const auto &frame : frames) {
		pcap_pkthdr header = {};

		header.len = static_cast<bpf_u_int32>(frame.size());
		header.caplen = header.len - cut;
		pcap_dump(reinterpret_cast<u_char *>(dumper), &header, frame.data());
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

/* All frames; time stamps must be 0, 1, 2 ... microseconds. */
inline std::vector<Bytes> ReadCapture(const std::string &path)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path.c_str(), text);
	std::vector<Bytes> frames;
	pcap_pkthdr *header;
	const u_char *data;
	int got;

	EXPECT_NE(pcap, nullptr) << text;
	if (!pcap)
		return frames;
	while ((got = pcap_next_ex(pcap, &header, &data)) == 1) {
		EXPECT_EQ(static_cast<size_t>(header->ts.tv_usec), frames.size());
		EXPECT_EQ(header->caplen, header->len);
		frames.emplace_back(data, data + header->caplen);
	}
	EXPECT_EQ(got, PCAP_ERROR_BREAK) << pcap_geterr(pcap);
	pcap_close(pcap);
	return frames;
}

inline std::string ReadAll(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);

	return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

} // namespace guest

#endif
