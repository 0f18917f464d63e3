/* SPDX-License-Identifier: BSD-2-Clause */

/* Setting up a transmit ring and taking it down; as rxq.c. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/net/igbvf/tx.h"
#include "lib/base/err.h"

/* as after a reset: descriptors with RS come back at once, and no others */
#define THRESHOLDS 0u
/* room for the bytes that a frame may lack */
#define ZERO_BYTES 64u

static_assert(ZERO_BYTES >= IGBVF_FRAME_MIN, "pads the shortest frame");

static struct igbvf_txq *txq_alloc(uint32_t n_desc)
{
	size_t each = sizeof(uint32_t) + sizeof(struct igbvf_tx_mark);
	size_t bytes = sizeof(struct igbvf_txq) + n_desc * each;
	struct igbvf_txq *q;

	bytes = vfnet_align_up(bytes, alignof(struct igbvf_txq));
	q = aligned_alloc(alignof(struct igbvf_txq), bytes);
	if (!q)
		return NULL;
	memset(q, 0, bytes);
	q->mark = (struct igbvf_tx_mark *)(q + 1);
	q->handle = (uint32_t *)(q->mark + n_desc);
	return q;
}

static int txq_alloc_dma(struct igbvf_txq *q, struct vfnet_err *err)
{
	void *ring, *zero;
	int rc;

	rc = vfnet_dma_alloc(q->region, q->txq.common.n_desc * sizeof(q->ring[0]), IGBVF_RING_ALIGN,
			     0, &ring, err);
	if (rc)
		return rc;
	rc = vfnet_dma_alloc(q->region, ZERO_BYTES, ZERO_BYTES, 0, &zero, err);
	if (rc) {
		vfnet_dma_free(q->region, ring);
		return rc;
	}
	q->ring = ring;
	q->zero = zero;
	q->iova_zero = igbvf_iova(q->region, zero);
	return 0;
}

void igbvf_txq_program(const struct igbvf_txq *q, const struct igbvf_hw *hw)
{
	uint64_t iova = igbvf_iova(q->region, q->ring);
	uint32_t i = q->txq.common.index;

	igbvf_wr(hw, IGBVF_AT(TDBAL, i), (uint32_t)iova);
	igbvf_wr(hw, IGBVF_AT(TDBAH, i), (uint32_t)(iova >> 32));
	igbvf_wr(hw, IGBVF_AT(TDLEN, i), q->txq.common.n_desc * (uint32_t)sizeof(q->ring[0]));
	igbvf_wr(hw, IGBVF_AT(TDWBAL, i), 0);
	igbvf_wr(hw, IGBVF_AT(TDWBAH, i), 0);
	igbvf_wr(hw, IGBVF_AT(TXCTL, i),
		 igbvf_rd(hw, IGBVF_AT(TXCTL, i)) & ~IGBVF_TXCTL_WB_RELAXED);
	igbvf_wr(hw, IGBVF_AT(TDH, i), 0);
	igbvf_wr(hw, IGBVF_AT(TDT, i), 0);
	igbvf_wr(hw, IGBVF_AT(TXDCTL, i), THRESHOLDS | IGBVF_TXDCTL_ENABLE);
}

static int txq_start(struct igbvf_txq *q, const struct igbvf_hw *hw, struct vfnet_err *err)
{
	uint32_t i = q->txq.common.index;
	int rc;

	rc = igbvf_queue_off(hw, IGBVF_AT(TXDCTL, i), THRESHOLDS, err);
	if (rc)
		return rc;
	igbvf_txq_program(q, hw);
	rc = igbvf_queue_wait(hw, IGBVF_AT(TXDCTL, i), true, err);
	if (rc)
		return rc;
	q->tail = hw->dev->ops->doorbell(hw->dev, 0, IGBVF_AT(TDT, i));
	return 0;
}

int igbvf_txq_open(struct vfnet_port *pub, const struct vfnet_queue *common, struct vfnet_txq **out,
		   struct vfnet_err *err)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	struct igbvf_txq *q = txq_alloc(common->n_desc);
	int rc;

	if (!q)
		return vfnet_err_set(err, -ENOMEM,
				     "%s: no memory for a transmit queue of %u "
				     "descriptors",
				     port->hw.dev->name, common->n_desc);
	q->txq.burst = igbvf_tx_burst_of(port->port.simd);
	q->txq.common = *common;
	q->free = common->n_desc - 1;
	q->dev = port->hw.dev;
	q->region = vfnet_cache_pool(common->cache)->region;
	rc = txq_alloc_dma(q, err);
	if (rc)
		goto err_free;
	rc = txq_start(q, &port->hw, err);
	if (rc)
		goto err_stop;
	*out = &q->txq;
	return 0;
err_stop:
	igbvf_queue_end(port, IGBVF_AT(TXDCTL, common->index), THRESHOLDS);
	vfnet_dma_free(q->region, q->zero);
	vfnet_dma_free(q->region, q->ring);
err_free:
	free(q);
	return rc;
}

void igbvf_txq_count(const struct vfnet_txq *txq, struct vfnet_counters *sum)
{
	const struct igbvf_txq *q = (const struct igbvf_txq *)txq;

	sum->tx_packets += vfnet_count_load(&q->packets);
	sum->tx_bytes += vfnet_count_load(&q->bytes);
	sum->drops[VFNET_DROPS_tx_oversize] += vfnet_count_load(&q->oversize);
	sum->drops[VFNET_DROPS_tx_unsupported] += vfnet_count_load(&q->unsupported);
	sum->drops[VFNET_DROPS_tx_invalid] += vfnet_count_load(&q->invalid);
	sum->drops[VFNET_DROPS_reset_unknown] += vfnet_count_load(&q->reset_unknown);
}

bool igbvf_txq_resume(struct igbvf_txq *q, int rc)
{
	if (rc != VFNET_QUEUE_WAS_FRESH)
		return false;
	igbvf_tx_clean(q);
	vfnet_count_add(&q->reset_unknown, igbvf_tx_frames(q));
	igbvf_tx_put(q, igbvf_tx_buffers(q));
	q->next = 0;
	q->free = q->txq.common.n_desc - 1;
	q->handle_in = 0;
	q->mark_in = 0;
	q->n_marks = 0;
	q->block_marks = 0;
	q->total_frames = (uint32_t)q->packets;
	q->total_bytes = (uint32_t)q->bytes;
	/* the card has forgotten it: the next frame that needs one brings it */
	q->context = (struct igbvf_context){0};
	q->kind = (struct igbvf_tx_kind){0};
	return true;
}

static void finish(struct igbvf_txq *q, const struct igbvf_hw *hw)
{
	struct igbvf_wait wait = igbvf_wait_start(IGBVF_SETTLE_US);

	igbvf_tx_clean(q);
	while (igbvf_tx_frames(q) && igbvf_wait_more(hw, &wait))
		igbvf_tx_clean(q);
}

void igbvf_txq_close(struct vfnet_port *pub, struct vfnet_txq *txq)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	struct igbvf_txq *q = (struct igbvf_txq *)txq;
	bool runs = vfnet_word_load(&pub->state) == VFNET_PORT_RUNNING;

	igbvf_txq_resume(q, vfnet_queue_begin(&txq->common));
	/* after a reset nothing comes back */
	if (runs)
		finish(q, &port->hw);
	igbvf_queue_end(port, IGBVF_AT(TXDCTL, q->txq.common.index), THRESHOLDS);
	igbvf_tx_clean(q);
	pub->base.drops[runs ? VFNET_DROPS_not_drained : VFNET_DROPS_reset_unknown] +=
	    igbvf_tx_frames(q);
	igbvf_txq_count(txq, &pub->base);
	igbvf_tx_put(q, igbvf_tx_buffers(q));
	vfnet_dma_free(q->region, q->zero);
	vfnet_dma_free(q->region, q->ring);
	free(q);
}
