/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that set a closed loop going, where the loop is the kernel's own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wire_end.h"

bool wire_prime_run(struct wire_end *end, const struct wire_prime *opts)
{
	uint64_t sent;
	int ret = 0;

	for (sent = 0; sent < opts->count && ret == 0; sent++)
		ret = wire_send(end, opts->frame_bytes, WIRE_FLOW_PRIME, sent);
	printf("%" PRIu64 " frames sent%s%s\n", sent, ret != 0 ? ", the last failed: " : "",
	       ret != 0 ? strerror(-ret) : "");
	return ret == 0;
}
