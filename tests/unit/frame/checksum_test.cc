/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace
{

using Bytes = std::vector<uint8_t>;

/* The definition in RFC 1071, as slow as it stands there. */
uint16_t reference(const Bytes &bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes.size(); i += 2) {
		sum += static_cast<uint32_t>(bytes[i] << 8);
		sum += i + 1 < bytes.size() ? bytes[i + 1] : 0u;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return static_cast<uint16_t>(~sum);
}

/* the field as the number that stands on the wire */
uint16_t wire(uint16_t field)
{
	uint8_t byte[2];

	vfnet_checksum_store(byte, field);
	return static_cast<uint16_t>(byte[0] << 8 | byte[1]);
}

TEST(FrameChecksum, EqualsTheDefinitionForEveryLengthAndAlignment)
{
	std::mt19937 random(1);
	Bytes store(300);

	for (auto &byte : store)
		byte = static_cast<uint8_t>(random());
	for (size_t at = 0; at < 8; at++) {
		for (size_t len = 0; len < 280; len++) {
			const Bytes part(store.begin() + static_cast<long>(at),
					 store.begin() + static_cast<long>(at + len));

			ASSERT_EQ(reference(part), wire(vfnet_checksum_finish(vfnet_checksum_add(
						       0, store.data() + at, len))))
			    << at << " " << len;
		}
	}
}

TEST(FrameChecksum, CarriesSurviveTheLargestFrame)
{
	const Bytes ones(65535, 0xff);

	EXPECT_EQ(reference(ones),
		  wire(vfnet_checksum_finish(vfnet_checksum_add(0, ones.data(), ones.size()))));
}

TEST(FrameChecksum, FinishFoldsTheLargestSum)
{
	EXPECT_EQ(0, vfnet_checksum_finish(UINT64_MAX));
	EXPECT_EQ(0xffff, vfnet_checksum_finish(0));
	EXPECT_EQ(0xfffe, vfnet_checksum_finish(UINT64_C(0x0001000000000000)));
	EXPECT_EQ(0x7fff, vfnet_checksum_finish(UINT64_C(0xffffffff80000000)));
}

TEST(FrameChecksum, PiecesAddUp)
{
	const Bytes data{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
	const uint64_t front = vfnet_checksum_add(0, data.data(), 6);

	EXPECT_EQ(reference(data),
		  wire(vfnet_checksum_finish(vfnet_checksum_add(front, data.data() + 6, 7))));
}

/* An echo request to oneself; the checksum was worked out by a separate program. */
const Bytes ip4_header{0x45, 0x00, 0x00, 0x54, 0x3d, 0x59, 0x40, 0x00, 0x40, 0x01,
		       0xff, 0x4d, 0x7f, 0x00, 0x00, 0x01, 0x7f, 0x00, 0x00, 0x01};

TEST(FrameChecksum, AcceptsAGoodIp4HeaderAndNoOtherBit)
{
	ASSERT_TRUE(vfnet_checksum_ip4_good(ip4_header.data(), 20));
	for (size_t bit = 0; bit < 160; bit++) {
		Bytes bad = ip4_header;

		bad[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
		EXPECT_FALSE(vfnet_checksum_ip4_good(bad.data(), 20)) << bit;
	}
}

TEST(FrameChecksum, ReplacedWordsGiveTheSameAsAllAnew)
{
	for (unsigned int now : {0x0000u, 0x0001u, 0x4001u, 0x4011u, 0xfffeu, 0xffffu}) {
		Bytes header = ip4_header;
		uint16_t old = vfnet_checksum_load(&header[8]);

		header[8] = static_cast<uint8_t>(now >> 8);
		header[9] = static_cast<uint8_t>(now);
		vfnet_checksum_store(&header[10],
				     vfnet_checksum_replace(vfnet_checksum_load(&header[10]), old,
							    vfnet_checksum_load(&header[8])));
		EXPECT_TRUE(vfnet_checksum_ip4_good(header.data(), 20)) << now;
		header[3] ^= 1;
		EXPECT_FALSE(vfnet_checksum_ip4_good(header.data(), 20)) << now;
	}
}

TEST(FrameChecksum, AWordThatWasTheOnlyOneIsReplacedByNothing)
{
	Bytes message{8, 0, 0xf7, 0xff, 0, 0, 0, 0};

	ASSERT_EQ(vfnet_checksum_finish(vfnet_checksum_add(0, message.data(), 8)), 0);
	uint16_t field = vfnet_checksum_replace(vfnet_checksum_load(&message[2]),
						vfnet_checksum_load(&message[0]), 0);
	message[0] = 0;
	vfnet_checksum_store(&message[2], field);
	EXPECT_EQ(vfnet_checksum_finish(vfnet_checksum_add(0, message.data(), 8)), 0);
}

TEST(FrameChecksum, Pseudo4IsAddressesProtocolAndLength)
{
	const Bytes pseudo{127, 0, 0, 1, 127, 0, 0, 1, 0, 17, 0x12, 0x34};

	EXPECT_EQ(reference(pseudo), wire(vfnet_checksum_finish(
					 vfnet_checksum_pseudo4(ip4_header.data(), 17, 0x1234))));
}

TEST(FrameChecksum, Pseudo6IsAddressesLengthAndProtocol)
{
	Bytes header(40), pseudo;

	for (size_t i = 0; i < header.size(); i++)
		header[i] = static_cast<uint8_t>(200 + 3 * i);
	pseudo.assign(header.begin() + 8, header.end());
	for (int byte : {0, 0, 0x12, 0x34, 0, 0, 0, 58})
		pseudo.push_back(static_cast<uint8_t>(byte));
	EXPECT_EQ(reference(pseudo),
		  wire(vfnet_checksum_finish(vfnet_checksum_pseudo6(header.data(), 58, 0x1234))));
}

} // namespace
