/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_FRAME_FRAMES_H
#define VFNET_TESTS_UNIT_FRAME_FRAMES_H

/* Frames put together byte by byte, without the code under test. */

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace frames
{

using Bytes = std::vector<uint8_t>;

inline Bytes join(std::initializer_list<Bytes> parts)
{
	Bytes all;

	for (const Bytes &part : parts)
		all.insert(all.end(), part.begin(), part.end());
	return all;
}

inline uint8_t high(size_t v)
{
	return static_cast<uint8_t>(v >> 8);
}

inline uint8_t low(size_t v)
{
	return static_cast<uint8_t>(v);
}

inline Bytes ethernet(unsigned int type)
{
	return {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, high(type), low(type)};
}

/* @fragment: the whole 16-bit field; @total: the length that the header says */
inline Bytes ip4(uint8_t proto, size_t total, unsigned int fragment = 0, const Bytes &options = {})
{
	return join({{static_cast<uint8_t>(0x45 + options.size() / 4),
		      0,
		      high(total),
		      low(total),
		      0,
		      0,
		      high(fragment),
		      low(fragment),
		      64,
		      proto,
		      0,
		      0,
		      10,
		      0,
		      0,
		      1,
		      10,
		      0,
		      0,
		      2},
		     options});
}

inline Bytes ip6(uint8_t next, size_t payload)
{
	Bytes header{0x60, 0, 0, 0, high(payload), low(payload), next, 64};

	for (int i = 0; i < 32; i++)
		header.push_back(static_cast<uint8_t>(i));
	return header;
}

/* @len: the length that the header says */
inline Bytes udp(size_t len)
{
	return {0x12, 0x34, 0x56, 0x78, high(len), low(len), 0, 0};
}

inline Bytes tcp(unsigned int header_words, const Bytes &options = {})
{
	return join({{0x12,
		      0x34,
		      0x56,
		      0x78,
		      0,
		      0,
		      0,
		      1,
		      0,
		      0,
		      0,
		      2,
		      static_cast<uint8_t>(header_words << 4),
		      0x10,
		      1,
		      0,
		      0,
		      0,
		      0,
		      0},
		     options});
}

/* an IPv6 extension header that says that it is (@units + 1) * 8 bytes, as long as it says */
inline Bytes extension(uint8_t next, uint8_t units = 0)
{
	Bytes header(8 * (units + 1u));

	header[0] = next;
	header[1] = units;
	return header;
}

inline Bytes text(size_t n)
{
	return Bytes(n, 'x');
}

} // namespace frames

#endif
