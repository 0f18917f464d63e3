/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit side: a doorbell only says how far descriptors are valid; a step fetches them, reads
 * the frames' bytes, passes the switch and writes DD where RS asks. 82576-vf.md §5, §6.
 *
 * A frame's bytes are read once, by DMA into the card's packet buffer; what happens to the guest's
 * buffer afterwards changes nothing. From there frames go to the sink in batches; DD is written
 * after the sink has consumed them.
 *
 * What a frame asks for is done on its way into the packet buffer, by segment.c. A legacy
 * descriptor does not leave and is counted (tx_unsupported).
 */
#define VFNET_LOG_TAG "sim/tx"
#include "sim/tx.h"

#include <inttypes.h>

#include "lib/frame/frame.h"

#define BUFFER_ALIGN	64u
#define CMD_KIND	(IGBVF_TXD_DTYP | IGBVF_TXD_DEXT)
#define CMD_DATA	(VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_DATA) | IGBVF_TXD_DEXT)
#define CMD_CONTEXT	(VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_CTX) | IGBVF_TXD_DEXT)
#define CMD_SIMPLE	(CMD_DATA | IGBVF_TXD_EOP | IGBVF_TXD_IFCS)
#define CMD_SIMPLE_MASK (CMD_KIND | IGBVF_TXD_VLE | IGBVF_TXD_TSE | IGBVF_TXD_EOP | IGBVF_TXD_IFCS)
#define TURNS		(SIM_VFS * SIM_QUEUES)

/* What a step has fetched and not yet completed. */
struct batch {
	struct sim_txq *q;
	unsigned int n_frames;
	unsigned int n_rs;
	uint32_t used; /* bytes of the packet buffer */
	struct sim_frame frames[SIM_BATCH];
	uint32_t rs[SIM_BATCH]; /* descriptors that want DD */
	uint64_t planned; /* bit i: frame i is of a packet of bytes[i] as its driver counts it */
	uint64_t further; /* bit i: frame i is a further segment of the packet before it */
	uint32_t bytes[SIM_BATCH];
};

/* What became of the frame at a ring's head. */
enum outcome {
	TAKEN,	 /* off the ring: sent, or lost and counted */
	NOT_NOW, /* it stays: its end or its receiver's descriptors are still to come */
	SPOOFED, /* of route(): the check does not let it leave; not yet counted */
};

void sim_tx_report_head(struct sim_vf *vf, const struct sim_txq *q, uint32_t head)
{
	uint8_t *to = sim_dma_ptr(vf->dma, q->head_iova, sizeof(head));

	if (to)
		vfnet_io_store_dd((uint32_t *)(void *)to, head);
	else if (sim_say_once(vf, SIM_SAID_RING))
		vfnet_log(&vf->card->sim->log, ERR,
			  "%s: DMA fault: TDWBAL says I/O address 0x%" PRIx64
			  ", which is not in mapped memory; nothing is reported as sent",
			  vf->dev.name, q->head_iova);
}

/* Say which descriptors are done, as the queue was told to. */
static void report(struct sim_vf *vf, const struct batch *batch)
{
	struct sim_txq *q = batch->q;

	vf->irq.due |= SIM_IRQ_TX(q - vf->txq);
	/* either store pairs with the driver's load: the buffers are read before */
	if (q->head_wb)
		sim_tx_report_head(vf, q, q->head);
	for (unsigned int i = 0; i < batch->n_rs && !q->head_wb; i++)
		vfnet_io_store_dd(&q->ring[batch->rs[i]].wb.status, IGBVF_TXD_DD);
}

/* As the driver counts it: without what the card has inserted. */
static uint32_t packet_bytes(const struct sim_vf *vf, const struct batch *batch, unsigned int i)
{
	if (batch->planned & UINT64_C(1) << i)
		return batch->bytes[i];
	return batch->frames[i].len - (vf->pf.admin_vlan ? VFNET_FRAME_VLAN_BYTES : 0);
}

/* A packet that was cut into segments is lost once, with the first of them that is refused. */
static void count_refused(struct sim_vf *vf, const struct batch *batch, uint64_t refused)
{
	struct vfnet_sim_wire_counters *wire = &vf->card->wire;
	bool lost = batch->q->seg_lost;

	for (unsigned int i = 0; i < batch->n_frames; i++) {
		if (!(batch->further & UINT64_C(1) << i))
			lost = false;
		if (!(refused & UINT64_C(1) << i))
			continue;
		if (!lost)
			sim_count_drop(vf, VFNET_DROPS_wire_refused, packet_bytes(vf, batch, i));
		lost = true;
		wire->out_packets--;
		wire->out_bytes -= batch->frames[i].len;
	}
	batch->q->seg_lost = lost;
}

static void flush(struct sim_vf *vf, struct batch *batch)
{
	struct sim_card *card = vf->card;
	uint64_t refused = 0;

	if (card->sink && batch->n_frames)
		refused = card->sink->ops->frames(card->sink, batch->frames, batch->n_frames);
	card->wire.out_packets += batch->n_frames;
	for (unsigned int i = 0; i < batch->n_frames; i++)
		card->wire.out_bytes += batch->frames[i].len;
	if (vfnet_unlikely(refused || batch->further))
		count_refused(vf, batch, refused);
	if (batch->n_rs && vfnet_likely(!card->faults.orders.slow))
		report(vf, batch);
	batch->n_frames = 0;
	batch->n_rs = 0;
	batch->used = 0;
	batch->planned = 0;
	batch->further = 0;
}

/* Room for a frame in batch and packet buffer; if there is none, what is there goes out first. */
static inline uint8_t *room(struct sim_vf *vf, struct batch *batch, uint32_t len)
{
	if (vfnet_unlikely(batch->used + len > SIM_TX_BUFFER_BYTES - BUFFER_ALIGN ||
			   batch->n_frames == SIM_BATCH))
		flush(vf, batch);
	return vf->card->tx_buffer + batch->used;
}

static void count(struct sim_vf *vf, uint32_t len, bool looped)
{
	uint32_t octets = len + SIM_CRC_BYTES;

	*sim_vf_reg(vf, IGBVF_VFGPTC) += 1;
	*sim_vf_reg(vf, IGBVF_VFGOTC) += octets;
	if (looped && !sim_has(vf->card, SIM_QUIRK_PLAIN_STATS)) {
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

static inline bool wire_takes(struct sim_card *card, const uint8_t *frame, uint32_t len)
{
	struct sim_sink *sink = card->sink;

	return vfnet_likely(!sink || !sink->ops->take) ||
	       sink->ops->take(sink, &(struct sim_frame){frame, len});
}

/* A source or a tag that is not the function's; @vlan_vfs: whose VLANs have the tag. */
static inline bool spoofed(const struct sim_vf *vf, const uint8_t *frame, uint32_t vlan_vfs)
{
	return vf->card->spoof_check &&
	       (!(vlan_vfs & 1u << vf->index) || !sim_vf_owns(vf, sim_mac_load(frame + 6)));
}

/*
 * A frame in the packet buffer, through the switch: to other functions of the card, and out unless
 * one of them owns the address. A function does not hear itself (LLE = 0), and knows nothing of
 * the administrator's VLAN that a frame without a tag gets.
 *
 * Return: NOT_NOW: a receiver without DROP_EN has no descriptors, or the wire has no room.
 */
static inline enum outcome route(struct sim_vf *vf, struct batch *batch, uint8_t *frame,
				 uint32_t len)
{
	struct sim_card *card = vf->card;
	const struct sim_dest *dest;
	uint32_t vlan_vfs;
	uint32_t vfs;

	if (vfnet_unlikely(vf->pf.admin_vlan) && !sim_tagged(frame))
		len = sim_tag_insert(frame, len, vf->pf.admin_vlan);
	vlan_vfs = sim_switch_vlan(card, frame);
	if (vfnet_unlikely(spoofed(vf, frame, vlan_vfs)))
		return SPOOFED;
	dest = sim_switch_dest(card, frame, &card->tx_dest);
	vfs = dest->vfs & vlan_vfs;
	if (vfnet_likely(!sim_has(card, SIM_QUIRK_OWN_FRAMES)))
		vfs &= ~(1u << vf->index);
	if (vfnet_unlikely(vfs & card->stall_vfs) && ring_is_dry(card, vfs, frame, len))
		return NOT_NOW;
	if (!vfs || !dest->exact) {
		if (!wire_takes(card, frame, len))
			return NOT_NOW;
		batch->frames[batch->n_frames++] = (struct sim_frame){frame, len};
		batch->used += (len + BUFFER_ALIGN - 1) & ~(BUFFER_ALIGN - 1);
	}
	count(vf, len, vfs != 0);
	for (; vfnet_unlikely(vfs); vfs &= vfs - 1)
		sim_rx_put(&card->vfs[__builtin_ctz(vfs)], frame, len, true);
	return TAKEN;
}

#define NAME_OF(name, meaning) #name,

static void refuse(struct sim_vf *vf, enum vfnet_drops as, uint32_t len, const char *why)
{
	static const char *const names[] = {VFNET_DROPS(NAME_OF)};
	enum sim_said line = as == VFNET_DROPS_tx_dma_fault ? SIM_SAID_TX : SIM_SAID_DESC;

	sim_count_drop(vf, as, len);
	if (sim_say_once(vf, line))
		vfnet_log(&vf->card->sim->log, WARN,
			  "%s: frame of %" PRIu32 " bytes not sent: %s (%s)", vf->dev.name, len,
			  why, names[as]);
}

/* Return: false = the frame's last descriptor is not there yet */
static bool look(uint32_t tail, struct sim_gather *g)
{
	const struct sim_txq *q = g->q;
	uint32_t at = g->first;

	g->cmd = q->ring[at].data.cmd;
	g->info = q->ring[at].data.paylen;
	for (; at != tail; at = sim_txq_next(q, at)) {
		uint32_t cmd = q->ring[at].data.cmd;

		g->n++;
		g->len += VFNET_FIELD_GET(IGBVF_TXD_DTALEN, cmd);
		g->alien |= (cmd & CMD_KIND) != CMD_DATA;
		if (cmd & IGBVF_TXD_EOP)
			return true;
	}
	return false;
}

bool sim_gather_read(struct sim_vf *vf, const struct sim_gather *g, uint8_t *to, uint32_t len)
{
	uint32_t at = g->first;

	for (uint32_t i = 0; i < g->n && len; i++, at = sim_txq_next(g->q, at)) {
		const union igbvf_tx_desc *desc = &g->q->ring[at];
		uint32_t part = VFNET_FIELD_GET(IGBVF_TXD_DTALEN, desc->data.cmd);

		part = part < len ? part : len;
		if (!sim_dma_read(vf->dma, desc->data.addr, to, part))
			return false;
		to += part;
		len -= part;
	}
	return !len;
}

/* Its segments were counted one by one. */
static void count_as_one(struct sim_vf *vf, const struct sim_plan *plan, uint32_t len)
{
	uint32_t octets = plan->bytes + plan->n * SIM_CRC_BYTES;

	*sim_vf_reg(vf, IGBVF_VFGPTC) -= plan->n - 1;
	*sim_vf_reg(vf, IGBVF_VFGOTC) -= octets - (len + plan->tag + SIM_CRC_BYTES);
}

/* Most frames leave as one; segments may stop anywhere, and go on from there the next time. */
static enum outcome send_plan(struct sim_vf *vf, struct batch *batch, const struct sim_gather *g,
			      const struct sim_plan *plan)
{
	uint8_t *whole = plan->headers ? vf->card->whole : room(vf, batch, plan->longest);
	uint32_t *i = &batch->q->seg_sent;

	if (!sim_gather_read(vf, g, whole, g->len)) {
		refuse(vf, VFNET_DROPS_tx_dma_fault, plan->bytes,
		       "DMA fault: a buffer is not in mapped memory");
		*i = 0;
		return TAKEN;
	}
	for (; *i < plan->n; ++*i) {
		uint8_t *frame = room(vf, batch, plan->longest);
		unsigned int at = batch->n_frames;
		uint32_t len = sim_plan_build(plan, *i, whole, g->len, frame);
		enum outcome outcome = route(vf, batch, frame, len);

		if (batch->n_frames > at) {
			batch->planned |= UINT64_C(1) << at;
			batch->further |= (uint64_t)(*i > 0) << at;
			batch->bytes[at] = plan->bytes;
		}

		if (outcome == NOT_NOW)
			return NOT_NOW;
		if (outcome == SPOOFED) {
			sim_count_drop(vf, VFNET_DROPS_spoof, plan->bytes);
			break;
		}
	}
	if (plan->headers && *i == plan->n && sim_has(vf->card, SIM_QUIRK_CUT_IS_ONE))
		count_as_one(vf, plan, g->len);
	*i = 0;
	return TAKEN;
}

static enum outcome send_gathered(struct sim_vf *vf, struct batch *batch,
				  const struct sim_gather *g)
{
	struct sim_plan plan;
	const char *why;
	unsigned int refused = sim_plan_make(g, &plan, &why);

	if (!refused && g->len < SIM_PAD_MIN) {
		refused = VFNET_DROPS_tx_invalid + 1;
		why = "the card pads frames of 17 bytes and more only";
	}
	if (!refused && g->n > SIM_QUIRK_BUFFERS && sim_has(vf->card, SIM_QUIRK_FEW_BUFFERS)) {
		refused = VFNET_DROPS_tx_unsupported + 1;
		why = "it has more than 64 buffers, and the card the quirk \"few-buffers\"";
	}
	if (refused) {
		refuse(vf, (enum vfnet_drops)(refused - 1), plan.bytes, why);
		return TAKEN;
	}
	plan.no_fin_psh = sim_has(vf->card, SIM_QUIRK_NO_FIN_PSH);
	plan.ip_length = sim_has(vf->card, SIM_QUIRK_IP_LENGTH);
	return send_plan(vf, batch, g, &plan);
}

/* The descriptor at the ring's head is done when the batch is. */
static inline void take(struct sim_vf *vf, struct batch *batch, uint32_t cmd)
{
	struct sim_txq *q = batch->q;

	if (cmd & IGBVF_TXD_RS) {
		batch->rs[batch->n_rs++] = q->head;
		q->no_rs = 0;
	} else if (vfnet_unlikely(++q->no_rs == q->n_desc - 1)) {
		sim_mistake(vf, SIM_RULE_NO_RS, q->no_rs, q->n_desc - 2);
	}
}

/* A tail that cannot be followed is a mistake once, however often it is looked at. */
static void notice(struct sim_vf *vf, struct sim_txq *q, uint32_t tail, enum sim_rule rule,
		   uint32_t want)
{
	if (q->noticed == tail)
		return;
	q->noticed = tail;
	sim_mistake(vf, rule, tail, want);
}

/* A frame that is not simple. */
static enum outcome send_slow(struct sim_vf *vf, struct batch *batch, uint32_t tail)
{
	struct sim_txq *q = batch->q;
	struct sim_gather g = {.q = q, .first = q->head};

	if ((q->ring[q->head].data.cmd & CMD_KIND) == CMD_CONTEXT) {
		sim_context_set(q, &q->ring[q->head]);
		sim_rules_context(vf, &q->ring[q->head]);
		g.n = 1;
	} else if (!look(tail, &g)) {
		notice(vf, q, tail, SIM_RULE_SPLIT, q->head);
		if (sim_has(vf->card, SIM_QUIRK_SPLIT_FORGETS))
			q->head = tail;
		return NOT_NOW;
	} else if (send_gathered(vf, batch, &g) == NOT_NOW) {
		return NOT_NOW;
	} else {
		sim_rules_frame(vf, &g);
	}
	q->noticed = SIM_NO_TAIL;
	for (; g.n; g.n--, q->head = sim_txq_next(q, q->head)) {
		if (batch->n_rs == SIM_BATCH)
			flush(vf, batch);
		take(vf, batch, q->ring[q->head].data.cmd);
	}
	return TAKEN;
}

static inline enum outcome send_one(struct sim_vf *vf, struct batch *batch, uint32_t tail)
{
	struct sim_txq *q = batch->q;
	const union igbvf_tx_desc *desc = &q->ring[q->head];
	uint32_t cmd = desc->data.cmd;
	uint32_t len = VFNET_FIELD_GET(IGBVF_TXD_DTALEN, cmd);
	const uint8_t *from;
	enum outcome outcome;
	uint8_t *frame;

	/* with PAYLEN right and nothing asked for, d3 is no more than that */
	if ((cmd & CMD_SIMPLE_MASK) != CMD_SIMPLE ||
	    desc->data.paylen != VFNET_FIELD_PREP(IGBVF_TXD_PAYLEN, len) || len < VFNET_FRAME_MIN ||
	    len > IGBVF_FRAME_MAX)
		return send_slow(vf, batch, tail);
	from = sim_dma_ptr(vf->dma, desc->data.addr, len);
	if (vfnet_unlikely(!from))
		return send_slow(vf, batch, tail);
	frame = room(vf, batch, len);
	sim_copy(frame, from, len);
	outcome = route(vf, batch, frame, len);
	if (outcome == NOT_NOW)
		return NOT_NOW;
	if (vfnet_unlikely(outcome == SPOOFED))
		sim_count_drop(vf, VFNET_DROPS_spoof, len);
	take(vf, batch, cmd);
	q->head = sim_txq_next(q, q->head);
	return TAKEN;
}

static unsigned int queue_step(struct sim_vf *vf, unsigned int i, unsigned int budget)
{
	struct sim_txq *q = &vf->txq[i];
	struct batch batch;
	unsigned int moved = 0;
	uint32_t tail;

	if (!q->ring)
		return 0;
	tail = vfnet_io_load_tail(sim_vf_reg(vf, IGBVF_AT(TDT, i)));
	if (tail >= q->n_desc) {
		notice(vf, q, tail, SIM_RULE_TAIL, q->n_desc - 1);
		return 0;
	}
	batch.q = q;
	batch.n_frames = 0;
	batch.n_rs = 0;
	batch.used = 0;
	batch.planned = 0;
	batch.further = 0;
	while (moved < budget && q->head != tail && send_one(vf, &batch, tail) == TAKEN) {
		moved++;
		if (batch.n_frames == SIM_BATCH || batch.n_rs == SIM_BATCH)
			flush(vf, &batch);
	}
	flush(vf, &batch);
	if (vfnet_unlikely(vf->card->faults.orders.slow))
		sim_faults_complete(vf, q);
	return moved;
}

unsigned int sim_tx_step(struct sim_card *card, unsigned int budget)
{
	unsigned int moved = 0;

	if (!sim_card_has_link(card) || !card->open_vfs)
		return 0;
	for (unsigned int i = 0; i < TURNS; i++) {
		unsigned int turn = (card->turn + i) % TURNS;
		unsigned int vf = turn % SIM_VFS;

		if (card->open_vfs & 1u << vf)
			moved += queue_step(&card->vfs[vf], turn / SIM_VFS, budget - moved);
	}
	card->turn = (card->turn + 1) % TURNS;
	return moved;
}
