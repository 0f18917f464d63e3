/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_IGBVF_RX_H
#define VFNET_IGBVF_RX_H

/*
 * Receiving, but for the inner loop: rx_scalar.c, rx_avx2.c and rx_avx512.c have one each, make a
 * burst of it here, and compile that for their instruction set. So all of this is inline: a copy
 * of another file's might hold instructions that this CPU does not have.
 *
 *         next                       fill                next
 *          |  posted: the card's      |  free: stale DD   |
 *
 * A descriptor that the card has written back becomes a value; its buffer is replaced by a fresh
 * one later, in blocks. A run is what nearly all descriptors are, a whole and healthy frame each.
 * Everything else ends it and goes through igbvf_rx_odd(): no DD yet, frames over several buffers,
 * damage.
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"

/* what a run takes: one whole frame, written back, undamaged */
#define IGBVF_RXD_WHOLE (IGBVF_RXD_DD | IGBVF_RXD_EOP)

/*
 * The inner loop: frames of one buffer from @desc on, at most @n, to @pkt.
 * Return: how many; fewer than @n when one is not there yet or is not so simple. Adds to @bytes.
 */
typedef unsigned int igbvf_rx_run_fn(const struct igbvf_rxq *q, const union igbvf_rx_desc *desc,
				     const uint32_t *handle, struct vfnet_pkt *pkt, unsigned int n,
				     uint64_t *bytes);
/* What is left of a burst of @n, of which @got are there. Return: how many there are then. */
typedef unsigned int igbvf_rx_more_fn(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n,
				      unsigned int got);
/* Write the @n read descriptors of the buffers @handle. */
typedef void igbvf_rx_fill_fn(const struct igbvf_rxq *q, union igbvf_rx_desc *desc,
			      const uint32_t *handle, uint32_t n);

/* by IGBVF_RXD_IP4 .. IGBVF_RXD_UDP, types >> 4 */
extern const uint16_t igbvf_rx_type_flags[64];

#define IGBVF_RX_RARE_TYPES  (IGBVF_RXD_RSS_TYPE | IGBVF_RXD_ETQF)
#define IGBVF_RX_RARE_STATUS (IGBVF_RXD_LB | IGBVF_RXD_L4E | IGBVF_RXD_IPE)

/* The flags, with what is rare; @flags: without. */
uint32_t igbvf_rx_rare_flags(uint32_t types, uint32_t status, uint32_t flags);
/*
 * One step past what a run leaves alone.
 * Return: values written; 0 = something was dropped, go on; negative = nothing more for now.
 */
int igbvf_rx_odd(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n, uint64_t *bytes);
/* Nothing was there: let a card that is stepped by its calls move. Return: values then. */
unsigned int igbvf_rx_look_again(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n);
/* @rc: why this burst does not simply run. Return: what it returns; 0 = it runs. */
int igbvf_rx_not_run(struct igbvf_rxq *q, int rc);

/*
 * Three status bits have a flag at a fixed distance: VP and IPCS stand two above theirs, L4I one
 * below its own. "Checked" is taken for "good" here: what is wrong is rare.
 */
static_assert(IGBVF_RXD_VP >> 2 == VFNET_PKT_VLAN, "tag");
static_assert(IGBVF_RXD_IPCS >> 2 == VFNET_PKT_L3_GOOD, "IP checksum");
static_assert(IGBVF_RXD_L4I << 1 == VFNET_PKT_L4_GOOD, "TCP or UDP checksum");

static inline uint32_t igbvf_rx_flags(uint32_t types, uint32_t status)
{
	uint32_t two_down = (status >> 2) & (VFNET_PKT_VLAN | VFNET_PKT_L3_GOOD);
	uint32_t one_up = (status << 1) & VFNET_PKT_L4_GOOD;
	uint32_t flags = igbvf_rx_type_flags[(types >> 4) & 63] | two_down | one_up;

	if (vfnet_unlikely((types & IGBVF_RX_RARE_TYPES) | (status & IGBVF_RX_RARE_STATUS)))
		flags = igbvf_rx_rare_flags(types, status, flags);
	return flags;
}

/*
 * Two loads of the descriptor, behind DD, and two stores of the value: whoever loads parts of it
 * soon gets them from the store buffer.
 */
static inline void igbvf_rx_write(struct vfnet_pkt *pkt, uint32_t buf, uint16_t off,
				  uint64_t types_hash, uint32_t len_vlan, uint32_t flags)
{
	uint64_t half[2] = {buf | (uint64_t)off << 32 | (uint64_t)len_vlan << 48,
			    types_hash >> 32 | (uint64_t)(len_vlan >> 16 | flags << 16) << 32};

	memcpy(pkt, half, sizeof(half));
}

static inline uint64_t igbvf_rx_types_hash(const union igbvf_rx_desc *desc)
{
	uint64_t val;

	memcpy(&val, &desc->wb.types, sizeof(val));
	return val;
}

static inline uint32_t igbvf_rx_len_vlan(const union igbvf_rx_desc *desc)
{
	uint32_t val;

	memcpy(&val, &desc->wb.len, sizeof(val));
	return val;
}

static inline uint32_t igbvf_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline bool igbvf_rx_len_ok(uint32_t len, uint32_t room)
{
	return len - 1 < room;
}

static inline uint32_t igbvf_rx_wrapped(const struct igbvf_rxq *q, uint32_t i)
{
	return i < q->rxq.common.n_desc ? i : i - q->rxq.common.n_desc;
}

static inline void igbvf_rx_advance(struct igbvf_rxq *q, uint32_t n)
{
	q->next = igbvf_rx_wrapped(q, q->next + n);
	q->posted -= n;
}

/* The inner loop in plain C, which the others do their rests with. */
static inline unsigned int igbvf_rx_run(const struct igbvf_rxq *q, const union igbvf_rx_desc *desc,
					const uint32_t *handle, struct vfnet_pkt *pkt,
					unsigned int n, uint64_t *bytes)
{
	const uint32_t room = q->room;
	const uint16_t off = q->off;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t status = vfnet_io_load_dd(&desc[i].wb.status);
		uint32_t tail, len;
		uint64_t head;

		if ((status & (IGBVF_RXD_WHOLE | IGBVF_RXD_BAD)) != IGBVF_RXD_WHOLE)
			break;
		head = igbvf_rx_types_hash(&desc[i]);
		tail = igbvf_rx_len_vlan(&desc[i]);
		len = tail & 0xffff;
		if (!igbvf_rx_len_ok(len, room))
			break;
		igbvf_rx_write(&pkt[i], handle[i], off, head, tail,
			       igbvf_rx_flags((uint32_t)head, status));
		sum += len;
	}
	*bytes += sum;
	return i;
}

static inline void igbvf_rx_fill(const struct igbvf_rxq *q, union igbvf_rx_desc *desc,
				 const uint32_t *handle, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t place = handle[i] & VFNET_PLACE_MASK;

		desc[i].read.addr = q->iova + (place << VFNET_PLACE_SHIFT);
		desc[i].read.hdr_addr = 0;
	}
}

/* How many descriptors a run may look at. */
static inline uint32_t igbvf_rx_run_max(const struct igbvf_rxq *q, uint32_t n)
{
	uint32_t to_end = q->rxq.common.n_desc - q->next;

	return igbvf_min(igbvf_min(n, q->posted), to_end);
}

/* What a burst does after its first run has left @got of @n values, to the end. */
static inline __attribute__((always_inline)) unsigned int
igbvf_rx_more_by(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n, unsigned int got,
		 igbvf_rx_run_fn *run)
{
	uint64_t bytes = 0, frames = 0;

	while (got < n && q->posted) {
		unsigned int most = igbvf_rx_run_max(q, n - got);
		unsigned int done = 0;
		int odd;

		/* in an endless chain nothing is simple, least of all its end */
		if (!q->skipping)
			done =
			    run(q, &q->ring[q->next], &q->handle[q->next], &pkt[got], most, &bytes);
		igbvf_rx_advance(q, done);
		got += done;
		frames += done;
		if (done == most)
			continue;
		odd = igbvf_rx_odd(q, &pkt[got], n - got, &bytes);
		if (odd < 0)
			break;
		got += (unsigned int)odd;
		frames += odd > 0;
	}
	vfnet_count_add(&q->packets, frames);
	vfnet_count_add(&q->bytes, bytes);
	return got;
}

/* Whether the card has written more. */
static inline bool igbvf_rx_is_more(const struct igbvf_rxq *q)
{
	return q->posted && (vfnet_io_load_dd(&q->ring[q->next].wb.status) & IGBVF_RXD_DD);
}

/* What a burst does, without state word, progress and refill. @more: igbvf_rx_more_by(), apart. */
static inline __attribute__((always_inline)) unsigned int
igbvf_rx_take_by(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n, igbvf_rx_run_fn *run,
		 igbvf_rx_more_fn *more)
{
	unsigned int most = igbvf_rx_run_max(q, n), done;
	uint64_t bytes = 0;

	if (vfnet_unlikely(q->skipping))
		return more(q, pkt, n, 0);
	done = run(q, &q->ring[q->next], &q->handle[q->next], pkt, most, &bytes);
	igbvf_rx_advance(q, done);
	vfnet_count_add(&q->packets, done);
	vfnet_count_add(&q->bytes, bytes);
	return vfnet_likely(done == n || !igbvf_rx_is_more(q)) ? done : more(q, pkt, n, done);
}

/* Post buffers to @n descriptors or as many as the cache has. Return: how many; no doorbell. */
static inline __attribute__((always_inline)) uint32_t
igbvf_rx_post_by(struct igbvf_rxq *q, uint32_t n, igbvf_rx_fill_fn *fill)
{
	/* two blocks by one call, as often as the cache has them */
	uint32_t most = 2 * IGBVF_BLOCK, done = 0;

	while (done < n) {
		uint32_t to_end = q->rxq.common.n_desc - q->fill;
		uint32_t run = igbvf_min(igbvf_min(most, n - done), to_end);
		uint32_t *handle = &q->handle[q->fill];

		if (!vfnet_cache_get(q->rxq.common.cache, handle, run)) {
			if (run <= IGBVF_BLOCK)
				break;
			most = IGBVF_BLOCK;
			continue;
		}
		fill(q, &q->ring[q->fill], handle, run);
		done += run;
		q->fill = igbvf_rx_wrapped(q, q->fill + run);
	}
	q->posted += done;
	return done;
}

/* Full blocks; from a pool that is nearly empty and for a ring that is, what there is. */
static inline __attribute__((always_inline)) void
igbvf_rx_refill_by(struct igbvf_rxq *q, uint32_t n_free, igbvf_rx_fill_fn *fill)
{
	uint32_t n = igbvf_rx_post_by(q, n_free - n_free % IGBVF_BLOCK, fill);

	if (!n && q->posted < q->rxq.common.n_desc / 4)
		for (uint32_t step = IGBVF_BLOCK / 2; step && !n; step /= 2)
			n = igbvf_rx_post(q, step);
	if (!n)
		return;
	if (vfnet_likely(q->tail))
		vfnet_io_store_tail(q->tail, q->fill);
	else
		vfnet_dev_write32(q->dev, IGBVF_AT(RDT, q->rxq.common.index), q->fill);
}

static inline __attribute__((always_inline)) int
igbvf_rx_burst_by(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt, unsigned int n,
		  igbvf_rx_run_fn *run, igbvf_rx_more_fn *more,
		  void (*refill)(struct igbvf_rxq *q, uint32_t n_free))
{
	struct igbvf_rxq *q = (struct igbvf_rxq *)rxq;
	int rc = vfnet_queue_begin(&rxq->common);
	unsigned int got;
	uint32_t n_free;

	if (vfnet_unlikely(rc)) {
		rc = igbvf_rx_not_run(q, rc);
		if (rc)
			return rc;
	}
	if (vfnet_unlikely(n < q->chain_max || n > VFNET_BURST_MAX))
		return -EINVAL;
	got = igbvf_rx_take_by(q, pkt, n, run, more);
	if (vfnet_unlikely(!got))
		got = igbvf_rx_look_again(q, pkt, n);
	n_free = q->rxq.common.n_desc - 1 - q->posted;
	if (n_free >= q->refill_at)
		refill(q, n_free);
	return (int)got;
}

#endif
