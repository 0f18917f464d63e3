/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a virtual function: 82576-vf.md §2. Most are storage; those with a meaning of their
 * own are named here, and what a ring makes of its registers is in ring.c.
 *
 * A function has one queue pair. The registers of queue 1 can be written and read, and its ENABLE
 * never comes on.
 */
#define VFNET_LOG_TAG "sim/vf"
#include "sim/card.h"

#include <stdio.h>

#define STATUS_UP                                                                                  \
	(IGBVF_STATUS_FD | IGBVF_STATUS_LU | VFNET_FIELD_PREP(IGBVF_STATUS_SPEED, 2) |             \
	 VFNET_FIELD_PREP(IGBVF_STATUS_NUM_VFS, 7) | IGBVF_STATUS_IOV)
#define STATUS_DOWN  (STATUS_UP & ~IGBVF_STATUS_LU)
#define VTCTRL_ALIAS 0x0004u
#define QUEUE1	     (IGBVF_RDT_STRIDE)
#define TAIL_MASK    0xffffu
#define VTIVAR_MASK  0x83838383u /* vector and valid of each byte [N] */

/* Values after any reset: [N]; queue 0 comes up enabled, so drivers must not assume that it's off
 */
static void reset_values(struct sim_vf *vf)
{
	*sim_vf_reg(vf, IGBVF_RXDCTL) =
	    VFNET_FIELD_PREP(IGBVF_RXDCTL_WTHRESH, 1) | IGBVF_RXDCTL_ENABLE;
	*sim_vf_reg(vf, IGBVF_RXDCTL + QUEUE1) = VFNET_FIELD_PREP(IGBVF_RXDCTL_WTHRESH, 1);
	*sim_vf_reg(vf, IGBVF_TXDCTL) = IGBVF_TXDCTL_ENABLE;
	*sim_vf_reg(vf, IGBVF_SRRCTL) = VFNET_FIELD_PREP(IGBVF_SRRCTL_BSIZEHDR, 4);
	*sim_vf_reg(vf, IGBVF_SRRCTL + QUEUE1) =
	    VFNET_FIELD_PREP(IGBVF_SRRCTL_BSIZEHDR, 4) | IGBVF_SRRCTL_DROP_EN;
	for (unsigned int q = 0; q < IGBVF_TXCTL_N; q++)
		*sim_vf_reg(vf, IGBVF_AT(TXCTL, q)) = 0x2a00; /* [live] */
	memset(&vf->rxq, 0, sizeof(vf->rxq));
	memset(&vf->txq, 0, sizeof(vf->txq));
	vf->rxq.enabled = true;
	vf->txq.enabled = true;
}

/* Everything but statistics and RQDPC: drivers keep a base value of these over a reset [D][L] */
static void clear_registers(struct sim_vf *vf)
{
	const struct igbvf_reg *reg;

	for (size_t i = 0; (reg = igbvf_reg_at(i)); i++) {
		if (reg->access == IGBVF_WRAP32 || reg->offset == IGBVF_RQDPC)
			continue;
		for (uint32_t k = 0; k < reg->n; k++)
			vfnet_io_store_tail(sim_vf_reg(vf, reg->offset + k * reg->stride), 0);
	}
}

void sim_vf_reset(struct sim_vf *vf)
{
	clear_registers(vf);
	reset_values(vf);
	sim_mbox_vf_reset(&vf->mbox);
	sim_irq_reset(vf);
	vf->pf.enabled = false; /* VFRE and VFTE */
	vf->pf.reset = true;
	vf->pf.replying = false;
	vf->pf.ping = 0;
	vf->late = 0;
	vf->card->slow = true;
	sim_ring_refresh(vf);
}

void sim_vf_init(struct sim_vf *vf, struct sim_card *card, unsigned int index)
{
	vf->card = card;
	vf->index = index;
	vf->dev = (struct vfnet_dev){
	    .ops = sim_dev_ops(card->sim),
	    .bus = &card->sim->bus,
	    .vendor = IGBVF_VENDOR,
	    .device = IGBVF_DEVICE,
	    .n_vectors = IGBVF_VECTORS,
	    .numa_node = -1,
	};
	for (unsigned int v = 0; v < IGBVF_VECTORS; v++)
		vf->irq.eventfd[v] = -1;
	snprintf(vf->dev.name, sizeof(vf->dev.name), "sim:%u.%u", card->index, index);
	reset_values(vf);
}

static uint32_t take(uint32_t *reg)
{
	uint32_t val = *reg;

	*reg = 0;
	return val;
}

uint32_t sim_vf_read(struct sim_vf *vf, uint32_t offset)
{
	uint32_t *reg = sim_vf_reg(vf, offset);

	switch (offset) {
	case IGBVF_STATUS:
		return sim_card_has_link(vf->card) ? STATUS_UP : STATUS_DOWN;
	case IGBVF_V2PMAILBOX:
		return sim_mbox_vf_read(&vf->mbox);
	case IGBVF_VTFRTIMER:
		return vf->card->sim->steps;
	case IGBVF_VTEICR: /* [N]: a read clears */
	case IGBVF_RQDPC:
		return take(reg);
	case IGBVF_RDH:
		return vf->rxq.head;
	case IGBVF_TDH:
		return vf->txq.head;
	case IGBVF_RDT:
	case IGBVF_TDT:
		return vfnet_io_load_tail(reg) & TAIL_MASK;
	case IGBVF_RXDCTL:
		return (*reg & ~IGBVF_RXDCTL_ENABLE) | (vf->rxq.enabled ? IGBVF_RXDCTL_ENABLE : 0);
	case IGBVF_TXDCTL:
		return (*reg & ~IGBVF_TXDCTL_ENABLE) | (vf->txq.enabled ? IGBVF_TXDCTL_ENABLE : 0);
	default:
		if (offset - IGBVF_VMBMEM < sizeof(vf->mbox.words))
			return vf->mbox.words[(offset - IGBVF_VMBMEM) / 4];
		return *reg; /* what cannot be written stays 0 */
	}
}

/* Registers that are storage, and nothing where the table has nothing. */
static void store(struct sim_vf *vf, uint32_t offset, uint32_t val)
{
	const struct igbvf_reg *reg = igbvf_reg_find(offset, NULL);

	if (offset - IGBVF_VMBMEM < sizeof(vf->mbox.words))
		vf->mbox.words[(offset - IGBVF_VMBMEM) / 4] = val;
	else if (reg && reg->access == IGBVF_RW)
		*sim_vf_reg(vf, offset) = val;
}

void sim_vf_write(struct sim_vf *vf, uint32_t offset, uint32_t val)
{
	uint32_t *reg = sim_vf_reg(vf, offset);

	switch (offset) {
	case IGBVF_VTCTRL:
	case VTCTRL_ALIAS:
		if (val & IGBVF_VTCTRL_RST)
			sim_vf_reset(vf);
		return;
	case IGBVF_V2PMAILBOX:
		sim_mbox_vf_write(&vf->mbox, val);
		vf->card->slow = true;
		return;
	case IGBVF_VTEICS:
		sim_irq_cause(vf, val & IGBVF_VECTORS_ALL);
		return;
	case IGBVF_VTEICR:
		*reg &= ~val;
		return;
	case IGBVF_VTEIMS:
		sim_irq_enable(vf, val & IGBVF_VECTORS_ALL);
		return;
	case IGBVF_VTEIMC:
		*sim_vf_reg(vf, IGBVF_VTEIMS) &= ~val;
		return;
	case IGBVF_VTIVAR:
		*reg = val & VTIVAR_MASK;
		return;
	case IGBVF_AT(EITR, 0):
	case IGBVF_AT(EITR, 1):
	case IGBVF_AT(EITR, 2):
		sim_irq_throttle(vf, (offset - IGBVF_EITR) / IGBVF_EITR_STRIDE, val);
		return;
	case IGBVF_RDT:
		if (vf->rxq.enabled)
			vfnet_io_store_tail(reg, val & TAIL_MASK);
		return;
	case IGBVF_TDT:
		if (vf->txq.enabled)
			vfnet_io_store_tail(reg, val & TAIL_MASK);
		return;
	case IGBVF_RXDCTL:
	case IGBVF_TXDCTL:
		*reg = val;
		vf->lag = vf->card->faults.orders.lag;
		vf->card->slow = true;
		return;
	case IGBVF_RXDCTL + QUEUE1:
	case IGBVF_TXDCTL + QUEUE1:
		*reg = val & ~IGBVF_RXDCTL_ENABLE;
		return;
	default:
		store(vf, offset, val);
	}
}
