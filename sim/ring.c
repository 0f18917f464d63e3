/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue's way between enabled and not, and where its ring is. ENABLE as read lags one step behind
 * ENABLE as written; a ring against the rules does not come on and the log says why. 82576-vf.md
 * §3.
 */
#define VFNET_LOG_TAG "sim/ring"
#include "sim/card.h"

#include <inttypes.h>

#define DESC_BYTES	    16u
#define LOOSE_BASE	    32u
#define RING_MAX_BYTES	    0x80000u /* [S] */
#define DEFAULT_BUF_BYTES   2048u    /* BSIZEPKT 0: RCTL.BSIZE of the physical function */
#define DESCTYPE_ONE_BUFFER 1u
#define LIKE_ONE_BUFFER	    (VFNET_BIT(0) | VFNET_BIT(3) | VFNET_BIT(4)) /* to QEMU */
#define HEAD_ALIGN_MASK	    UINT64_C(3)					 /* TDWBAL: flags */

static uint64_t address(struct sim_vf *vf, uint32_t low)
{
	return (uint64_t)*sim_vf_reg(vf, low + 4) << 32 | *sim_vf_reg(vf, low);
}

/* @low: RDBAL or TDBAL; the length register is 8 above in both */
static bool ring_ok(struct sim_vf *vf, const char *side, uint32_t low)
{
	uint32_t bytes = *sim_vf_reg(vf, low + 8);
	bool size_ok = bytes != 0 && bytes <= RING_MAX_BYTES;

	if (address(vf, low) % IGBVF_RING_ALIGN == 0 && bytes % IGBVF_RING_ALIGN == 0 && size_ok)
		return true;
	sim_mistake(vf, SIM_RULE_RING, bytes, bytes / IGBVF_RING_ALIGN * IGBVF_RING_ALIGN);
	if (sim_has(vf->card, SIM_QUIRK_LOOSE_RINGS) && size_ok &&
	    address(vf, low) % LOOSE_BASE == 0 && bytes % DESC_BYTES == 0)
		return true;
	vfnet_log(&vf->card->sim->log, WARN,
		  "%s: %s queue not enabled: ring of %" PRIu32 " bytes at 0x%" PRIx64
		  "; both must be multiples of %u, the size from %u to %u",
		  vf->dev.name, side, bytes, address(vf, low), IGBVF_RING_ALIGN, IGBVF_RING_ALIGN,
		  RING_MAX_BYTES);
	return false;
}

static bool rx_ok(struct sim_vf *vf, unsigned int i)
{
	uint32_t type =
	    VFNET_FIELD_GET(IGBVF_SRRCTL_DESCTYPE, *sim_vf_reg(vf, IGBVF_AT(SRRCTL, i)));

	if (!ring_ok(vf, "receive", IGBVF_AT(RDBAL, i)))
		return false;
	if (type == DESCTYPE_ONE_BUFFER)
		return true;
	if (sim_has(vf->card, SIM_QUIRK_ANY_DESCTYPE) && (LIKE_ONE_BUFFER & VFNET_BIT(type)))
		return true;
	vfnet_log(&vf->card->sim->log, WARN,
		  "%s: receive queue not enabled: SRRCTL.DESCTYPE is %" PRIu32
		  ", a software card knows %u (advanced, one buffer) only",
		  vf->dev.name, type, DESCTYPE_ONE_BUFFER);
	return false;
}

/*
 * When the queue comes on, a tail that is not 0 was stored while it was off, so what was there
 * before goes when it goes off; not earlier, as it may still be sending.
 */
static void forget_tail(struct sim_vf *vf, uint32_t tail)
{
	vfnet_io_store_tail(sim_vf_reg(vf, tail), 0);
}

/* What a queue that is switched is left with: nothing, unless registers outlive that. */
static uint32_t kept_head(const struct sim_vf *vf, uint32_t head)
{
	return vf->card->quirks &
		       (VFNET_BIT(SIM_QUIRK_HALF_RESET) | VFNET_BIT(SIM_QUIRK_HEADS_WRITABLE))
		   ? head
		   : 0;
}

static struct sim_context kept_context(const struct sim_vf *vf, const struct sim_context *ctx)
{
	return sim_has(vf->card, SIM_QUIRK_HALF_RESET) ? *ctx : (struct sim_context){0};
}

static void rx_update(struct sim_vf *vf, unsigned int i)
{
	uint32_t *ctl = sim_vf_reg(vf, IGBVF_AT(RXDCTL, i));
	uint32_t srrctl = *sim_vf_reg(vf, IGBVF_AT(SRRCTL, i));
	uint32_t kib = VFNET_FIELD_GET(IGBVF_SRRCTL_BSIZEPKT, srrctl);
	bool want = *ctl & IGBVF_RXDCTL_ENABLE;
	struct sim_rxq *q = &vf->rxq[i];

	if (want == q->enabled)
		return;
	*q = (struct sim_rxq){.head = kept_head(vf, q->head)};
	if (!want) {
		forget_tail(vf, IGBVF_AT(RDT, i));
		return;
	}
	if (!rx_ok(vf, i)) {
		*ctl &= ~IGBVF_RXDCTL_ENABLE;
		return;
	}
	q->iova = address(vf, IGBVF_AT(RDBAL, i));
	q->n_desc = *sim_vf_reg(vf, IGBVF_AT(RDLEN, i)) / DESC_BYTES;
	if (q->head >= q->n_desc)
		q->head = 0;
	q->buf_bytes = kib ? kib * 1024 : DEFAULT_BUF_BYTES;
	q->drop = srrctl & IGBVF_SRRCTL_DROP_EN;
	q->noticed = SIM_NO_TAIL;
	sim_rules_rx_enable(vf, i);
	q->tail = q->head;
	if (!sim_has(vf->card, SIM_QUIRK_EARLY_RDT))
		vfnet_io_store_tail(sim_vf_reg(vf, IGBVF_AT(RDT, i)), q->head);
	q->enabled = true;
}

static void tx_update(struct sim_vf *vf, unsigned int i)
{
	uint32_t *ctl = sim_vf_reg(vf, IGBVF_AT(TXDCTL, i));
	bool want = *ctl & IGBVF_TXDCTL_ENABLE;
	struct sim_txq *q = &vf->txq[i];

	if (want == q->enabled)
		return;
	*q = (struct sim_txq){.head = kept_head(vf, q->head),
			      .ctx = {kept_context(vf, &q->ctx[0]), kept_context(vf, &q->ctx[1])}};
	if (!want) {
		forget_tail(vf, IGBVF_AT(TDT, i));
		return;
	}
	if (!ring_ok(vf, "transmit", IGBVF_AT(TDBAL, i))) {
		*ctl &= ~IGBVF_TXDCTL_ENABLE;
		return;
	}
	q->iova = address(vf, IGBVF_AT(TDBAL, i));
	q->head_wb = *sim_vf_reg(vf, IGBVF_AT(TDWBAL, i)) & IGBVF_TDWBAL_ENABLE;
	q->head_iova = address(vf, IGBVF_AT(TDWBAL, i)) & ~HEAD_ALIGN_MASK;
	q->noticed = SIM_NO_TAIL;
	sim_rules_tx_enable(vf, i);
	q->n_desc = *sim_vf_reg(vf, IGBVF_AT(TDLEN, i)) / DESC_BYTES;
	if (q->head >= q->n_desc)
		q->head = 0;
	vfnet_io_store_tail(sim_vf_reg(vf, IGBVF_AT(TDT, i)), q->head);
	q->enabled = true;
}

void sim_ring_update(struct sim_vf *vf)
{
	for (unsigned int i = 0; i < SIM_QUEUES; i++) {
		rx_update(vf, i);
		tx_update(vf, i);
	}
	sim_ring_refresh(vf);
}

static void *find(struct sim_vf *vf, const char *side, uint64_t iova, uint32_t n_desc)
{
	void *ring = sim_dma_ptr(vf->dma, iova, (uint64_t)n_desc * DESC_BYTES);

	if (!ring && sim_say_once(vf, SIM_SAID_RING))
		vfnet_log(&vf->card->sim->log, ERR,
			  "%s: DMA fault: the %s ring at I/O address 0x%" PRIx64
			  " is not in mapped memory; the queue cannot move",
			  vf->dev.name, side, iova);
	return ring;
}

void sim_ring_refresh(struct sim_vf *vf)
{
	bool moves = vf->dma && vf->bus_master && vf->pf.enabled && !vf->card->gone;

	vf->generation = vf->dma ? vf->dma->generation : 0;
	for (unsigned int i = 0; i < SIM_QUEUES; i++) {
		struct sim_rxq *rx = &vf->rxq[i];
		struct sim_txq *tx = &vf->txq[i];

		rx->live = moves && rx->enabled && rx->n_desc;
		tx->live = moves && tx->enabled && tx->n_desc;
		rx->ring = rx->live ? find(vf, "receive", rx->iova, rx->n_desc) : NULL;
		tx->ring = tx->live ? find(vf, "transmit", tx->iova, tx->n_desc) : NULL;
	}
	vf->card->stall_vfs &= ~(1u << vf->index);
	if (sim_vf_rxq(vf)->live && !sim_vf_rxq(vf)->drop)
		vf->card->stall_vfs |= 1u << vf->index;
}
