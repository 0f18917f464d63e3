/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest complete forwarder: what arrives at one port leaves through the other, until
 * Ctrl-C. Without arguments it runs on two software 82576 cards, between a source and a sink:
 *
 *     forward
 *     forward pci:0000:01:10.0 pci:0000:01:10.1    VF 0 of each of two ports of a card
 *
 * The two must be in two networks: between functions of one, broadcasts go round for ever.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <vfnet/sim.h>
#include <vfnet/vfnet.h>

#define BURST 32

struct end {
	struct vfnet_port *port;
	struct vfnet_rxq *rxq;
	struct vfnet_txq *txq;
	struct vfnet_port_info info;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int open_end(struct vfnet *v, struct vfnet_cache *cache, const char *name, struct end *end,
		    struct vfnet_err *err)
{
	/* link, resets and counters are a thread's business */
	struct vfnet_port_opts port = {.size = sizeof(port), .service_thread = true};
	struct vfnet_queue_opts queue = {.size = sizeof(queue), .cache = cache};

	if (vfnet_port_open(v, name, &port, &end->port, err) ||
	    vfnet_txq_open(end->port, &queue, &end->txq, err) ||
	    vfnet_rxq_open(end->port, &queue, &end->rxq, err))
		return -1;
	vfnet_port_get_info(end->port, &end->info);
	return 0;
}

static void close_end(struct end *end)
{
	struct vfnet_counters count;

	vfnet_txq_close(end->txq);
	vfnet_rxq_close(end->rxq);
	if (end->rxq) {
		vfnet_port_get_counters(end->port, &count);
		printf("%s: %" PRIu64 " received, %" PRIu64 " sent\n", end->info.name,
		       count.rx_packets, count.tx_packets);
	}
	vfnet_port_close(end->port);
}

/* One pass: receive, rewrite, send. What the card does not take at once is dropped. */
static void forward(struct vfnet_region *region, struct vfnet_cache *cache, struct end *in,
		    struct end *out)
{
	struct vfnet_pkt pkt[BURST];
	int n = vfnet_rx_burst(in->rxq, pkt, BURST);
	int sent;

	if (n <= 0) { /* nothing there, or a card is in reset: its other queue wants a call, too */
		vfnet_txq_reclaim(out->txq);
		return;
	}
	for (int i = 0; i < n; i++) /* an 82576 lets only its own address out */
		memcpy(vfnet_pkt_data(region, &pkt[i]) + 6, out->info.mac, 6);
	sent = vfnet_tx_burst(out->txq, pkt, (unsigned int)n);
	for (int i = sent < 0 ? 0 : sent; i < n; i++)
		vfnet_pkt_free(cache, &pkt[i], 1);
}

int main(int argc, char **argv)
{
	struct vfnet *v = NULL;
	struct vfnet_sim *sim = NULL;
	struct vfnet_pool *pool = NULL;
	struct vfnet_cache *cache = NULL;
	struct end a = {0}, b = {0};
	struct vfnet_err err;
	int rc = 1;

	signal(SIGINT, on_signal);
	/* A context owns the DMA memory; software cards are one more bus that it can know. */
	if (vfnet_open(NULL, &v, &err) || vfnet_sim_open(NULL, &sim, &err) ||
	    vfnet_sim_wire(sim, 0, "gen:size=64", &err) || vfnet_sim_wire(sim, 1, "sink", &err) ||
	    vfnet_add_bus(v, "sim", vfnet_sim_bus(sim), &err) ||
	    /* Buffers come from a pool, through a cache that belongs to this thread. */
	    vfnet_pool_open(vfnet_get_region(v), NULL, &pool, &err) ||
	    vfnet_cache_open(pool, 0, &cache, &err) ||
	    open_end(v, cache, argc > 2 ? argv[1] : "sim:0.0", &a, &err) ||
	    open_end(v, cache, argc > 2 ? argv[2] : "sim:1.0", &b, &err)) {
		fprintf(stderr, "%s\n", err.text);
		goto out;
	}
	vfnet_sim_start(sim);
	while (!stop) {
		forward(vfnet_get_region(v), cache, &a, &b);
		forward(vfnet_get_region(v), cache, &b, &a);
	}
	rc = 0;
out:
	close_end(&a);
	close_end(&b);
	vfnet_cache_close(cache);
	vfnet_pool_close(pool, NULL);
	vfnet_close(v);
	vfnet_sim_close(sim);
	return rc;
}
