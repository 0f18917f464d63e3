/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a payload; a probe damaged at will; any sequences as a flow. The first 16 bytes of
 * the input choose the probe, the rest is the payload, the damage and the sequences.
 */
#include <string.h>

#include "lib/frame/probe.h"
#include "lib/frame/track.h"
#include "tests/fuzz/fuzz.h"

#define CHOICE_BYTES 16

/* what passes as a probe is what would have been sent */
static void check_payload(const uint8_t *data, size_t size)
{
	struct vfnet_probe probe;
	uint8_t *sent;

	switch (vfnet_probe_check(data, size, &probe)) {
	case VFNET_PROBE_NONE:
		return;
	case VFNET_PROBE_CORRUPT:
		must(probe.bad_at <= size);
		return;
	case VFNET_PROBE_OK:
		break;
	}
	must(probe.len <= size);
	sent = malloc(probe.len);
	must(sent != NULL);
	must(vfnet_probe_fill(sent, probe.len, probe.flow, probe.seq) == 0);
	vfnet_probe_stamp(sent, probe.stamp_ns);
	must(memcmp(sent, data, probe.len) == 0);
	free(sent);
}

/* the same with a header that holds together, which mutation alone would hardly ever find */
static void check_header(const uint8_t *data, size_t size)
{
	uint8_t magic[VFNET_PROBE_MIN];
	uint8_t *copy;

	if (size < VFNET_PROBE_MIN)
		return;
	copy = malloc(size);
	must(copy != NULL);
	memcpy(copy, data, size);
	must(vfnet_probe_fill(magic, sizeof(magic), 0, 0) == 0);
	memcpy(copy, magic, sizeof(uint16_t));
	vfnet_probe_stamp(copy, data[0]);
	check_payload(copy, size);
	free(copy);
}

/* damage behind the header is found at its first byte */
static void check_damage(uint16_t flow, uint64_t seq, const uint8_t *damage, size_t size)
{
	size_t len = VFNET_PROBE_MIN + size, first = 0;
	uint8_t *sent = malloc(len);
	struct vfnet_probe probe;

	must(sent != NULL);
	must(vfnet_probe_fill(sent, len, flow, seq) == 0);
	for (size_t i = size; i-- > 0;) {
		sent[VFNET_PROBE_MIN + i] ^= damage[i];
		if (damage[i])
			first = VFNET_PROBE_MIN + i;
	}
	must(vfnet_probe_check(sent, len, &probe) ==
	     (first ? VFNET_PROBE_CORRUPT : VFNET_PROBE_OK));
	must(probe.bad_at == first && probe.seq == seq && probe.flow == flow && probe.len == len);
	free(sent);
}

/* each byte moves the sequence by its square, up or down; the book must balance after each */
static void check_track(uint64_t first, const uint8_t *step, size_t size)
{
	struct vfnet_probe_track track;
	uint64_t words[4], seq = first;

	must(vfnet_probe_track_init(&track, words, 4, first) == 0);
	for (size_t i = 0; i < size; i++) {
		int64_t s = (int8_t)step[i];
		uint64_t unique, lost;

		seq += (uint64_t)(s < 0 ? -s * s : s * s);
		vfnet_probe_track_add(&track, seq);
		unique = track.received - track.duplicated - track.outside;
		lost = vfnet_probe_track_lost(&track, 0);
		must(track.received == i + 1 && track.reordered <= unique);
		must(unique + lost == track.next - track.first);
		must(track.max_late <= track.mask);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t choice[2];
	uint64_t seq;

	check_payload(data, size);
	check_header(data, size);
	if (size < CHOICE_BYTES)
		return 0;
	memcpy(choice, data, sizeof(choice));
	seq = choice[0] & VFNET_PROBE_SEQ_MAX;
	data += CHOICE_BYTES;
	size -= CHOICE_BYTES;
	check_damage((uint16_t)choice[1], seq, data, size);
	check_track(seq, data, size);
	return 0;
}
