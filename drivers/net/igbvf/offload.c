/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a packet asks the card to do, in the card's words: a context descriptor with the lengths of
 * the headers, and bits in the frame's first data descriptor. 82576-vf.md §5.
 *
 * Silicon hangs on lengths that are not those of the frame, and QEMU does not look at them [Q]; so
 * a request that contradicts itself or the frame does not reach the ring. That the headers lie in
 * the first buffer is what all drivers do [L] [D].
 */

#include <string.h>

#include <vfnet/offload.h>

#include "drivers/net/igbvf/tx.h"
#include "lib/frame/frame.h"

#define MACLEN_MIN  14u /* [S] */
#define IP4_MIN	    20u
#define IP4_MAX	    60u
#define IP6_MIN	    40u
#define TCP_MIN	    20u
#define UDP_BYTES   8u
#define L4T_TCP	    1u
#define SEG_LEN_MAX 65535u /* as long as software's frames are [L] */

#define CONTEXT (VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_CTX) | IGBVF_TXD_DEXT)

/* Of one pair of flags exactly one. */
static bool one_of(uint32_t flags, uint32_t pair)
{
	return (flags & pair) && (flags & pair) != pair;
}

/* Bytes that the first buffer has at least. */
static uint32_t headers_min(const struct vfnet_pkt *pkt)
{
	uint32_t need = vfnet_txo_l2_bytes(pkt->txo) + vfnet_txo_l3_bytes(pkt->txo);

	if (pkt->flags & VFNET_PKT_TX_SEG)
		need += vfnet_txo_l4_bytes(pkt->txo);
	else if (pkt->flags & VFNET_PKT_TX_L4SUM)
		need += pkt->flags & VFNET_PKT_TCP ? TCP_MIN : UDP_BYTES;
	return need;
}

/* Whether flags and lengths make sense, with each other and with the first buffer. */
static bool headers_ok(const struct vfnet_pkt *pkt)
{
	uint32_t l3 = vfnet_txo_l3_bytes(pkt->txo);
	uint32_t flags = pkt->flags;
	bool ip4 = flags & VFNET_PKT_IP4;

	if (!one_of(flags, VFNET_PKT_IP4 | VFNET_PKT_IP6) ||
	    vfnet_txo_l2_bytes(pkt->txo) < MACLEN_MIN)
		return false;
	if (ip4 ? l3 < IP4_MIN || l3 > IP4_MAX : l3 < IP6_MIN || (flags & VFNET_PKT_TX_IPSUM))
		return false;
	if ((flags & (VFNET_PKT_TX_L4SUM | VFNET_PKT_TX_SEG)) &&
	    !one_of(flags, VFNET_PKT_TCP | VFNET_PKT_UDP))
		return false;
	if ((flags & VFNET_PKT_TX_SEG) && vfnet_txo_l4_bytes(pkt->txo) < TCP_MIN)
		return false;
	return headers_min(pkt) <= pkt->len;
}

static uint32_t at_least_minimum(uint32_t len)
{
	return len < IGBVF_FRAME_MIN ? IGBVF_FRAME_MIN : len;
}

/* @o has all but what segments need. Return: as igbvf_offload_plan(). */
static uint64_t *plan_segments(struct igbvf_txq *q, const struct vfnet_pkt *pkt, uint32_t len,
			       struct igbvf_offload *o)
{
	uint32_t l4 = vfnet_txo_l4_bytes(pkt->txo), mss = vfnet_txo_mss(pkt->txo);
	uint32_t headers = vfnet_txo_l2_bytes(pkt->txo) + vfnet_txo_l3_bytes(pkt->txo) + l4;
	uint32_t tag = o->cmd & IGBVF_TXD_VLE ? VFNET_FRAME_VLAN_BYTES : 0;
	uint32_t payload, rest;

	if (len <= headers || !mss)
		return &q->invalid;
	payload = len - headers;
	rest = payload % mss;
	if (len > SEG_LEN_MAX || headers + tag + (payload < mss ? payload : mss) > IGBVF_FRAME_MAX)
		return &q->oversize;
	o->cmd |= IGBVF_TXD_TSE;
	o->info = (o->info & ~IGBVF_TXD_PAYLEN) | VFNET_FIELD_PREP(IGBVF_TXD_PAYLEN, payload);
	o->context.mss_l4 =
	    VFNET_FIELD_PREP(IGBVF_TXC_L4LEN, l4) | VFNET_FIELD_PREP(IGBVF_TXC_MSS, mss);
	o->pad = 0; /* the card's business */
	o->bytes = payload / mss * at_least_minimum(headers + tag + mss);
	if (rest)
		o->bytes += at_least_minimum(headers + tag + rest);
	return NULL;
}

static uint64_t *plan_headers(struct igbvf_txq *q, const struct vfnet_pkt *pkt, uint32_t len,
			      struct igbvf_offload *o)
{
	bool ip4 = pkt->flags & VFNET_PKT_IP4;
	bool segments = pkt->flags & VFNET_PKT_TX_SEG;

	/* QEMU makes IP fragments of it [live] */
	if (segments && (pkt->flags & VFNET_PKT_UDP))
		return &q->unsupported;
	if (!headers_ok(pkt))
		return &q->invalid;
	o->context.vlan_l2_l3 |= VFNET_FIELD_PREP(IGBVF_TXC_MACLEN, vfnet_txo_l2_bytes(pkt->txo)) |
				 VFNET_FIELD_PREP(IGBVF_TXC_IPLEN, vfnet_txo_l3_bytes(pkt->txo));
	if (ip4)
		o->context.types |= IGBVF_TXC_IP4;
	if (pkt->flags & VFNET_PKT_TCP)
		o->context.types |= VFNET_FIELD_PREP(IGBVF_TXC_L4T, L4T_TCP);
	if (ip4 && (pkt->flags & (VFNET_PKT_TX_IPSUM | VFNET_PKT_TX_SEG)))
		o->info |= IGBVF_TXD_IXSM;
	if (pkt->flags & (VFNET_PKT_TX_L4SUM | VFNET_PKT_TX_SEG))
		o->info |= IGBVF_TXD_TXSM;
	return segments ? plan_segments(q, pkt, len, o) : NULL;
}

uint64_t *igbvf_offload_plan(struct igbvf_txq *q, const struct vfnet_pkt *pkt, uint32_t len,
			     struct igbvf_offload *o)
{
	uint64_t *refused = NULL;

	o->context.types = CONTEXT;
	if (pkt->flags & VFNET_PKT_VLAN) {
		o->cmd |= IGBVF_TXD_VLE;
		o->context.vlan_l2_l3 = VFNET_FIELD_PREP(IGBVF_TXC_VLAN, (uint32_t)pkt->vlan);
		o->bytes += VFNET_FRAME_VLAN_BYTES;
	}
	if (pkt->flags & VFNET_PKT_TX_ANY)
		refused = plan_headers(q, pkt, len, o);
	else /* for the tag alone the card needs to know where it goes [L] */
		o->context.vlan_l2_l3 |= VFNET_FIELD_PREP(IGBVF_TXC_MACLEN, MACLEN_MIN);
	if (!refused && !(o->cmd & IGBVF_TXD_TSE) && o->bytes > IGBVF_FRAME_MAX)
		refused = &q->oversize;
	o->new_context = memcmp(&o->context, &q->context, sizeof(o->context)) != 0;
	return refused;
}

void igbvf_offload_context(struct igbvf_txq *q, const struct igbvf_offload *o,
			   union igbvf_tx_desc *desc)
{
	desc->ctx.vlan_l2_l3 = o->context.vlan_l2_l3;
	desc->ctx.zero = 0;
	desc->ctx.types = o->context.types;
	desc->ctx.mss_l4 = o->context.mss_l4;
	q->context = o->context;
}

/* In a value's second half. */
static uint64_t half(uint32_t txo, uint16_t vlan, uint32_t flags)
{
	return txo | (uint64_t)vlan << 32 | (uint64_t)flags << 48;
}

void igbvf_offload_kind(struct igbvf_txq *q, const struct vfnet_pkt *pkt,
			const struct igbvf_offload *o)
{
	uint32_t flags = VFNET_PKT_MORE | VFNET_PKT_VLAN | VFNET_PKT_TX_ANY;
	uint32_t extra = o->cmd & IGBVF_TXD_VLE ? VFNET_FRAME_VLAN_BYTES : 0;
	bool headers = pkt->flags & VFNET_PKT_TX_ANY;
	uint32_t len_min = headers ? at_least_minimum(headers_min(pkt)) : IGBVF_FRAME_MIN;

	if (headers)
		flags |= VFNET_PKT_IP4 | VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP;
	q->kind = (struct igbvf_tx_kind){
	    .mask = half(headers ? UINT32_MAX : 0, extra ? UINT16_MAX : 0, flags),
	    .cmd = IGBVF_TX_CMD | IGBVF_TXD_EOP | o->cmd,
	    .info = o->info & ~IGBVF_TXD_PAYLEN,
	    .len_min = (uint16_t)len_min,
	    .len_max = (uint16_t)(IGBVF_FRAME_MAX - extra),
	    .extra = extra,
	};
	q->kind.asks = q->kind.mask & half(pkt->txo, pkt->vlan, pkt->flags & ~VFNET_PKT_MORE);
}
