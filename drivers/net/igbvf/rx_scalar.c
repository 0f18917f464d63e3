/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Receiving in plain C. A descriptor that the card has written back becomes a value; its buffer is
 * replaced by a fresh one later, in blocks:
 *
 *         next                       fill                next
 *          |  posted: the card's      |  free: stale DD   |
 *
 * rx_run() does what nearly all descriptors are, a whole and healthy frame each. Everything else
 * stops it and goes through rx_odd(): no DD yet, frames over several buffers, damage.
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"

/* by IGBVF_RXD_IP4 .. IGBVF_RXD_UDP, types >> 4 */
#define TYPE(i)                                                                                    \
	(((i)&0x03 ? VFNET_PKT_IP4 : 0) | ((i)&0x0c ? VFNET_PKT_IP6 : 0) |                         \
	 ((i)&0x10 ? VFNET_PKT_TCP : 0) | ((i)&0x20 ? VFNET_PKT_UDP : 0))
#define TYPE4(i)  TYPE(i), TYPE((i) + 1), TYPE((i) + 2), TYPE((i) + 3)
#define TYPE16(i) TYPE4(i), TYPE4((i) + 4), TYPE4((i) + 8), TYPE4((i) + 12)
static const uint16_t type_flags[64] = {TYPE16(0), TYPE16(16), TYPE16(32), TYPE16(48)};

#define RARE_TYPES  (IGBVF_RXD_RSS_TYPE | IGBVF_RXD_ETQF)
#define RARE_STATUS (IGBVF_RXD_LB | IGBVF_RXD_L4E | IGBVF_RXD_IPE)

__attribute__((noinline)) static uint32_t rare_flags(uint32_t types, uint32_t status,
						     uint32_t flags)
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

/*
 * Three status bits have a flag at a fixed distance: VP and IPCS stand two above theirs, L4I one
 * below its own. "Checked" is taken for "good" here: what is wrong is rare_flags()' business.
 */
static_assert(IGBVF_RXD_VP >> 2 == VFNET_PKT_VLAN, "tag");
static_assert(IGBVF_RXD_IPCS >> 2 == VFNET_PKT_L3_GOOD, "IP checksum");
static_assert(IGBVF_RXD_L4I << 1 == VFNET_PKT_L4_GOOD, "TCP or UDP checksum");

static inline uint32_t status_flags(uint32_t status)
{
	uint32_t two_down = (status >> 2) & (VFNET_PKT_VLAN | VFNET_PKT_L3_GOOD);
	uint32_t one_up = (status << 1) & VFNET_PKT_L4_GOOD;

	return two_down | one_up;
}

static inline uint32_t pkt_flags(uint32_t types, uint32_t status)
{
	uint32_t flags = type_flags[(types >> 4) & 63] | status_flags(status);

	if (vfnet_unlikely((types & RARE_TYPES) | (status & RARE_STATUS)))
		flags = rare_flags(types, status, flags);
	return flags;
}

/*
 * Two loads of the descriptor, behind DD, and two stores of the value: whoever loads parts of it
 * soon gets them from the store buffer.
 */
static inline void pkt_write(struct vfnet_pkt *pkt, uint32_t buf, uint16_t off, uint64_t types_hash,
			     uint32_t len_vlan, uint32_t flags)
{
	uint64_t half[2] = {buf | (uint64_t)off << 32 | (uint64_t)len_vlan << 48,
			    types_hash >> 32 | (uint64_t)(len_vlan >> 16 | flags << 16) << 32};

	memcpy(pkt, half, sizeof(half));
}

static inline uint64_t types_hash(const union igbvf_rx_desc *desc)
{
	uint64_t val;

	memcpy(&val, &desc->wb.types, sizeof(val));
	return val;
}

static inline uint32_t len_vlan(const union igbvf_rx_desc *desc)
{
	uint32_t val;

	memcpy(&val, &desc->wb.len, sizeof(val));
	return val;
}

static inline uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline bool len_ok(uint32_t len, uint32_t room)
{
	return len - 1 < room;
}

static inline void advance(struct igbvf_rxq *q, uint32_t n)
{
	q->next += n;
	if (q->next >= q->rxq.common.n_desc)
		q->next -= q->rxq.common.n_desc;
	q->posted -= n;
}

/*
 * Frames of one buffer from q->next on, at most @n, which does not pass the ring's end.
 * Return: how many; fewer than @n when one is not there yet or is not so simple.
 */
static inline unsigned int rx_run(const struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n,
				  uint64_t *bytes)
{
	const union igbvf_rx_desc *desc = &q->ring[q->next];
	const uint32_t *handle = &q->handle[q->next];
	const uint32_t room = q->room;
	const uint16_t off = q->off;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t status = vfnet_io_load_dd(&desc[i].wb.status);
		uint32_t tail, len;
		uint64_t head;

		if ((status & (IGBVF_RXD_DD | IGBVF_RXD_EOP | IGBVF_RXD_BAD)) !=
		    (IGBVF_RXD_DD | IGBVF_RXD_EOP))
			break;
		head = types_hash(&desc[i]);
		tail = len_vlan(&desc[i]);
		len = tail & 0xffff;
		if (!len_ok(len, room))
			break;
		pkt_write(&pkt[i], handle[i], off, head, tail, pkt_flags((uint32_t)head, status));
		sum += len;
	}
	*bytes += sum;
	return i;
}

/* Give the buffers of the next @n descriptors back unseen. */
static void drop(struct igbvf_rxq *q, uint32_t n)
{
	uint32_t to_end = q->rxq.common.n_desc - q->next;
	uint32_t n_first = n < to_end ? n : to_end;

	vfnet_cache_put(q->rxq.common.cache, &q->handle[q->next], n_first);
	if (n > n_first)
		vfnet_cache_put(q->rxq.common.cache, q->handle, n - n_first);
	advance(q, n);
}

static inline uint32_t wrapped(const struct igbvf_rxq *q, uint32_t i)
{
	return i < q->rxq.common.n_desc ? i : i - q->rxq.common.n_desc;
}

#define CHAIN_OPEN    0
#define CHAIN_ENDLESS -1

/* Return: descriptors of the frame at q->next, healthy unless *@bad; OPEN: its end is not there
 * yet; ENDLESS: more buffers than the longest frame needs. */
static int chain_length(const struct igbvf_rxq *q, bool *bad)
{
	*bad = false;
	for (uint32_t i = 0; i < q->chain_max; i++) {
		const union igbvf_rx_desc *desc = &q->ring[wrapped(q, q->next + i)];
		uint32_t status;

		if (i == q->posted)
			return CHAIN_OPEN;
		status = vfnet_io_load_dd(&desc->wb.status);
		if (!(status & IGBVF_RXD_DD))
			return CHAIN_OPEN;
		if (!len_ok(desc->wb.len, q->room))
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
	const union igbvf_rx_desc *last = &q->ring[wrapped(q, q->next + n - 1)];
	uint32_t flags = pkt_flags(last->wb.types, last->wb.status);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = wrapped(q, q->next + i);
		/* read again since chain_length(): a device may have made it longer meanwhile */
		uint32_t len = min(q->ring[at].wb.len, q->room);
		uint32_t more = i + 1 < n ? VFNET_PKT_MORE : 0;

		if (i == 0)
			pkt_write(pkt, q->handle[at], q->off, types_hash(last),
				  len | (uint32_t)last->wb.vlan << 16, flags | more);
		else
			pkt_write(&pkt[i], q->handle[at], q->off, 0, len, more);
		*bytes += len;
	}
	advance(q, n);
}

/*
 * One step past what rx_run() leaves alone.
 * Return: values written; 0 = something was dropped, go on; negative = nothing more for now.
 */
__attribute__((noinline)) static int rx_odd(struct igbvf_rxq *q, struct vfnet_pkt *pkt,
					    unsigned int n, uint64_t *bytes)
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

static inline uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
	return min(min(a, b), c);
}

unsigned int igbvf_rx_take(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n)
{
	uint64_t bytes = 0, frames = 0;
	unsigned int got = 0;

	while (got < n && q->posted) {
		unsigned int run = min3(n - got, q->posted, q->rxq.common.n_desc - q->next);
		/* in an endless chain nothing is simple, least of all its end */
		unsigned int done = q->skipping ? 0 : rx_run(q, &pkt[got], run, &bytes);
		int odd;

		advance(q, done);
		got += done;
		frames += done;
		if (done == run)
			continue;
		odd = rx_odd(q, &pkt[got], n - got, &bytes);
		if (odd < 0)
			break;
		got += (unsigned int)odd;
		frames += odd > 0;
	}
	if (got) {
		vfnet_count_add(&q->packets, frames);
		vfnet_count_add(&q->bytes, bytes);
	}
	return got;
}

bool igbvf_rx_ready(const struct vfnet_rxq *rxq)
{
	const struct igbvf_rxq *q = (const struct igbvf_rxq *)rxq;

	/* without buffers the card has nothing to say: only a burst posts some */
	return !q->posted || (vfnet_io_load_dd(&q->ring[q->next].wb.status) & IGBVF_RXD_DD);
}

uint32_t igbvf_rx_post(struct igbvf_rxq *q, uint32_t n)
{
	uint32_t done = 0;

	while (done < n) {
		uint32_t run = min3(IGBVF_BLOCK, n - done, q->rxq.common.n_desc - q->fill);
		const uint32_t *handle = &q->handle[q->fill];
		union igbvf_rx_desc *desc = &q->ring[q->fill];

		if (!vfnet_cache_get(q->rxq.common.cache, &q->handle[q->fill], run))
			break;
		for (uint32_t i = 0; i < run; i++) {
			uint64_t place = handle[i] & VFNET_PLACE_MASK;

			desc[i].read.addr = q->iova + (place << VFNET_PLACE_SHIFT);
			desc[i].read.hdr_addr = 0;
		}
		done += run;
		q->fill = wrapped(q, q->fill + run);
	}
	q->posted += done;
	return done;
}

/* Full blocks; from a pool that is nearly empty and for a ring that is, what there is. */
static void refill(struct igbvf_rxq *q, uint32_t n_free)
{
	uint32_t n = igbvf_rx_post(q, n_free - n_free % IGBVF_BLOCK);

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

/* @rc: why this burst does not simply run. Return: what it returns; 0 = it runs. */
__attribute__((noinline, cold)) static int not_run(struct igbvf_rxq *q, int rc)
{
	if (!igbvf_rxq_resume(q, rc))
		return rc;
	/* at once: a frame may be waiting at the empty ring */
	refill(q, q->rxq.common.n_desc - 1);
	return 0;
}

int igbvf_rx_burst_scalar(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt, unsigned int n)
{
	struct igbvf_rxq *q = (struct igbvf_rxq *)rxq;
	int rc = vfnet_queue_begin(&rxq->common);
	unsigned int got;
	uint32_t n_free;

	if (vfnet_unlikely(rc)) {
		rc = not_run(q, rc);
		if (rc)
			return rc;
	}
	if (vfnet_unlikely(n < q->chain_max || n > VFNET_BURST_MAX))
		return -EINVAL;
	got = igbvf_rx_take(q, pkt, n);
	if (!got && q->dev->ops->progress) {
		q->dev->ops->progress(q->dev);
		got = igbvf_rx_take(q, pkt, n);
	}
	n_free = q->rxq.common.n_desc - 1 - q->posted;
	if (n_free >= q->refill_at)
		refill(q, n_free);
	return (int)got;
}
