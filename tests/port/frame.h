/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PORT_FRAME_H
#define VFNET_TESTS_PORT_FRAME_H

/*
 * Frames of these tests: numbered, of an EtherType for experiments, so that strangers' frames on
 * the same network do not count; each byte follows from the number.
 */
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <vfnet/pkt.h>

#include "lib/frame/bytes.h"

using Bytes = std::vector<uint8_t>;
using Mac = std::array<uint8_t, 6>;

constexpr Mac kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr int kNoTag = -1;

/* What a port received, from its first to its last byte, also if it lay in several buffers. */
struct Frame {
	Bytes bytes;
	uint16_t flags;	      /* VFNET_PKT_* of the first value */
	uint16_t vlan;	      /* tag that the card removed, if VFNET_PKT_VLAN */
	unsigned int buffers; /* that it lay in */

	Mac Dst() const
	{
		Mac mac;
		std::copy_n(bytes.begin(), mac.size(), mac.begin());
		return mac;
	}
	Mac Src() const
	{
		Mac mac;
		std::copy_n(bytes.begin() + 6, mac.size(), mac.begin());
		return mac;
	}
};

namespace numbered
{

constexpr uint16_t kEtherType = 0x88b5; /* IEEE 802: local experimental */
constexpr uint32_t kMagic = 0x76666e74;
constexpr size_t kHeader = 8; /* magic and number */

inline uint8_t Pattern(uint32_t number, size_t i)
{
	return static_cast<uint8_t>(number * 31 + i * 7 + (i >> 8));
}

/* A frame of @size bytes without CRC, tag included; 60 is the shortest. */
inline Bytes Make(const Mac &dst, const Mac &src, size_t size, uint32_t number, int tag = kNoTag)
{
	Bytes frame(size);
	std::copy(dst.begin(), dst.end(), frame.begin());
	std::copy(src.begin(), src.end(), frame.begin() + 6);
	size_t at = 12;
	if (tag != kNoTag) {
		vfnet_put_be16(&frame[at], 0x8100);
		vfnet_put_be16(&frame[at + 2], static_cast<uint16_t>(tag));
		at += 4;
	}
	vfnet_put_be16(&frame[at], kEtherType);
	vfnet_put_be32(&frame[at + 2], kMagic);
	vfnet_put_be32(&frame[at + 6], number);
	for (size_t i = at + 2 + kHeader; i < size; i++)
		frame[i] = Pattern(number, i - at);
	return frame;
}

/* Where the EtherType is: behind a tag that is still in the frame. */
inline size_t TypeOffset(const Bytes &frame)
{
	return frame.size() > 18 && vfnet_get_be16(&frame[12]) == 0x8100 ? 16 : 12;
}

/* Return: whether it is one of ours; its @number. */
inline bool Parse(const Bytes &frame, uint32_t *number)
{
	const size_t at = TypeOffset(frame);
	if (frame.size() < at + 2 + kHeader || vfnet_get_be16(&frame[at]) != kEtherType ||
	    vfnet_get_be32(&frame[at + 2]) != kMagic)
		return false;
	*number = vfnet_get_be32(&frame[at + 6]);
	return true;
}

/* Whether each byte is as it was made. */
inline bool Intact(const Bytes &frame)
{
	uint32_t number;
	if (!Parse(frame, &number))
		return false;
	const size_t at = TypeOffset(frame);
	for (size_t i = at + 2 + kHeader; i < frame.size(); i++)
		if (frame[i] != Pattern(number, i - at))
			return false;
	return true;
}

/* The tag that is still in the frame, or the one that the card removed. */
inline int Tag(const Frame &frame)
{
	if (frame.flags & VFNET_PKT_VLAN)
		return frame.vlan;
	return TypeOffset(frame.bytes) == 16 ? vfnet_get_be16(&frame.bytes[14]) : kNoTag;
}

} // namespace numbered

#endif
