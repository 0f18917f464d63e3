/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sending in plain C. tx_run() does what nearly all values are, a whole frame in one buffer that
 * needs no padding; everything else stops it and goes through tx_odd().
 *
 * The card writes DD only to descriptors with RS: the last of each burst and every 32nd within.
 * For each there is a mark that says what is done when it comes back, so that giving buffers back
 * and counting look at one descriptor per mark. Whole frames only lie between two marks, and the
 * tail moves by whole frames: half a frame would be lost in QEMU [live].
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"

#define CMD                                                                                        \
	(VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_DATA) | IGBVF_TXD_DEXT | IGBVF_TXD_IFCS)
/* what only tx_odd() can tell about */
#define ODD_FLAGS (VFNET_PKT_MORE | VFNET_PKT_VLAN | VFNET_PKT_TX_ANY)
/* work for the card: offload.c */
#define OFFLOAD_FLAGS (VFNET_PKT_VLAN | VFNET_PKT_TX_ANY)

static inline uint32_t advanced(const struct igbvf_txq *q, uint32_t i, uint32_t n)
{
	i += n;
	return i < q->txq.common.n_desc ? i : i - q->txq.common.n_desc;
}

static inline uint32_t retreated(const struct igbvf_txq *q, uint32_t i, uint32_t n)
{
	return i >= n ? i - n : i + q->txq.common.n_desc - n;
}

static inline uint64_t iova(uint32_t buf, uint32_t off)
{
	return VFNET_IOVA_BASE + ((uint64_t)(buf & VFNET_PLACE_MASK) << VFNET_PLACE_SHIFT) + off;
}

static inline void desc_write(union igbvf_tx_desc *desc, uint64_t addr, uint32_t cmd, uint32_t info)
{
	desc->data.addr = addr;
	desc->data.cmd = cmd;
	desc->data.paylen = info;
}

/* What has been written to the rings since they were last moved on. */
struct written {
	uint32_t descs;
	uint32_t handles; /* buffers; padding is a descriptor without one */
	uint32_t frames;
	uint32_t bytes;
};

static inline void move_on(struct igbvf_txq *q, struct written w)
{
	struct igbvf_tx_mark *open = &q->mark[q->mark_in];

	q->next = advanced(q, q->next, w.descs);
	q->free -= w.descs;
	q->unmarked += w.descs;
	q->handle_in = advanced(q, q->handle_in, w.handles);
	q->n_handles += w.handles;
	q->in_flight += w.frames;
	/* what is done when the next mark comes back */
	open->n_desc = (uint16_t)(open->n_desc + w.descs);
	open->handles = (uint16_t)(open->handles + w.handles);
	open->frames = (uint16_t)(open->frames + w.frames);
	open->bytes += w.bytes;
}

/*
 * Frames of one buffer to q->next on, at most @n, which does not pass the end of a ring.
 * Return: how many; fewer than @n when one is not so simple.
 */
static inline unsigned int tx_run(struct igbvf_txq *q, const struct vfnet_pkt *pkt, unsigned int n)
{
	union igbvf_tx_desc *desc = &q->ring[q->next];
	uint32_t *handle = &q->handle[q->handle_in];
	uint32_t bytes = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t len = pkt[i].len;

		if ((pkt[i].flags & ODD_FLAGS) ||
		    len - IGBVF_FRAME_MIN > IGBVF_FRAME_MAX - IGBVF_FRAME_MIN)
			break;
		desc_write(&desc[i], iova(pkt[i].buf, pkt[i].off), CMD | IGBVF_TXD_EOP | len,
			   VFNET_FIELD_PREP(IGBVF_TXD_PAYLEN, len));
		handle[i] = pkt[i].buf;
		bytes += len;
	}
	move_on(q, (struct written){.descs = i, .handles = i, .frames = i, .bytes = bytes});
	return i;
}

/* The last descriptor written ends a frame: let the card say when it is done. */
static inline void mark(struct igbvf_txq *q)
{
	uint32_t last = retreated(q, q->next, 1);

	q->ring[last].data.cmd |= IGBVF_TXD_RS;
	q->mark[q->mark_in].desc = (uint16_t)last;
	q->mark_in = advanced(q, q->mark_in, 1);
	q->n_marks++;
	q->unmarked = 0;
	memset(&q->mark[q->mark_in], 0, sizeof(q->mark[0]));
}

void igbvf_tx_put(struct igbvf_txq *q, uint32_t n)
{
	uint32_t first = retreated(q, q->handle_in, q->n_handles);
	uint32_t to_end = q->txq.common.n_desc - first;
	uint32_t n_first = n < to_end ? n : to_end;

	vfnet_cache_put(q->txq.common.cache, &q->handle[first], n_first);
	if (n > n_first)
		vfnet_cache_put(q->txq.common.cache, q->handle, n - n_first);
	q->n_handles -= n;
}

uint32_t igbvf_tx_clean(struct igbvf_txq *q)
{
	uint32_t at = retreated(q, q->mark_in, q->n_marks);
	uint32_t handles = 0, frames = 0;
	uint64_t bytes = 0;

	while (q->n_marks) {
		const struct igbvf_tx_mark *m = &q->mark[at];

		if (!(vfnet_io_load_dd(&q->ring[m->desc].wb.status) & IGBVF_TXD_DD))
			break;
		q->free += m->n_desc;
		handles += m->handles;
		frames += m->frames;
		bytes += m->bytes;
		q->n_marks--;
		at = advanced(q, at, 1);
	}
	if (!frames)
		return 0;
	igbvf_tx_put(q, handles);
	q->in_flight -= frames;
	vfnet_count_add(&q->packets, frames);
	vfnet_count_add(&q->bytes, bytes);
	return frames;
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
		at = advanced(q, at, 1);
	}
	for (unsigned int i = 0; i < n; i++) {
		bool last = i + 1 == n && !o->pad;

		desc_write(&q->ring[at], iova(pkt[i].buf, pkt[i].off),
			   CMD | o->cmd | (last ? IGBVF_TXD_EOP : 0) | pkt[i].len, i ? 0 : o->info);
		q->handle[advanced(q, q->handle_in, i)] = pkt[i].buf;
		at = advanced(q, at, 1);
	}
	if (o->pad)
		desc_write(&q->ring[at], q->iova_zero, CMD | o->cmd | IGBVF_TXD_EOP | o->pad, 0);
	move_on(q, (struct written){.descs = n_desc, .handles = n, .frames = 1, .bytes = o->bytes});
}

/* Return: NULL and @o filled; the counter under which a frame of @len bytes is dropped. */
static uint64_t *plan(struct igbvf_txq *q, const struct vfnet_pkt *pkt, uint32_t len,
		      struct igbvf_offload *o)
{
	*o = (struct igbvf_offload){.pad = len < IGBVF_FRAME_MIN ? IGBVF_FRAME_MIN - len : 0};
	o->bytes = len + o->pad;
	o->info = VFNET_FIELD_PREP(IGBVF_TXD_PAYLEN, o->bytes);
	if (pkt->flags & OFFLOAD_FLAGS)
		return igbvf_offload_plan(q, pkt, len, o);
	return len > IGBVF_FRAME_MAX ? &q->oversize : NULL;
}

/*
 * The frame at @pkt, whatever it is; the last of the @n values ends one.
 * Return: values taken, sent or dropped; 0 = no room.
 */
__attribute__((noinline)) static unsigned int tx_odd(struct igbvf_txq *q,
						     const struct vfnet_pkt *pkt, unsigned int n)
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
	return n_bufs;
}

static inline uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many frames of one buffer tx_run() may write at once. */
static inline uint32_t run_max(const struct igbvf_txq *q)
{
	uint32_t to_end = q->txq.common.n_desc - (q->next > q->handle_in ? q->next : q->handle_in);

	return min(min(q->free, to_end), IGBVF_BLOCK - q->unmarked);
}

int igbvf_tx_burst_scalar(struct vfnet_txq *txq, const struct vfnet_pkt *pkt, unsigned int n)
{
	struct igbvf_txq *q = (struct igbvf_txq *)txq;
	int rc = vfnet_queue_begin(&txq->common);
	unsigned int taken = 0;
	uint32_t first;

	if (vfnet_unlikely(rc) && !igbvf_txq_resume(q, rc))
		return rc;
	first = q->next;
	if (vfnet_unlikely(n - 1 >= VFNET_BURST_MAX || (pkt[n - 1].flags & VFNET_PKT_MORE)))
		return -EINVAL;
	if (q->n_handles >= IGBVF_BLOCK)
		igbvf_tx_clean(q);
	while (taken < n) {
		unsigned int run = min(n - taken, run_max(q));
		unsigned int done = tx_run(q, &pkt[taken], run);

		taken += done;
		if (done < run || !run) {
			unsigned int odd = tx_odd(q, &pkt[taken], n - taken);

			if (!odd)
				break;
			taken += odd;
		}
		if (q->unmarked >= IGBVF_BLOCK)
			mark(q);
	}
	if (q->unmarked)
		mark(q);
	if (q->next == first)
		return (int)taken;
	if (vfnet_likely(q->tail))
		vfnet_io_store_tail(q->tail, q->next);
	else
		vfnet_dev_write32(q->dev, IGBVF_AT(TDT, q->txq.common.index), q->next);
	return (int)taken;
}

uint32_t igbvf_txq_reclaim(struct vfnet_txq *txq)
{
	struct igbvf_txq *q = (struct igbvf_txq *)txq;
	int rc = vfnet_queue_begin(&txq->common);

	if (rc && !igbvf_txq_resume(q, rc))
		return q->in_flight;
	if (!igbvf_tx_clean(q) && q->in_flight && q->dev->ops->progress) {
		q->dev->ops->progress(q->dev);
		igbvf_tx_clean(q);
	}
	return q->in_flight;
}
