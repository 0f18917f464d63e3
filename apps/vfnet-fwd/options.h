/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FWD_OPTIONS_H
#define VFNET_FWD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/ctx.h>
#include <vfnet/port.h>
#include <vfnet/sim.h>

#include "apps/common/cores.h"

enum fwd_mode {
	FWD_IO,	  /* frames as they are */
	FWD_MAC,  /* source: the sending port's address */
	FWD_SWAP, /* source and destination exchanged */
	FWD_ECHO, /* each port answers what it is asked */
};

enum fwd_wait_mode {
	FWD_POLL,      /* never sleep */
	FWD_INTERRUPT, /* sleep whenever no frame is there */
	FWD_ADAPTIVE,  /* ... for 50 us */
};

/** struct fwd_card_spec - one --card or --wire */
struct fwd_card_spec {
	unsigned int card;
	const char *spec;
};

/** struct fwd_peer - one --peer PORT=MAC */
struct fwd_peer {
	unsigned int port;
	uint8_t mac[6];
};

/** struct fwd_address - one --address PORT=IP; an IPv4 address is the first 4 bytes of @ip */
struct fwd_address {
	unsigned int port;
	bool ip6;
	uint8_t ip[16];
};

/**
 * struct fwd_options - the command line
 * @devices:     @n_ports names, in order
 * @peers:       @n_peers of them; of two for one port the last counts
 * @peer_auto:   --peer auto
 * @addresses:   @n_addresses of them; of two of a kind for one port the last counts
 * @prime_count: --prime N:SIZE; 0 = none
 * @prime_bytes: SIZE less CRC
 * @duration_ns: 0 = no limit
 * @count:       frames; 0 = no limit
 * @vlans:       @n_vlans of them, of all ports
 * @pool:        buffers; 0 = as many as the rest needs
 * @mem_bytes:   0 = as much as the rest needs
 * @interval_ns: 0 = no live table
 * @json:        NULL = none
 *
 * Strings belong to argv.
 */
struct fwd_options {
	enum fwd_mode mode;
	enum fwd_wait_mode wait;
	char **devices;
	unsigned int n_ports;
	struct fwd_peer *peers;
	unsigned int n_peers;
	bool peer_auto;
	struct fwd_address *addresses;
	unsigned int n_addresses;
	uint64_t prime_count;
	uint32_t prime_bytes;
	uint64_t duration_ns;
	uint64_t count;
	uint32_t burst;
	uint32_t ring;
	uint32_t mtu;
	enum vfnet_simd simd;
	bool allmulti;
	uint16_t *vlans;
	unsigned int n_vlans;
	uint32_t pool;
	uint64_t mem_bytes;
	struct app_cores cores;
	enum vfnet_sim_mode sim_mode;
	struct fwd_card_spec *cards;
	unsigned int n_cards;
	struct fwd_card_spec *wires;
	unsigned int n_wires;
	uint64_t interval_ns;
	const char *json;
	enum vfnet_log_level log_level;
};

enum fwd_parse {
	FWD_RUN,
	FWD_SHOWN, /* --help or --version: done */
	FWD_WRONG, /* one line was printed */
};

/**
 * fwd_options_parse() - read the command line
 * @opts: filled; fwd_options_free() it, also after FWD_SHOWN and FWD_WRONG
 */
enum fwd_parse fwd_options_parse(int argc, char **argv, struct fwd_options *opts);

void fwd_options_free(struct fwd_options *opts);

/** fwd_mode_name() - "io", "mac", "swap", "echo". */
const char *fwd_mode_name(enum fwd_mode mode);

/** fwd_device_card() - CARD of "sim:CARD.VF". Return: -1 for another device. */
int fwd_device_card(const char *device);

/** fwd_help() - the text of --help, to standard output. */
void fwd_help(void);

#endif
