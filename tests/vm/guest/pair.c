/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/vm/guest/pair.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS	     UINT64_C(1000000)
#define LINK_MS	     10000u
#define FRAME_MS     1000u
#define FRAME_BYTES  100u
#define HEADER_BYTES 14u
/* for experiments on one's own network [IEEE 802, local experimental EtherType 1] */
#define ETHERTYPE 0x88b5u
#define BURST	  32u

uint64_t pair_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static void drop(struct pair *pair, const struct vfnet_pkt *pkt, int n)
{
	if (n > 0)
		vfnet_pkt_free(pair->cache, pkt, (unsigned int)n);
}

void pair_serve(struct pair *pair)
{
	struct vfnet_pkt pkt[BURST];

	for (unsigned int i = 0; i < 2; i++) {
		struct pair_end *end = &pair->end[i];

		vfnet_port_service(end->port, pair_now_ns());
		drop(pair, pkt, vfnet_rx_burst(end->rxq, pkt, BURST));
		vfnet_txq_reclaim(end->txq);
	}
}

bool pair_wait_state(struct pair *pair, unsigned int end, enum vfnet_port_state state,
		     unsigned int ms)
{
	uint64_t until = pair_now_ns() + ms * MS;

	while (vfnet_port_state(pair->end[end].port) != state) {
		if (pair_now_ns() > until)
			return false;
		pair_serve(pair);
	}
	return true;
}

static bool wait_link(struct pair *pair)
{
	uint64_t until = pair_now_ns() + LINK_MS * MS;
	struct vfnet_link link[2];

	do {
		pair_serve(pair);
		for (unsigned int i = 0; i < 2; i++)
			vfnet_port_get_link(pair->end[i].port, &link[i]);
	} while (!(link[0].up && link[1].up) && pair_now_ns() < until);
	return link[0].up && link[1].up;
}

static bool open_end(struct pair *pair, struct pair_end *end, const char *name,
		     struct vfnet_err *err)
{
	struct vfnet_queue_opts queue = {.size = sizeof(queue), .cache = pair->cache};

	if (vfnet_port_open(pair->v, name, NULL, &end->port, err) ||
	    vfnet_txq_open(end->port, &queue, &end->txq, err) ||
	    vfnet_rxq_open(end->port, &queue, &end->rxq, err))
		return false;
	vfnet_port_get_info(end->port, &end->info);
	return true;
}

static void say(void *user, enum vfnet_log_level level, const char *tag, const char *text)
{
	(void)user;
	(void)level;
	fprintf(stderr, "%s: %s\n", tag, text);
}

bool pair_open(struct pair *pair, char *const *names)
{
	const struct vfnet_opts opts = {
	    .size = sizeof(opts),
	    .region_bytes = 16 << 20,
	    .log = say,
	    .log_level = VFNET_LOG_INFO,
	};
	struct vfnet_err err;

	memset(pair, 0, sizeof(*pair));
	if (vfnet_open(&opts, &pair->v, &err) ||
	    vfnet_pool_open(vfnet_get_region(pair->v), NULL, &pair->pool, &err) ||
	    vfnet_cache_open(pair->pool, 0, &pair->cache, &err) ||
	    !open_end(pair, &pair->end[0], names[0], &err) ||
	    !open_end(pair, &pair->end[1], names[1], &err)) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	if (wait_link(pair))
		return true;
	fprintf(stderr, "no link in %u ms\n", LINK_MS);
	return false;
}

bool pair_close(struct pair *pair)
{
	bool fine = true;

	for (unsigned int i = 0; i < 2; i++) {
		vfnet_txq_close(pair->end[i].txq);
		vfnet_rxq_close(pair->end[i].rxq);
		fine &= !vfnet_port_close(pair->end[i].port);
	}
	fine &= !vfnet_cache_close(pair->cache);
	fine &= !vfnet_pool_close(pair->pool, NULL);
	return !vfnet_close(pair->v) && fine;
}

/* Addresses, EtherType, and bytes that differ from frame to frame. */
static void write_frame(const struct pair_end *from, const struct pair_end *to, uint32_t number,
			uint8_t *data)
{
	memcpy(data, to->info.mac, sizeof(to->info.mac));
	memcpy(data + 6, from->info.mac, sizeof(from->info.mac));
	data[12] = (uint8_t)(ETHERTYPE >> 8);
	data[13] = (uint8_t)ETHERTYPE;
	for (unsigned int i = HEADER_BYTES; i < FRAME_BYTES; i++)
		data[i] = (uint8_t)(i * 7 + (number >> (i % 4 * 8)));
}

static bool send_frame(struct pair *pair, unsigned int from, const uint8_t *frame)
{
	struct vfnet_pkt pkt;

	if (!vfnet_pkt_alloc(pair->cache, &pkt, 1))
		return false;
	memcpy(vfnet_pkt_data(vfnet_get_region(pair->v), &pkt), frame, FRAME_BYTES);
	pkt.len = FRAME_BYTES;
	if (vfnet_tx_burst(pair->end[from].txq, &pkt, 1) == 1)
		return true;
	vfnet_pkt_free(pair->cache, &pkt, 1);
	return false;
}

/* What others send, such as a kernel's broadcasts, is dropped. */
static bool receive_frame(struct pair *pair, unsigned int to, const uint8_t *frame)
{
	uint64_t until = pair_now_ns() + FRAME_MS * MS;
	struct vfnet_pkt pkt[BURST];
	bool found = false;

	while (!found && pair_now_ns() < until) {
		int n = vfnet_rx_burst(pair->end[to].rxq, pkt, BURST);

		for (int i = 0; i < n; i++)
			found |= pkt[i].len == FRAME_BYTES &&
				 !memcmp(vfnet_pkt_data(vfnet_get_region(pair->v), &pkt[i]), frame,
					 FRAME_BYTES);
		drop(pair, pkt, n);
	}
	return found;
}

unsigned int pair_exchange(struct pair *pair, unsigned int from, unsigned int n)
{
	uint8_t frame[FRAME_BYTES];
	unsigned int good = 0;

	for (unsigned int i = 0; i < n; i++) {
		write_frame(&pair->end[from], &pair->end[!from], i, frame);
		if (send_frame(pair, from, frame))
			good += receive_frame(pair, !from, frame);
		vfnet_txq_reclaim(pair->end[from].txq);
	}
	return good;
}
