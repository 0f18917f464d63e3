/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame of any bytes: nothing outside it is read, and what is said of it holds. */
#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"
#include "tests/fuzz/fuzz.h"

/* the checksum that is said to belong into the frame is right once it is there */
static void check_sums(const uint8_t *data, size_t size, const struct vfnet_frame *frame)
{
	int checksum = vfnet_frame_l4_checksum(data, frame);
	int good = vfnet_frame_l4_good(data, frame);
	uint8_t *copy;

	if (checksum < 0) {
		must(good < 0);
		return;
	}
	copy = malloc(size);
	must(copy != NULL);
	memcpy(copy, data, size);
	vfnet_checksum_store(copy + vfnet_frame_l4_checksum_off(frame), (uint16_t)checksum);
	must(vfnet_frame_l4_good(copy, frame) == 1);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned int bad = VFNET_FRAME_BAD_L3 | VFNET_FRAME_BAD_L4;
	struct vfnet_frame frame;

	if (vfnet_frame_parse(data, size, &frame) < 0) {
		must(size < VFNET_FRAME_ETH_BYTES);
		return 0;
	}
	must(frame.len == size);
	must(frame.l3_off <= frame.l4_off && frame.l4_off <= frame.payload_off);
	must(frame.payload_off + frame.payload_len <= frame.len);
	must(frame.flags & VFNET_FRAME_TRUNCATED || frame.l4_off + frame.l4_len <= frame.len);
	must(!(frame.flags & bad) || frame.l4 == VFNET_FRAME_L4_NONE);
	check_sums(data, size, &frame);
	return 0;
}
