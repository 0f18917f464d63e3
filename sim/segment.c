/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offloads on send: checksums, a tag, and TCP segmentation, by what the context descriptor says of
 * the headers and not by looking for them. 82576-vf.md §5.
 *
 * The driver has put the sum of the pseudo header where the TCP or UDP checksum belongs; for
 * segments without the length, and IPv4's length and checksum are 0 there.
 */
#include "sim/tx.h"

#include <endian.h>

#include "lib/frame/bytes.h"
#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"

#define OFFLOADS    (IGBVF_TXD_IXSM | IGBVF_TXD_TXSM)
#define POPTS_OTHER VFNET_BITS(13, 10) /* IPsec, which the card does not have */
#define L4T_UDP	    0u
#define L4T_TCP	    1u
#define TCP_BYTES   20u
#define UDP_BYTES   8u
#define TCP_FIN_PSH 0x09u
#define MACLEN_MIN  14u /* [S] */
#define IPLEN_MIN   20u /* [S] */
#define PAYLEN_MOST VFNET_FIELD_GET(IGBVF_TXD_PAYLEN, IGBVF_TXD_PAYLEN)

void sim_context_set(struct sim_txq *q, const union igbvf_tx_desc *desc)
{
	uint32_t idx = VFNET_FIELD_GET(IGBVF_TXD_IDX, desc->ctx.mss_l4);

	if (idx < VFNET_ARRAY_SIZE(q->ctx))
		q->ctx[idx] = (struct sim_context){desc->ctx.vlan_l2_l3, desc->ctx.types,
						   desc->ctx.mss_l4, true};
}

static uint32_t at_least_minimum(uint32_t len)
{
	return len < VFNET_FRAME_MIN ? VFNET_FRAME_MIN : len;
}

static unsigned int refuse(enum vfnet_drops as, const char **why, const char *text)
{
	*why = text;
	return as + 1u;
}

/* Headers that sums or segments need, against the frame. */
static unsigned int check_headers(const struct sim_gather *g, const struct sim_context *ctx,
				  struct sim_plan *plan, const char **why)
{
	uint32_t l4t = VFNET_FIELD_GET(IGBVF_TXC_L4T, ctx->types);
	uint32_t l4 = plan->headers ? plan->headers - plan->l2 - plan->l3 : 0;
	uint32_t need = plan->l2 + plan->l3;

	if (g->info & POPTS_OTHER)
		return refuse(VFNET_DROPS_tx_unsupported, why, "it asks for IPsec");
	if (plan->l4_sum) {
		if (l4t != L4T_TCP && (plan->headers || l4t != L4T_UDP))
			return refuse(VFNET_DROPS_tx_unsupported, why,
				      "L4T is neither TCP nor, without TSE, UDP");
		need += plan->tcp ? TCP_BYTES : UDP_BYTES;
	}
	if (plan->l2 < MACLEN_MIN || plan->l3 < IPLEN_MIN || need > g->len ||
	    (plan->headers && l4 < TCP_BYTES))
		return refuse(VFNET_DROPS_tx_invalid, why,
			      "its context has lengths that are no headers of this frame");
	return 0;
}

static unsigned int plan_segments(const struct sim_gather *g, struct sim_plan *plan,
				  const char **why)
{
	uint32_t payload = g->len - plan->headers;
	uint32_t full, rest;

	if (plan->headers >= g->len || !plan->mss)
		return refuse(VFNET_DROPS_tx_invalid, why, "TSE without payload or MSS");
	if (payload > SIM_PAYLEN_MAX)
		return refuse(VFNET_DROPS_tx_oversize, why, "more payload than PAYLEN can say");
	full = payload / plan->mss;
	rest = payload % plan->mss;
	plan->n = full + (rest != 0);
	plan->longest = at_least_minimum(plan->headers + plan->tag + (full ? plan->mss : payload));
	plan->bytes = full * at_least_minimum(plan->headers + plan->tag + plan->mss);
	if (rest)
		plan->bytes += at_least_minimum(plan->headers + plan->tag + rest);
	return 0;
}

static unsigned int plan_offloads(const struct sim_gather *g, struct sim_plan *plan,
				  const char **why)
{
	uint32_t idx = VFNET_FIELD_GET(IGBVF_TXD_IDX, g->info);
	const struct sim_context *ctx;
	unsigned int refused;

	if (idx >= VFNET_ARRAY_SIZE(g->q->ctx) || !g->q->ctx[idx].set)
		return refuse(VFNET_DROPS_tx_invalid, why, "it names a context that was not given");
	ctx = &g->q->ctx[idx];
	plan->l2 = VFNET_FIELD_GET(IGBVF_TXC_MACLEN, ctx->vlan_l2_l3);
	plan->l3 = VFNET_FIELD_GET(IGBVF_TXC_IPLEN, ctx->vlan_l2_l3);
	plan->ip4 = ctx->types & IGBVF_TXC_IP4;
	plan->tcp = VFNET_FIELD_GET(IGBVF_TXC_L4T, ctx->types) == L4T_TCP;
	plan->ip_sum = g->info & IGBVF_TXD_IXSM;
	plan->l4_sum = g->info & IGBVF_TXD_TXSM;
	plan->vlan = (uint16_t)VFNET_FIELD_GET(IGBVF_TXC_VLAN, ctx->vlan_l2_l3);
	if (g->cmd & IGBVF_TXD_TSE) {
		plan->mss = VFNET_FIELD_GET(IGBVF_TXC_MSS, ctx->mss_l4);
		plan->headers = plan->l2 + plan->l3 + VFNET_FIELD_GET(IGBVF_TXC_L4LEN, ctx->mss_l4);
		plan->l4_sum = true;
	}
	if (!plan->headers && !(g->info & (OFFLOADS | POPTS_OTHER)))
		return 0;
	refused = check_headers(g, ctx, plan, why);
	if (refused || !plan->headers)
		return refused;
	return plan_segments(g, plan, why);
}

unsigned int sim_plan_make(const struct sim_gather *g, struct sim_plan *plan, const char **why)
{
	unsigned int refused = 0;

	*plan = (struct sim_plan){.n = 1};
	plan->tag = g->cmd & IGBVF_TXD_VLE ? VFNET_FRAME_VLAN_BYTES : 0;
	plan->longest = at_least_minimum(g->len + plan->tag);
	plan->bytes = plan->longest;
	if (g->alien)
		return refuse(VFNET_DROPS_tx_unsupported, why, "it has a legacy descriptor");
	if ((g->cmd & (IGBVF_TXD_VLE | IGBVF_TXD_TSE)) || (g->info & (OFFLOADS | POPTS_OTHER)))
		refused = plan_offloads(g, plan, why);
	if (!refused && plan->longest > IGBVF_FRAME_MAX)
		return refuse(VFNET_DROPS_tx_oversize, why, "it is longer than 9724");
	return refused;
}

/* What differs between the headers of segments; @len: bytes of this one. */
static void edit_headers(const struct sim_plan *plan, uint32_t i, uint8_t *frame, uint32_t len)
{
	uint8_t *ip = frame + plan->l2;
	uint8_t *tcp = ip + plan->l3;

	if (plan->ip4) {
		vfnet_put_be16(ip + 2, (uint16_t)(len - plan->l2));
		vfnet_put_be16(ip + 4, (uint16_t)(vfnet_get_be16(ip + 4) + i));
	} else {
		vfnet_put_be16(ip + 4, (uint16_t)(len - plan->l2 - VFNET_FRAME_IP6_BYTES));
	}
	vfnet_put_be32(tcp + 4, vfnet_get_be32(tcp + 4) + i * plan->mss);
	if (i + 1 < plan->n || plan->no_fin_psh)
		tcp[13] &= (uint8_t)~TCP_FIN_PSH;
}

static void insert_sums(const struct sim_plan *plan, uint8_t *frame, uint32_t len)
{
	uint8_t *ip = frame + plan->l2;
	uint8_t *l4 = ip + plan->l3;
	uint32_t l4_bytes = len - plan->l2 - plan->l3;
	uint16_t sum;

	if (plan->ip_sum && plan->ip4 && plan->ip_length)
		vfnet_put_be16(ip + 2, (uint16_t)(len - plan->l2));
	if (plan->ip_sum)
		vfnet_checksum_store(ip + 10,
				     vfnet_checksum_finish(vfnet_checksum_add(0, ip, plan->l3)));
	if (!plan->l4_sum)
		return;
	sum = vfnet_checksum_finish(
	    vfnet_checksum_add(plan->headers ? htobe16((uint16_t)l4_bytes) : 0, l4, l4_bytes));
	if (!plan->tcp && !sum)
		sum = 0xffff; /* 0 would mean that there is none */
	vfnet_checksum_store(l4 + (plan->tcp ? 16 : 6), sum);
}

/* Segment @i: the headers as they were, and its part of the payload. Return: bytes. */
static uint32_t cut(const struct sim_plan *plan, uint32_t i, const uint8_t *whole, uint32_t len,
		    uint8_t *frame)
{
	uint32_t off = plan->headers + i * plan->mss;
	uint32_t part = len - off < plan->mss ? len - off : plan->mss;

	memcpy(frame, whole, plan->headers);
	memcpy(frame + plan->headers, whole + off, part);
	edit_headers(plan, i, frame, plan->headers + part);
	return plan->headers + part;
}

uint32_t sim_tag_insert(uint8_t *frame, uint32_t len, uint16_t vlan)
{
	uint8_t *tag = frame + SIM_TAG_OFF;

	memmove(tag + VFNET_FRAME_VLAN_BYTES, tag, len - SIM_TAG_OFF);
	vfnet_put_be16(tag, VFNET_ETHERTYPE_VLAN);
	vfnet_put_be16(tag + 2, vlan);
	return len + VFNET_FRAME_VLAN_BYTES;
}

uint32_t sim_plan_build(const struct sim_plan *plan, uint32_t i, const uint8_t *whole, uint32_t len,
			uint8_t *to)
{
	if (plan->headers)
		len = cut(plan, i, whole, len, to);
	if (plan->ip_sum || plan->l4_sum)
		insert_sums(plan, to, len);
	if (plan->tag)
		len = sim_tag_insert(to, len, plan->vlan);
	if (len < VFNET_FRAME_MIN)
		memset(to + len, 0, VFNET_FRAME_MIN - len);
	return at_least_minimum(len);
}
