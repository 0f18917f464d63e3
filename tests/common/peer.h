/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host on a port, which speaks to Linux's stack at the other end of the wire: its card does all
 * sums, tags and segments, and Linux judges them. It answers who asks for its address.
 */
#ifndef VFNET_TESTS_PEER_H
#define VFNET_TESTS_PEER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vfnet/vfnet.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATIENCE_NS UINT64_C(60000000000)
#define AGAIN_NS    UINT64_C(250000000) /* after so long without an answer */
#define MY_PORT	    5000u
#define ECHO_PORT   5007u /* Linux sends datagrams back */
#define SINK_PORT   5009u /* Linux reads what comes, and closes after the last byte */

enum { IS_TCP = 6, IS_UDP = 17 };

/**
 * struct way - over which IP, and in which LAN
 * @tagged:   in a VLAN
 * @tag_to:   tag control information of what is sent
 * @tag_from: of what comes, as far as @tag_mask has ones
 * @here:     the host's address; of IPv4 the first four bytes
 * @there:    Linux's
 */
struct way {
	const char *name;
	bool ip6;
	bool tagged;
	uint16_t tag_to;
	uint16_t tag_from;
	uint16_t tag_mask;
	uint8_t here[16];
	uint8_t there[16];
};

/**
 * struct peer - the host
 * @cache, @txq, @rxq, @region: of its port
 * @ways:   @n_ways of them: the addresses that it answers for
 * @mac:    its own
 * @there:  Linux's
 * @nobody: nobody does the sums of TCP and UDP
 * @wrong:  something was not as it should be, and said
 * @frame:  the one that is being made
 */
struct peer {
	struct vfnet_cache *cache;
	struct vfnet_txq *txq;
	struct vfnet_rxq *rxq;
	struct vfnet_region *region;
	const struct way *ways;
	unsigned int n_ways;
	uint8_t mac[6];
	uint8_t there[6];
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

/* Takes what came, or waits a little for it. */
void peer_receive(struct peer *peer, take_fn *take, void *what);

/* Return: the TCP or UDP header of a frame that Linux sent on @way; else NULL. Its sums are right.
 */
const uint8_t *peer_l4(struct peer *peer, const struct way *way, const struct vfnet_pkt *pkt,
		       uint8_t proto);

/* Tells Linux where the addresses of all ways are: another port may have had them just now. */
void peer_announce(struct peer *peer);

/* The test has failed. */
void peer_complain(struct peer *peer, const struct way *way, const char *what, uint32_t val);

/* One, with @bytes of payload, to ECHO_PORT. */
void peer_send_datagram(struct peer *peer, const struct way *way, uint32_t bytes);

/* Datagrams of every size, which come back; see ECHO_PORT. */
void run_udp(struct peer *peer, const struct way *way);
/* The file over a connection to SINK_PORT, in segments. */
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

#ifdef __cplusplus
}
#endif

#endif
