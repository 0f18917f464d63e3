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
#define RING_MAX_BYTES	    0x80000u /* [S] */
#define DEFAULT_BUF_BYTES   2048u    /* BSIZEPKT 0: RCTL.BSIZE of the physical function */
#define DESCTYPE_ONE_BUFFER 1u

static uint64_t address(struct sim_vf *vf, uint32_t low)
{
	return (uint64_t)*sim_vf_reg(vf, low + 4) << 32 | *sim_vf_reg(vf, low);
}

/* @low: RDBAL or TDBAL; the length register is 8 above in both */
static bool ring_ok(struct sim_vf *vf, const char *side, uint32_t low)
{
	uint32_t bytes = *sim_vf_reg(vf, low + 8);

	if (address(vf, low) % IGBVF_RING_ALIGN == 0 && bytes % IGBVF_RING_ALIGN == 0 &&
	    bytes != 0 && bytes <= RING_MAX_BYTES)
		return true;
	vfnet_log(&vf->card->sim->log, WARN,
		  "%s: %s queue not enabled: ring of %" PRIu32 " bytes at 0x%" PRIx64
		  "; both must be multiples of %u, the size from %u to %u",
		  vf->dev.name, side, bytes, address(vf, low), IGBVF_RING_ALIGN, IGBVF_RING_ALIGN,
		  RING_MAX_BYTES);
	return false;
}

static bool rx_ok(struct sim_vf *vf)
{
	uint32_t type = VFNET_FIELD_GET(IGBVF_SRRCTL_DESCTYPE, *sim_vf_reg(vf, IGBVF_SRRCTL));

	if (!ring_ok(vf, "receive", IGBVF_RDBAL))
		return false;
	if (type == DESCTYPE_ONE_BUFFER)
		return true;
	vfnet_log(&vf->card->sim->log, WARN,
		  "%s: receive queue not enabled: SRRCTL.DESCTYPE is %" PRIu32
		  ", a software card knows %u (advanced, one buffer) only",
		  vf->dev.name, type, DESCTYPE_ONE_BUFFER);
	return false;
}

static bool tx_ok(struct sim_vf *vf)
{
	if (!ring_ok(vf, "transmit", IGBVF_TDBAL))
		return false;
	if (!(*sim_vf_reg(vf, IGBVF_TDWBAL) & IGBVF_TDWBAL_ENABLE))
		return true;
	vfnet_log(&vf->card->sim->log, WARN,
		  "%s: transmit queue not enabled: a software card has no head write-back; clear "
		  "TDWBAL bit 0",
		  vf->dev.name);
	return false;
}

static void rx_update(struct sim_vf *vf)
{
	uint32_t *ctl = sim_vf_reg(vf, IGBVF_RXDCTL);
	uint32_t srrctl = *sim_vf_reg(vf, IGBVF_SRRCTL);
	uint32_t kib = VFNET_FIELD_GET(IGBVF_SRRCTL_BSIZEPKT, srrctl);
	bool want = *ctl & IGBVF_RXDCTL_ENABLE;

	if (want == vf->rxq.enabled)
		return;
	vf->rxq = (struct sim_rxq){0};
	if (!want)
		return;
	if (!rx_ok(vf)) {
		*ctl &= ~IGBVF_RXDCTL_ENABLE;
		return;
	}
	vf->rxq.iova = address(vf, IGBVF_RDBAL);
	vf->rxq.n_desc = *sim_vf_reg(vf, IGBVF_RDLEN) / DESC_BYTES;
	vf->rxq.buf_bytes = kib ? kib * 1024 : DEFAULT_BUF_BYTES;
	vf->rxq.drop = srrctl & IGBVF_SRRCTL_DROP_EN;
	vfnet_io_store_tail(sim_vf_reg(vf, IGBVF_RDT), 0);
	vf->rxq.enabled = true;
}

static void tx_update(struct sim_vf *vf)
{
	uint32_t *ctl = sim_vf_reg(vf, IGBVF_TXDCTL);
	bool want = *ctl & IGBVF_TXDCTL_ENABLE;

	if (want == vf->txq.enabled)
		return;
	vf->txq = (struct sim_txq){0};
	if (!want)
		return;
	if (!tx_ok(vf)) {
		*ctl &= ~IGBVF_TXDCTL_ENABLE;
		return;
	}
	vf->txq.iova = address(vf, IGBVF_TDBAL);
	vf->txq.n_desc = *sim_vf_reg(vf, IGBVF_TDLEN) / DESC_BYTES;
	vfnet_io_store_tail(sim_vf_reg(vf, IGBVF_TDT), 0);
	vf->txq.enabled = true;
}

void sim_ring_update(struct sim_vf *vf)
{
	rx_update(vf);
	tx_update(vf);
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
	vf->rxq.live = moves && vf->rxq.enabled && vf->rxq.n_desc;
	vf->txq.live = moves && vf->txq.enabled && vf->txq.n_desc;
	vf->rxq.ring = vf->rxq.live ? find(vf, "receive", vf->rxq.iova, vf->rxq.n_desc) : NULL;
	vf->txq.ring = vf->txq.live ? find(vf, "transmit", vf->txq.iova, vf->txq.n_desc) : NULL;
	vf->card->stall_vfs &= ~(1u << vf->index);
	if (vf->rxq.live && !vf->rxq.drop)
		vf->card->stall_vfs |= 1u << vf->index;
}
