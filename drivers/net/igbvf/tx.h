/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_IGBVF_TX_H
#define VFNET_IGBVF_TX_H

/*
 * Sending, but for the inner loop, as rx.h: tx_scalar.c, tx_avx2.c and tx_avx512.c have one each.
 *
 * A run is what nearly all values are: whole frames in one buffer, that ask the card for nothing,
 * or all for what it knows from the frame before (struct igbvf_tx_kind). Everything else ends it
 * and goes through igbvf_tx_odd().
 *
 * The card writes DD only to descriptors with RS: the last of each burst and every 32nd within.
 * For each there is a mark that says how much had been handed over by then, so that giving buffers
 * back and counting look at one descriptor per 32 buffers. Whole frames only lie between two marks,
 * and the tail moves by whole frames: half a frame would be lost in QEMU [live].
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"

#define IGBVF_TX_CMD                                                                               \
	(VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_DATA) | IGBVF_TXD_DEXT | IGBVF_TXD_IFCS)
/* what a frame is, and what it asks for */
#define IGBVF_TX_ASKS (VFNET_PKT_VLAN | VFNET_PKT_TX_ANY)

/* Frames of one buffer, padded by nobody, that ask for nothing. */
static const struct igbvf_tx_kind igbvf_tx_plain = {
    .mask = (uint64_t)(VFNET_PKT_MORE | IGBVF_TX_ASKS) << 48,
    .cmd = IGBVF_TX_CMD | IGBVF_TXD_EOP,
    .len_min = IGBVF_FRAME_MIN,
    .len_max = IGBVF_FRAME_MAX,
};

/*
 * The inner loop: the values @pkt, at most @n, to @desc and @handle on.
 * Return: how many; fewer than @n when one is not of @kind. Adds their len to @bytes.
 */
typedef unsigned int igbvf_tx_run_fn(const struct igbvf_tx_kind *kind, union igbvf_tx_desc *desc,
				     uint32_t *handle, const struct vfnet_pkt *pkt, unsigned int n,
				     uint32_t *bytes);

/* What is left of a burst of @n, of which @taken are written and not marked. Return: taken then. */
typedef unsigned int igbvf_tx_more_fn(struct igbvf_txq *q, const struct vfnet_pkt *pkt,
				      unsigned int n, unsigned int taken);

/*
 * The frame at @pkt, whatever it is; the last of the @n values ends one.
 * Return: values taken, sent or dropped; 0 = no room.
 */
unsigned int igbvf_tx_odd(struct igbvf_txq *q, const struct vfnet_pkt *pkt, unsigned int n);
/* The card may have finished 32 buffers: give them back. */
void igbvf_tx_clean_blocks(struct igbvf_txq *q);

static inline uint32_t igbvf_tx_advanced(const struct igbvf_txq *q, uint32_t i, uint32_t n)
{
	i += n;
	return i < q->txq.common.n_desc ? i : i - q->txq.common.n_desc;
}

static inline uint32_t igbvf_tx_retreated(const struct igbvf_txq *q, uint32_t i, uint32_t n)
{
	return i >= n ? i - n : i + q->txq.common.n_desc - n;
}

static inline uint64_t igbvf_tx_iova(const struct vfnet_pkt *pkt)
{
	return VFNET_IOVA_BASE + ((uint64_t)(pkt->buf & VFNET_PLACE_MASK) << VFNET_PLACE_SHIFT) +
	       pkt->off;
}

static inline void igbvf_tx_write(union igbvf_tx_desc *desc, uint64_t addr, uint32_t cmd,
				  uint32_t info)
{
	desc->data.addr = addr;
	desc->data.cmd = cmd;
	desc->data.paylen = info;
}

static inline uint32_t igbvf_tx_buffers(const struct igbvf_txq *q)
{
	return q->total_handles - q->done_handles;
}

static inline uint32_t igbvf_tx_frames(const struct igbvf_txq *q)
{
	return q->total_frames - (uint32_t)q->packets;
}

/* What has been written to the rings since they were last moved on. */
struct igbvf_tx_written {
	uint32_t descs;
	uint32_t handles; /* buffers; padding is a descriptor without one */
	uint32_t frames;
	uint32_t bytes;
};

static inline void igbvf_tx_move_on(struct igbvf_txq *q, struct igbvf_tx_written w)
{
	q->next = igbvf_tx_advanced(q, q->next, w.descs);
	q->free -= w.descs;
	q->handle_in = igbvf_tx_advanced(q, q->handle_in, w.handles);
	q->total_handles += w.handles;
	q->total_frames += w.frames;
	q->total_bytes += w.bytes;
}

/* The descriptor @last, the last one written, ends a frame and has RS: what is done then. */
static inline void igbvf_tx_note(struct igbvf_txq *q, uint32_t last)
{
	q->mark[q->mark_in] =
	    (struct igbvf_tx_mark){last, q->total_handles, q->total_frames, q->total_bytes};
	q->mark_in = igbvf_tx_advanced(q, q->mark_in, 1);
	q->n_marks++;
}

/* Let the card say when the last descriptor written is done. */
static inline void igbvf_tx_mark(struct igbvf_txq *q)
{
	uint32_t last = igbvf_tx_retreated(q, q->next, 1);

	q->ring[last].data.cmd |= IGBVF_TXD_RS;
	igbvf_tx_note(q, last);
}

/* The inner loop in plain C, which the others do their rests with. */
static inline unsigned int igbvf_tx_run(const struct igbvf_tx_kind *kind, union igbvf_tx_desc *desc,
					uint32_t *handle, const struct vfnet_pkt *pkt,
					unsigned int n, uint32_t *bytes)
{
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t len = pkt[i].len;
		uint64_t asks;

		memcpy(&asks, &pkt[i].txo, sizeof(asks));
		if ((asks & kind->mask) != kind->asks ||
		    len - kind->len_min > (uint32_t)kind->len_max - kind->len_min)
			break;
		igbvf_tx_write(&desc[i], igbvf_tx_iova(&pkt[i]), kind->cmd | len,
			       kind->info | VFNET_FIELD_PREP(IGBVF_TXD_PAYLEN, len));
		handle[i] = pkt[i].buf;
		sum += len;
	}
	*bytes += sum;
	return i;
}

/* How many of @n frames of one buffer a run may write at once, @unmarked behind a mark. */
static inline uint32_t igbvf_tx_run_max(const struct igbvf_txq *q, uint32_t n, uint32_t unmarked)
{
	uint32_t to_end = q->txq.common.n_desc - (q->next > q->handle_in ? q->next : q->handle_in);

	n = n < q->free ? n : q->free;
	n = n < to_end ? n : to_end;
	return n < IGBVF_BLOCK - unmarked ? n : IGBVF_BLOCK - unmarked;
}

static inline __attribute__((always_inline)) unsigned int
igbvf_tx_run_by(struct igbvf_txq *q, const struct igbvf_tx_kind *kind, const struct vfnet_pkt *pkt,
		unsigned int n, igbvf_tx_run_fn *run)
{
	uint32_t bytes = 0;
	unsigned int done;

	done = run(kind, &q->ring[q->next], &q->handle[q->handle_in], pkt, n, &bytes);
	bytes += done * kind->extra;
	igbvf_tx_move_on(q, (struct igbvf_tx_written){done, done, done, bytes});
	return done;
}

/* What a burst does after its first run has taken @taken of @n values, to the end. */
static inline __attribute__((always_inline)) unsigned int
igbvf_tx_more_by(struct igbvf_txq *q, const struct vfnet_pkt *pkt, unsigned int n,
		 unsigned int taken, igbvf_tx_run_fn *run)
{
	uint32_t marked = igbvf_tx_retreated(q, q->next, taken);

	while (taken < n) {
		uint32_t unmarked = igbvf_tx_retreated(q, q->next, marked);
		unsigned int most, done = 0;

		if (unmarked >= IGBVF_BLOCK) {
			igbvf_tx_mark(q);
			marked = q->next;
			unmarked = 0;
		}
		most = igbvf_tx_run_max(q, n - taken, unmarked);
		if (most)
			done = igbvf_tx_run_by(q, &igbvf_tx_plain, &pkt[taken], most, run);
		if (!done && most && q->kind.cmd)
			done = igbvf_tx_run_by(q, &q->kind, &pkt[taken], most, run);
		if (!done)
			done = igbvf_tx_odd(q, &pkt[taken], n - taken);
		if (!done)
			break;
		taken += done;
	}
	if (q->next != marked)
		igbvf_tx_mark(q);
	return taken;
}

/* What a burst does, without state word, doorbell and cleaning. @more: igbvf_tx_more_by(), apart.
 */
static inline __attribute__((always_inline)) unsigned int
igbvf_tx_give_by(struct igbvf_txq *q, const struct vfnet_pkt *pkt, unsigned int n,
		 igbvf_tx_run_fn *run, igbvf_tx_more_fn *more)
{
	unsigned int most = igbvf_tx_run_max(q, n, 0);
	unsigned int done = igbvf_tx_run_by(q, &igbvf_tx_plain, pkt, most, run);
	uint32_t last;

	if (vfnet_unlikely(done < n))
		return more(q, pkt, n, done);
	/* the command anew: reading it would wait for the vector that it was written with */
	last = igbvf_tx_retreated(q, q->next, 1);
	q->ring[last].data.cmd = igbvf_tx_plain.cmd | IGBVF_TXD_RS | pkt[n - 1].len;
	igbvf_tx_note(q, last);
	return done;
}

static inline bool igbvf_tx_is_done(const struct igbvf_txq *q, uint32_t desc)
{
	return vfnet_io_load_dd(&q->ring[desc].wb.status) & IGBVF_TXD_DD;
}

/* Whether it is worth while to look for buffers that came back. */
static inline bool igbvf_tx_block_done(const struct igbvf_txq *q)
{
	if (igbvf_tx_buffers(q) < IGBVF_BLOCK)
		return false;
	return !q->block_marks || igbvf_tx_is_done(q, q->block_desc);
}

static inline __attribute__((always_inline)) int
igbvf_tx_burst_by(struct vfnet_txq *txq, const struct vfnet_pkt *pkt, unsigned int n,
		  igbvf_tx_run_fn *run, igbvf_tx_more_fn *more)
{
	struct igbvf_txq *q = (struct igbvf_txq *)txq;
	int rc = vfnet_queue_begin(&txq->common);
	unsigned int taken;
	uint32_t first;

	if (vfnet_unlikely(rc) && !igbvf_txq_resume(q, rc))
		return rc;
	if (vfnet_unlikely(n - 1 >= VFNET_BURST_MAX || (pkt[n - 1].flags & VFNET_PKT_MORE)))
		return -EINVAL;
	if (igbvf_tx_block_done(q))
		igbvf_tx_clean_blocks(q);
	first = q->next;
	taken = igbvf_tx_give_by(q, pkt, n, run, more);
	if (vfnet_unlikely(q->next == first))
		return (int)taken;
	if (vfnet_likely(q->tail))
		vfnet_io_store_tail(q->tail, q->next);
	else
		vfnet_dev_write32(q->dev, IGBVF_AT(TDT, q->txq.common.index), q->next);
	return (int)taken;
}

#endif
