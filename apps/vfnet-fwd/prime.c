/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of --prime, which set a closed loop going: UDP over IPv4 with a sequence-and-pattern
 * probe as payload.
 */
#include <stdlib.h>
#include <string.h>

#include "apps/vfnet-fwd/loop.h"
#include "lib/frame/frame.h"
#include "lib/frame/probe.h"

#define FRAME_MAX 9728
#define BUFS_MAX  8

static void build(const struct fwd *fwd, uint64_t seq, uint8_t *data)
{
	unsigned int partner = fwd_partner(0, fwd->n_open);
	struct vfnet_frame_udp udp = {
	    .src_ip = {192, 0, 2, 1}, /* RFC 5737, for documentation */
	    .dst_ip = {192, 0, 2, 2},
	    .src_port = 9,
	    .dst_port = 9,
	    .no_sum = true, /* QEMU's card would sum each up in software, which is no forwarding */
	};
	unsigned int payload = vfnet_frame_udp_payload_off(&udp);
	const struct fwd_lane *lane = &fwd->lanes[partner]; /* it sends from port 0 */

	vfnet_mac_copy(udp.src, fwd->ports[0].info.mac);
	vfnet_mac_copy(udp.dst, lane->set_dst ? lane->header : fwd->ports[partner].info.mac);
	/* neither can fail: the command line allows no shorter and no longer frame */
	vfnet_probe_fill(data + payload, fwd->opts->prime_bytes - payload, 0, seq);
	vfnet_frame_build_udp(data, fwd->opts->prime_bytes, &udp);
}

/* over the buffers of @pkt, each filled before the next */
static void scatter(const struct fwd *fwd, const uint8_t *data, struct vfnet_pkt *pkt)
{
	uint32_t left = fwd->opts->prime_bytes;
	uint32_t room = fwd->pool->buf_bytes - fwd->pool->default_off;

	for (; left; pkt++) {
		uint32_t bytes = left < room ? left : room;

		vfnet_pkt_append(fwd->pool, pkt, (uint16_t)bytes);
		memcpy(vfnet_pkt_data(vfnet_get_region(fwd->v), pkt), data, bytes);
		data += bytes;
		left -= bytes;
		if (left)
			pkt->flags |= VFNET_PKT_MORE;
	}
}

void fwd_prime(struct fwd_loop *loop)
{
	struct fwd *fwd = loop->fwd;
	unsigned int n_bufs = fwd_frame_bufs(fwd->opts->prime_bytes);
	struct vfnet_pkt pkt[BUFS_MAX];
	uint8_t data[FRAME_MAX];

	/* no buffer or no room: again after the next burst */
	for (unsigned int sent = 0; sent < loop->room && loop->prime_left; sent++) {
		if (!vfnet_pkt_alloc(fwd->cache, pkt, n_bufs))
			return;
		build(fwd, fwd->opts->prime_count - loop->prime_left, data);
		scatter(fwd, data, pkt);
		if (vfnet_tx_burst(fwd->ports[0].txq, pkt, n_bufs) != (int)n_bufs) {
			vfnet_pkt_free(fwd->cache, pkt, n_bufs);
			return;
		}
		fwd->result.created++;
		loop->prime_left--;
	}
}
