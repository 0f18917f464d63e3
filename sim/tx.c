/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit side: a doorbell only says how far descriptors are valid; a step fetches them, reads
 * the frames' bytes, passes the switch and writes DD where RS asks. 82576-vf.md §5, §6.
 *
 * A frame's bytes are read once, by DMA into the card's packet buffer; what happens to the guest's
 * buffer afterwards changes nothing. From there frames go to the sink in batches; DD is written
 * after the sink has consumed them.
 *
 * Offloads are not built yet: a frame that asks for one, and a legacy descriptor, does not leave
 * and is counted (tx_unsupported). Context descriptors are passed over.
 */
#define VFNET_LOG_TAG "sim/tx"
#include "sim/card.h"

#include <inttypes.h>

#include "lib/frame/bytes.h"
#include "lib/frame/frame.h"

#define PAD_MIN	     17u /* the card pads no shorter frame [S] */
#define BUFFER_ALIGN 64u
#define CMD_KIND     (IGBVF_TXD_DTYP | IGBVF_TXD_DEXT)
#define CMD_DATA     (VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_DATA) | IGBVF_TXD_DEXT)
#define CMD_CONTEXT  (VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_CTX) | IGBVF_TXD_DEXT)
#define CMD_OFFLOAD  (IGBVF_TXD_VLE | IGBVF_TXD_TSE)
#define POPTS	     VFNET_BITS(13, 8)

/* What a step has fetched and not yet completed. */
struct batch {
	unsigned int n_frames;
	unsigned int n_rs;
	uint32_t used; /* bytes of the packet buffer */
	struct sim_frame frames[SIM_BATCH];
	uint32_t rs[SIM_BATCH]; /* descriptors that want DD */
};

/* A gathered frame. */
struct gather {
	uint32_t first; /* descriptor */
	uint32_t n;	/* descriptors, with the last */
	uint32_t len;
	bool unsupported;
};

/* What became of the frame at a ring's head. */
enum outcome {
	TAKEN,	 /* off the ring: sent, or lost and counted */
	NOT_NOW, /* it stays: its end or its receiver's descriptors are still to come */
};

static inline uint32_t next(const struct sim_txq *q, uint32_t at)
{
	return at + 1 == q->n_desc ? 0 : at + 1;
}

static void flush(struct sim_vf *vf, struct batch *batch)
{
	struct sim_card *card = vf->card;

	if (card->sink && batch->n_frames)
		card->sink->ops->frames(card->sink, batch->frames, batch->n_frames);
	card->wire.out_packets += batch->n_frames;
	for (unsigned int i = 0; i < batch->n_frames; i++)
		card->wire.out_bytes += batch->frames[i].len;
	for (unsigned int i = 0; i < batch->n_rs; i++)
		/* pairs with the driver's vfnet_io_load_dd(): the buffers are read before */
		vfnet_io_store_dd(&vf->txq.ring[batch->rs[i]].wb.status, IGBVF_TXD_DD);
	batch->n_frames = 0;
	batch->n_rs = 0;
	batch->used = 0;
}

/* Room for a frame in the packet buffer; if there is none, what is there goes out first. */
static inline uint8_t *room(struct sim_vf *vf, struct batch *batch, uint32_t len)
{
	if (vfnet_unlikely(batch->used + len > SIM_TX_BUFFER_BYTES - BUFFER_ALIGN))
		flush(vf, batch);
	return vf->card->tx_buffer + batch->used;
}

static void count(struct sim_vf *vf, uint32_t len, bool looped)
{
	uint32_t octets = len + SIM_CRC_BYTES;

	*sim_vf_reg(vf, IGBVF_VFGPTC) += 1;
	*sim_vf_reg(vf, IGBVF_VFGOTC) += octets;
	if (looped) {
		*sim_vf_reg(vf, IGBVF_VFGPTLBC) += 1;
		*sim_vf_reg(vf, IGBVF_VFGOTLBC) += octets;
	}
}

static bool ring_is_dry(struct sim_card *card, uint32_t vfs, const uint8_t *frame, uint32_t len)
{
	for (vfs &= card->stall_vfs; vfs; vfs &= vfs - 1) {
		if (sim_rx_must_wait(&card->vfs[__builtin_ctz(vfs)], frame, len))
			return true;
	}
	return false;
}

/*
 * The administrator's VLAN, of which the function knows nothing. A frame that has a tag keeps it.
 * Return: the new length.
 */
static uint32_t add_tag(const struct sim_vf *vf, uint8_t *frame, uint32_t len)
{
	if (vfnet_get_be16(frame + 12) == VFNET_ETHERTYPE_VLAN)
		return len;
	memmove(frame + 16, frame + 12, len - 12);
	vfnet_put_be16(frame + 12, VFNET_ETHERTYPE_VLAN);
	vfnet_put_be16(frame + 14, vf->pf.admin_vlan);
	return len + VFNET_FRAME_VLAN_BYTES;
}

/*
 * A frame in the packet buffer, through the switch: to other functions of the card, and out unless
 * one of them owns the address. A function does not hear itself (LLE = 0).
 *
 * Return: NOT_NOW: a receiver without DROP_EN has no descriptors.
 */
static inline enum outcome route(struct sim_vf *vf, struct batch *batch, uint8_t *frame,
				 uint32_t len)
{
	struct sim_card *card = vf->card;
	uint32_t self = 1u << vf->index;
	const struct sim_dest *dest;
	uint32_t given = len;
	uint32_t vlan_vfs;
	uint32_t vfs;

	if (vfnet_unlikely(vf->pf.admin_vlan))
		len = add_tag(vf, frame, len);
	vlan_vfs = sim_switch_vlan(card, frame);
	if (card->spoof_check &&
	    (!(vlan_vfs & self) || !sim_vf_owns(vf, sim_mac_load(frame + 6)))) {
		sim_count_drop(vf, VFNET_DROPS_spoof, given);
		return TAKEN;
	}
	dest = sim_switch_dest(card, frame, &card->tx_dest);
	vfs = dest->vfs & vlan_vfs & ~self;
	if (vfnet_unlikely(vfs & card->stall_vfs) && ring_is_dry(card, vfs, frame, len))
		return NOT_NOW;
	if (!vfs || !dest->exact) {
		batch->frames[batch->n_frames++] = (struct sim_frame){frame, len};
		batch->used += (len + BUFFER_ALIGN - 1) & ~(BUFFER_ALIGN - 1);
	}
	count(vf, len, vfs != 0);
	for (; vfnet_unlikely(vfs); vfs &= vfs - 1)
		sim_rx_put(&card->vfs[__builtin_ctz(vfs)], frame, len, true);
	return TAKEN;
}

static void refuse(struct sim_vf *vf, enum vfnet_drops why, uint32_t len, const char *what)
{
	enum sim_said line = why == VFNET_DROPS_tx_dma_fault ? SIM_SAID_TX : SIM_SAID_DESC;

	sim_count_drop(vf, why, len);
	if (sim_say_once(vf, line))
		vfnet_log(&vf->card->sim->log, WARN, "%s: frame of %" PRIu32 " bytes not sent: %s",
			  vf->dev.name, len, what);
}

/* Return: false = the frame's last descriptor is not there yet */
static bool look(const struct sim_txq *q, uint32_t tail, struct gather *g)
{
	const union igbvf_tx_desc *desc = &q->ring[g->first];
	uint32_t at = g->first;

	g->unsupported = (desc->data.cmd & CMD_KIND) != CMD_DATA ||
			 (desc->data.cmd & CMD_OFFLOAD) || (desc->data.paylen & POPTS);
	for (; at != tail; at = next(q, at)) {
		desc = &q->ring[at];
		g->n++;
		g->len += VFNET_FIELD_GET(IGBVF_TXD_DTALEN, desc->data.cmd);
		if (desc->data.cmd & IGBVF_TXD_EOP)
			return true;
	}
	return false;
}

static bool fetch(struct sim_vf *vf, const struct gather *g, uint8_t *to)
{
	uint32_t left = g->len;
	uint32_t at = g->first;

	for (uint32_t i = 0; i < g->n; i++, at = next(&vf->txq, at)) {
		const union igbvf_tx_desc *desc = &vf->txq.ring[at];
		uint32_t len = VFNET_FIELD_GET(IGBVF_TXD_DTALEN, desc->data.cmd);

		/* longer than when look() added it up: a wrong driver is writing it right now */
		if (len > left || !sim_dma_read(vf->dma, desc->data.addr, to, len))
			return false;
		to += len;
		left -= len;
	}
	return true;
}

static enum outcome send_gathered(struct sim_vf *vf, struct batch *batch, const struct gather *g)
{
	uint32_t len = g->len;
	uint8_t *frame;

	if (g->unsupported) {
		refuse(vf, VFNET_DROPS_tx_unsupported, len,
		       "it asks for an offload or has a legacy descriptor (tx_unsupported)");
		return TAKEN;
	}
	if (len > IGBVF_FRAME_MAX) {
		refuse(vf, VFNET_DROPS_tx_oversize, len, "it is longer than 9724 (tx_oversize)");
		return TAKEN;
	}
	if (len < PAD_MIN) {
		refuse(vf, VFNET_DROPS_tx_invalid, len,
		       "the card pads frames of 17 bytes and more only (tx_invalid)");
		return TAKEN;
	}
	frame = room(vf, batch, len);
	if (!fetch(vf, g, frame)) {
		refuse(vf, VFNET_DROPS_tx_dma_fault, len,
		       "DMA fault: a buffer is not in mapped memory (tx_dma_fault)");
		return TAKEN;
	}
	if (len < VFNET_FRAME_MIN) {
		memset(frame + len, 0, VFNET_FRAME_MIN - len);
		len = VFNET_FRAME_MIN;
	}
	return route(vf, batch, frame, len);
}

/* A frame that is not simple. */
static enum outcome send_slow(struct sim_vf *vf, struct batch *batch, uint32_t tail)
{
	struct sim_txq *q = &vf->txq;
	struct gather g = {.first = q->head};

	if ((q->ring[q->head].data.cmd & CMD_KIND) == CMD_CONTEXT)
		g.n = 1;
	else if (!look(q, tail, &g) || send_gathered(vf, batch, &g) == NOT_NOW)
		return NOT_NOW;
	for (; g.n; g.n--, q->head = next(q, q->head)) {
		if (batch->n_rs == SIM_BATCH)
			flush(vf, batch);
		if (q->ring[q->head].data.cmd & IGBVF_TXD_RS)
			batch->rs[batch->n_rs++] = q->head;
	}
	return TAKEN;
}

static inline enum outcome send_one(struct sim_vf *vf, struct batch *batch, uint32_t tail)
{
	struct sim_txq *q = &vf->txq;
	const union igbvf_tx_desc *desc = &q->ring[q->head];
	uint32_t cmd = desc->data.cmd;
	uint32_t len = VFNET_FIELD_GET(IGBVF_TXD_DTALEN, cmd);
	const uint8_t *from;
	uint8_t *frame;

	if ((cmd & (CMD_KIND | CMD_OFFLOAD | IGBVF_TXD_EOP)) != (CMD_DATA | IGBVF_TXD_EOP) ||
	    (desc->data.paylen & POPTS) || len < VFNET_FRAME_MIN || len > IGBVF_FRAME_MAX)
		return send_slow(vf, batch, tail);
	from = sim_dma_ptr(vf->dma, desc->data.addr, len);
	if (vfnet_unlikely(!from))
		return send_slow(vf, batch, tail);
	frame = room(vf, batch, len);
	sim_copy(frame, from, len);
	if (route(vf, batch, frame, len) == NOT_NOW)
		return NOT_NOW;
	if (cmd & IGBVF_TXD_RS)
		batch->rs[batch->n_rs++] = q->head;
	q->head = next(q, q->head);
	return TAKEN;
}

static unsigned int vf_step(struct sim_vf *vf, unsigned int budget)
{
	struct sim_txq *q = &vf->txq;
	struct batch batch;
	unsigned int moved = 0;
	uint32_t tail;

	if (!q->ring)
		return 0;
	tail = vfnet_io_load_tail(sim_vf_reg(vf, IGBVF_TDT));
	if (tail >= q->n_desc) {
		if (sim_say_once(vf, SIM_SAID_TAIL))
			vfnet_log(&vf->card->sim->log, WARN,
				  "%s: TDT is %" PRIu32 " in a ring of %" PRIu32 "; ignored",
				  vf->dev.name, tail, q->n_desc);
		return 0;
	}
	batch.n_frames = 0;
	batch.n_rs = 0;
	batch.used = 0;
	while (moved < budget && q->head != tail && send_one(vf, &batch, tail) == TAKEN) {
		moved++;
		if (batch.n_frames == SIM_BATCH || batch.n_rs == SIM_BATCH)
			flush(vf, &batch);
	}
	flush(vf, &batch);
	return moved;
}

unsigned int sim_tx_step(struct sim_card *card, unsigned int budget)
{
	unsigned int moved = 0;

	if (!sim_card_has_link(card) || !card->open_vfs)
		return 0;
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		unsigned int vf = (card->turn + i) % SIM_VFS;

		if (card->open_vfs & 1u << vf)
			moved += vf_step(&card->vfs[vf], budget - moved);
	}
	card->turn = (card->turn + 1) % SIM_VFS;
	return moved;
}
