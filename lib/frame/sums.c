/* SPDX-License-Identifier: BSD-2-Clause */
/* The checksums of a frame whose headers vfnet_frame_parse() has found. */
#include "lib/frame/frame.h"

#include <errno.h>

#include "lib/frame/bytes.h"
#include "lib/frame/checksum.h"

unsigned int vfnet_frame_l4_checksum_off(const struct vfnet_frame *frame)
{
	switch (frame->l4) {
	case VFNET_FRAME_L4_UDP:
		return frame->l4_off + 6u;
	case VFNET_FRAME_L4_TCP:
		return frame->l4_off + 16u;
	case VFNET_FRAME_L4_ICMP:
	case VFNET_FRAME_L4_ICMP6:
		return frame->l4_off + 2u;
	default:
		return 0;
	}
}

/* is all there that the checksum covers? */
static bool has_checksum(const struct vfnet_frame *frame)
{
	const unsigned int hidden =
	    VFNET_FRAME_FRAGMENT | VFNET_FRAME_ROUTED | VFNET_FRAME_TRUNCATED;

	return frame->l4 != VFNET_FRAME_L4_NONE && !(frame->flags & hidden);
}

/* everything that the checksum covers, without the field */
static uint64_t l4_sum(const uint8_t *byte, const struct vfnet_frame *frame)
{
	unsigned int field = vfnet_frame_l4_checksum_off(frame);
	unsigned int end = frame->payload_off + frame->payload_len; /* UDP may end before IP */
	uint16_t l4_len = (uint16_t)(end - frame->l4_off);
	uint64_t sum = 0;

	if (frame->l3 == VFNET_FRAME_L3_IP6)
		sum = vfnet_checksum_pseudo6(byte + frame->l3_off, frame->ip_proto, l4_len);
	else if (frame->l4 != VFNET_FRAME_L4_ICMP)
		sum = vfnet_checksum_pseudo4(byte + frame->l3_off, frame->ip_proto, l4_len);
	sum = vfnet_checksum_add(sum, byte + frame->l4_off, field - frame->l4_off);
	return vfnet_checksum_add(sum, byte + field + 2, end - field - 2);
}

int vfnet_frame_l4_checksum(const void *data, const struct vfnet_frame *frame)
{
	uint16_t checksum;

	if (!has_checksum(frame))
		return -EINVAL;
	checksum = vfnet_checksum_finish(l4_sum(data, frame));
	if (checksum == 0 && frame->l4 == VFNET_FRAME_L4_UDP)
		return 0xffff;
	return checksum;
}

int vfnet_frame_l4_good(const void *data, const struct vfnet_frame *frame)
{
	const uint8_t *byte = data;
	uint16_t field;

	if (!has_checksum(frame))
		return -EINVAL;
	field = vfnet_checksum_load(byte + vfnet_frame_l4_checksum_off(frame));
	if (field == 0 && frame->l4 == VFNET_FRAME_L4_UDP)
		return frame->l3 == VFNET_FRAME_L3_IP4 ? -EINVAL : 0;
	return vfnet_checksum_finish(l4_sum(data, frame) + field) == 0;
}
