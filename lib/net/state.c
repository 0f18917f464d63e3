/* SPDX-License-Identifier: BSD-2-Clause */
/* What a queue's thread does when service asks it to leave the ring alone. */
#include <errno.h>

#include "lib/net/driver.h"

int vfnet_queue_park(struct vfnet_queue_word *word)
{
	uint32_t state = vfnet_word_load(&word->state);

	/* service, which loads it, then sees the ring as this thread left it */
	vfnet_word_store(&word->parked, 1);
	return state == VFNET_QUEUE_GONE ? -ENODEV : -ENETDOWN;
}
