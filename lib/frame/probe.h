/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FRAME_PROBE_H
#define VFNET_FRAME_PROBE_H

/*
 * The sequence-and-pattern probe: a payload by which its receiver knows what was lost, duplicated,
 * reordered and damaged on the way, without talking to the sender.
 *
 *   byte  0       2       4                       10              14      16      18 ..
 *         +-------+-------+-----------------------+---------------+-------+-------+---------
 *         | magic | flow  | sequence              | stamp         | length| check | pattern
 *         +-------+-------+-----------------------+---------------+-------+-------+---------
 *
 * Big endian. 18 bytes are the payload of the shortest UDP/IPv4 frame (60 - 14 - 20 - 8). 48 bits
 * of sequence last for 200 days at the 14.88 million frames per second of 10 Gb/s. Length is that
 * of the whole probe. Check covers the other fields: a sum of their 16-bit words, each weighted by
 * its place, modulo the prime 65521, so that any one changed byte changes it. The pattern depends
 * on flow and sequence and is compared byte by byte: any change is found, also a piece of another
 * frame and a piece at another place.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** VFNET_PROBE_MIN - bytes of the header, and so the shortest probe. */
#define VFNET_PROBE_MIN 18
/** VFNET_PROBE_MAX - the longest probe. */
#define VFNET_PROBE_MAX 65535
/** VFNET_PROBE_SEQ_MAX - sequences are 0 .. 2^48 - 1. */
#define VFNET_PROBE_SEQ_MAX ((UINT64_C(1) << 48) - 1)

/**
 * vfnet_probe_fill() - write a probe, with stamp 0
 * @payload: any alignment
 * @len:     bytes, VFNET_PROBE_MIN to VFNET_PROBE_MAX
 * @flow:    the caller's choice; each flow has sequences of its own
 * @seq:     0 to VFNET_PROBE_SEQ_MAX
 *
 * Context: any thread, no allocation.
 * Return: 0; -EINVAL if @len or @seq is out of range (nothing is written).
 */
int vfnet_probe_fill(void *payload, size_t len, uint16_t flow, uint64_t seq);

/**
 * vfnet_probe_stamp() - set the stamp of a probe, as late as the sender likes
 * @payload:  a probe
 * @stamp_ns: low 32 bits of the sender's clock in nanoseconds: tells delays up to 4.2 s
 */
void vfnet_probe_stamp(void *payload, uint32_t stamp_ns);

enum vfnet_probe_verdict {
	VFNET_PROBE_OK,
	VFNET_PROBE_NONE,    /* not a probe */
	VFNET_PROBE_CORRUPT, /* was one when it was sent */
};

/**
 * struct vfnet_probe - what vfnet_probe_check() found
 * @seq:      sequence
 * @stamp_ns: stamp
 * @flow:     flow
 * @len:      bytes as sent; what follows them is not looked at
 * @bad_at:   CORRUPT: offset of the first byte that differs or is missing; 0 = somewhere in the
 *            header. OK: 0
 *
 * The other fields of a CORRUPT probe can be trusted if @bad_at is VFNET_PROBE_MIN or more, and
 * are 0 if not.
 */
struct vfnet_probe {
	uint64_t seq;
	uint32_t stamp_ns;
	uint16_t flow;
	uint16_t len;
	uint16_t bad_at;
};

/**
 * vfnet_probe_check() - is it a probe, and is each of its bytes as it was sent?
 * @payload: any alignment, any content
 * @len:     readable bytes
 * @probe:   filled unless NONE
 *
 * Other traffic looks like a damaged probe once in about 2^16 payloads.
 *
 * Context: any thread, no allocation.
 * Return: enum vfnet_probe_verdict.
 */
enum vfnet_probe_verdict vfnet_probe_check(const void *payload, size_t len,
					   struct vfnet_probe *probe);

#ifdef __cplusplus
}
#endif

#endif
