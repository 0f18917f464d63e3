/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/frame/bytes.h"

#define ETH_BYTES      14
#define ETHERTYPE      0x88b5 /* IEEE 802: local experimental */
#define HELLO_EVERY_MS 100

uint64_t wire_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

int wire_open(struct wire_end *end, uint16_t local, uint16_t remote)
{
	struct sockaddr_in here = loopback(local), there = loopback(remote);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) != 0) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	end->fd = fd;
	return 0;
}

int wire_open_interface(struct wire_end *end, const char *name)
{
	struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE)};
	int fd, yes = 1;

	here.sll_ifindex = (int)if_nametoindex(name);
	if (here.sll_ifindex == 0)
		return -errno;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* hears nothing until it is bound */
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) != 0 ||
	    bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	end->fd = fd;
	return 0;
}

int wire_send(struct wire_end *end, size_t len, enum wire_flow flow, uint64_t seq)
{
	uint8_t frame[WIRE_FRAME_MAX];
	int ret;

	vfnet_mac_copy(frame, end->to);
	vfnet_mac_copy(frame + VFNET_MAC_BYTES, end->mac);
	vfnet_put_be16(frame + 2 * VFNET_MAC_BYTES, ETHERTYPE);
	ret = vfnet_probe_fill(frame + ETH_BYTES, len - ETH_BYTES, (uint16_t)flow, seq);
	if (ret != 0)
		return ret;
	vfnet_probe_stamp(frame + ETH_BYTES, (uint32_t)wire_now_ns());
	return send(end->fd, frame, len, 0) == (ssize_t)len ? 0 : -errno;
}

static void note_corrupt(struct wire_end *end, const char *what, uint64_t seq, size_t value)
{
	if (end->corrupt++ == 0)
		snprintf(end->bad, sizeof(end->bad), "%s %zu, sequence %llu", what, value,
			 (unsigned long long)seq);
}

/* Is this datagram a good probe of @flow? Counts it if it is anything else. */
static bool take(struct wire_end *end, const uint8_t *frame, size_t len, enum wire_flow flow,
		 uint64_t *seq)
{
	struct vfnet_probe probe;
	enum vfnet_probe_verdict verdict;

	if (len < ETH_BYTES || !vfnet_mac_equal(frame, end->mac) ||
	    vfnet_get_be16(frame + 2 * VFNET_MAC_BYTES) != ETHERTYPE) {
		end->foreign++;
		return false;
	}
	verdict = vfnet_probe_check(frame + ETH_BYTES, len - ETH_BYTES, &probe);
	if (verdict == VFNET_PROBE_NONE) {
		note_corrupt(end, "no probe where one must be, bytes", 0, len);
		return false;
	}
	if (verdict == VFNET_PROBE_CORRUPT) {
		note_corrupt(end, "payload differs at byte", probe.seq, probe.bad_at);
		return false;
	}
	if (probe.flow != flow) {
		end->foreign++;
		return false;
	}
	if (len != (size_t)probe.len + ETH_BYTES) {
		note_corrupt(end, "length is not as it was sent:", probe.seq, len);
		return false;
	}
	if (end->check_from && !vfnet_mac_equal(frame + VFNET_MAC_BYTES, end->from)) {
		note_corrupt(end, "wrong source address, last byte", probe.seq,
			     frame[2 * VFNET_MAC_BYTES - 1]);
		return false;
	}
	*seq = probe.seq;
	return true;
}

int wire_receive(struct wire_end *end, enum wire_flow flow, int timeout_ms, uint64_t *seq)
{
	uint64_t deadline = wire_now_ns() + (uint64_t)timeout_ms * 1000000u;
	uint8_t frame[WIRE_FRAME_MAX + 512]; /* longer than any that was sent */

	for (;;) {
		struct pollfd wait = {.fd = end->fd, .events = POLLIN};
		uint64_t now;
		ssize_t len = recv(end->fd, frame, sizeof(frame), MSG_DONTWAIT);

		if (len >= 0) {
			if (take(end, frame, (size_t)len, flow, seq))
				return 1;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		now = wire_now_ns();
		if (now >= deadline)
			return 0;
		poll(&wait, 1, (int)((deadline - now) / 1000000u) + 1);
	}
}

int wire_hello(struct wire_end *end, int timeout_ms)
{
	uint64_t deadline = wire_now_ns() + (uint64_t)timeout_ms * 1000000u;
	uint64_t seq = 0, back;

	while (wire_now_ns() < deadline) {
		int ret = wire_send(end, WIRE_FRAME_MIN, WIRE_FLOW_HELLO, seq++);

		if (ret == 0)
			ret = wire_receive(end, WIRE_FLOW_HELLO, HELLO_EVERY_MS, &back);
		if (ret == 1)
			return 0;
		if (ret < 0)
			return ret;
	}
	return -ETIMEDOUT;
}
