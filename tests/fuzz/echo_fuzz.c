/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a request to vfnet-fwd's mode echo: nothing outside them is touched, what is no
 * answer stays as it was, and an answer goes to who asked with sums as right as those of the
 * request. The first byte: bit 0 the frame goes on, bit 1 its sums are put right, bit 2 it is for
 * us.
 */
#include <string.h>

#include "apps/vfnet-fwd/echo.h"
#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"
#include "tests/fuzz/fuzz.h"

static const struct fwd_host host = {
    .mac = {2, 0, 0, 0, 0, 1},
    .has_ip4 = true,
    .has_ip6 = true,
    .ip4 = {10, 0, 0, 2},
    .ip6 = {0xfd, [15] = 2},
};

/* without it hardly any mutation would get past the checksums */
static void put_sums(uint8_t *data, size_t size)
{
	struct vfnet_frame at;
	int sum;

	if (vfnet_frame_parse(data, size, &at))
		return;
	if (at.l3 == VFNET_FRAME_L3_IP4) {
		uint8_t *ip = data + at.l3_off;

		vfnet_checksum_store(ip + 10, 0);
		vfnet_checksum_store(ip + 10, vfnet_checksum_finish(vfnet_checksum_add(
						  0, ip, at.l4_off - at.l3_off)));
	}
	sum = vfnet_frame_l4_checksum(data, &at);
	if (sum >= 0)
		vfnet_checksum_store(data + vfnet_frame_l4_checksum_off(&at), (uint16_t)sum);
}

static int sums_good(const uint8_t *data, size_t size)
{
	struct vfnet_frame at;

	must(vfnet_frame_parse(data, size, &at) == 0);
	must(at.l3 != VFNET_FRAME_L3_IP4 ||
	     vfnet_checksum_ip4_good(data + at.l3_off, at.l4_off - at.l3_off));
	return vfnet_frame_l4_good(data, &at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *frame = malloc(size), *before = malloc(size);
	uint8_t how;

	must(frame != NULL && before != NULL);
	if (size > 0) {
		how = data[0];
		memcpy(frame, data + 1, --size);
		if ((how & 4) && size >= VFNET_MAC_BYTES)
			vfnet_mac_copy(frame, host.mac);
		if (how & 2)
			put_sums(frame, size);
		memcpy(before, frame, size);
		if (!fwd_echo_answer(&host, frame, (uint32_t)size, how & 1)) {
			must(memcmp(frame, before, size) == 0);
		} else {
			must(vfnet_mac_equal(frame, before + VFNET_MAC_BYTES));
			must(vfnet_mac_equal(frame + VFNET_MAC_BYTES, host.mac));
			must(sums_good(frame, size) == sums_good(before, size));
		}
	}
	free(frame);
	free(before);
	return 0;
}
