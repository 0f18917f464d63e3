/* SPDX-License-Identifier: BSD-2-Clause */
/* The host of peer.h, up to IP. */
#include "tests/common/peer.h"

#include <time.h>

#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"

#define ETH_BYTES	14u
#define ARP_BYTES	28u
#define ARP_REQUEST	1u
#define ARP_REPLY	2u
#define IS_ICMP6	58u
#define SOLICITATION	135u
#define ADVERTISEMENT	136u
#define DISCOVERY_BYTES 32u /* with the option */
#define SOURCE		1u
#define TARGET		2u
#define ADVERT_FLAGS	0x60u /* solicited, overrides what was known */
#define CHUNK		1001u /* bytes in a buffer; odd, so that words to add lie across two of them */
#define CHUNKS_MAX	66u

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Where IP's two addresses lie; the rest of the frame is behind them. */
static uint8_t *addresses(uint8_t *frame, const struct way *way)
{
	return frame + ETH_BYTES + ip_bytes(way) - 2 * address_bytes(way);
}

static void put_ethernet(struct peer *peer, uint32_t type)
{
	memcpy(peer->frame, peer->there, 6);
	memcpy(peer->frame + 6, peer->mac, 6);
	put16(peer->frame + 12, type);
}

uint8_t *peer_headers(struct peer *peer, const struct way *way, uint8_t proto, uint32_t bytes)
{
	uint8_t *ip = peer->frame + ETH_BYTES;
	uint8_t *from = addresses(peer->frame, way);

	put_ethernet(peer, way->ip6 ? VFNET_ETHERTYPE_IP6 : VFNET_ETHERTYPE_IP4);
	memset(ip, 0, ip_bytes(way));
	if (way->ip6) {
		ip[0] = 0x60;
		put16(ip + 4, bytes);
		ip[6] = proto;
		ip[7] = 64;
	} else {
		ip[0] = 0x45;
		put16(ip + 2, bytes + ip_bytes(way));
		ip[8] = 64;
		ip[9] = proto;
	}
	memcpy(from, way->here, address_bytes(way));
	memcpy(from + address_bytes(way), way->there, address_bytes(way));
	return ip + ip_bytes(way);
}

/* What the card is asked for. */
static void ask(const struct peer *peer, const struct way *way, struct vfnet_pkt *pkt,
		uint32_t tcp_bytes, uint32_t mss)
{
	uint32_t flags = pkt->flags;

	flags |= way->ip6 ? VFNET_PKT_IP6 : VFNET_PKT_IP4 | VFNET_PKT_TX_IPSUM;
	flags |= tcp_bytes ? VFNET_PKT_TCP : VFNET_PKT_UDP;
	flags |= mss ? VFNET_PKT_TX_SEG : VFNET_PKT_TX_L4SUM;
	pkt->flags = (uint16_t)flags;
	pkt->txo = vfnet_txo(ETH_BYTES, ip_bytes(way), tcp_bytes, mss);
	vfnet_offload_prepare(peer->region, pkt);
	if (peer->nobody)
		pkt->flags &= (uint16_t)~VFNET_PKT_TX_L4SUM;
}

/* Return: buffers with the frame up to @end in them; 0 = there are none. */
static unsigned int fill(const struct peer *peer, const struct way *way, const uint8_t *end,
			 struct vfnet_pkt *pkt)
{
	uint32_t len = (uint32_t)(end - peer->frame);
	unsigned int n = (len + CHUNK - 1) / CHUNK;

	if (vfnet_pkt_alloc(peer->cache, pkt, n) != n)
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		uint32_t part = least(len - i * CHUNK, CHUNK);

		memcpy(vfnet_pkt_data(peer->region, &pkt[i]), peer->frame + i * CHUNK, part);
		pkt[i].len = (uint16_t)part;
		pkt[i].flags = i + 1 < n ? VFNET_PKT_MORE : 0;
	}
	if (way->tagged) {
		pkt[0].flags |= VFNET_PKT_VLAN;
		pkt[0].vlan = way->tag_to;
	}
	return n;
}

/* One that finds no room is lost, as on any network. */
static void send_frame(struct peer *peer, const struct vfnet_pkt *pkt, unsigned int n)
{
	if (n && vfnet_tx_burst(peer->txq, pkt, n) <= 0)
		vfnet_pkt_free(peer->cache, pkt, n);
}

void peer_send(struct peer *peer, const struct way *way, const uint8_t *end, uint32_t tcp_bytes,
	       uint32_t mss)
{
	struct vfnet_pkt pkt[CHUNKS_MAX];
	unsigned int n = fill(peer, way, end, pkt);

	if (n)
		ask(peer, way, pkt, tcp_bytes, mss);
	send_frame(peer, pkt, n);
}

/* As it is; tagged if @way is. */
static void send_as_it_is(struct peer *peer, const struct way *way, const uint8_t *end)
{
	struct vfnet_pkt pkt[CHUNKS_MAX];

	send_frame(peer, pkt, fill(peer, way, end, pkt));
}

/* Return: whether @pkt came in the LAN of @way. */
static bool came_by(const struct way *way, const struct vfnet_pkt *pkt)
{
	if (!(pkt->flags & VFNET_PKT_VLAN))
		return !way->tagged;
	return way->tagged && !((pkt->vlan ^ way->tag_from) & way->tag_mask);
}

/* @to: a neighbour's Ethernet and IPv4 address. */
static void send_arp(struct peer *peer, const struct way *way, uint32_t op, const uint8_t to[10])
{
	uint8_t *arp = peer->frame + ETH_BYTES;

	put_ethernet(peer, VFNET_ETHERTYPE_ARP);
	put16(arp, 1); /* Ethernet */
	put16(arp + 2, VFNET_ETHERTYPE_IP4);
	put16(arp + 4, 0x0604);
	put16(arp + 6, op);
	memcpy(arp + 8, peer->mac, 6);
	memcpy(arp + 14, way->here, 4);
	memcpy(arp + 18, to, 10);
	send_as_it_is(peer, way, arp + ARP_BYTES);
}

/* With an option that has the address of the card: @option is SOURCE or TARGET. */
static void send_discovery(struct peer *peer, const struct way *way, uint8_t type,
			   const uint8_t to[16], uint8_t option)
{
	uint8_t *icmp = peer_headers(peer, way, IS_ICMP6, DISCOVERY_BYTES);
	uint8_t *ip = icmp - VFNET_FRAME_IP6_BYTES;
	struct vfnet_frame parsed;

	ip[7] = 255; /* else nobody believes it */
	memcpy(ip + 24, to, 16);
	memset(icmp, 0, DISCOVERY_BYTES);
	icmp[0] = type;
	icmp[4] = type == ADVERTISEMENT ? ADVERT_FLAGS : 0;
	memcpy(icmp + 8, type == ADVERTISEMENT ? way->here : way->there, 16);
	icmp[24] = option;
	icmp[25] = 1; /* of 8 bytes, with these two */
	memcpy(icmp + 26, peer->mac, 6);
	vfnet_frame_parse(peer->frame, (size_t)(icmp + DISCOVERY_BYTES - peer->frame), &parsed);
	vfnet_checksum_store(icmp + 2, (uint16_t)vfnet_frame_l4_checksum(peer->frame, &parsed));
	send_as_it_is(peer, way, icmp + DISCOVERY_BYTES);
}

void peer_announce(struct peer *peer)
{
	uint8_t who_has[10] = {0};

	for (unsigned int i = 0; i < peer->n_ways; i++) {
		const struct way *way = &peer->ways[i];

		memcpy(who_has + 6, way->there, 4);
		if (way->ip6)
			send_discovery(peer, way, SOLICITATION, way->there, SOURCE);
		else
			send_arp(peer, way, ARP_REQUEST, who_has);
	}
}

static void answer_arp(struct peer *peer, const struct way *way, const uint8_t *question)
{
	if (get16(question + 6) == ARP_REQUEST && memcmp(question + 24, way->here, 4) == 0)
		send_arp(peer, way, ARP_REPLY, question + 8);
}

static void answer_solicitation(struct peer *peer, const struct way *way, const uint8_t *question)
{
	const uint8_t *from = question - 32;

	if (question[0] == SOLICITATION && memcmp(question + 8, way->here, 16) == 0)
		send_discovery(peer, way, ADVERTISEMENT, from, TARGET);
}

/* Answers who asks for the address of the host, if that is what @pkt is. */
static void answer(struct peer *peer, const struct vfnet_pkt *pkt)
{
	const uint8_t *data = vfnet_pkt_data(peer->region, pkt);
	struct vfnet_frame parsed;

	if (vfnet_frame_parse(data, pkt->len, &parsed) != 0)
		return;
	for (unsigned int i = 0; i < peer->n_ways; i++) {
		const struct way *way = &peer->ways[i];

		if (!came_by(way, pkt))
			continue;
		if (parsed.l3 == VFNET_FRAME_L3_ARP && !way->ip6)
			answer_arp(peer, way, data + parsed.l3_off);
		else if (parsed.l4 == VFNET_FRAME_L4_ICMP6 && way->ip6 && parsed.l4_len >= 24)
			answer_solicitation(peer, way, data + parsed.l4_off);
	}
}

void peer_receive(struct peer *peer, take_fn *take, void *what)
{
	struct vfnet_pkt pkt[32];
	int n = vfnet_rx_burst(peer->rxq, pkt, 32);

	if (n <= 0)
		vfnet_wait(peer->rxq, 0, 1000000, NULL);
	for (int i = 0; i < n; i++) {
		answer(peer, &pkt[i]);
		take(peer, &pkt[i], what);
	}
	if (n > 0)
		vfnet_pkt_free(peer->cache, pkt, (unsigned int)n);
}

void peer_complain(struct peer *peer, const struct way *way, const char *what, uint32_t val)
{
	printf("%s: %s: %#x\n", way->name, what, (unsigned int)val);
	peer->wrong = true;
}

const uint8_t *peer_l4(struct peer *peer, const struct way *way, const struct vfnet_pkt *pkt,
		       uint8_t proto)
{
	uint8_t *data = vfnet_pkt_data(peer->region, pkt);
	uint32_t want = way->ip6 ? VFNET_PKT_IP6 : VFNET_PKT_IP4 | VFNET_PKT_L3_GOOD;

	want |= proto == IS_TCP ? VFNET_PKT_TCP : VFNET_PKT_UDP;
	want |= VFNET_PKT_L4_GOOD | (way->tagged ? VFNET_PKT_VLAN : 0);
	if (get16(data + 12) != (way->ip6 ? VFNET_ETHERTYPE_IP6 : VFNET_ETHERTYPE_IP4) ||
	    data[ETH_BYTES + (way->ip6 ? 6 : 9)] != proto ||
	    memcmp(addresses(data, way), way->there, address_bytes(way)) != 0)
		return NULL;
	/* Linux may be another function of the same card */
	if ((pkt->flags & ~VFNET_PKT_LOOPED) != want)
		peer_complain(peer, way, "flags of a received frame", pkt->flags);
	if (!came_by(way, pkt))
		peer_complain(peer, way, "tag of a received frame", pkt->vlan);
	return data + ETH_BYTES + ip_bytes(way);
}
