/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/checksum.h"

#include <endian.h>

uint64_t vfnet_checksum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint64_t word;

	/* 2^16 is 1 modulo 65535, so numbers of any multiple of 16 bits may be added; two halves
	 * of 32 bits leave room for 2^31 words before a carry would be lost */
	for (; len >= sizeof(word); byte += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		sum += (word & 0xffffffff) + (word >> 32);
	}
	if (len > 0) {
		word = 0;
		memcpy(&word, byte, len);
		sum += (word & 0xffffffff) + (word >> 32);
	}
	return sum;
}

/* the two 16-bit numbers of a pseudo header that are not a copy of header bytes */
static uint64_t proto_and_len(uint8_t proto, uint16_t l4_len)
{
	return (uint64_t)htobe16(proto) + htobe16(l4_len);
}

uint64_t vfnet_checksum_pseudo4(const uint8_t *ip4, uint8_t proto, uint16_t l4_len)
{
	return vfnet_checksum_add(proto_and_len(proto, l4_len), ip4 + 12, 8);
}

uint64_t vfnet_checksum_pseudo6(const uint8_t *ip6, uint8_t proto, uint16_t l4_len)
{
	return vfnet_checksum_add(proto_and_len(proto, l4_len), ip6 + 8, 32);
}
