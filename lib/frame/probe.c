/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/probe.h"

#include <errno.h>
#include <stdbool.h>

#include "lib/frame/bytes.h"

#define MAGIC 0x7ef1

/* places in the header; probe.h has the picture */
#define MAGIC_OFF 0
#define FLOW_OFF  2
#define SEQ_OFF	  4
#define STAMP_OFF 10
#define LEN_OFF	  14
#define CHECK_OFF 16

/* the largest prime below 2^16. One changed byte changes the sum by weight * d or weight * 256 * d
 * with 0 < |d| < 256: the prime divides none of the factors, so the remainder changes. */
#define CHECK_MOD 65521

/* the check that belongs to a header; its magic is taken to be right */
static uint16_t header_check(const uint8_t *header)
{
	static const uint16_t weight[] = {0x2b1f, 0x71c9, 0x1e35, 0xd483, 0x9a6d, 0x4f07, 0xb8e5};
	uint64_t sum = MAGIC;

	for (unsigned int i = 0; i < sizeof(weight) / sizeof(weight[0]); i++)
		sum += (uint64_t)weight[i] * vfnet_get_be16(header + FLOW_OFF + 2 * i);
	return (uint16_t)(sum % CHECK_MOD);
}

/* first word of the pattern: each bit of flow and sequence changes half of its bits */
static uint64_t pattern_start(uint16_t flow, uint64_t seq)
{
	uint64_t x = ((uint64_t)flow << 48) ^ seq;

	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
	return x ^ (x >> 32);
}

/* added from word to word: odd, and no two places of a frame have the same low bytes in a row */
#define PATTERN_STEP 0x9e3779b97f4a7c15

static void pattern_fill(uint8_t *to, size_t len, uint64_t word)
{
	uint64_t le;

	for (; len >= sizeof(le); to += sizeof(le), len -= sizeof(le), word += PATTERN_STEP) {
		le = htole64(word);
		memcpy(to, &le, sizeof(le));
	}
	le = htole64(word);
	memcpy(to, &le, len);
}

/* offset of the first byte that is not the pattern's; @len if all are */
static size_t pattern_check(const uint8_t *from, size_t len, uint64_t word)
{
	size_t at;

	for (at = 0; len - at >= sizeof(word); at += sizeof(word), word += PATTERN_STEP) {
		uint64_t le;

		memcpy(&le, from + at, sizeof(le));
		if (le != htole64(word))
			break;
	}
	for (; at < len; at++, word >>= 8) {
		if (from[at] != (uint8_t)word)
			break;
	}
	return at;
}

int vfnet_probe_fill(void *payload, size_t len, uint16_t flow, uint64_t seq)
{
	uint8_t *byte = payload;

	if (len < VFNET_PROBE_MIN || len > VFNET_PROBE_MAX || seq > VFNET_PROBE_SEQ_MAX)
		return -EINVAL;
	vfnet_put_be16(byte + MAGIC_OFF, MAGIC);
	vfnet_put_be16(byte + FLOW_OFF, flow);
	vfnet_put_be16(byte + SEQ_OFF, (uint16_t)(seq >> 32));
	vfnet_put_be32(byte + SEQ_OFF + 2, (uint32_t)seq);
	vfnet_put_be16(byte + LEN_OFF, (uint16_t)len);
	vfnet_probe_stamp(payload, 0);
	pattern_fill(byte + VFNET_PROBE_MIN, len - VFNET_PROBE_MIN, pattern_start(flow, seq));
	return 0;
}

void vfnet_probe_stamp(void *payload, uint32_t stamp_ns)
{
	uint8_t *byte = payload;

	vfnet_put_be32(byte + STAMP_OFF, stamp_ns);
	vfnet_put_be16(byte + CHECK_OFF, header_check(byte));
}

/* half of the magic is enough if the check is right: a damaged magic is damage, too */
static bool is_probe(const uint8_t *byte, size_t len, bool check_good)
{
	if (len < sizeof(uint16_t))
		return false;
	if (vfnet_get_be16(byte + MAGIC_OFF) == MAGIC)
		return true;
	return check_good &&
	       (byte[MAGIC_OFF] == MAGIC >> 8 || byte[MAGIC_OFF + 1] == (MAGIC & 0xff));
}

enum vfnet_probe_verdict vfnet_probe_check(const void *payload, size_t len,
					   struct vfnet_probe *probe)
{
	const uint8_t *byte = payload;
	bool check_good =
	    len >= VFNET_PROBE_MIN && vfnet_get_be16(byte + CHECK_OFF) == header_check(byte);
	size_t there, bad_at;

	if (!is_probe(byte, len, check_good))
		return VFNET_PROBE_NONE;
	memset(probe, 0, sizeof(*probe));
	if (!check_good || vfnet_get_be16(byte + MAGIC_OFF) != MAGIC)
		return VFNET_PROBE_CORRUPT;
	probe->flow = vfnet_get_be16(byte + FLOW_OFF);
	probe->seq =
	    (uint64_t)vfnet_get_be16(byte + SEQ_OFF) << 32 | vfnet_get_be32(byte + SEQ_OFF + 2);
	probe->stamp_ns = vfnet_get_be32(byte + STAMP_OFF);
	probe->len = vfnet_get_be16(byte + LEN_OFF);
	if (probe->len < VFNET_PROBE_MIN) {
		memset(probe, 0, sizeof(*probe)); /* nobody sends this: a chance hit of the check */
		return VFNET_PROBE_CORRUPT;
	}
	there = (probe->len < len ? probe->len : len) - VFNET_PROBE_MIN;
	bad_at = VFNET_PROBE_MIN + pattern_check(byte + VFNET_PROBE_MIN, there,
						 pattern_start(probe->flow, probe->seq));
	if (bad_at == probe->len)
		return VFNET_PROBE_OK;
	probe->bad_at = (uint16_t)bad_at;
	return VFNET_PROBE_CORRUPT;
}
