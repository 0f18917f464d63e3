/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FRAME_CHECKSUM_H
#define VFNET_FRAME_CHECKSUM_H

/*
 * The Internet checksum (RFC 1071). Sums are kept unfolded, in the byte order of this machine, so
 * that pieces can be added; vfnet_checksum_finish() makes the 16-bit field of one. A field of any
 * header is two bytes that vfnet_checksum_store() and _load() access as they stand on the wire.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * vfnet_checksum_add() - add bytes to a sum
 * @sum:  0, or what an earlier call returned
 * @data: any alignment
 * @len:  bytes; even, unless this is the last piece; all pieces together at most 8 GiB
 *
 * Context: any thread; reads 8 bytes at a time.
 * Return: the new sum.
 */
uint64_t vfnet_checksum_add(uint64_t sum, const void *data, size_t len);

/**
 * vfnet_checksum_finish() - the checksum field that belongs to a sum
 * @sum: over everything covered, the field itself counted as zero
 *
 * Return: what to store with vfnet_checksum_store(); 0 if @sum covered a right field.
 */
static inline uint16_t vfnet_checksum_finish(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t) ~((sum >> 16) + sum);
}

static inline void vfnet_checksum_store(void *field, uint16_t checksum)
{
	memcpy(field, &checksum, sizeof(checksum));
}

static inline uint16_t vfnet_checksum_load(const void *field)
{
	uint16_t checksum;

	memcpy(&checksum, field, sizeof(checksum));
	return checksum;
}

/**
 * vfnet_checksum_replace() - the field after one 16-bit word that it covers has changed (RFC 1624)
 * @field: the field as it is; all three as vfnet_checksum_load() gives them
 * @old:   the word as it was
 * @now:   the word as it is now
 *
 * A field that was wrong stays wrong. Not for UDP without a checksum.
 *
 * Return: the field, 0xffff where that and 0 mean the same: only the former is right if everything
 * that it covers is 0 now, and UDP takes the latter for "none".
 */
static inline uint16_t vfnet_checksum_replace(uint16_t field, uint16_t old, uint16_t now)
{
	uint16_t all = vfnet_checksum_finish((uint64_t)(uint16_t)~field + (uint16_t)~old + now);

	return all ? all : 0xffff;
}

/**
 * vfnet_checksum_pseudo4() - sum of the pseudo header of UDP or TCP over IPv4
 * @ip4:    the IPv4 header, at least 20 bytes
 * @proto:  protocol number
 * @l4_len: bytes of L4 header and payload
 */
uint64_t vfnet_checksum_pseudo4(const uint8_t *ip4, uint8_t proto, uint16_t l4_len);

/**
 * vfnet_checksum_pseudo6() - sum of the pseudo header of UDP, TCP or ICMPv6 over IPv6
 * @ip6:    the fixed IPv6 header, 40 bytes
 * @proto:  protocol number of the L4 header, not of an extension header
 * @l4_len: bytes of L4 header and payload
 */
uint64_t vfnet_checksum_pseudo6(const uint8_t *ip6, uint8_t proto, uint16_t l4_len);

/**
 * vfnet_checksum_ip4_good() - is the header checksum of an IPv4 header right?
 * @ip4:        the header
 * @header_len: its bytes with options, 20 to 60
 */
static inline bool vfnet_checksum_ip4_good(const uint8_t *ip4, unsigned int header_len)
{
	return vfnet_checksum_finish(vfnet_checksum_add(0, ip4, header_len)) == 0;
}

#ifdef __cplusplus
}
#endif

#endif
