/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive side: a frame's bytes go into the buffers that the ring names, then the descriptors
 * are written back, DD last. 82576-vf.md §5.
 *
 * A frame is received whole or not at all. When a buffer's address is in no mapping the frame is
 * lost and the ring stays at that descriptor: whoever wrote it gets nothing until it resets the
 * queue. What the last descriptor says of the frame is classify.c's.
 */
#define VFNET_LOG_TAG "sim/rx"
#include "sim/card.h"

#include <inttypes.h>

#include "lib/frame/bytes.h"
#include "lib/frame/frame.h"

/* A frame as it goes into a ring. */
struct arrival {
	const uint8_t *data;
	uint32_t len;
	uint32_t types;
	uint32_t status; /* of the last descriptor */
	uint16_t vlan;
	uint16_t garbled; /* bits of the length that are wrong */
};

static inline void write_back(union igbvf_rx_desc *desc, const struct arrival *frame, uint32_t len)
{
	desc->wb.types = frame->types;
	desc->wb.hash = 0;
	desc->wb.len = (uint16_t)(len ^ frame->garbled);
	desc->wb.vlan = frame->vlan;
	/* pairs with the driver's vfnet_io_load_dd(): data and the words above come first */
	vfnet_io_store_dd(&desc->wb.status, frame->status);
}

static uint32_t posted(struct sim_vf *vf)
{
	struct sim_rxq *q = sim_vf_rxq(vf);
	uint32_t tail = vfnet_io_load_tail(sim_vf_reg(vf, IGBVF_RDT));

	if (vfnet_likely(tail < q->n_desc)) {
		q->tail = tail;
	} else if (tail != q->noticed) {
		q->noticed = tail;
		sim_mistake(vf, SIM_RULE_TAIL, tail, q->n_desc - 1);
	}
	return q->tail >= q->head ? q->tail - q->head : q->tail + q->n_desc - q->head;
}

static uint32_t bufs_for(const struct sim_rxq *q, uint32_t len)
{
	return (len + q->buf_bytes - 1) / q->buf_bytes;
}

static bool has_room(struct sim_vf *vf, uint32_t len)
{
	return posted(vf) >= bufs_for(sim_vf_rxq(vf), len);
}

static inline uint32_t next(const struct sim_rxq *q, uint32_t at)
{
	return at + 1 == q->n_desc ? 0 : at + 1;
}

static void fault(struct sim_vf *vf, uint64_t iova)
{
	sim_count_missed(vf, VFNET_MISSED_dma_fault);
	if (sim_say_once(vf, SIM_SAID_RX))
		vfnet_log(&vf->card->sim->log, ERR,
			  "%s: DMA fault: receive buffer at I/O address 0x%" PRIx64
			  " is not in mapped memory; frames are lost (missed.dma_fault)",
			  vf->dev.name, iova);
}

static inline void check_posted(struct sim_vf *vf, const union igbvf_rx_desc *desc)
{
	if (vfnet_unlikely(desc->read.hdr_addr & IGBVF_RXD_DD))
		sim_mistake(vf, SIM_RULE_STALE_DD, 1, 0);
}

/* A frame over several buffers, or over memory that is mapped in pieces. Return: false = fault. */
static bool put_chain(struct sim_vf *vf, const struct arrival *frame)
{
	static const struct arrival not_last = {.status = IGBVF_RXD_DD};
	struct sim_rxq *q = sim_vf_rxq(vf);
	uint32_t at = q->head;
	uint32_t off;

	for (off = 0; off < frame->len; off += q->buf_bytes, at = next(q, at)) {
		uint32_t left = frame->len - off;
		uint32_t part = left < q->buf_bytes ? left : q->buf_bytes;

		if (!sim_dma_covers(vf->dma, q->ring[at].read.addr, part)) {
			fault(vf, q->ring[at].read.addr);
			return false;
		}
	}
	for (off = 0; off < frame->len; off += q->buf_bytes, q->head = next(q, q->head)) {
		union igbvf_rx_desc *desc = &q->ring[q->head];
		bool last = frame->len - off <= q->buf_bytes;
		uint32_t part = last ? frame->len - off : q->buf_bytes;

		check_posted(vf, desc);
		sim_dma_write(vf->dma, desc->read.addr, frame->data + off, part);
		write_back(desc, last ? frame : &not_last, part);
	}
	return true;
}

static bool put_one(struct sim_vf *vf, const struct arrival *frame)
{
	struct sim_rxq *q = sim_vf_rxq(vf);
	union igbvf_rx_desc *desc = &q->ring[q->head];
	uint8_t *to = sim_dma_ptr(vf->dma, desc->read.addr, frame->len);

	if (vfnet_unlikely(!to))
		return put_chain(vf, frame);
	check_posted(vf, desc);
	sim_copy(to, frame->data, frame->len);
	write_back(desc, frame, frame->len);
	q->head = next(q, q->head);
	return true;
}

static void count(struct sim_vf *vf, const uint8_t *frame, uint32_t len, bool looped)
{
	uint32_t octets = len + SIM_CRC_BYTES;

	*sim_vf_reg(vf, IGBVF_VFGPRC) += 1;
	*sim_vf_reg(vf, IGBVF_VFGORC) += octets;
	if (vfnet_unlikely(vfnet_mac_is_multicast(frame)) && !vfnet_mac_is_broadcast(frame))
		*sim_vf_reg(vf, IGBVF_VFMPRC) += 1;
	if (looped) {
		*sim_vf_reg(vf, IGBVF_VFGPRLBC) += 1;
		*sim_vf_reg(vf, IGBVF_VFGORLBC) += octets;
	}
}

static bool fits(const struct sim_vf *vf, const uint8_t *frame, uint32_t len)
{
	uint32_t octets = len + SIM_CRC_BYTES;

	if (vfnet_likely(octets <= vf->pf.max_frame))
		return true;
	return !vf->pf.lpe && octets <= SIM_FRAME_DEFAULT + VFNET_FRAME_VLAN_BYTES &&
	       sim_tagged(frame);
}

static bool strips(const struct sim_vf *vf, const uint8_t *frame)
{
	return vf->pf.vlan_strip && sim_tagged(frame);
}

/* What no descriptor would let in does not wait: sim_rx_put() counts it. */
bool sim_rx_must_wait(struct sim_vf *vf, const uint8_t *frame, uint32_t len)
{
	const struct sim_rxq *q = sim_vf_rxq(vf);
	uint32_t in_ring = strips(vf, frame) ? len - VFNET_FRAME_VLAN_BYTES : len;

	return q->ring && !has_room(vf, in_ring) && fits(vf, frame, len) &&
	       bufs_for(q, in_ring) < q->n_desc;
}

/* The tag goes from the frame into the descriptor. */
static void strip(struct sim_vf *vf, struct arrival *frame)
{
	uint8_t *to = vf->card->untagged;
	const uint8_t *rest = frame->data + SIM_TAG_OFF + VFNET_FRAME_VLAN_BYTES;

	frame->vlan = vfnet_get_be16(frame->data + SIM_TAG_OFF + 2);
	frame->status |= IGBVF_RXD_VP;
	frame->len -= VFNET_FRAME_VLAN_BYTES;
	memcpy(to, frame->data, SIM_TAG_OFF);
	memcpy(to + SIM_TAG_OFF, rest, frame->len - SIM_TAG_OFF);
	frame->data = to;
}

static void garble(struct sim_card *card, struct arrival *frame)
{
	frame->types = sim_faults_random(card);
	frame->status ^= sim_faults_random(card) & ~IGBVF_RXD_DD;
	frame->vlan = (uint16_t)sim_faults_random(card);
	frame->garbled = (uint16_t)sim_faults_random(card);
}

/* Return: false = no descriptors, or a fault; counted. */
static bool deliver(struct sim_vf *vf, struct arrival *frame)
{
	struct sim_rxq *q = sim_vf_rxq(vf);
	struct sim_about about;

	if (vfnet_unlikely(frame->len > q->buf_bytes ? !has_room(vf, frame->len)
						     : q->head == q->tail && !posted(vf))) {
		if (sim_has(vf->card, SIM_QUIRK_SILENT_OVERFLOW))
			sim_count_missed(vf, VFNET_MISSED_no_descriptor);
		else
			*sim_vf_reg(vf, IGBVF_RQDPC) += 1;
		return false;
	}
	about = sim_classify(frame->data, frame->len);
	frame->types = about.types;
	frame->status |= about.status;
	if (vfnet_unlikely(vf->card->faults.orders.garble) && sim_faults_garble(vf->card))
		garble(vf->card, frame);
	return vfnet_likely(frame->len <= q->buf_bytes) ? put_one(vf, frame) : put_chain(vf, frame);
}

void sim_rx_put(struct sim_vf *vf, const uint8_t *frame, uint32_t len, bool looped)
{
	bool says_so = looped && !sim_has(vf->card, SIM_QUIRK_NO_LOOP_BIT);
	struct arrival arrival = {
	    .data = frame,
	    .len = len,
	    .status = IGBVF_RXD_DD | IGBVF_RXD_EOP | (says_so ? IGBVF_RXD_LB : 0),
	};
	bool plain = sim_has(vf->card, SIM_QUIRK_PLAIN_STATS);
	struct sim_rxq *q = sim_vf_rxq(vf);

	if (vfnet_unlikely(!q->live)) {
		sim_count_missed(vf->open ? vf : sim_card_first_open(vf->card),
				 VFNET_MISSED_not_enabled);
		return;
	}
	if (vfnet_unlikely(!fits(vf, frame, len))) {
		sim_count_missed(vf, VFNET_MISSED_oversize);
		return;
	}
	if (vfnet_unlikely(!q->ring)) {
		sim_count_missed(vf, VFNET_MISSED_dma_fault);
		return;
	}
	if (vfnet_unlikely(strips(vf, frame)))
		strip(vf, &arrival);
	if (vfnet_likely(deliver(vf, &arrival))) {
		vf->irq.due |= SIM_IRQ_RX(0);
		count(vf, frame, plain ? arrival.len : len, looped && !plain);
	}
}

/* A source that must not lose a frame, or a ring without DROP_EN, holds the wire up. */
static bool must_wait(struct sim_card *card, uint32_t vfs, const uint8_t *frame, uint32_t len)
{
	uint32_t left = card->source->waits ? vfs : vfs & card->stall_vfs;

	for (; left; left &= left - 1) {
		if (sim_rx_must_wait(&card->vfs[__builtin_ctz(left)], frame, len))
			return true;
	}
	return false;
}

/*
 * Inline, or its second caller would cost each frame of sim_rx_step() two cycles.
 *
 * Return: false = the frame stays on the wire, for descriptors that are still to come
 */
static inline __attribute__((always_inline)) bool from_wire(struct sim_card *card,
							    const uint8_t *frame, uint32_t len)
{
	const struct sim_dest *dest;
	uint32_t vfs;

	if (vfnet_unlikely(len < SIM_HEADER_BYTES)) {
		sim_count_missed(sim_card_first_open(card), VFNET_MISSED_undersize);
		return true;
	}
	if (vfnet_unlikely(!sim_card_has_link(card))) {
		sim_count_missed(sim_card_first_open(card), VFNET_MISSED_link_down);
		return true;
	}
	if (vfnet_unlikely(len < VFNET_FRAME_MIN)) { /* any sender pads */
		memcpy(card->padded, frame, len);
		memset(card->padded + len, 0, VFNET_FRAME_MIN - len);
		frame = card->padded;
		len = VFNET_FRAME_MIN;
	}
	dest = sim_switch_dest(card, frame, &card->rx_dest);
	vfs = dest->vfs & sim_switch_vlan(card, frame);
	if (vfnet_unlikely(card->source->waits || (vfs & card->stall_vfs)) &&
	    must_wait(card, vfs, frame, len))
		return false;
	if (vfnet_unlikely(!vfs))
		sim_count_missed(sim_card_first_open(card), VFNET_MISSED_no_filter_match);
	for (; vfs; vfs &= vfs - 1)
		sim_rx_put(&card->vfs[__builtin_ctz(vfs)], frame, len, false);
	return true;
}

bool sim_rx_deliver(struct sim_card *card, const uint8_t *frame, uint32_t len)
{
	if (!from_wire(card, frame, len))
		return false;
	card->wire.in_packets++;
	return true;
}

/*
 * Inline there is no time: a card moves when a driver asks, which it may do many times while
 * another of its rings is full. A source that has frames without end would fill that ring to the
 * last descriptor, so it keeps half of each ring free, and then comes with one frame per step. A
 * receiver that does not receive loses frames all the same, only later.
 */
static unsigned int greedy_budget(struct sim_card *card, unsigned int budget)
{
	for (uint32_t left = card->open_vfs; left; left &= left - 1) {
		struct sim_vf *vf = &card->vfs[__builtin_ctz(left)];
		uint32_t half = sim_vf_rxq(vf)->n_desc / 2;
		uint32_t n;

		if (!sim_vf_rxq(vf)->live)
			continue;
		n = posted(vf);
		n = n > half ? n - half : 1;
		budget = n < budget ? n : budget;
	}
	return budget;
}

unsigned int sim_rx_step(struct sim_card *card, unsigned int budget)
{
	struct sim_frame frames[SIM_BATCH];
	struct sim_source *source = card->source;
	unsigned int moved = 0;

	if (!source || !card->sim->started || card->sim->stopped)
		return 0;
	if (source->greedy && card->sim->mode == VFNET_SIM_INLINE)
		budget = greedy_budget(card, budget);
	while (moved < budget) {
		unsigned int left = budget - moved;
		unsigned int n =
		    source->ops->frames(source, frames, left < SIM_BATCH ? left : SIM_BATCH);
		unsigned int i = 0;

		while (i < n && from_wire(card, frames[i].data, frames[i].len))
			i++;
		source->ops->taken(source, i);
		card->wire.in_packets += i;
		moved += i;
		if (i < n || !n)
			break;
	}
	return moved;
}
