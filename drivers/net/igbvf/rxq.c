/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Setting up a receive ring and taking it down: sections 3 and 5 of the sheet. Works on a bare
 * register window: nothing here needs a mailbox.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"

#define KIB		    1024u
#define DESCTYPE_ONE_BUFFER 1u
/* Linux igbvf's; larger WTHRESH sometimes never writes back: an erratum of the 82576 VF [D] */
#define THRESHOLDS                                                                                 \
	(VFNET_FIELD_PREP(IGBVF_RXDCTL_PTHRESH, 16) | VFNET_FIELD_PREP(IGBVF_RXDCTL_HTHRESH, 8) |  \
	 VFNET_FIELD_PREP(IGBVF_RXDCTL_WTHRESH, 1))

static struct igbvf_rxq *rxq_alloc(uint32_t n_desc)
{
	size_t bytes = sizeof(struct igbvf_rxq) + n_desc * sizeof(uint32_t);
	struct igbvf_rxq *q;

	bytes = vfnet_align_up(bytes, alignof(struct igbvf_rxq));
	q = aligned_alloc(alignof(struct igbvf_rxq), bytes);
	if (!q)
		return NULL;
	memset(q, 0, bytes);
	q->handle = (uint32_t *)(q + 1);
	return q;
}

/* The card fills whole KiB: round down [S]. */
static uint32_t buffer_kib(const struct vfnet_pool *pool)
{
	uint32_t most = VFNET_FIELD_GET(IGBVF_SRRCTL_BSIZEPKT, IGBVF_SRRCTL_BSIZEPKT);
	uint32_t kib = (pool->buf_bytes - pool->default_off) / KIB;

	return kib < most ? kib : most;
}

static void rxq_fill(struct igbvf_rxq *q, struct igbvf_port *port, const struct vfnet_queue *common)
{
	const struct vfnet_pool *pool = vfnet_cache_pool(common->cache);
	/* with a VLAN tag, without CRC */
	uint32_t max_frame = port->port.mtu + 14 + 4;

	q->rxq.burst = igbvf_rx_burst_of(port->port.simd);
	q->rxq.common = *common;
	q->region = pool->region;
	q->dev = port->hw.dev;
	q->iova = VFNET_IOVA_BASE + pool->default_off;
	q->room = buffer_kib(pool) * KIB;
	q->off = (uint16_t)pool->default_off;
	q->chain_max = (uint16_t)((max_frame + q->room - 1) / q->room);
	/* a doorbell for each second block, where that leaves the card three quarters of the ring
	 */
	q->refill_at =
	    (uint16_t)(q->rxq.common.n_desc >= 8 * IGBVF_BLOCK ? 2 * IGBVF_BLOCK : IGBVF_BLOCK);
}

void igbvf_rxq_program(const struct igbvf_rxq *q, const struct igbvf_hw *hw)
{
	uint64_t iova = igbvf_iova(q->region, q->ring);
	uint32_t i = q->rxq.common.index;

	igbvf_wr(hw, IGBVF_AT(RDBAL, i), (uint32_t)iova);
	igbvf_wr(hw, IGBVF_AT(RDBAH, i), (uint32_t)(iova >> 32));
	igbvf_wr(hw, IGBVF_AT(RDLEN, i), q->rxq.common.n_desc * (uint32_t)sizeof(q->ring[0]));
	/* without DROP_EN a dry ring stalls the port for all functions */
	igbvf_wr(hw, IGBVF_AT(SRRCTL, i),
		 VFNET_FIELD_PREP(IGBVF_SRRCTL_BSIZEPKT, q->room / KIB) |
		     VFNET_FIELD_PREP(IGBVF_SRRCTL_DESCTYPE, DESCTYPE_ONE_BUFFER) |
		     IGBVF_SRRCTL_DROP_EN);
	igbvf_wr(hw, IGBVF_AT(RDH, i), 0);
	igbvf_wr(hw, IGBVF_AT(RDT, i), 0);
	igbvf_wr(hw, IGBVF_AT(RXDCTL, i), THRESHOLDS | IGBVF_RXDCTL_ENABLE);
}

static int rxq_start(struct igbvf_rxq *q, const struct igbvf_hw *hw, struct vfnet_err *err)
{
	uint32_t i = q->rxq.common.index;
	int rc;

	rc = igbvf_queue_off(hw, IGBVF_AT(RXDCTL, i), THRESHOLDS, err);
	if (rc)
		return rc;
	igbvf_rxq_program(q, hw);
	rc = igbvf_queue_wait(hw, IGBVF_AT(RXDCTL, i), true, err);
	if (rc)
		return rc;
	/* not before: a disabled queue ignores its tail [S] */
	vfnet_io_wmb();
	igbvf_wr(hw, IGBVF_AT(RDT, i), q->fill);
	q->tail = hw->dev->ops->doorbell(hw->dev, 0, IGBVF_AT(RDT, i));
	return 0;
}

static void return_posted(struct igbvf_rxq *q)
{
	uint32_t to_end = q->rxq.common.n_desc - q->next;
	uint32_t n_first = q->posted < to_end ? q->posted : to_end;

	vfnet_cache_put(q->rxq.common.cache, &q->handle[q->next], n_first);
	if (q->posted > n_first)
		vfnet_cache_put(q->rxq.common.cache, q->handle, q->posted - n_first);
	q->posted = 0;
}

int igbvf_rxq_open(struct vfnet_port *pub, const struct vfnet_queue *common, struct vfnet_rxq **out,
		   struct vfnet_err *err)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	const struct vfnet_pool *pool = vfnet_cache_pool(common->cache);
	const char *name = port->hw.dev->name;
	struct igbvf_rxq *q;
	void *ring;
	int rc;

	if (!buffer_kib(pool))
		return vfnet_err_set(err, -EINVAL,
				     "%s: the pool's buffers have room for %u bytes of data and "
				     "the 82576 fills whole KiB; open it with data_bytes 1024 or "
				     "more",
				     name, pool->buf_bytes - pool->default_off);
	q = rxq_alloc(common->n_desc);
	if (!q)
		return vfnet_err_set(err, -ENOMEM,
				     "%s: no memory for a receive queue of %u "
				     "descriptors",
				     name, common->n_desc);
	rxq_fill(q, port, common);
	rc = vfnet_dma_alloc(q->region, common->n_desc * sizeof(q->ring[0]), IGBVF_RING_ALIGN, 0,
			     &ring, err);
	if (rc)
		goto err_free;
	q->ring = ring;
	if (igbvf_rx_post(q, common->n_desc - 1) < common->n_desc - 1) {
		rc = vfnet_err_set(err, -ENOBUFS,
				   "%s: the pool has %u free buffers and the receive ring needs "
				   "%u; make the pool larger or the ring smaller",
				   name, q->posted, common->n_desc - 1);
		goto err_return;
	}
	rc = rxq_start(q, &port->hw, err);
	if (rc)
		goto err_stop;
	*out = &q->rxq;
	return 0;
err_stop:
	igbvf_queue_end(port, IGBVF_AT(RXDCTL, common->index), THRESHOLDS);
err_return:
	return_posted(q);
	vfnet_dma_free(q->region, q->ring);
err_free:
	free(q);
	return rc;
}

/* Frames that the card delivered and nobody took; it delivers no more. */
static void drain(struct igbvf_rxq *q)
{
	struct vfnet_pkt pkt[VFNET_BURST_MAX];
	uint64_t before = q->packets;
	unsigned int n;

	while ((n = igbvf_rx_take(q, pkt, VFNET_BURST_MAX)) > 0)
		vfnet_pkt_free(q->rxq.common.cache, pkt, n);
	if (q->posted && !q->skipping &&
	    (vfnet_io_load_dd(&q->ring[q->next].wb.status) & IGBVF_RXD_DD))
		vfnet_count_add(&q->bad_chain, 1);
	vfnet_count_add(&q->not_drained, q->packets - before);
}

bool igbvf_rxq_resume(struct igbvf_rxq *q, int rc)
{
	if (rc != VFNET_QUEUE_WAS_FRESH)
		return false;
	drain(q);
	return_posted(q);
	q->next = q->fill = 0;
	q->skipping = false;
	return true;
}

void igbvf_rxq_count(const struct vfnet_rxq *rxq, struct vfnet_counters *sum)
{
	const struct igbvf_rxq *q = (const struct igbvf_rxq *)rxq;

	sum->rx_packets += vfnet_count_load(&q->packets);
	sum->rx_bytes += vfnet_count_load(&q->bytes);
	sum->missed[VFNET_MISSED_bad_chain] += vfnet_count_load(&q->bad_chain);
	sum->missed[VFNET_MISSED_bad_frame] += vfnet_count_load(&q->bad_frame);
	sum->drops[VFNET_DROPS_not_drained] += vfnet_count_load(&q->not_drained);
}

void igbvf_rxq_close(struct vfnet_port *pub, struct vfnet_rxq *rxq)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	struct igbvf_rxq *q = (struct igbvf_rxq *)rxq;

	igbvf_queue_end(port, IGBVF_AT(RXDCTL, q->rxq.common.index), THRESHOLDS);
	drain(q);
	igbvf_rxq_count(rxq, &pub->base);
	return_posted(q);
	vfnet_dma_free(q->region, q->ring);
	free(q);
}
