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
#include "tests/common/peer.h"

#include <stdlib.h>

#include <vfnet/sim.h>

#define VLAN	 5u
#define TAG_TO	 0xa005u /* with a priority */
#define TAG_FROM 0x6005u
#define FILE_MAX (16u << 20)

/* clang-format off */
/* 10.9.0.0/24 and fd00::/64, tagged 10.9.5.0/24 and fd05::/64 */
#define IP4(lan, host) {10, 9, (lan), (host)}
#define IP6(lan, host) {[0] = 0xfd, [1] = (lan), [15] = (host)}
#define WAY(words, is_ip6, lan, ip)                                                                \
	{.name = (words), .ip6 = (is_ip6), .here = ip(lan, 2), .there = ip(lan, 1),                \
	 .tagged = (lan) != 0, .tag_to = TAG_TO, .tag_from = TAG_FROM, .tag_mask = 0xffff}
/* clang-format on */

static const struct way ways[] = {
    WAY("IPv4", false, 0, IP4),
    WAY("IPv6", true, 0, IP6),
    WAY("IPv4 in a VLAN", false, VLAN, IP4),
    WAY("IPv6 in a VLAN", true, VLAN, IP6),
};

/* struct host - @peer on a software card */
struct host {
	struct vfnet *v;
	struct vfnet_sim *sim;
	struct vfnet_pool *pool;
	struct vfnet_port *port;
	struct peer peer;
};

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
		for (unsigned int i = 0; i < peer->n_ways; i++)
			run_udp(peer, &ways[i]);
	} else if (!strcmp(what, "tcp")) {
		uint32_t bytes = read_file(&file);

		for (unsigned int i = 0; i < peer->n_ways; i++)
			run_tcp(peer, &ways[i], file, bytes);
		free(file);
	} else {
		run_receive(peer);
	}
	return peer->wrong;
}

static int open_host(struct host *host, const char *card, struct vfnet_err *err)
{
	struct vfnet_port_opts port = {.size = sizeof(port), .service_thread = true};
	struct vfnet_queue_opts queue = {.size = sizeof(queue)};
	struct peer *peer = &host->peer;

	memcpy(port.mac, peer->mac, sizeof(port.mac));
	if (vfnet_open(NULL, &host->v, err) || vfnet_sim_open(NULL, &host->sim, err) ||
	    vfnet_sim_wire(host->sim, 0, "tap:t0", err) ||
	    (card && vfnet_sim_card(host->sim, 0, card, err)) ||
	    vfnet_add_bus(host->v, "sim", vfnet_sim_bus(host->sim), err))
		return -1;
	peer->region = vfnet_get_region(host->v);
	if (vfnet_pool_open(peer->region, NULL, &host->pool, err) ||
	    vfnet_cache_open(host->pool, 0, &peer->cache, err))
		return -1;
	queue.cache = peer->cache;
	if (vfnet_port_open(host->v, "sim:0.0", &port, &host->port, err) ||
	    vfnet_txq_open(host->port, &queue, &peer->txq, err) ||
	    vfnet_rxq_open(host->port, &queue, &peer->rxq, err) ||
	    vfnet_port_vlan_add(host->port, VLAN, err))
		return -1;
	vfnet_sim_start(host->sim);
	return 0;
}

/* The card found nothing to complain about, either. */
static int close_host(struct host *host)
{
	struct vfnet_counters count = {0};
	int wrong = host->sim && vfnet_sim_mistakes(host->sim, 0) != 0;

	vfnet_txq_close(host->peer.txq);
	vfnet_rxq_close(host->peer.rxq);
	if (host->port)
		vfnet_port_get_counters(host->port, &count);
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++) {
		if (!count.drops[i])
			continue;
		printf("%s: %u\n", vfnet_drops_name(i), (unsigned int)count.drops[i]);
		wrong |= i != VFNET_DROPS_wire_refused && i != VFNET_DROPS_not_drained;
	}
	wrong |= vfnet_port_close(host->port) || vfnet_cache_close(host->peer.cache) ||
		 vfnet_pool_close(host->pool, NULL) || vfnet_close(host->v) ||
		 vfnet_sim_close(host->sim);
	return wrong;
}

int main(int argc, char **argv)
{
	const char *more = argc > 2 ? argv[2] : "";
	struct host *host = calloc(1, sizeof(*host));
	struct vfnet_err err;
	int rc = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!host || argc < 2)
		return 2;
	host->peer = (struct peer){
	    .ways = ways,
	    .n_ways = sizeof(ways) / sizeof(ways[0]),
	    .mac = {2, 0, 0, 0, 0, 0xc0},
	    .there = {2, 0, 0, 0, 0xaa, 1},
	    .nobody = !strcmp(more, "nobody"),
	};
	if (open_host(host, *more && !host->peer.nobody ? more : NULL, &err))
		fprintf(stderr, "%s\n", err.text);
	else
		rc = run(&host->peer, argv[1]);
	rc |= close_host(host);
	free(host);
	return rc;
}
