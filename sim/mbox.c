/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/mbox.h"

#include <string.h>

#include "lib/chip/82576_regs.h"

uint32_t sim_mbox_vf_read(struct sim_mbox *mbox)
{
	uint32_t bits = mbox->bits;

	mbox->bits &= ~IGBVF_V2PMAILBOX_R2C;
	return bits;
}

void sim_mbox_vf_write(struct sim_mbox *mbox, uint32_t val)
{
	if (val & IGBVF_V2PMAILBOX_REQ)
		mbox->req = true;
	if (val & IGBVF_V2PMAILBOX_ACK)
		mbox->ack = true;
	if (!(val & IGBVF_V2PMAILBOX_VFU))
		mbox->bits &= ~IGBVF_V2PMAILBOX_VFU;
	else if (!(mbox->bits & IGBVF_V2PMAILBOX_PFU))
		mbox->bits |= IGBVF_V2PMAILBOX_VFU;
}

void sim_mbox_vf_reset(struct sim_mbox *mbox)
{
	mbox->bits &= IGBVF_V2PMAILBOX_RSTI | IGBVF_V2PMAILBOX_RSTD;
	mbox->req = false;
	mbox->ack = false;
	memset(mbox->words, 0, sizeof(mbox->words));
}

bool sim_mbox_pf_take(struct sim_mbox *mbox)
{
	if (mbox->bits & IGBVF_V2PMAILBOX_VFU)
		return false;
	mbox->bits |= IGBVF_V2PMAILBOX_PFU;
	return true;
}

void sim_mbox_pf_ack(struct sim_mbox *mbox, bool keep)
{
	mbox->bits |= IGBVF_V2PMAILBOX_PFACK;
	if (!keep)
		mbox->bits &= ~IGBVF_V2PMAILBOX_PFU;
}

void sim_mbox_pf_send(struct sim_mbox *mbox, const uint32_t *words, unsigned int n)
{
	/* the PF flushes what it has not read, so a request that came meanwhile is lost [L] */
	mbox->req = false;
	mbox->ack = false;
	memcpy(mbox->words, words, n * sizeof(*words));
	mbox->bits |= IGBVF_V2PMAILBOX_PFSTS;
	mbox->bits &= ~IGBVF_V2PMAILBOX_PFU;
}

void sim_mbox_pf_drop(struct sim_mbox *mbox)
{
	mbox->bits &= ~IGBVF_V2PMAILBOX_PFU;
}
