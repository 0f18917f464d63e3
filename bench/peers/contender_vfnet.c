/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet's igbvf on a null NIC: its own queue set-up on a bare window of registers, and the public
 * burst calls, as vfnet-fwd uses them.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <vfnet/vfnet.h>

#include "apps/common/options.h"
#include "bench/peers/contender.h"
#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/cpu.h"
#include "lib/base/err.h"

#define MTU 1500u
/* what DPDK keeps for a thread by default */
#define CACHE 256u
/* a buffer of the default pool, which is 35 places, and some more; rings */
#define BUF_BYTES   2304u
#define OTHER_BYTES (UINT64_C(4) << 20)

/**
 * struct bench_vfnet - a port that no mailbox has seen
 * @kept: packets between receive and send, and room to prefetch behind them
 * @far:  another thread's cache; it gets back what was @taken, and has it in @fetched before
 * @line: delay line of @n_line packets, @line_used so far, oldest at @line_at
 */
struct bench_vfnet {
	struct contender pub;
	struct vfnet_dev dev;
	struct igbvf_port port;
	struct vfnet *v;
	struct vfnet_region region;
	struct vfnet_pool *pool;
	struct vfnet_cache *cache;
	struct vfnet_cache *far;
	uint32_t taken[CONTENDER_POOL_WINDOW];
	uint32_t fetched[CONTENDER_POOL_WINDOW];
	struct vfnet_rxq *rxq;
	struct vfnet_txq *txq;
	struct vfnet_pkt kept[CONTENDER_ROOM + CONTENDER_AHEAD];
	struct vfnet_pkt *line;
	uint32_t n_line;
	uint32_t line_used;
	uint32_t line_at;
};

static struct bench_vfnet *of(struct contender *c)
{
	return (struct bench_vfnet *)c;
}

static uint32_t *window_at(struct vfnet_dev *dev, uint32_t offset)
{
	struct bench_vfnet *b = VFNET_CONTAINER_OF(dev, struct bench_vfnet, dev);

	return &b->pub.nic->bar[offset / sizeof(uint32_t)];
}

static uint32_t window_read(struct vfnet_dev *dev, unsigned int bar, uint32_t offset)
{
	(void)bar;
	return vfnet_io_read32(window_at(dev, offset));
}

static void window_write(struct vfnet_dev *dev, unsigned int bar, uint32_t offset, uint32_t val)
{
	(void)bar;
	vfnet_io_write32(window_at(dev, offset), val);
}

static uint32_t *window_doorbell(struct vfnet_dev *dev, unsigned int bar, uint32_t offset)
{
	(void)bar;
	return window_at(dev, offset);
}

static const struct vfnet_dev_ops window_ops = {
    .read32 = window_read,
    .write32 = window_write,
    .doorbell = window_doorbell,
};

static int open_memory(struct bench_vfnet *b, uint32_t n_bufs, struct vfnet_err *err)
{
	struct vfnet_pool_opts pool = {.size = sizeof(pool), .n_bufs = n_bufs};
	struct vfnet_opts opts = {.size = sizeof(opts), .page_bytes = 4096};
	int rc;

	opts.region_bytes = (uint64_t)n_bufs * BUF_BYTES + OTHER_BYTES;
	rc = vfnet_open(&opts, &b->v, err);
	if (rc)
		return rc;
	rc = vfnet_pool_open(vfnet_get_region(b->v), &pool, &b->pool, err);
	if (rc)
		return rc;
	b->region = *vfnet_get_region(b->v);
	rc = vfnet_cache_open(b->pool, CACHE, &b->far, err);
	return rc ? rc : vfnet_cache_open(b->pool, CACHE, &b->cache, err);
}

static int open_queues(struct bench_vfnet *b, struct vfnet_err *err)
{
	struct vfnet_queue common = {
	    .port = &b->port.port, .cache = b->cache, .n_desc = CONTENDER_RING};
	int rc;

	b->dev.ops = &window_ops;
	strcpy(b->dev.name, "null:0");
	b->port.hw.dev = &b->dev;
	b->port.port.dev = &b->dev;
	b->port.port.mtu = MTU;
	b->port.port.simd = vfnet_cpu_simd();
	nullnic_map(b->pub.nic, VFNET_IOVA_BASE, b->region.base, b->region.bytes);
	rc = igbvf_rxq_open(&b->port.port, &common, &b->rxq, err);
	if (!rc)
		rc = igbvf_txq_open(&b->port.port, &common, &b->txq, err);
	return rc;
}

static int vfnet_close_all(struct contender *c)
{
	struct bench_vfnet *b = of(c);
	struct vfnet_err err;
	int rc = 0;

	if (b->line_used)
		vfnet_pkt_free(b->cache, b->line, b->line_used);
	if (b->txq)
		igbvf_txq_close(&b->port.port, b->txq);
	if (b->rxq)
		igbvf_rxq_close(&b->port.port, b->rxq);
	if (b->cache)
		vfnet_cache_close(b->cache);
	vfnet_cache_close(b->far);
	if (b->pool)
		rc = vfnet_pool_close(b->pool, &err);
	if (rc)
		app_error("%s: %s", c->ops->name, err.text);
	vfnet_close(b->v);
	free(b->line);
	free(b);
	return rc;
}

static int vfnet_open_all(struct contender *c, uint32_t n_bufs, uint32_t held)
{
	struct bench_vfnet *b = of(c);
	struct vfnet_err err;
	int rc;

	b->n_line = held;
	b->line = calloc(held + CONTENDER_AHEAD, sizeof(b->line[0]));
	rc = b->line ? open_memory(b, n_bufs, &err) : vfnet_err_set(&err, -ENOMEM, "no memory");
	if (!rc)
		rc = open_queues(b, &err);
	if (!rc)
		contender_collapse(b->region.base, b->region.bytes);
	else
		app_error("%s: %s", c->ops->name, err.text);
	return rc;
}

static inline unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int vfnet_receive(struct contender *c, unsigned int n, unsigned int burst)
{
	struct bench_vfnet *b = of(c);
	unsigned int done = 0;

	while (done < n) {
		int got = vfnet_rx_burst(b->rxq, b->kept + done, burst);

		if (got <= 0)
			break;
		done += (unsigned int)got;
	}
	return done;
}

/* What the card does not take is freed, and missed by the card. */
static inline unsigned int send_burst(struct bench_vfnet *b, const struct vfnet_pkt *pkt,
				      unsigned int n)
{
	int taken = vfnet_tx_burst(b->txq, pkt, n);

	if (vfnet_likely(taken == (int)n))
		return n;
	taken = taken < 0 ? 0 : taken;
	vfnet_pkt_free(b->cache, pkt + taken, n - (unsigned int)taken);
	return (unsigned int)taken;
}

static unsigned int vfnet_send(struct contender *c, unsigned int n, unsigned int burst)
{
	struct bench_vfnet *b = of(c);
	unsigned int sent = 0;

	for (unsigned int i = 0; i < n; i += burst)
		sent += send_burst(b, b->kept + i, min(burst, n - i));
	return sent;
}

static inline void swap_addresses(struct bench_vfnet *b, unsigned int n)
{
	const struct vfnet_region region = b->region;

	for (unsigned int i = 0; i < n; i++) {
		uint8_t *data = vfnet_pkt_data(&region, &b->kept[i]);
		uint8_t dst[VFNET_MAC_BYTES];

		__builtin_prefetch(vfnet_pkt_data(&region, &b->kept[i + CONTENDER_AHEAD]), 1);
		vfnet_mac_copy(dst, data);
		vfnet_mac_copy(data, data + VFNET_MAC_BYTES);
		vfnet_mac_copy(data + VFNET_MAC_BYTES, dst);
	}
}

/* @n packets into the delay line. Return: packets that come out of it instead, in their place. */
static inline unsigned int delay(struct bench_vfnet *b, unsigned int n)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct vfnet_pkt pkt = b->kept[i];

		if (vfnet_unlikely(b->line_used < b->n_line)) {
			b->line[b->line_used++] = pkt;
			continue;
		}
		b->kept[out++] = b->line[b->line_at];
		b->line[b->line_at] = pkt;
		b->line_at = b->line_at + 1 < b->n_line ? b->line_at + 1 : 0;
	}
	return out;
}

static inline __attribute__((always_inline)) unsigned int
forward(struct bench_vfnet *b, unsigned int n, unsigned int burst, enum contender_touch touch,
	bool delayed)
{
	unsigned int sent = 0;

	for (unsigned int done = 0; done < n;) {
		int got = vfnet_rx_burst(b->rxq, b->kept, burst);
		unsigned int out = (unsigned int)got;

		if (vfnet_unlikely(got <= 0))
			break;
		done += out;
		if (delayed)
			out = delay(b, out);
		if (touch == CONTENDER_SWAP)
			swap_addresses(b, out);
		if (!delayed || out)
			sent += send_burst(b, b->kept, out);
	}
	return sent;
}

static unsigned int vfnet_forward(struct contender *c, unsigned int n, unsigned int burst,
				  enum contender_touch touch)
{
	if (touch == CONTENDER_IO)
		return forward(of(c), n, burst, CONTENDER_IO, false);
	return forward(of(c), n, burst, CONTENDER_SWAP, false);
}

static unsigned int vfnet_delayed(struct contender *c, unsigned int n, unsigned int burst,
				  enum contender_touch touch)
{
	if (touch == CONTENDER_IO)
		return forward(of(c), n, burst, CONTENDER_IO, true);
	return forward(of(c), n, burst, CONTENDER_SWAP, true);
}

static unsigned int vfnet_drain(struct contender *c, unsigned int n, unsigned int burst)
{
	struct bench_vfnet *b = of(c);

	n = min(n, b->line_used);
	for (unsigned int i = 0; i < n; i++) {
		b->kept[i] = b->line[b->line_at];
		b->line_at = b->line_at + 1 < b->n_line ? b->line_at + 1 : 0;
	}
	b->line_used -= n;
	return vfnet_send(c, n, burst);
}

static void vfnet_pool(struct contender *c, unsigned int n, unsigned int bulk, unsigned int run)
{
	struct vfnet_cache *cache = of(c)->cache;
	uint32_t handle[CONTENDER_POOL_WINDOW];

	for (unsigned int done = 0; done < n; done += run) {
		for (unsigned int i = 0; i < run; i += bulk)
			vfnet_cache_get(cache, handle + i, bulk);
		for (unsigned int i = 0; i < run; i += bulk)
			vfnet_cache_put(cache, handle + i, bulk);
	}
}

static void vfnet_pool_take(struct contender *c, unsigned int n, unsigned int bulk)
{
	for (unsigned int i = 0; i < n; i += bulk)
		vfnet_cache_get(of(c)->cache, of(c)->taken + i, bulk);
}

static void vfnet_pool_fetch(struct contender *c, unsigned int n)
{
	memcpy(of(c)->fetched, of(c)->taken, n * sizeof(of(c)->taken[0]));
}

static void vfnet_pool_give(struct contender *c, unsigned int n, unsigned int bulk)
{
	for (unsigned int i = 0; i < n; i += bulk)
		vfnet_cache_put(of(c)->far, of(c)->fetched + i, bulk);
}

static int vfnet_shuffle(struct contender *c)
{
	struct bench_vfnet *b = of(c);
	uint32_t *handle = calloc(b->pool->n_bufs, sizeof(handle[0]));
	uint32_t n = 0;

	if (!handle)
		return -ENOMEM;
	while (n < b->pool->n_bufs && vfnet_cache_get(b->cache, handle + n, 1))
		n++;
	contender_shuffle(handle, n, sizeof(handle[0]));
	vfnet_cache_put(b->cache, handle, n);
	free(handle);
	return 0;
}

static void vfnet_count(struct contender *c, struct contender_counts *counts)
{
	struct vfnet_counters sum = {0};

	igbvf_rxq_count(of(c)->rxq, &sum);
	counts->rx_packets = sum.rx_packets;
	counts->rx_errors = sum.missed[VFNET_MISSED_bad_frame];
}

static const struct contender_ops vfnet_ops = {
    .name = "vfnet",
    .burst_min = 1,
    .open = vfnet_open_all,
    .close = vfnet_close_all,
    .receive = vfnet_receive,
    .send = vfnet_send,
    .forward = vfnet_forward,
    .delayed = vfnet_delayed,
    .drain = vfnet_drain,
    .pool = vfnet_pool,
    .pool_take = vfnet_pool_take,
    .pool_fetch = vfnet_pool_fetch,
    .pool_give = vfnet_pool_give,
    .shuffle = vfnet_shuffle,
    .count = vfnet_count,
};

struct contender *contender_vfnet(void)
{
	size_t align = alignof(struct bench_vfnet);
	struct bench_vfnet *b = aligned_alloc(align, vfnet_align_up(sizeof(*b), align));

	if (!b)
		return NULL;
	memset(b, 0, sizeof(*b));
	b->pub.ops = &vfnet_ops;
	b->pub.layout = &nullnic_82576_vf;
	return &b->pub;
}
