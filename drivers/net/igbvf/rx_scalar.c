/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Receiving in plain C: the reference, the path of CPUs without AVX2, and what is odd for all. What
 * the paths share is in rx.h.
 */

#include "drivers/net/igbvf/rx.h"

#define TYPE(i)                                                                                    \
	(((i)&0x03 ? VFNET_PKT_IP4 : 0) | ((i)&0x0c ? VFNET_PKT_IP6 : 0) |                         \
	 ((i)&0x10 ? VFNET_PKT_TCP : 0) | ((i)&0x20 ? VFNET_PKT_UDP : 0))
#define TYPE4(i)  TYPE(i), TYPE((i) + 1), TYPE((i) + 2), TYPE((i) + 3)
#define TYPE16(i) TYPE4(i), TYPE4((i) + 4), TYPE4((i) + 8), TYPE4((i) + 12)
const uint16_t igbvf_rx_type_flags[64] = {TYPE16(0), TYPE16(16), TYPE16(32), TYPE16(48)};

uint32_t igbvf_rx_rare_flags(uint32_t types, uint32_t status, uint32_t flags)
{
	/* with ETQF the type bits number a filter */
	if (types & IGBVF_RXD_ETQF)
		flags &= ~(VFNET_PKT_IP4 | VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP);
	if (types & IGBVF_RXD_RSS_TYPE)
		flags |= VFNET_PKT_HASH;
	if (status & IGBVF_RXD_LB)
		flags |= VFNET_PKT_LOOPED;
	/* the error bits mean nothing where nothing was checked */
	if ((status & IGBVF_RXD_IPE) && (flags & VFNET_PKT_L3_GOOD))
		flags ^= VFNET_PKT_L3_GOOD | VFNET_PKT_L3_BAD;
	if ((status & IGBVF_RXD_L4E) && (flags & VFNET_PKT_L4_GOOD))
		flags ^= VFNET_PKT_L4_GOOD | VFNET_PKT_L4_BAD;
	return flags;
}

/* Give the buffers of the next @n descriptors back unseen. */
static void drop(struct igbvf_rxq *q, uint32_t n)
{
	uint32_t to_end = q->rxq.common.n_desc - q->next;
	uint32_t n_first = n < to_end ? n : to_end;

	vfnet_cache_put(q->rxq.common.cache, &q->handle[q->next], n_first);
	if (n > n_first)
		vfnet_cache_put(q->rxq.common.cache, q->handle, n - n_first);
	igbvf_rx_advance(q, n);
}

#define CHAIN_OPEN    0
#define CHAIN_ENDLESS -1

/* Return: descriptors of the frame at q->next, healthy unless *@bad; OPEN: its end is not there
 * yet; ENDLESS: more buffers than the longest frame needs. */
static int chain_length(const struct igbvf_rxq *q, bool *bad)
{
	*bad = false;
	for (uint32_t i = 0; i < q->chain_max; i++) {
		const union igbvf_rx_desc *desc = &q->ring[igbvf_rx_wrapped(q, q->next + i)];
		uint32_t status;

		if (i == q->posted)
			return CHAIN_OPEN;
		status = vfnet_io_load_dd(&desc->wb.status);
		if (!(status & IGBVF_RXD_DD))
			return CHAIN_OPEN;
		if (!igbvf_rx_len_ok(desc->wb.len, q->room))
			*bad = true;
		if (!(status & IGBVF_RXD_EOP))
			continue;
		/* the error bits stand here only */
		if (status & IGBVF_RXD_BAD)
			*bad = true;
		return (int)i + 1;
	}
	return CHAIN_ENDLESS;
}

/* What concerns the whole frame: the card writes it to the last descriptor, we to the first value.
 */
static void chain_write(struct igbvf_rxq *q, struct vfnet_pkt *pkt, uint32_t n, uint64_t *bytes)
{
	const union igbvf_rx_desc *last = &q->ring[igbvf_rx_wrapped(q, q->next + n - 1)];
	uint32_t flags = igbvf_rx_flags(last->wb.types, last->wb.status);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = igbvf_rx_wrapped(q, q->next + i);
		/* read again since chain_length(): a device may have made it longer meanwhile */
		uint32_t len = igbvf_min(q->ring[at].wb.len, q->room);
		uint32_t more = i + 1 < n ? VFNET_PKT_MORE : 0;

		if (i == 0)
			igbvf_rx_write(pkt, q->handle[at], q->off, igbvf_rx_types_hash(last),
				       len | (uint32_t)last->wb.vlan << 16, flags | more);
		else
			igbvf_rx_write(&pkt[i], q->handle[at], q->off, 0, len, more);
		*bytes += len;
	}
	igbvf_rx_advance(q, n);
}

int igbvf_rx_odd(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n, uint64_t *bytes)
{
	uint32_t status = vfnet_io_load_dd(&q->ring[q->next].wb.status);
	int n_chain;
	bool bad;

	if (!(status & IGBVF_RXD_DD))
		return -1;
	if (q->skipping) {
		q->skipping = !(status & IGBVF_RXD_EOP);
		drop(q, 1);
		return 0;
	}
	n_chain = chain_length(q, &bad);
	if (n_chain == CHAIN_ENDLESS) {
		vfnet_count_add(&q->bad_chain, 1);
		q->skipping = true;
		drop(q, q->chain_max);
		return 0;
	}
	if (n_chain == CHAIN_OPEN || (unsigned int)n_chain > n)
		return -1;
	if (bad) {
		vfnet_count_add(&q->bad_frame, 1);
		drop(q, (uint32_t)n_chain);
		return 0;
	}
	chain_write(q, pkt, (uint32_t)n_chain, bytes);
	return n_chain;
}

bool igbvf_rx_ready(const struct vfnet_rxq *rxq)
{
	const struct igbvf_rxq *q = (const struct igbvf_rxq *)rxq;

	/* without buffers the card has nothing to say: only a burst posts some */
	return !q->posted || (vfnet_io_load_dd(&q->ring[q->next].wb.status) & IGBVF_RXD_DD);
}

__attribute__((noinline)) static unsigned int more(struct igbvf_rxq *q, struct vfnet_pkt *pkt,
						   unsigned int n, unsigned int got)
{
	return igbvf_rx_more_by(q, pkt, n, got, igbvf_rx_run);
}

unsigned int igbvf_rx_take(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n)
{
	return more(q, pkt, n, 0);
}

unsigned int igbvf_rx_look_again(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n)
{
	if (!q->dev->ops->progress)
		return 0;
	q->dev->ops->progress(q->dev);
	return igbvf_rx_take(q, pkt, n);
}

uint32_t igbvf_rx_post(struct igbvf_rxq *q, uint32_t n)
{
	return igbvf_rx_post_by(q, n, igbvf_rx_fill);
}

__attribute__((noinline)) static void refill(struct igbvf_rxq *q, uint32_t n_free)
{
	igbvf_rx_refill_by(q, n_free, igbvf_rx_fill);
}

int igbvf_rx_not_run(struct igbvf_rxq *q, int rc)
{
	if (!igbvf_rxq_resume(q, rc))
		return rc;
	/* at once: a frame may be waiting at the empty ring */
	refill(q, q->rxq.common.n_desc - 1);
	return 0;
}

/* With a number that the compiler knows there is no loop, and half the registers do. */
__attribute__((noinline)) static int one(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt)
{
	return igbvf_rx_burst_by(rxq, pkt, 1, igbvf_rx_run, more, refill);
}

int igbvf_rx_burst_scalar(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt, unsigned int n)
{
	if (n == 1)
		return one(rxq, pkt);
	return igbvf_rx_burst_by(rxq, pkt, n, igbvf_rx_run, more, refill);
}
