/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host at the far end of TAP device t0, for offload.sh: its card does all sums, tags and
 * segments, and Linux's stack at the near end judges them. Exit code 0: all went as it should.
 *
 *     offload_peer udp        datagrams of every size over IPv4 and IPv6, without and with a tag;
 *                             each has to come back
 *     offload_peer tcp <FILE  the file over all four, too; IPv4 with time stamps
 *     offload_peer receive    prints what the card says of frames from offload_ends.py
 *
 * A further word is for vfnet_sim_card(), or "nobody": then nobody does the sums of TCP and UDP.
 */
#include "tests/net/offload_peer.h"

#include <stdlib.h>
#include <time.h>

#include <vfnet/sim.h>

#define ETH_BYTES  14u
#define VLAN	   5u
#define TAG_TO	   0xa005u /* with a priority */
#define TAG_FROM   0x6005u
#define CHUNK	   1001u /* bytes in a buffer; odd, so that words to add lie across two of them */
#define CHUNKS_MAX 66u
#define FILE_MAX   (16u << 20)

static const uint8_t linux_mac[6] = {2, 0, 0, 0, 0xaa, 1};
static const uint8_t my_mac[6] = {2, 0, 0, 0, 0, 0xc0};

static const struct way ways[] = {
    {"IPv4", false, false},
    {"IPv6", true, false},
    {"IPv4 in a VLAN", false, true},
    {"IPv6 in a VLAN", true, true},
};

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void put_address(uint8_t *to, const struct way *way, uint8_t host)
{
	const uint8_t lan = way->tag ? VLAN : 0;
	const uint8_t ip4[4] = {10, 9, lan, host};
	const uint8_t ip6[16] = {[0] = 0xfd, [1] = lan, [15] = host};

	memcpy(to, way->ip6 ? ip6 : ip4, address_bytes(way));
}

/* Where IP's two addresses lie; the rest of the frame is behind them. */
static uint8_t *addresses(uint8_t *frame, const struct way *way)
{
	return frame + ETH_BYTES + ip_bytes(way) - 2 * address_bytes(way);
}

uint8_t *peer_headers(struct peer *peer, const struct way *way, uint8_t proto, uint32_t bytes)
{
	uint8_t *ip = peer->frame + ETH_BYTES;

	memcpy(peer->frame, linux_mac, 6);
	memcpy(peer->frame + 6, my_mac, 6);
	put16(peer->frame + 12, way->ip6 ? 0x86dd : 0x0800);
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
	put_address(addresses(peer->frame, way), way, 2);
	put_address(addresses(peer->frame, way) + address_bytes(way), way, 1);
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
	flags |= way->tag ? VFNET_PKT_VLAN : 0;
	pkt->flags = (uint16_t)flags;
	pkt->vlan = TAG_TO;
	pkt->txo = vfnet_txo(ETH_BYTES, ip_bytes(way), tcp_bytes, mss);
	vfnet_offload_prepare(peer->region, pkt);
	if (peer->nobody)
		pkt->flags &= (uint16_t)~VFNET_PKT_TX_L4SUM;
}

/* One that finds no room is lost, as on any network. */
void peer_send(struct peer *peer, const struct way *way, const uint8_t *end, uint32_t tcp_bytes,
	       uint32_t mss)
{
	struct vfnet_pkt pkt[CHUNKS_MAX];
	uint32_t len = (uint32_t)(end - peer->frame);
	unsigned int n = (len + CHUNK - 1) / CHUNK;
	int sent;

	if (vfnet_pkt_alloc(peer->cache, pkt, n) != n)
		return;
	for (unsigned int i = 0; i < n; i++) {
		uint32_t part = least(len - i * CHUNK, CHUNK);

		memcpy(vfnet_pkt_data(peer->region, &pkt[i]), peer->frame + i * CHUNK, part);
		pkt[i].len = (uint16_t)part;
		pkt[i].flags = i + 1 < n ? VFNET_PKT_MORE : 0;
	}
	ask(peer, way, pkt, tcp_bytes, mss);
	sent = vfnet_tx_burst(peer->txq, pkt, n);
	if (sent <= 0)
		vfnet_pkt_free(peer->cache, pkt, n);
}

void peer_receive(struct peer *peer, take_fn *take, void *what)
{
	struct vfnet_pkt pkt[32];
	int n = vfnet_rx_burst(peer->rxq, pkt, 32);

	if (n <= 0)
		vfnet_wait(peer->rxq, 0, 1000000, NULL);
	for (int i = 0; i < n; i++)
		take(peer, &pkt[i], what);
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
	uint8_t from[16];

	want |= proto == IS_TCP ? VFNET_PKT_TCP : VFNET_PKT_UDP;
	want |= VFNET_PKT_L4_GOOD | (way->tag ? VFNET_PKT_VLAN : 0);
	put_address(from, way, 1);
	if (get16(data + 12) != (way->ip6 ? 0x86dd : 0x0800) ||
	    data[ETH_BYTES + (way->ip6 ? 6 : 9)] != proto ||
	    memcmp(addresses(data, way), from, address_bytes(way)) != 0)
		return NULL;
	if (pkt->flags != want)
		peer_complain(peer, way, "flags of a received frame", pkt->flags);
	if (way->tag && pkt->vlan != TAG_FROM)
		peer_complain(peer, way, "tag of a received frame", pkt->vlan);
	return data + ETH_BYTES + ip_bytes(way);
}

/* Prints the last byte of the frame's source address and what is known of the frame. */
static void say(struct peer *peer, const struct vfnet_pkt *pkt, void *what)
{
	static const char *const names[16] = {
	    [1] = "VLAN", [4] = "L3_GOOD", [5] = "L3_BAD", [6] = "L4_GOOD", [7] = "L4_BAD",
	    [8] = "IP4",  [9] = "IP6",	   [10] = "TCP",   [11] = "UDP",
	};
	const uint8_t *data = vfnet_pkt_data(peer->region, pkt);
	static const uint8_t source[5] = {2, 0, 0, 0, 0xee};
	bool *ended = (bool *)what;

	if (memcmp(data + 6, source, sizeof(source)) != 0)
		return;
	printf("%u", data[11]);
	for (unsigned int i = 0; i < 16; i++)
		if (pkt->flags & 1u << i)
			printf(" %s", names[i] ? names[i] : "?");
	if (pkt->flags & VFNET_PKT_VLAN)
		printf(" %#x", pkt->vlan);
	printf("\n");
	*ended = data[11] == 255;
}

static void run_receive(struct peer *peer)
{
	const uint64_t end = now_ns() + PATIENCE_NS;
	bool ended = false;

	while (!ended && now_ns() < end)
		peer_receive(peer, say, &ended);
	peer->wrong = !ended;
}

/* Return: bytes of standard input. */
static uint32_t read_file(uint8_t **file)
{
	*file = malloc(FILE_MAX);
	return *file ? (uint32_t)fread(*file, 1, FILE_MAX, stdin) : 0;
}

static int run(struct peer *peer, const char *what)
{
	uint8_t *file = NULL;

	if (!strcmp(what, "udp")) {
		for (unsigned int i = 0; i < 4; i++)
			run_udp(peer, &ways[i]);
	} else if (!strcmp(what, "tcp")) {
		uint32_t bytes = read_file(&file);

		for (unsigned int i = 0; i < 4; i++)
			run_tcp(peer, &ways[i], file, bytes);
		free(file);
	} else {
		run_receive(peer);
	}
	return peer->wrong;
}

static int open_peer(struct peer *peer, const char *card, struct vfnet_err *err)
{
	struct vfnet_port_opts port = {.size = sizeof(port), .service_thread = true};
	struct vfnet_queue_opts queue = {.size = sizeof(queue)};

	memcpy(port.mac, my_mac, sizeof(my_mac));
	if (vfnet_open(NULL, &peer->v, err) || vfnet_sim_open(NULL, &peer->sim, err) ||
	    vfnet_sim_wire(peer->sim, 0, "tap:t0", err) ||
	    (card && vfnet_sim_card(peer->sim, 0, card, err)) ||
	    vfnet_add_bus(peer->v, "sim", vfnet_sim_bus(peer->sim), err))
		return -1;
	peer->region = vfnet_get_region(peer->v);
	if (vfnet_pool_open(peer->region, NULL, &peer->pool, err) ||
	    vfnet_cache_open(peer->pool, 0, &peer->cache, err))
		return -1;
	queue.cache = peer->cache;
	if (vfnet_port_open(peer->v, "sim:0.0", &port, &peer->port, err) ||
	    vfnet_txq_open(peer->port, &queue, &peer->txq, err) ||
	    vfnet_rxq_open(peer->port, &queue, &peer->rxq, err) ||
	    vfnet_port_vlan_add(peer->port, VLAN, err))
		return -1;
	vfnet_sim_start(peer->sim);
	return 0;
}

/* The card found nothing to complain about, either. */
static int close_peer(struct peer *peer)
{
	struct vfnet_counters count = {0};
	int wrong = peer->sim && vfnet_sim_mistakes(peer->sim, 0) != 0;

	vfnet_txq_close(peer->txq);
	vfnet_rxq_close(peer->rxq);
	if (peer->port)
		vfnet_port_get_counters(peer->port, &count);
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++) {
		if (!count.drops[i])
			continue;
		printf("%s: %u\n", vfnet_drops_name(i), (unsigned int)count.drops[i]);
		wrong |= i != VFNET_DROPS_wire_refused && i != VFNET_DROPS_not_drained;
	}
	wrong |= vfnet_port_close(peer->port) || vfnet_cache_close(peer->cache) ||
		 vfnet_pool_close(peer->pool, NULL) || vfnet_close(peer->v) ||
		 vfnet_sim_close(peer->sim);
	return wrong;
}

int main(int argc, char **argv)
{
	const char *more = argc > 2 ? argv[2] : "";
	struct peer *peer = calloc(1, sizeof(*peer));
	struct vfnet_err err;
	int rc = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!peer || argc < 2)
		return 2;
	peer->nobody = !strcmp(more, "nobody");
	if (open_peer(peer, *more && !peer->nobody ? more : NULL, &err))
		fprintf(stderr, "%s\n", err.text);
	else
		rc = run(peer, argv[1]);
	rc |= close_peer(peer);
	free(peer);
	return rc;
}
