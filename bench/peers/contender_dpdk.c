/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPDK's drivers on a null NIC, opened by their own probe and set up by the public calls; the loops
 * are those of contender_vfnet.c over mbufs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "apps/common/options.h"
#include "bench/peers/contender.h"
#include "bench/peers/dpdk_card.h"
#include "bench/peers/physical.h"
#include "lib/base/bits.h"
#include "lib/frame/mac.h"

/* DPDK's own examples': mbufs that each thread keeps */
#define CACHE 256u
/* an mbuf with headroom and 2048 bytes of data, its place in the pool, and what rings need */
#define MBUF_BYTES 2560u
#define OTHER_MIB  64u
#define PORTS	   3u

/* Of ixgbe; to see that it was chosen. */
uint16_t ixgbe_recv_pkts_vec(void *queue, struct rte_mbuf **pkts, uint16_t n);

/**
 * struct bench_dpdk - an ethdev
 * @driver: name of its driver
 * @vector: it has to receive by ixgbe_recv_pkts_vec()
 * @kept, @line: as in contender_vfnet.c
 */
struct bench_dpdk {
	struct contender pub;
	const char *driver;
	bool vector;
	uint16_t port;
	struct rte_mempool *pool;
	struct rte_mempool_cache *far; /* another thread's */
	void *taken[CONTENDER_POOL_WINDOW];
	void *fetched[CONTENDER_POOL_WINDOW];
	struct rte_mbuf *kept[CONTENDER_ROOM + 2 * CONTENDER_AHEAD];
	struct rte_mbuf **line;
	uint32_t n_line;
	uint32_t line_used;
	uint32_t line_at;
};

static struct bench_dpdk *of(struct contender *c)
{
	return (struct bench_dpdk *)c;
}

static int open_port(struct bench_dpdk *b)
{
	struct rte_eth_conf conf = {.rxmode = {.offloads = RTE_ETH_RX_OFFLOAD_CHECKSUM}};
	int rc = dpdk_probe(b->pub.nic, b->driver, &b->port);

	if (!rc)
		rc = rte_eth_dev_configure(b->port, 1, 1, &conf);
	if (!rc)
		rc = rte_eth_rx_queue_setup(b->port, 0, CONTENDER_RING, 0, NULL, b->pool);
	if (!rc)
		rc = rte_eth_tx_queue_setup(b->port, 0, CONTENDER_RING, 0, NULL);
	return rc ? rc : rte_eth_dev_start(b->port);
}

static int open_answered(struct bench_dpdk *b)
{
	struct physical physical;
	int rc = physical_start(&physical, b->pub.nic);

	if (rc)
		return rc;
	rc = open_port(b);
	physical_stop(&physical);
	if (!rc && b->vector && rte_eth_fp_ops[b->port].rx_pkt_burst != ixgbe_recv_pkts_vec)
		rc = -ENOTSUP;
	return rc;
}

/*
 * As rte_pktmbuf_pool_create(), but without its rule for ordinary pages, that no mbuf crosses one:
 * all would begin in the same few sets of the cache, which is not what DPDK is on hugepages.
 */
static struct rte_mempool *make_pool(const char *name, uint32_t n_bufs)
{
	struct rte_pktmbuf_pool_private priv = {.mbuf_data_room_size = RTE_MBUF_DEFAULT_BUF_SIZE};
	struct rte_mempool *pool = rte_mempool_create_empty(
	    name, n_bufs, sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE, CACHE, sizeof(priv),
	    SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	size_t bytes;
	char *memory;

	if (!pool)
		return NULL;
	bytes = (size_t)n_bufs * (pool->header_size + pool->elt_size + pool->trailer_size);
	memory = rte_malloc(NULL, bytes, RTE_CACHE_LINE_SIZE);
	if (!memory)
		return NULL;
	rte_pktmbuf_pool_init(pool, &priv);
	if (rte_mempool_populate_iova(pool, memory, (rte_iova_t)memory, bytes, NULL, NULL) < 0)
		return NULL;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static int dpdk_open(struct contender *c, uint32_t n_bufs, uint32_t held)
{
	struct bench_dpdk *b = of(c);
	int rc = dpdk_start(c->cpu, OTHER_MIB + ((uint64_t)PORTS * n_bufs * MBUF_BYTES >> 20));

	if (rc)
		return rc;
	b->pool = make_pool(c->ops->name, n_bufs);
	b->far = rte_mempool_cache_create(CACHE, SOCKET_ID_ANY);
	b->n_line = held;
	b->line = calloc(held + 1, sizeof(b->line[0]));
	dpdk_reach(c->nic);
	rc = b->pool && b->far && b->line ? open_answered(b) : -ENOMEM;
	if (rc == -ENOTSUP)
		app_error("%s: it does not receive with vector instructions here", c->ops->name);
	else if (rc)
		app_error("%s: %s", c->ops->name, rte_strerror(-rc));
	return rc;
}

/* The rest of DPDK ends with the process: there is nobody any more who would answer its driver. */
static int dpdk_close(struct contender *c)
{
	struct bench_dpdk *b = of(c);

	if (b->line_used)
		rte_pktmbuf_free_bulk(b->line, b->line_used);
	free(b->line);
	free(b);
	return 0;
}

static unsigned int dpdk_receive(struct contender *c, unsigned int n, unsigned int burst)
{
	struct bench_dpdk *b = of(c);
	unsigned int done = 0;

	while (done < n) {
		uint16_t got = rte_eth_rx_burst(b->port, 0, b->kept + done, (uint16_t)burst);

		if (!got)
			break;
		done += got;
	}
	return done;
}

static inline unsigned int send_burst(struct bench_dpdk *b, struct rte_mbuf **pkt, unsigned int n)
{
	uint16_t taken = rte_eth_tx_burst(b->port, 0, pkt, (uint16_t)n);

	if (vfnet_unlikely(taken < n))
		rte_pktmbuf_free_bulk(pkt + taken, n - taken);
	return taken;
}

static unsigned int dpdk_send(struct contender *c, unsigned int n, unsigned int burst)
{
	struct bench_dpdk *b = of(c);
	unsigned int sent = 0;

	for (unsigned int i = 0; i < n; i += burst)
		sent += send_burst(b, b->kept + i, RTE_MIN(burst, n - i));
	return sent;
}

/* Where the data is stands in the mbuf, so that is wanted twice as early. */
static inline void prefetch(struct rte_mbuf *const *pkt, unsigned int i, unsigned int n)
{
	if (i + 2 * CONTENDER_AHEAD < n)
		rte_prefetch0(pkt[i + 2 * CONTENDER_AHEAD]);
	if (i + CONTENDER_AHEAD < n)
		rte_prefetch0(rte_pktmbuf_mtod(pkt[i + CONTENDER_AHEAD], void *));
}

static inline void swap_addresses(struct rte_mbuf **pkt, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *data = rte_pktmbuf_mtod(pkt[i], uint8_t *);
		uint8_t dst[VFNET_MAC_BYTES];

		prefetch(pkt, i, n);
		vfnet_mac_copy(dst, data);
		vfnet_mac_copy(data, data + VFNET_MAC_BYTES);
		vfnet_mac_copy(data + VFNET_MAC_BYTES, dst);
	}
}

static inline unsigned int delay(struct bench_dpdk *b, unsigned int n)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *pkt = b->kept[i];

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
forward(struct bench_dpdk *b, unsigned int n, unsigned int burst, enum contender_touch touch,
	bool delayed)
{
	unsigned int sent = 0;

	for (unsigned int done = 0; done < n;) {
		unsigned int out = rte_eth_rx_burst(b->port, 0, b->kept, (uint16_t)burst);

		if (vfnet_unlikely(!out))
			break;
		done += out;
		if (delayed)
			out = delay(b, out);
		if (touch == CONTENDER_SWAP)
			swap_addresses(b->kept, out);
		if (!delayed || out)
			sent += send_burst(b, b->kept, out);
	}
	return sent;
}

static unsigned int dpdk_forward(struct contender *c, unsigned int n, unsigned int burst,
				 enum contender_touch touch)
{
	if (touch == CONTENDER_IO)
		return forward(of(c), n, burst, CONTENDER_IO, false);
	return forward(of(c), n, burst, CONTENDER_SWAP, false);
}

static unsigned int dpdk_delayed(struct contender *c, unsigned int n, unsigned int burst,
				 enum contender_touch touch)
{
	if (touch == CONTENDER_IO)
		return forward(of(c), n, burst, CONTENDER_IO, true);
	return forward(of(c), n, burst, CONTENDER_SWAP, true);
}

static unsigned int dpdk_drain(struct contender *c, unsigned int n, unsigned int burst)
{
	struct bench_dpdk *b = of(c);

	n = RTE_MIN(n, b->line_used);
	for (unsigned int i = 0; i < n; i++) {
		b->kept[i] = b->line[b->line_at];
		b->line_at = b->line_at + 1 < b->n_line ? b->line_at + 1 : 0;
	}
	b->line_used -= n;
	return dpdk_send(c, n, burst);
}

static void dpdk_pool(struct contender *c, unsigned int n, unsigned int bulk, unsigned int run)
{
	struct rte_mempool *pool = of(c)->pool;
	void *buf[CONTENDER_POOL_WINDOW];

	for (unsigned int done = 0; done < n; done += run) {
		for (unsigned int i = 0; i < run; i += bulk)
			rte_mempool_get_bulk(pool, buf + i, bulk);
		for (unsigned int i = 0; i < run; i += bulk)
			rte_mempool_put_bulk(pool, buf + i, bulk);
	}
}

static void dpdk_pool_take(struct contender *c, unsigned int n, unsigned int bulk)
{
	for (unsigned int i = 0; i < n; i += bulk)
		rte_mempool_get_bulk(of(c)->pool, of(c)->taken + i, bulk);
}

static void dpdk_pool_fetch(struct contender *c, unsigned int n)
{
	memcpy(of(c)->fetched, of(c)->taken, n * sizeof(of(c)->taken[0]));
}

static void dpdk_pool_give(struct contender *c, unsigned int n, unsigned int bulk)
{
	for (unsigned int i = 0; i < n; i += bulk)
		rte_mempool_generic_put(of(c)->pool, of(c)->fetched + i, bulk, of(c)->far);
}

static int dpdk_shuffle(struct contender *c)
{
	struct bench_dpdk *b = of(c);
	struct rte_mbuf **pkt = calloc(b->pool->size, sizeof(pkt[0]));
	uint32_t n = 0;

	if (!pkt)
		return -ENOMEM;
	while (n < b->pool->size && (pkt[n] = rte_pktmbuf_alloc(b->pool)))
		n++;
	contender_shuffle(pkt, n, sizeof(pkt[0]));
	for (uint32_t i = 0; i < n; i++)
		rte_pktmbuf_free(pkt[i]);
	free(pkt);
	return 0;
}

static void dpdk_count(struct contender *c, struct contender_counts *counts)
{
	struct rte_eth_stats stats = {0};

	rte_eth_stats_get(of(c)->port, &stats);
	counts->rx_packets = stats.ipackets;
	counts->rx_errors = stats.ierrors;
}

#define OPS(least_burst, id, pool_or_null)                                                         \
	{                                                                                          \
		.name = id, .burst_min = least_burst, .open = dpdk_open, .close = dpdk_close,      \
		.receive = dpdk_receive, .send = dpdk_send, .forward = dpdk_forward,               \
		.delayed = dpdk_delayed, .drain = dpdk_drain, .pool = pool_or_null,                \
		.pool_take = dpdk_pool_take, .pool_fetch = dpdk_pool_fetch,                        \
		.pool_give = dpdk_pool_give, .shuffle = dpdk_shuffle, .count = dpdk_count,         \
	}

static const struct contender_ops igb_ops = OPS(1, "dpdk-igb", dpdk_pool);
static const struct contender_ops native_ops = OPS(1, "dpdk-igb-native", NULL);
/* takes packets by fours */
static const struct contender_ops ixgbe_ops = OPS(4, "dpdk-ixgbe-vec", NULL);

static struct contender *make(const struct contender_ops *ops, const struct nullnic_layout *layout,
			      const char *driver)
{
	struct bench_dpdk *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->pub.ops = ops;
	b->pub.layout = layout;
	b->driver = driver;
	return &b->pub;
}

struct contender *contender_dpdk_igb(void)
{
	return make(&igb_ops, &nullnic_82576_vf, "net_e1000_igb_vf");
}

struct contender *contender_dpdk_igb_native(void)
{
	return make(&native_ops, &nullnic_82576_vf, "net_e1000_igb_vf_native");
}

struct contender *contender_dpdk_ixgbe(void)
{
	struct contender *c = make(&ixgbe_ops, &nullnic_82599_vf, "net_ixgbe_vf");

	if (c)
		of(c)->vector = true;
	return c;
}
