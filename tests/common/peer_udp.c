/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams of every size, which a program at the other end sends back. */
#include "tests/common/peer.h"

#define UDP_BYTES 8u
#define WINDOW	  16u /* datagrams on the way */

/* struct volley - datagrams that are under way; @missing: bit i: that of @first + i bytes */
struct volley {
	const struct way *way;
	uint32_t first;
	uint32_t missing;
};

static uint8_t payload_byte(uint32_t i, uint32_t bytes)
{
	return (uint8_t)(i * 7 + bytes);
}

/* The first word of the payload makes the checksum 0, which has to be sent as FFFFh. */
static void make_sum_zero(const struct way *way, uint8_t *udp, uint32_t bytes)
{
	uint32_t sum = IS_UDP + bytes;

	put16(udp + UDP_BYTES, 0);
	for (const uint8_t *at = udp - 2 * address_bytes(way); at < udp + bytes; at += 2)
		sum += get16(at);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	put16(udp + UDP_BYTES, ~sum);
}

void peer_send_datagram(struct peer *peer, const struct way *way, uint32_t bytes)
{
	uint8_t *udp = peer_headers(peer, way, IS_UDP, UDP_BYTES + bytes);

	put16(udp, MY_PORT);
	put16(udp + 2, ECHO_PORT);
	put16(udp + 4, UDP_BYTES + bytes);
	put16(udp + 6, 0);
	for (uint32_t i = 0; i < bytes; i++)
		udp[UDP_BYTES + i] = payload_byte(i, bytes);
	if (bytes && bytes % 32 == 0)
		make_sum_zero(way, udp, UDP_BYTES + bytes);
	peer_send(peer, way, udp + UDP_BYTES + bytes, 0, 0);
}

static void take_datagram(struct peer *peer, const struct vfnet_pkt *pkt, void *what)
{
	struct volley *volley = (struct volley *)what;
	const uint8_t *udp = peer_l4(peer, volley->way, pkt, IS_UDP);
	uint32_t bytes;

	if (!udp || get16(udp) != ECHO_PORT)
		return;
	bytes = get16(udp + 4) - UDP_BYTES;
	if (bytes < volley->first || bytes - volley->first >= WINDOW)
		return; /* it came twice */
	for (uint32_t i = 2; i < bytes; i++)
		if (udp[UDP_BYTES + i] != payload_byte(i, bytes))
			peer_complain(peer, volley->way, "a byte of a datagram is wrong", i);
	volley->missing &= ~(1u << (bytes - volley->first));
}

static void exchange(struct peer *peer, struct volley *volley, uint64_t end)
{
	while (volley->missing && !peer->wrong) {
		const uint64_t until = now_ns() + AGAIN_NS;

		if (until > end)
			peer_complain(peer, volley->way, "no answer; bytes", volley->first);
		for (uint32_t i = 0; i < WINDOW; i++)
			if (volley->missing & 1u << i)
				peer_send_datagram(peer, volley->way, volley->first + i);
		while (volley->missing && now_ns() < until)
			peer_receive(peer, take_datagram, volley);
	}
}

void run_udp(struct peer *peer, const struct way *way)
{
	const uint32_t most = 1500 - ip_bytes(way) - UDP_BYTES;
	const uint64_t end = now_ns() + PATIENCE_NS;
	struct volley volley = {.way = way};

	for (; volley.first <= most && !peer->wrong; volley.first += WINDOW) {
		volley.missing = (1u << least(WINDOW, most + 1 - volley.first)) - 1;
		exchange(peer, &volley, end);
	}
	if (!peer->wrong)
		printf("%s: datagrams of 0 to %u bytes\n", way->name, (unsigned int)most);
}
