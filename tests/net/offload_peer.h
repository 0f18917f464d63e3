/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_NET_OFFLOAD_PEER_H
#define TESTS_NET_OFFLOAD_PEER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vfnet/vfnet.h>

#define PATIENCE_NS UINT64_C(60000000000)
#define AGAIN_NS    UINT64_C(250000000) /* after so long without an answer */
#define MY_PORT	    5000u

enum { IS_TCP = 6, IS_UDP = 17 };

/* struct way - over which IP, and in which LAN: 10.9.0.0/24 fd00::/64, tagged 10.9.5.0/24 fd05::/64
 */
struct way {
	const char *name;
	bool ip6;
	bool tag;
};

/* struct peer - this host; @nobody: nobody does sums; @frame: the one that is being made */
struct peer {
	struct vfnet *v;
	struct vfnet_sim *sim;
	struct vfnet_pool *pool;
	struct vfnet_cache *cache;
	struct vfnet_port *port;
	struct vfnet_txq *txq;
	struct vfnet_rxq *rxq;
	struct vfnet_region *region;
	bool nobody;
	bool wrong;
	uint8_t frame[14 + UINT16_MAX];
};

/* A received frame. */
typedef void take_fn(struct peer *peer, const struct vfnet_pkt *pkt, void *what);

/* Ethernet and IP headers. Return: where the @bytes of the rest begin. */
uint8_t *peer_headers(struct peer *peer, const struct way *way, uint8_t proto, uint32_t bytes);

/* Sends peer->frame up to @end; @tcp_bytes: its TCP header, 0 = it is UDP; @mss: 0 = no segments */
void peer_send(struct peer *peer, const struct way *way, const uint8_t *end, uint32_t tcp_bytes,
	       uint32_t mss);

/* Waits a little. */
void peer_receive(struct peer *peer, take_fn *take, void *what);

/* Return: the TCP or UDP header of a frame that Linux sent on @way; else NULL. Its sums are right.
 */
const uint8_t *peer_l4(struct peer *peer, const struct way *way, const struct vfnet_pkt *pkt,
		       uint8_t proto);

/* The test has failed. */
void peer_complain(struct peer *peer, const struct way *way, const char *what, uint32_t val);

void run_udp(struct peer *peer, const struct way *way);
void run_tcp(struct peer *peer, const struct way *way, const uint8_t *file, uint32_t bytes);
uint64_t now_ns(void);

/* Bytes of the IP header, and of an address. */
static inline uint32_t ip_bytes(const struct way *way)
{
	return way->ip6 ? 40 : 20;
}

static inline uint32_t address_bytes(const struct way *way)
{
	return way->ip6 ? 16 : 4;
}

static inline uint32_t get16(const uint8_t *from)
{
	return (uint32_t)from[0] << 8 | from[1];
}

static inline uint32_t get32(const uint8_t *from)
{
	return get16(from) << 16 | get16(from + 2);
}

static inline void put16(uint8_t *to, uint32_t val)
{
	to[0] = (uint8_t)(val >> 8);
	to[1] = (uint8_t)val;
}

static inline void put32(uint8_t *to, uint32_t val)
{
	put16(to, val >> 16);
	put16(to + 2, val);
}

static inline uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

#endif
