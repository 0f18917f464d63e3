/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peers/physical.h"

#include <unistd.h>

#include "lib/base/io.h"
#include "lib/chip/82576_mbox.h"
#include "lib/chip/82576_regs.h"

#define LOOK_US 20

/* The mailboxes of 82576 and 82599 have the same bits and the same acknowledgement [D]. */
static void answer(const struct nullnic *nic)
{
	uint32_t *control = &nic->bar[nic->layout->mailbox / sizeof(uint32_t)];
	uint32_t *words = &nic->bar[nic->layout->words / sizeof(uint32_t)];

	if (!(vfnet_io_load_tail(control) & IGBVF_V2PMAILBOX_REQ))
		return;
	words[0] |= IGBVF_MSG_ACK;
	vfnet_io_store_tail(control, IGBVF_V2PMAILBOX_PFSTS | IGBVF_V2PMAILBOX_PFACK);
}

static void *answer_all(void *arg)
{
	struct physical *physical = arg;

	while (!vfnet_word_load(&physical->stop)) {
		answer(physical->nic);
		usleep(LOOK_US);
	}
	return NULL;
}

int physical_start(struct physical *physical, const struct nullnic *nic)
{
	physical->nic = nic;
	physical->stop = 0;
	return -pthread_create(&physical->thread, NULL, answer_all, physical);
}

void physical_stop(struct physical *physical)
{
	vfnet_word_store(&physical->stop, 1);
	pthread_join(physical->thread, NULL);
}
