/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FWD_ECHO_H
#define VFNET_FWD_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/frame/mac.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct fwd_host - who a port in mode echo is
 * @mac:     its address
 * @has_ip4: it has @ip4
 * @has_ip6: it has @ip6
 */
struct fwd_host {
	uint8_t mac[VFNET_MAC_BYTES];
	bool has_ip4;
	bool has_ip6;
	uint8_t ip4[4];
	uint8_t ip6[16];
};

/**
 * fwd_echo_answer() - turn a request into its answer, in place and of the same length
 * @host: who was asked
 * @data: the frame, or the part of it that its first buffer holds
 * @len:  bytes at @data
 * @more: the frame goes on in further buffers, which stay as they are
 *
 * Answered are ARP and neighbour solicitations for the addresses of @host, pings to them, and the
 * sequence-and-pattern probe (lib/frame/probe.h) in UDP to any IP address at @host's MAC address.
 * Of a ping and a probe the payload is sent back as it came, and checksums are brought up to date
 * from their old value, so that damage stays visible to who asked. IP options, extension
 * headers and fragments are not answered.
 *
 * Context: any thread; safe on any bytes, no allocation.
 * Return: whether @data is an answer now; if not, it is what it was.
 */
bool fwd_echo_answer(const struct fwd_host *host, uint8_t *data, uint32_t len, bool more);

#ifdef __cplusplus
}
#endif

#endif
