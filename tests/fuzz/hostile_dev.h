/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_FUZZ_HOSTILE_DEV_H
#define VFNET_TESTS_FUZZ_HOSTILE_DEV_H

/*
 * A bus with one function that is an 82576's at first sight. It answers as a sane one does until
 * the input tells it otherwise: registers that read anything, all ones once or for ever, a physical
 * function in reset, a mailbox that says nonsense, and rings full of whatever.
 */

#include "lib/chip/82576_desc.h"
#include "lib/chip/82576_mbox.h"
#include "lib/chip/82576_regs.h"
#include "lib/dev/dev.h"
#include "tests/fuzz/fuzz.h"

/**
 * struct hostile - the bus and its function
 * @in:      what it does that a sane one does not
 * @mem:     the context's region, known since it was mapped
 * @bytes:   of it
 * @calls:   from the driver since somebody set it to 0
 * @mailbox: V2PMAILBOX
 * @rx_head, @tx_head: descriptors that it writes next
 * @is_open: claimed
 * @gone:    unplugged, or detached: all registers read all ones
 * @forged:  registers and descriptors are not all as the driver wrote them
 * @regs:    what was written
 */
struct hostile {
	struct vfnet_bus bus;
	struct vfnet_dev dev;
	struct vfnet_dma dma;
	struct input in;
	uint8_t *mem;
	uint64_t bytes;
	uint64_t calls;
	uint32_t mailbox;
	uint32_t rx_head;
	uint32_t tx_head;
	bool is_open;
	bool gone;
	bool forged;
	uint32_t regs[IGBVF_BAR_BYTES / 4];
};

void hostile_init(struct hostile *h);

/** hostile_restart() - a new card, plugged in, with new input. */
void hostile_restart(struct hostile *h, struct input in);

#endif
