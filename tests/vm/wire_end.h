/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_WIRE_END_H
#define VFNET_TESTS_WIRE_END_H

/*
 * The far end of the guest's Ethernet wire: QEMU's `-netdev socket,udp=` carries each frame,
 * without CRC, in one UDP datagram on the loopback interface. Or a network interface, in the guest.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/frame/mac.h"
#include "lib/frame/probe.h"

#define WIRE_FRAME_MIN 60
#define WIRE_FRAME_MAX 1514

/* Flows of probes; what comes back in another flow than the one waited for is left over and
 * ignored. */
enum wire_flow {
	WIRE_FLOW_HELLO = 1,
	WIRE_FLOW_STREAM,
	WIRE_FLOW_BOUNCE,
	WIRE_FLOW_PRIME,
};

/**
 * struct wire_end - an open end
 * @fd:      UDP socket, connected to QEMU's, or packet socket of an interface
 * @mac:     this end's address: source of what is sent, destination of what is taken
 * @to:      destination of what is sent
 * @from:    source that what comes back must have, if @check_from
 * @foreign: frames that came and are not ours (another destination, another ethertype, another
 * flow)
 * @corrupt: probes that came back changed
 * @bad:     what was wrong with the first of them, for people
 */
struct wire_end {
	int fd;
	uint8_t mac[VFNET_MAC_BYTES];
	uint8_t to[VFNET_MAC_BYTES];
	uint8_t from[VFNET_MAC_BYTES];
	bool check_from;
	uint64_t foreign;
	uint64_t corrupt;
	char bad[160];
};

/** wire_open() - listen on UDP @local of 127.0.0.1 and talk to @remote. Return: 0 or -errno. */
int wire_open(struct wire_end *end, uint16_t local, uint16_t remote);

/** wire_open_interface() - a network interface in place of the wire; needs CAP_NET_RAW. Return: 0
 * or -errno. */
int wire_open_interface(struct wire_end *end, const char *name);

/** wire_send() - send a frame of @len bytes with a probe. Return: 0 or -errno. */
int wire_send(struct wire_end *end, size_t len, enum wire_flow flow, uint64_t seq);

/**
 * wire_receive() - the next probe of @flow
 * @seq: filled with its sequence
 *
 * Damaged probes are counted and passed over.
 *
 * Return: 1; 0 after @timeout_ms without one; -errno.
 */
int wire_receive(struct wire_end *end, enum wire_flow flow, int timeout_ms, uint64_t *seq);

/** wire_hello() - send until something comes back. Return: 0; -ETIMEDOUT after @timeout_ms; -errno.
 */
int wire_hello(struct wire_end *end, int timeout_ms);

/** wire_now_ns() - monotonic clock. */
uint64_t wire_now_ns(void);

/* The tests. Each prints its progress on stderr and one line of result on stdout. Return: whether
 * it passed. */

/** struct wire_stream - frames of mixed sizes, at most @window of them on their way */
struct wire_stream {
	uint64_t count;
	uint64_t window;
};

bool wire_stream_run(struct wire_end *end, const struct wire_stream *opts);

/** struct wire_bounce - one frame on its way, @count times or for @seconds, whichever is over first
 * (0: no such limit); @losses of them may get lost */
struct wire_bounce {
	uint64_t count;
	uint64_t seconds;
	uint64_t losses;
	size_t frame_bytes;
};

bool wire_bounce_run(struct wire_end *end, const struct wire_bounce *opts);

/** struct wire_prime - @count frames at once, for a closed loop; nothing comes back */
struct wire_prime {
	uint64_t count;
	size_t frame_bytes;
};

bool wire_prime_run(struct wire_end *end, const struct wire_prime *opts);

#endif
