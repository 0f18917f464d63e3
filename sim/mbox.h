/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_MBOX_H
#define SIM_MBOX_H

/*
 * The mailbox hardware between a virtual function and the physical one: 16 words that both share,
 * and a control register with a face on either side. 82576-vf.md §4.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/chip/82576_mbox.h"

/**
 * struct sim_mbox - one mailbox
 * @bits:  VFU, PFU, PFSTS, PFACK, RSTI and RSTD as in V2PMAILBOX
 * @req:   the function said "message written" (MBVFICR.VFREQ)
 * @ack:   the function said "your message read" (MBVFICR.VFACK)
 * @words: VMBMEM
 */
struct sim_mbox {
	uint32_t bits;
	bool req;
	bool ack;
	uint32_t words[IGBVF_MBOX_WORDS];
};

/** sim_mbox_vf_read() - the function reads V2PMAILBOX: PFSTS, PFACK and RSTD clear together. */
uint32_t sim_mbox_vf_read(struct sim_mbox *mbox);

/** sim_mbox_vf_write() - the function writes V2PMAILBOX. */
void sim_mbox_vf_write(struct sim_mbox *mbox, uint32_t val);

/** sim_mbox_vf_reset() - reset of the function; what the physical one says about itself stays. */
void sim_mbox_vf_reset(struct sim_mbox *mbox);

/** sim_mbox_pf_take() - the PF writes PFU. Return: false while the function holds the words. */
bool sim_mbox_pf_take(struct sim_mbox *mbox);

/** sim_mbox_pf_ack() - the PF says that it has read the message, and keeps or drops PFU. */
void sim_mbox_pf_ack(struct sim_mbox *mbox, bool keep);

/** sim_mbox_pf_send() - the PF, which holds PFU, writes @n words and STS, and drops PFU. */
void sim_mbox_pf_send(struct sim_mbox *mbox, const uint32_t *words, unsigned int n);

/** sim_mbox_pf_drop() - the PF drops PFU and has written nothing. */
void sim_mbox_pf_drop(struct sim_mbox *mbox);

#endif
