/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver must not do: rules of 82576-vf.md §5 and §9 whose breach silicon answers with a
 * hang, and QEMU with nothing. A breach is counted and said, and the card goes on as well as it
 * can.
 *
 * Frames of one descriptor that ask for nothing are checked by the condition that lets them take
 * the short way through tx.c; all others come here.
 */
#define VFNET_LOG_TAG "sim/rules"
#include "sim/tx.h"

#include <assert.h>
#include <inttypes.h>

#include "lib/frame/bytes.h"
#include "lib/frame/frame.h"

static_assert(SIM_RULE_COUNT <= 32, "sim_vf.mistaken has a bit for each");

#define L2_MIN	  14u
#define L2_MAX	  127u
#define L3_MAX	  511u
#define L4_BYTES  20u
#define IP_TCP	  6u
#define IP_UDP	  17u
#define L4T_TCP	  1u
#define WANT_SUMS (IGBVF_TXD_IXSM | IGBVF_TXD_TXSM)

#define TEXT_OF(name, text) text,

void sim_mistake(struct sim_vf *vf, enum sim_rule rule, uint32_t seen, uint32_t want)
{
	static const char *const texts[] = {SIM_RULES(TEXT_OF)};
	bool first = !(vf->mistaken & 1u << rule);

	vf->card->mistakes++;
	vf->mistaken |= 1u << rule;
	if (first)
		vfnet_log(&vf->card->sim->log, WARN,
			  "%s: driver's mistake: %s (seen %" PRIu32 ", want %" PRIu32 ")",
			  vf->dev.name, texts[rule], seen, want);
}

static void expect(struct sim_vf *vf, enum sim_rule rule, uint32_t seen, uint32_t want)
{
	if (vfnet_unlikely(seen != want))
		sim_mistake(vf, rule, seen, want);
}

/* The context against the headers that it speaks of. */
static void check_ip(struct sim_vf *vf, const struct sim_gather *g, const struct sim_context *ctx,
		     const uint8_t *head)
{
	uint32_t l2 = VFNET_FIELD_GET(IGBVF_TXC_MACLEN, ctx->vlan_l2_l3);
	uint32_t l3 = VFNET_FIELD_GET(IGBVF_TXC_IPLEN, ctx->vlan_l2_l3);
	bool segments = g->cmd & IGBVF_TXD_TSE;
	const uint8_t *ip = head + l2;
	bool ip4 = ip[0] >> 4 == 4;
	uint32_t proto = ip4 ? ip[9] : ip[6];

	expect(vf, SIM_RULE_IP4, !!(ctx->types & IGBVF_TXC_IP4), ip4);
	if (ip4)
		expect(vf, SIM_RULE_IPLEN, l3, (ip[0] & 15u) * 4);
	else if (proto == IP_TCP || proto == IP_UDP)
		expect(vf, SIM_RULE_IPLEN, l3, VFNET_FRAME_IP6_BYTES);
	if (!ip4 || segments)
		expect(vf, SIM_RULE_IXSM, !!(g->info & IGBVF_TXD_IXSM), ip4);
	if ((g->info & IGBVF_TXD_TXSM) && (proto == IP_TCP || proto == IP_UDP))
		expect(vf, SIM_RULE_L4T, VFNET_FIELD_GET(IGBVF_TXC_L4T, ctx->types),
		       proto == IP_TCP ? L4T_TCP : 0);
	if (!segments)
		return;
	expect(vf, SIM_RULE_L4LEN, VFNET_FIELD_GET(IGBVF_TXC_L4LEN, ctx->mss_l4),
	       (head[l2 + l3 + 12] >> 4) * 4u);
	expect(vf, SIM_RULE_TXSM, !!(g->info & IGBVF_TXD_TXSM), 1);
	expect(vf, SIM_RULE_ZEROED, vfnet_get_be16(ip + (ip4 ? 2 : 4)), 0);
	if (ip4)
		expect(vf, SIM_RULE_ZEROED, vfnet_get_be16(ip + 10), 0);
}

static void check_headers(struct sim_vf *vf, const struct sim_gather *g,
			  const struct sim_context *ctx)
{
	uint8_t head[L2_MAX + L3_MAX + L4_BYTES] = {0};
	uint32_t l2 = VFNET_FIELD_GET(IGBVF_TXC_MACLEN, ctx->vlan_l2_l3);
	uint32_t want = L2_MIN;

	/* a fault is counted elsewhere */
	if (!sim_gather_read(vf, g, head, g->len < sizeof(head) ? g->len : sizeof(head)))
		return;
	while (vfnet_get_be16(head + want - 2) == VFNET_ETHERTYPE_VLAN && want + 4 < L2_MAX)
		want += VFNET_FRAME_VLAN_BYTES;
	expect(vf, SIM_RULE_MACLEN, l2, want);
	if (l2 == want && (vfnet_get_be16(head + l2 - 2) == VFNET_ETHERTYPE_IP4 ||
			   vfnet_get_be16(head + l2 - 2) == VFNET_ETHERTYPE_IP6))
		check_ip(vf, g, ctx, head);
}

/* Return: L4 payload begins here, in a frame to be segmented; 0 = not to be segmented. */
static uint32_t check_context(struct sim_vf *vf, const struct sim_gather *g)
{
	uint32_t idx = VFNET_FIELD_GET(IGBVF_TXD_IDX, g->info);
	const struct sim_context *ctx;

	if (!(g->cmd & (IGBVF_TXD_VLE | IGBVF_TXD_TSE)) && !(g->info & WANT_SUMS))
		return 0;
	if (idx >= VFNET_ARRAY_SIZE(g->q->ctx) || !g->q->ctx[idx].set) {
		sim_mistake(vf, SIM_RULE_CONTEXT, idx, 0);
		return 0;
	}
	ctx = &g->q->ctx[idx];
	if ((g->cmd & IGBVF_TXD_TSE) || (g->info & WANT_SUMS))
		check_headers(vf, g, ctx);
	if (!(g->cmd & IGBVF_TXD_TSE))
		return 0;
	if (!VFNET_FIELD_GET(IGBVF_TXC_MSS, ctx->mss_l4))
		sim_mistake(vf, SIM_RULE_MSS, 0, 1);
	return VFNET_FIELD_GET(IGBVF_TXC_MACLEN, ctx->vlan_l2_l3) +
	       VFNET_FIELD_GET(IGBVF_TXC_IPLEN, ctx->vlan_l2_l3) +
	       VFNET_FIELD_GET(IGBVF_TXC_L4LEN, ctx->mss_l4);
}

void sim_rules_frame(struct sim_vf *vf, const struct sim_gather *g)
{
	uint32_t tag = g->cmd & IGBVF_TXD_VLE ? VFNET_FRAME_VLAN_BYTES : 0;
	uint32_t headers, at = g->first;

	if (g->alien) {
		sim_mistake(vf, SIM_RULE_KIND, g->cmd, IGBVF_TXD_DEXT);
		return;
	}
	for (uint32_t i = 0; i < g->n; i++, at = sim_txq_next(g->q, at))
		if (!VFNET_FIELD_GET(IGBVF_TXD_DTALEN, g->q->ring[at].data.cmd))
			sim_mistake(vf, SIM_RULE_EMPTY, 0, 1);
	expect(vf, SIM_RULE_IFCS, !!(g->cmd & IGBVF_TXD_IFCS), 1);
	headers = check_context(vf, g);
	expect(vf, SIM_RULE_PAYLEN, VFNET_FIELD_GET(IGBVF_TXD_PAYLEN, g->info), g->len - headers);
	if (g->len < SIM_PAD_MIN)
		sim_mistake(vf, SIM_RULE_SHORT, g->len, SIM_PAD_MIN);
	if (!headers && g->len + tag > IGBVF_FRAME_MAX)
		sim_mistake(vf, SIM_RULE_LONG, g->len + tag, IGBVF_FRAME_MAX);
}

void sim_rules_context(struct sim_vf *vf, const union igbvf_tx_desc *desc)
{
	uint32_t alien = desc->ctx.types & (IGBVF_TXD_RS | IGBVF_TXD_EOP);

	if (alien)
		sim_mistake(vf, SIM_RULE_CONTEXT_RS, alien, 0);
}

void sim_rules_rx_enable(struct sim_vf *vf, unsigned int i)
{
	uint32_t ctl = *sim_vf_reg(vf, IGBVF_AT(RXDCTL, i));
	uint32_t tail = vfnet_io_load_tail(sim_vf_reg(vf, IGBVF_AT(RDT, i)));

	expect(vf, SIM_RULE_TAIL_OFF, tail, 0);
	expect(vf, SIM_RULE_DROP_EN,
	       !!(*sim_vf_reg(vf, IGBVF_AT(SRRCTL, i)) & IGBVF_SRRCTL_DROP_EN), 1);
	if (VFNET_FIELD_GET(IGBVF_RXDCTL_WTHRESH, ctl) > 1)
		sim_mistake(vf, SIM_RULE_WTHRESH, VFNET_FIELD_GET(IGBVF_RXDCTL_WTHRESH, ctl), 1);
	if ((ctl & IGBVF_RXDCTL_PTHRESH) && !(ctl & IGBVF_RXDCTL_HTHRESH))
		sim_mistake(vf, SIM_RULE_HTHRESH, 0, 1);
}

void sim_rules_tx_enable(struct sim_vf *vf, unsigned int i)
{
	uint32_t ctl = *sim_vf_reg(vf, IGBVF_AT(TXDCTL, i));
	uint32_t tail = vfnet_io_load_tail(sim_vf_reg(vf, IGBVF_AT(TDT, i)));

	expect(vf, SIM_RULE_TAIL_OFF, tail, 0);
	if (VFNET_FIELD_GET(IGBVF_TXDCTL_WTHRESH, ctl) > 1)
		sim_mistake(vf, SIM_RULE_WTHRESH, VFNET_FIELD_GET(IGBVF_TXDCTL_WTHRESH, ctl), 1);
	if ((ctl & IGBVF_TXDCTL_PTHRESH) && !(ctl & IGBVF_TXDCTL_HTHRESH))
		sim_mistake(vf, SIM_RULE_HTHRESH, 0, 1);
	if (vf->txq[i].head_wb)
		expect(vf, SIM_RULE_RELAXED,
		       !!(*sim_vf_reg(vf, IGBVF_AT(TXCTL, i)) & IGBVF_TXCTL_WB_RELAXED), 0);
}
