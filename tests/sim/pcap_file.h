/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PCAP_FILE_H
#define VFNET_TESTS_PCAP_FILE_H

#include <cstdint>
#include <string>
#include <vector>

using Frame = std::vector<uint8_t>;
using Frames = std::vector<Frame>;

/* @bytes without CRC: destination, source, an ethertype for experiments, then bytes from @seed */
Frame MakeFrame(size_t bytes, uint8_t seed, const Frame &dst = {2, 0, 0, 0, 0, 0x11});

void WritePcap(const std::string &path, const Frames &frames);

Frames ReadPcap(const std::string &path);

#endif
