/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_TX_H
#define SIM_TX_H

/*
 * A frame between its descriptors and the packet buffer. tx.c gathers and sends, segment.c does
 * what the frame asks for: checksums, a tag, or many frames out of one.
 */

#include "sim/card.h"

#define SIM_PAD_MIN 17u /* the card pads no shorter frame [S] */

/** struct sim_gather - a frame's descriptors; what its first one asks for is read once. */
struct sim_gather {
	const struct sim_txq *q;
	uint32_t first; /* descriptor */
	uint32_t n;	/* descriptors, with the last */
	uint32_t len;	/* bytes of all */
	uint32_t cmd;	/* d2 of the first */
	uint32_t info;	/* d3 of the first */
	bool alien;	/* a descriptor in it is not an advanced data descriptor */
};

/**
 * struct sim_plan - what leaves when a frame is sent
 * @n:       frames on the wire
 * @bytes:   their bytes without CRC, with tags and padding
 * @longest: bytes of the longest
 * @headers: bytes that each segment begins with; 0 = not segmented
 * @l2, @l3: bytes of header, as the context says
 * @mss:     most payload bytes of a segment
 * @vlan:    tag control information, if @tag
 * @tag:     bytes of the tag to insert: VFNET_FRAME_VLAN_BYTES or 0
 */
struct sim_plan {
	uint32_t n;
	uint32_t bytes;
	uint32_t longest;
	uint32_t headers;
	uint32_t l2;
	uint32_t l3;
	uint32_t mss;
	uint32_t tag;
	uint16_t vlan;
	bool ip4;
	bool tcp;
	bool ip_sum;
	bool l4_sum;
	bool no_fin_psh; /* SIM_QUIRK_NO_FIN_PSH */
	bool ip_length;	 /* SIM_QUIRK_IP_LENGTH */
};

static inline uint32_t sim_txq_next(const struct sim_txq *q, uint32_t at)
{
	return at + 1 == q->n_desc ? 0 : at + 1;
}

/**
 * sim_gather_read() - copy the first @len bytes of a frame from the guest
 *
 * Return: false = outside mapped memory, or past the frame's end: a wrong driver may be writing
 * the descriptors right now.
 */
bool sim_gather_read(struct sim_vf *vf, const struct sim_gather *g, uint8_t *to, uint32_t len);

/** sim_tx_report_head() - head write-back: all before descriptor @head is sent. */
void sim_tx_report_head(struct sim_vf *vf, const struct sim_txq *q, uint32_t head);

/* segment.c */
/** sim_context_set() - a context descriptor: the queue keeps it until another one with its number.
 */
void sim_context_set(struct sim_txq *q, const union igbvf_tx_desc *desc);

/**
 * sim_plan_make() - what a frame asks for
 * @plan: filled as far as it is understood, @bytes always
 * @why:  a sentence for the log, if it cannot be done
 *
 * Return: 0, or the enum vfnet_drops + 1 that the frame is counted as.
 */
unsigned int sim_plan_make(const struct sim_gather *g, struct sim_plan *plan, const char **why);

/**
 * sim_plan_build() - frame @i of those that leave
 * @whole: the gathered bytes, @len; @to unless it is segmented
 * @to:    room for @plan->longest
 *
 * Return: its bytes.
 */
uint32_t sim_plan_build(const struct sim_plan *plan, uint32_t i, const uint8_t *whole, uint32_t len,
			uint8_t *to);

/** sim_tag_insert() - @frame has room for the tag. Return: its bytes now. */
uint32_t sim_tag_insert(uint8_t *frame, uint32_t len, uint16_t vlan);

#endif
