/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a virtual function: 82576-vf.md §2. Most are storage; those with a meaning of their
 * own are named here, and what a ring makes of its registers is in ring.c.
 */
#define VFNET_LOG_TAG "sim/vf"
#include "sim/card.h"

#include <stdio.h>

#define STATUS_UP                                                                                  \
	(IGBVF_STATUS_FD | IGBVF_STATUS_LU | VFNET_FIELD_PREP(IGBVF_STATUS_SPEED, 2) |             \
	 VFNET_FIELD_PREP(IGBVF_STATUS_NUM_VFS, 7) | IGBVF_STATUS_IOV)
#define STATUS_DOWN  (STATUS_UP & ~IGBVF_STATUS_LU)
#define VTCTRL_ALIAS 0x0004u
#define TAIL_MASK    0xffffu
/* sim_vf.switched, by queue */
#define RX_SWITCHED 1u
#define TX_SWITCHED 4u

/* Values after any reset: [N]; queue 0 comes up enabled, so drivers must not assume that it's off
 */
static void reset_values(struct sim_vf *vf)
{
	*sim_vf_reg(vf, IGBVF_RXDCTL) =
	    VFNET_FIELD_PREP(IGBVF_RXDCTL_WTHRESH, 1) | IGBVF_RXDCTL_ENABLE;
	*sim_vf_reg(vf, IGBVF_AT(RXDCTL, 1)) = VFNET_FIELD_PREP(IGBVF_RXDCTL_WTHRESH, 1);
	*sim_vf_reg(vf, IGBVF_TXDCTL) = IGBVF_TXDCTL_ENABLE;
	*sim_vf_reg(vf, IGBVF_SRRCTL) = VFNET_FIELD_PREP(IGBVF_SRRCTL_BSIZEHDR, 4);
	*sim_vf_reg(vf, IGBVF_AT(SRRCTL, 1)) =
	    VFNET_FIELD_PREP(IGBVF_SRRCTL_BSIZEHDR, 4) | IGBVF_SRRCTL_DROP_EN;
	for (unsigned int q = 0; q < IGBVF_TXCTL_N; q++)
		*sim_vf_reg(vf, IGBVF_AT(TXCTL, q)) = 0x2a00; /* [live] */
	memset(vf->rxq, 0, sizeof(vf->rxq));
	memset(vf->txq, 0, sizeof(vf->txq));
	vf->switched = 0;
	vf->rxq[0].enabled = true;
	vf->txq[0].enabled = true;
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

/* What the physical function's hardware sees of a reset. */
static void say_reset(struct sim_vf *vf)
{
	vf->pf.enabled = false; /* VFRE and VFTE */
	vf->pf.reset = true;
	vf->card->slow = true;
	sim_ring_refresh(vf);
}

void sim_vf_card_reset(struct sim_vf *vf)
{
	clear_registers(vf);
	reset_values(vf);
	sim_mbox_vf_reset(&vf->mbox);
	sim_irq_reset(vf);
	vf->eicr_written = 0;
	vf->eims_written = 0;
	vf->pf.replying = false;
	vf->pf.ping = 0;
	vf->late = 0;
	say_reset(vf);
}

void sim_vf_reset(struct sim_vf *vf)
{
	uint32_t map = sim_has(vf->card, SIM_QUIRK_IVAR_STICKS) ? vf->irq.map : 0;

	if (!sim_has(vf->card, SIM_QUIRK_HALF_RESET)) {
		sim_vf_card_reset(vf);
		vf->irq.map = map;
		return;
	}
	sim_quirk_half_reset(vf);
	say_reset(vf);
}

void sim_vfs_reset(struct sim_card *card)
{
	for (unsigned int i = 0; i < SIM_VFS; i++)
		sim_vf_reset(&card->vfs[i]);
}

void sim_vf_forget_config(struct sim_vf *vf)
{
	vf->bus_master = false;
	for (unsigned int v = 0; v < IGBVF_VECTORS; v++)
		vf->irq.eventfd[v] = -1;
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

/* The queue that a register in the range of the queues' belongs to. */
static unsigned int queue_of(uint32_t offset)
{
	return offset % (SIM_QUEUES * IGBVF_RDT_STRIDE) / IGBVF_RDT_STRIDE;
}

static uint32_t read_ctl(uint32_t written, bool enabled)
{
	return (written & ~IGBVF_RXDCTL_ENABLE) | (enabled ? IGBVF_RXDCTL_ENABLE : 0);
}

static uint32_t take(uint32_t *reg)
{
	uint32_t val = *reg;

	*reg = 0;
	return val;
}

/* A register of a queue that is not mere storage. Return: false = none of these. */
static bool queue_read(struct sim_vf *vf, uint32_t offset, uint32_t *val)
{
	uint32_t *reg = sim_vf_reg(vf, offset);
	unsigned int i = queue_of(offset);

	switch (offset - i * IGBVF_RDT_STRIDE) {
	case IGBVF_RQDPC:
		*val = take(reg);
		return true;
	case IGBVF_RDH:
		*val = vf->rxq[i].head;
		return true;
	case IGBVF_TDH:
		*val = vf->txq[i].head;
		return true;
	case IGBVF_RDT:
	case IGBVF_TDT:
		*val = vfnet_io_load_tail(reg) & TAIL_MASK;
		return true;
	case IGBVF_RXDCTL:
		*val = read_ctl(*reg, vf->rxq[i].enabled);
		return true;
	case IGBVF_TXDCTL:
		*val = read_ctl(*reg, vf->txq[i].enabled);
		return true;
	default:
		return false;
	}
}

/* A driver that knows nothing of a reset yet may still ring a doorbell: that is no mistake. */
static void write_tail(struct sim_vf *vf, uint32_t *reg, uint32_t val, bool enabled,
		       uint32_t switched)
{
	if (enabled)
		vfnet_io_store_tail(reg, val & TAIL_MASK);
	else if (val && (vf->switched & switched))
		sim_mistake(vf, SIM_RULE_TAIL_OFF, val, 0);
}

/* @n_desc: 0 while the queue is off; when it comes on it looks whether its head is in the ring */
static void write_head(struct sim_vf *vf, uint32_t *head, uint32_t val, uint32_t n_desc)
{
	val &= TAIL_MASK;
	if (sim_has(vf->card, SIM_QUIRK_HEADS_WRITABLE) && (!n_desc || val < n_desc))
		*head = val;
}

/* RXDCTL or TXDCTL; ring.c looks at it. */
static void switch_queue(struct sim_vf *vf, uint32_t *reg, uint32_t val, uint32_t switched)
{
	*reg = val;
	vf->switched |= switched;
	vf->lag = vf->card->faults.orders.lag;
	vf->card->slow = true;
	if (sim_has(vf->card, SIM_QUIRK_INSTANT_ENABLE))
		sim_ring_update(vf);
}

static bool queue_write(struct sim_vf *vf, uint32_t offset, uint32_t val)
{
	uint32_t *reg = sim_vf_reg(vf, offset);
	unsigned int i = queue_of(offset);

	switch (offset - i * IGBVF_RDT_STRIDE) {
	case IGBVF_RDT:
		write_tail(vf, reg, val,
			   vf->rxq[i].enabled || sim_has(vf->card, SIM_QUIRK_EARLY_RDT),
			   RX_SWITCHED << i);
		return true;
	case IGBVF_TDT:
		write_tail(vf, reg, val, vf->txq[i].enabled, TX_SWITCHED << i);
		return true;
	case IGBVF_RDH:
		write_head(vf, &vf->rxq[i].head, val, vf->rxq[i].n_desc);
		return true;
	case IGBVF_TDH:
		write_head(vf, &vf->txq[i].head, val, vf->txq[i].n_desc);
		return true;
	case IGBVF_RXDCTL:
		switch_queue(vf, reg, val, RX_SWITCHED << i);
		return true;
	case IGBVF_TXDCTL:
		switch_queue(vf, reg, val, TX_SWITCHED << i);
		return true;
	default:
		return false;
	}
}

uint32_t sim_vf_read(struct sim_vf *vf, uint32_t offset)
{
	uint32_t *reg = sim_vf_reg(vf, offset);
	uint32_t val;

	switch (offset) {
	case IGBVF_STATUS:
		return sim_card_has_link(vf->card) ? STATUS_UP : STATUS_DOWN;
	case IGBVF_V2PMAILBOX:
		return sim_mbox_vf_read(&vf->mbox);
	case IGBVF_VTFRTIMER:
		return sim_has(vf->card, SIM_QUIRK_DEAD_REGISTERS) ? 0 : vf->card->sim->steps;
	case IGBVF_VTEICR: /* [N]: a read clears */
		return take(sim_has(vf->card, SIM_QUIRK_EICR_ECHO) ? &vf->eicr_written : reg);
	case IGBVF_VTEIMS:
		return sim_has(vf->card, SIM_QUIRK_EIMS_ECHO) ? vf->eims_written : *reg;
	default:
		if (queue_read(vf, offset, &val))
			return val;
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
		vf->eicr_written = val;
		*reg &= ~val;
		return;
	case IGBVF_VTEIMS:
		vf->eims_written = val;
		sim_irq_enable(vf, val & IGBVF_VECTORS_ALL);
		return;
	case IGBVF_VTEIMC:
		*sim_vf_reg(vf, IGBVF_VTEIMS) &= ~val;
		return;
	case IGBVF_VTIVAR:
		sim_irq_map(vf, val);
		return;
	case IGBVF_AT(EITR, 0):
	case IGBVF_AT(EITR, 1):
	case IGBVF_AT(EITR, 2):
		sim_irq_throttle(vf, (offset - IGBVF_EITR) / IGBVF_EITR_STRIDE, val);
		return;
	case IGBVF_VTEIAC:
		*reg = val | (sim_has(vf->card, SIM_QUIRK_EIAC_STICKS) ? *reg : 0);
		return;
	case IGBVF_PSRTYPE:
	case IGBVF_AT(RXCTL, 0):
	case IGBVF_AT(RXCTL, 1):
		*reg = sim_has(vf->card, SIM_QUIRK_DEAD_REGISTERS) ? 0 : val;
		return;
	default:
		if (!queue_write(vf, offset, val))
			store(vf, offset, val);
	}
}
