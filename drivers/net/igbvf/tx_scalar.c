/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sending in plain C: the reference, the path of CPUs without AVX2, and what is odd or slow for
 * all. What the paths share is in tx.h.
 */

#include "drivers/net/igbvf/tx.h"

void igbvf_tx_put(struct igbvf_txq *q, uint32_t n)
{
	uint32_t first = igbvf_tx_retreated(q, q->handle_in, igbvf_tx_buffers(q));
	uint32_t to_end = q->txq.common.n_desc - first;
	uint32_t n_first = n < to_end ? n : to_end;

	vfnet_cache_put(q->txq.common.cache, &q->handle[first], n_first);
	if (n > n_first)
		vfnet_cache_put(q->txq.common.cache, q->handle, n - n_first);
	q->done_handles += n;
}

/* The @k-th mark in flight, from the oldest on. */
static inline const struct igbvf_tx_mark *mark_at(const struct igbvf_txq *q, uint32_t k)
{
	return &q->mark[igbvf_tx_retreated(q, q->mark_in, q->n_marks - k)];
}

/* The oldest @n marks, at least one, are done. */
static void reclaim(struct igbvf_txq *q, uint32_t n)
{
	const struct igbvf_tx_mark *mark = mark_at(q, n - 1);
	uint32_t in_use = igbvf_tx_retreated(q, q->next, mark->desc + 1);

	q->free = q->txq.common.n_desc - 1 - in_use;
	q->n_marks -= n;
	q->block_marks = 0;
	igbvf_tx_put(q, mark->handles - q->done_handles);
	/* wrapping differences: the counters go on where these end */
	vfnet_count_add(&q->packets, mark->frames - (uint32_t)q->packets);
	vfnet_count_add(&q->bytes, mark->bytes - (uint32_t)q->bytes);
}

/* Return: how many of the oldest marks have 32 buffers between them, of which there are so many. */
static uint32_t marks_of_block(const struct igbvf_txq *q)
{
	uint32_t low = 1, high = q->n_marks < IGBVF_BLOCK ? q->n_marks : IGBVF_BLOCK;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (mark_at(q, mid - 1)->handles - q->done_handles >= IGBVF_BLOCK)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

void igbvf_tx_clean_blocks(struct igbvf_txq *q)
{
	while (igbvf_tx_buffers(q) >= IGBVF_BLOCK) {
		if (!q->block_marks) {
			q->block_marks = (uint16_t)marks_of_block(q);
			q->block_desc = (uint16_t)mark_at(q, q->block_marks - 1u)->desc;
		}
		if (!igbvf_tx_is_done(q, q->block_desc))
			break;
		reclaim(q, q->block_marks);
	}
}

uint32_t igbvf_tx_clean(struct igbvf_txq *q)
{
	uint32_t before = igbvf_tx_frames(q);
	uint32_t n = 0;

	while (n < q->n_marks && igbvf_tx_is_done(q, mark_at(q, n)->desc))
		n++;
	if (n)
		reclaim(q, n);
	return before - igbvf_tx_frames(q);
}

static bool room_for(struct igbvf_txq *q, uint32_t n_desc)
{
	if (q->free < n_desc)
		igbvf_tx_clean(q);
	if (q->free < n_desc && q->dev->ops->progress) {
		q->dev->ops->progress(q->dev);
		igbvf_tx_clean(q);
	}
	return q->free >= n_desc;
}

static unsigned int drop(struct igbvf_txq *q, const struct vfnet_pkt *pkt, unsigned int n,
			 uint64_t *count)
{
	vfnet_pkt_free(q->txq.common.cache, pkt, n);
	vfnet_count_add(count, 1);
	return n;
}

/* @n buffers of one frame, what the card must know before, and a piece of the zero buffer. */
static void frame_write(struct igbvf_txq *q, const struct vfnet_pkt *pkt, unsigned int n,
			const struct igbvf_offload *o)
{
	uint32_t n_desc = n + (o->pad != 0) + o->new_context;
	uint32_t at = q->next;

	if (o->new_context) {
		igbvf_offload_context(q, o, &q->ring[at]);
		at = igbvf_tx_advanced(q, at, 1);
	}
	for (unsigned int i = 0; i < n; i++) {
		bool last = i + 1 == n && !o->pad;

		igbvf_tx_write(&q->ring[at], igbvf_tx_iova(&pkt[i]),
			       IGBVF_TX_CMD | o->cmd | (last ? IGBVF_TXD_EOP : 0) | pkt[i].len,
			       i ? 0 : o->info);
		q->handle[igbvf_tx_advanced(q, q->handle_in, i)] = pkt[i].buf;
		at = igbvf_tx_advanced(q, at, 1);
	}
	if (o->pad)
		igbvf_tx_write(&q->ring[at], q->iova_zero,
			       IGBVF_TX_CMD | o->cmd | IGBVF_TXD_EOP | o->pad, 0);
	igbvf_tx_move_on(q, (struct igbvf_tx_written){
				.descs = n_desc, .handles = n, .frames = 1, .bytes = o->bytes});
}

/* Return: NULL and @o filled; the counter under which a frame of @len bytes is dropped. */
static uint64_t *plan(struct igbvf_txq *q, const struct vfnet_pkt *pkt, uint32_t len,
		      struct igbvf_offload *o)
{
	*o = (struct igbvf_offload){.pad = len < IGBVF_FRAME_MIN ? IGBVF_FRAME_MIN - len : 0};
	o->bytes = len + o->pad;
	o->info = VFNET_FIELD_PREP(IGBVF_TXD_PAYLEN, o->bytes);
	if (pkt->flags & IGBVF_TX_ASKS)
		return igbvf_offload_plan(q, pkt, len, o);
	return len > IGBVF_FRAME_MAX ? &q->oversize : NULL;
}

/* What may be sent by runs from now on, as the card knows it from this frame. */
static void remember(struct igbvf_txq *q, const struct vfnet_pkt *pkt,
		     const struct igbvf_offload *o)
{
	if (o->new_context)
		q->kind = (struct igbvf_tx_kind){0};
	/* what segments count as depends on the length of each */
	if ((pkt->flags & IGBVF_TX_ASKS) && !(o->cmd & IGBVF_TXD_TSE))
		igbvf_offload_kind(q, pkt, o);
}

unsigned int igbvf_tx_odd(struct igbvf_txq *q, const struct vfnet_pkt *pkt, unsigned int n)
{
	bool empty = pkt[0].len == 0;
	uint32_t len = pkt[0].len;
	struct igbvf_offload o;
	unsigned int n_bufs = 1;
	uint64_t *refused;
	uint32_t n_desc;

	while (n_bufs < n && (pkt[n_bufs - 1].flags & VFNET_PKT_MORE)) {
		empty = empty || pkt[n_bufs].len == 0;
		len += pkt[n_bufs++].len;
	}
	refused = plan(q, pkt, len, &o);
	n_desc = n_bufs + (o.pad != 0) + o.new_context;
	if (!refused && (empty || n_desc > q->txq.common.n_desc - 1))
		refused = &q->invalid;
	if (refused)
		return drop(q, pkt, n_bufs, refused);
	if (!room_for(q, n_desc))
		return 0;
	frame_write(q, pkt, n_bufs, &o);
	remember(q, pkt, &o);
	return n_bufs;
}

__attribute__((noinline)) static unsigned int more(struct igbvf_txq *q, const struct vfnet_pkt *pkt,
						   unsigned int n, unsigned int taken)
{
	return igbvf_tx_more_by(q, pkt, n, taken, igbvf_tx_run);
}

/* With a number that the compiler knows there is no loop, and half the registers do. */
__attribute__((noinline)) static int one(struct vfnet_txq *txq, const struct vfnet_pkt *pkt)
{
	return igbvf_tx_burst_by(txq, pkt, 1, igbvf_tx_run, more);
}

int igbvf_tx_burst_scalar(struct vfnet_txq *txq, const struct vfnet_pkt *pkt, unsigned int n)
{
	if (n == 1)
		return one(txq, pkt);
	return igbvf_tx_burst_by(txq, pkt, n, igbvf_tx_run, more);
}

uint32_t igbvf_txq_reclaim(struct vfnet_txq *txq)
{
	struct igbvf_txq *q = (struct igbvf_txq *)txq;
	int rc = vfnet_queue_begin(&txq->common);

	if (rc && !igbvf_txq_resume(q, rc))
		return igbvf_tx_frames(q);
	if (!igbvf_tx_clean(q) && igbvf_tx_frames(q) && q->dev->ops->progress) {
		q->dev->ops->progress(q->dev);
		igbvf_tx_clean(q);
	}
	return igbvf_tx_frames(q);
}
