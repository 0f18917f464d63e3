/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver over a hostile device: no call crashes or looks at the device without end, a value
 * from rx_burst lies within a buffer that nobody else has, and in the end every buffer and all DMA
 * memory is back. The first half of the input is what the application does, the second what the
 * device does.
 */
#include <errno.h>

#include <vfnet/vfnet.h>

#include "tests/fuzz/hostile_dev.h"

#define N_BUFS	  320u /* what two rings and a cache need at least */
#define N_DESC	  64u
#define HELD_MAX  320u
#define OPS_MAX	  256u
#define CALLS_MAX 20000u /* of a call that waits */
#define CALLS_NOW 32u	 /* of one that does not */

struct app {
	struct input in;
	struct hostile *h;
	struct vfnet *v;
	struct vfnet_region *region;
	struct vfnet_pool *pool;
	struct vfnet_cache *cache;
	struct vfnet_port *port;
	struct vfnet_rxq *rxq;
	struct vfnet_txq *txq;
	uint64_t now_ns;
	unsigned int n_held;
	struct vfnet_pkt held[HELD_MAX]; /* whole frames */
	bool mine[N_BUFS];		 /* by buffer of the pool */
};

/* What the call before this one did to the device. */
static void check_calls(struct app *a, uint64_t most)
{
	must(a->h->calls <= most);
	a->h->calls = 0;
}

static bool *owner(struct app *a, const struct vfnet_pkt *pkt)
{
	uint32_t off = pkt->buf - a->pool->first;

	must(off % a->pool->stride == 0 && off / a->pool->stride < N_BUFS);
	return &a->mine[off / a->pool->stride];
}

static void take(struct app *a, const struct vfnet_pkt *pkt, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		bool *mine = owner(a, &pkt[i]);

		must(!*mine);
		*mine = true;
		must(pkt[i].off == a->pool->default_off);
		must((uint32_t)pkt[i].off + pkt[i].len <= a->pool->buf_bytes);
	}
}

/* The first @n of held go. */
static void give(struct app *a, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		must(*owner(a, &a->held[i]));
		*owner(a, &a->held[i]) = false;
	}
	a->n_held -= n;
	memmove(a->held, a->held + n, a->n_held * sizeof(a->held[0]));
}

static void free_held(struct app *a, unsigned int n)
{
	vfnet_pkt_free(a->cache, a->held, n);
	give(a, n);
}

static void open_port(struct app *a)
{
	static const uint32_t mtus[4] = {0, 9710, 68, 3000};
	uint8_t how = input_u8(&a->in);
	struct vfnet_port_opts opts = {.size = sizeof(opts), .mtu = mtus[how & 3]};
	struct vfnet_err err = {0};
	int rc;

	if (how & 4)
		opts.mac[0] = opts.mac[5] = 2;
	if (how & 8)
		opts.simd = VFNET_SIMD_SCALAR;
	rc = vfnet_port_open(a->v, "hostile:0", &opts, &a->port, &err);
	check_calls(a, CALLS_MAX);
	must(rc <= 0 && rc == err.code && (rc == 0) == (err.text[0] == '\0'));
	must((a->port != NULL) == (rc == 0));
}

static void open_queues(struct app *a)
{
	struct vfnet_queue_opts opts = {.size = sizeof(opts), .n_desc = N_DESC, .cache = a->cache};
	struct vfnet_err err = {0};

	if (!a->rxq)
		must(vfnet_rxq_open(a->port, &opts, &a->rxq, &err) == err.code);
	check_calls(a, CALLS_MAX);
	err.code = 0;
	if (!a->txq)
		must(vfnet_txq_open(a->port, &opts, &a->txq, &err) == err.code);
	check_calls(a, CALLS_MAX);
}

static void close_rxq(struct app *a)
{
	vfnet_rxq_close(a->rxq);
	a->rxq = NULL;
	check_calls(a, CALLS_MAX);
}

static void close_txq(struct app *a)
{
	vfnet_txq_close(a->txq);
	a->txq = NULL;
	check_calls(a, CALLS_MAX);
}

static void close_port(struct app *a)
{
	close_rxq(a);
	close_txq(a);
	must(vfnet_port_close(a->port) == 0);
	a->port = NULL;
	check_calls(a, CALLS_MAX);
}

static void receive(struct app *a)
{
	unsigned int n = 1u + input_u8(&a->in);
	struct vfnet_pkt *pkt = a->held + a->n_held;
	int got;

	if (!a->rxq || a->n_held + n > HELD_MAX)
		return;
	got = vfnet_rx_burst(a->rxq, pkt, n);
	check_calls(a, CALLS_NOW);
	must(got == -EINVAL || got == -ENETDOWN || got == -ENODEV || (got >= 0 && got <= (int)n));
	if (got <= 0)
		return;
	take(a, pkt, (unsigned int)got);
	a->n_held += (unsigned int)got;
	for (int i = 0; i < got; i++)
		must(pkt[i].len > 0 && !(pkt[i].flags & VFNET_PKT_TX_ANY));
	must(!(pkt[got - 1].flags & VFNET_PKT_MORE));
}

static void make(struct app *a)
{
	unsigned int n = 1u + input_u8(&a->in) % 64;
	struct vfnet_pkt *pkt = a->held + a->n_held;

	if (a->n_held + n > HELD_MAX || !vfnet_pkt_alloc(a->cache, pkt, n))
		return;
	take(a, pkt, n);
	a->n_held += n;
	for (unsigned int i = 0; i < n; i++) {
		pkt[i].len = input_u8(&a->in) * 4;
		pkt[i].flags = pkt[i].len & 4 && i + 1 < n ? VFNET_PKT_MORE : 0;
		if (!(pkt[i].len & 8))
			continue;
		pkt[i].flags |= input_u16(&a->in) & ~VFNET_PKT_MORE;
		pkt[i].txo = input_u32(&a->in);
	}
}

static void send(struct app *a)
{
	unsigned int n = 1u + input_u8(&a->in);
	int sent;

	n = n < a->n_held ? n : a->n_held;
	n = n < VFNET_BURST_MAX ? n : VFNET_BURST_MAX;
	if (!a->txq || !n)
		return;
	sent = vfnet_tx_burst(a->txq, a->held, n);
	check_calls(a, CALLS_NOW + n);
	must(sent == -EINVAL || sent == -ENETDOWN || sent == -ENODEV ||
	     (sent >= 0 && sent <= (int)n));
	if (sent > 0)
		give(a, (unsigned int)sent);
}

static void serve(struct app *a)
{
	struct vfnet_counters counters;
	struct vfnet_link link;

	a->now_ns += (uint64_t)input_u8(&a->in) << 20;
	must(vfnet_port_service(a->port, a->now_ns) > a->now_ns);
	check_calls(a, CALLS_NOW);
	vfnet_port_get_counters(a->port, &counters);
	vfnet_port_get_link(a->port, &link);
	must(!link.up || link.speed_mbps >= 10);
	check_calls(a, 0);
}

static int ask(struct app *a, struct vfnet_err *err)
{
	static const uint8_t groups[6 * 40] = {[0] = 1, [6] = 3};
	uint8_t how = input_u8(&a->in);
	uint8_t mac[6] = {2, 0, 0, 0, 0, how};

	switch (how & 7) {
	case 0: /* the first two are group addresses */
		return vfnet_port_set_multicast(a->port, groups, how >> 3, err);
	case 1:
		return vfnet_port_set_allmulti(a->port, how & 8, err);
	case 2:
	case 3:
		return vfnet_port_vlan_remove(a->port, how >> 3, err);
	case 4:
		return vfnet_port_mac_add(a->port, mac, err);
	case 5:
		return vfnet_port_mac_clear(a->port, err);
	default:
		return vfnet_port_vlan_add(a->port, how >> 3, err);
	}
}

static void filter(struct app *a)
{
	struct vfnet_err err = {0};
	int rc = ask(a, &err);

	check_calls(a, CALLS_MAX);
	must(rc <= 0 && rc == err.code && (rc == 0) == (err.text[0] == '\0'));
}

static void operate(struct app *a)
{
	switch (input_u8(&a->in) & 15) {
	case 0:
	case 1:
	case 2:
		receive(a);
		break;
	case 3:
	case 4:
		send(a);
		break;
	case 5:
		make(a);
		break;
	case 6:
		free_held(a, a->n_held);
		break;
	case 7:
		if (a->txq)
			vfnet_txq_reclaim(a->txq);
		check_calls(a, CALLS_NOW);
		break;
	case 8:
		close_rxq(a);
		break;
	case 9:
		close_txq(a);
		break;
	case 10:
		close_port(a);
		break;
	case 11:
		open_queues(a);
		break;
	case 12:
		filter(a);
		break;
	default:
		serve(a);
	}
}

/* One context for all inputs. */
static void context_open(struct vfnet **v, struct hostile *h)
{
	const struct vfnet_opts opts = {
	    .size = sizeof(opts), .region_bytes = 4 << 20, .page_bytes = 4096};

	hostile_init(h);
	must(vfnet_open(&opts, v, NULL) == 0);
	must(vfnet_add_bus(*v, "hostile", &h->bus, NULL) == 0);
}

static void run(struct app *a)
{
	for (unsigned int i = 0; i < OPS_MAX && a->in.left; i++) {
		if (!a->port) {
			open_port(a);
			if (a->port)
				open_queues(a);
		} else {
			operate(a);
		}
	}
	free_held(a, a->n_held);
	if (a->port)
		close_port(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vfnet *v;
	static struct hostile h;
	const struct vfnet_pool_opts pool_opts = {
	    .size = sizeof(pool_opts), .n_bufs = N_BUFS, .data_bytes = 1024, .debug = true};
	struct app a = {.in = {data, size / 2}, .h = &h};
	uint64_t free_bytes;

	if (!v)
		context_open(&v, &h);
	hostile_restart(&h, (struct input){data + size / 2, size - size / 2});
	a.v = v;
	a.region = vfnet_get_region(v);
	free_bytes = vfnet_dma_free_bytes(a.region);
	must(vfnet_pool_open(a.region, &pool_opts, &a.pool, NULL) == 0);
	must(vfnet_cache_open(a.pool, 64, &a.cache, NULL) == 0);
	run(&a);
	must(vfnet_cache_close(a.cache) == 0);
	must(vfnet_pool_n_free(a.pool) == N_BUFS);
	must(vfnet_pool_debug_findings(a.pool) == 0);
	must(vfnet_pool_close(a.pool, NULL) == 0);
	must(vfnet_dma_free_bytes(a.region) == free_bytes);
	return 0;
}
