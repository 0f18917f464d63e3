/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line. Each value is checked where it is read; what depends on several options is
 * checked once all are known, so that their order never matters.
 */
#include "apps/vfnet-fwd/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vfnet/port.h>

#include "apps/common/options.h"
#include "lib/frame/mac.h"

#define CARD_MAX  15
#define FRAME_MIN 64 /* with CRC, as all sizes of options */
#define CRC_BYTES 4

static const char *const mode_names[] = {"io", "mac", "swap", "echo", NULL};
static const char *const wait_names[] = {"poll", "interrupt", "adaptive", NULL};
/* in the order of enum vfnet_simd */
static const char *const simd_names[] = {"auto", "scalar", "avx2", "avx512", NULL};
static const char *const sim_names[] = {"inline", "thread", NULL};

enum option_code {
	OPT_MODE = 256,
	OPT_WAIT,
	OPT_PEER,
	OPT_ADDRESS,
	OPT_PRIME,
	OPT_DURATION,
	OPT_COUNT,
	OPT_BURST,
	OPT_RING,
	OPT_MTU,
	OPT_SIMD,
	OPT_ALLMULTI,
	OPT_VLAN,
	OPT_POOL,
	OPT_MEM,
	OPT_CORES,
	OPT_SIM,
	OPT_CARD,
	OPT_WIRE,
	OPT_INTERVAL,
	OPT_JSON,
	OPT_LOG,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"mode", required_argument, NULL, OPT_MODE},
    {"wait", required_argument, NULL, OPT_WAIT},
    {"peer", required_argument, NULL, OPT_PEER},
    {"address", required_argument, NULL, OPT_ADDRESS},
    {"prime", required_argument, NULL, OPT_PRIME},
    {"duration", required_argument, NULL, OPT_DURATION},
    {"count", required_argument, NULL, OPT_COUNT},
    {"burst", required_argument, NULL, OPT_BURST},
    {"ring", required_argument, NULL, OPT_RING},
    {"mtu", required_argument, NULL, OPT_MTU},
    {"simd", required_argument, NULL, OPT_SIMD},
    {"allmulti", no_argument, NULL, OPT_ALLMULTI},
    {"vlan", required_argument, NULL, OPT_VLAN},
    {"pool", required_argument, NULL, OPT_POOL},
    {"mem", required_argument, NULL, OPT_MEM},
    {"cores", required_argument, NULL, OPT_CORES},
    {"sim", required_argument, NULL, OPT_SIM},
    {"card", required_argument, NULL, OPT_CARD},
    {"wire", required_argument, NULL, OPT_WIRE},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"json", required_argument, NULL, OPT_JSON},
    {"log", required_argument, NULL, OPT_LOG},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

const char *fwd_mode_name(enum fwd_mode mode)
{
	return mode_names[mode];
}

int fwd_device_card(const char *device)
{
	char *end;
	unsigned long card;

	if (strncmp(device, "sim:", 4))
		return -1;
	card = strtoul(device + 4, &end, 10);
	return end != device + 4 && *end == '.' && card <= CARD_MAX ? (int)card : -1;
}

static int parse_u32(const char *option, const char *text, uint32_t min, uint32_t max,
		     uint32_t *out)
{
	uint64_t val;
	int rc = app_parse_count(option, text, min, max, &val);

	if (!rc)
		*out = (uint32_t)val;
	return rc;
}

static int parse_peer(const char *text, struct fwd_options *opts)
{
	struct fwd_peer *peer = &opts->peers[opts->n_peers];
	const char *mac;

	if (!strcmp(text, "auto")) {
		opts->peer_auto = true;
		return 0;
	}
	if (app_parse_indexed("--peer", text, UINT16_MAX, &peer->port, &mac))
		return -EINVAL;
	if (vfnet_mac_parse(mac, peer->mac))
		return app_bad_option("--peer", text, "auto or PORT=aa:bb:cc:dd:ee:ff");
	opts->n_peers++;
	return 0;
}

static int parse_address(const char *text, struct fwd_options *opts)
{
	struct fwd_address *address = &opts->addresses[opts->n_addresses];
	const char *ip;
	bool multicast;

	if (app_parse_indexed("--address", text, UINT16_MAX, &address->port, &ip))
		return -EINVAL;
	address->ip6 = strchr(ip, ':') != NULL;
	if (inet_pton(address->ip6 ? AF_INET6 : AF_INET, ip, address->ip) != 1)
		return app_bad_option("--address", text,
				      "PORT=IP, such as 0=10.0.0.2 or 0=fd00::2");
	multicast = address->ip[0] >= (address->ip6 ? 0xff : 224);
	if (multicast || !address->ip[0])
		return app_bad_option("--address", text, "the address of one host");
	opts->n_addresses++;
	return 0;
}

static int parse_prime(char *text, struct fwd_options *opts)
{
	char *colon = strchr(text, ':');
	uint32_t size;
	int rc;

	if (!colon)
		return app_bad_option("--prime", text, "N:SIZE, such as 32:64");
	*colon = '\0';
	rc = app_parse_count("--prime N of", text, 1, UINT32_MAX, &opts->prime_count);
	*colon = ':';
	if (rc)
		return rc;
	rc = parse_u32("--prime SIZE of", colon + 1, FRAME_MIN, 9728, &size);
	if (!rc)
		opts->prime_bytes = size - CRC_BYTES;
	return rc;
}

static int parse_vlan(const char *text, struct fwd_options *opts)
{
	uint32_t vid;
	int rc = parse_u32("--vlan", text, 1, 4094, &vid);

	if (!rc)
		opts->vlans[opts->n_vlans++] = (uint16_t)vid;
	return rc;
}

static int parse_ring(const char *text, struct fwd_options *opts)
{
	if (parse_u32("--ring", text, 64, 4096, &opts->ring))
		return -EINVAL;
	if (opts->ring % 8)
		return app_bad_option("--ring", text, "a multiple of 8 from 64 to 4096");
	return 0;
}

static int parse_spec(const char *option, const char *text, struct fwd_card_spec *list,
		      unsigned int *n)
{
	int rc = app_parse_indexed(option, text, CARD_MAX, &list[*n].card, &list[*n].spec);

	if (!rc)
		++*n;
	return rc;
}

static int parse_sim(const char *text, struct fwd_options *opts)
{
	int i = app_parse_choice("--sim", text, sim_names);

	if (i < 0)
		return i;
	opts->sim_mode = i ? VFNET_SIM_THREAD : VFNET_SIM_INLINE;
	return 0;
}

static int parse_mode(const char *text, struct fwd_options *opts)
{
	int i = app_parse_choice("--mode", text, mode_names);

	if (i < 0)
		return i;
	opts->mode = (enum fwd_mode)i;
	return 0;
}

static int parse_simd(const char *text, struct fwd_options *opts)
{
	int i = app_parse_choice("--simd", text, simd_names);

	if (i < 0)
		return i;
	opts->simd = (enum vfnet_simd)i;
	return 0;
}

static int parse_wait(const char *text, struct fwd_options *opts)
{
	int i = app_parse_choice("--wait", text, wait_names);

	if (i < 0)
		return i;
	opts->wait = (enum fwd_wait_mode)i;
	return 0;
}

static int parse_limit(int code, const char *text, struct fwd_options *opts)
{
	switch (code) {
	case OPT_DURATION:
		return app_parse_seconds("--duration", text, &opts->duration_ns);
	case OPT_INTERVAL:
		return app_parse_seconds("--interval", text, &opts->interval_ns);
	case OPT_COUNT:
		return app_parse_count("--count", text, 1, UINT64_C(1) << 53, &opts->count);
	case OPT_BURST:
		return parse_u32("--burst", text, 1, VFNET_BURST_MAX, &opts->burst);
	case OPT_RING:
		return parse_ring(text, opts);
	case OPT_MTU:
		return parse_u32("--mtu", text, 68, 9710, &opts->mtu);
	case OPT_POOL:
		return parse_u32("--pool", text, 1, 1u << 24, &opts->pool);
	default:
		return app_parse_bytes("--mem", text, UINT64_C(2) << 20, UINT64_C(128) << 30,
				       &opts->mem_bytes);
	}
}

static int parse_one(int code, char *text, struct fwd_options *opts)
{
	switch (code) {
	case OPT_MODE:
		return parse_mode(text, opts);
	case OPT_WAIT:
		return parse_wait(text, opts);
	case OPT_SIMD:
		return parse_simd(text, opts);
	case OPT_PEER:
		return parse_peer(text, opts);
	case OPT_ADDRESS:
		return parse_address(text, opts);
	case OPT_PRIME:
		return parse_prime(text, opts);
	case OPT_ALLMULTI:
		opts->allmulti = true;
		return 0;
	case OPT_VLAN:
		return parse_vlan(text, opts);
	case OPT_CORES:
		return app_cores_parse("--cores", text, &opts->cores);
	case OPT_SIM:
		return parse_sim(text, opts);
	case OPT_CARD:
		return parse_spec("--card", text, opts->cards, &opts->n_cards);
	case OPT_WIRE:
		return parse_spec("--wire", text, opts->wires, &opts->n_wires);
	case OPT_JSON:
		opts->json = text;
		return 0;
	case OPT_LOG:
		return app_parse_log_level("--log", text, &opts->log_level);
	default:
		return parse_limit(code, text, opts);
	}
}

static int check_cards(const char *option, const struct fwd_card_spec *list, unsigned int n,
		       const struct fwd_options *opts)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int port = 0;

		while (port < opts->n_ports &&
		       fwd_device_card(opts->devices[port]) != (int)list[i].card)
			port++;
		if (port < opts->n_ports)
			continue;
		app_error("%s %u=%s: must name a card that a device is on; none of the devices is "
			  "sim:%u.VF",
			  option, list[i].card, list[i].spec, list[i].card);
		return -EINVAL;
	}
	return 0;
}

static int check_port(const char *option, unsigned int port, const struct fwd_options *opts)
{
	if (port < opts->n_ports)
		return 0;
	app_error("%s %u=...: must name a port from 0 to %u: there are %u devices", option, port,
		  opts->n_ports - 1, opts->n_ports);
	return -EINVAL;
}

static int check_addresses(const struct fwd_options *opts)
{
	for (unsigned int i = 0; i < opts->n_addresses; i++)
		if (check_port("--address", opts->addresses[i].port, opts))
			return -EINVAL;
	if (opts->n_addresses && opts->mode != FWD_ECHO) {
		app_error("--address: must go with --mode echo; mode %s takes no notice of it",
			  mode_names[opts->mode]);
		return -EINVAL;
	}
	return 0;
}

static int check_peers(const struct fwd_options *opts)
{
	for (unsigned int i = 0; i < opts->n_peers; i++)
		if (check_port("--peer", opts->peers[i].port, opts))
			return -EINVAL;
	if ((opts->peer_auto || opts->n_peers) && opts->mode != FWD_MAC && !opts->prime_count) {
		app_error(
		    "--peer: must go with --mode mac or --prime; mode %s takes no notice of it",
		    mode_names[opts->mode]);
		return -EINVAL;
	}
	return 0;
}

static int check_devices(const struct fwd_options *opts)
{
	if (!opts->n_ports) {
		app_error("no device: name at least one, such as sim:0.0 or pci:0000:01:10.0 "
			  "(--help shows more)");
		return -EINVAL;
	}
	for (unsigned int i = 0; i < opts->n_ports; i++) {
		if (!strncmp(opts->devices[i], "sim:", 4) || !strncmp(opts->devices[i], "pci:", 4))
			continue;
		app_error("device %s: must be sim:CARD.VF or pci:DDDD:BB:DD.F, such as sim:0.0 or "
			  "pci:0000:01:10.0",
			  opts->devices[i]);
		return -EINVAL;
	}
	return 0;
}

static int check_all(const struct fwd_options *opts)
{
	if (check_devices(opts))
		return -EINVAL;
	if (opts->prime_bytes > opts->mtu + 14) {
		app_error("--prime SIZE of %u: must be at most %u with --mtu %u",
			  opts->prime_bytes + CRC_BYTES, opts->mtu + 18, opts->mtu);
		return -EINVAL;
	}
	if (check_peers(opts) || check_addresses(opts) ||
	    check_cards("--card", opts->cards, opts->n_cards, opts) ||
	    check_cards("--wire", opts->wires, opts->n_wires, opts))
		return -EINVAL;
	return 0;
}

static enum fwd_parse bad_getopt(int code, char **argv)
{
	/* optind is past it; a short one is in optopt */
	if (code == ':')
		app_error("%s: must have a value (--help shows which)", argv[optind - 1]);
	else if (optopt && optopt < OPT_MODE)
		app_error("-%c: no such option (--help lists them)", optopt);
	else
		app_error("%s: no such option, or not unique (--help lists them)",
			  argv[optind - 1]);
	return FWD_WRONG;
}

enum fwd_parse fwd_options_parse(int argc, char **argv, struct fwd_options *opts)
{
	size_t room = (size_t)argc; /* no option can be given more often */
	int code;

	*opts = (struct fwd_options){
	    .mode = FWD_MAC,
	    .burst = 32,
	    .ring = 512,
	    .mtu = 1500,
	    .log_level = VFNET_LOG_WARN,
	    .peers = calloc(room, sizeof(*opts->peers)),
	    .addresses = calloc(room, sizeof(*opts->addresses)),
	    .vlans = calloc(room, sizeof(*opts->vlans)),
	    .cards = calloc(room, sizeof(*opts->cards)),
	    .wires = calloc(room, sizeof(*opts->wires)),
	};
	if (!opts->peers || !opts->addresses || !opts->vlans || !opts->cards || !opts->wires) {
		app_error("out of memory");
		return FWD_WRONG;
	}
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (code == ':' || code == '?')
			return bad_getopt(code, argv);
		if (code == OPT_HELP) {
			fwd_help();
			return FWD_SHOWN;
		}
		if (code == OPT_VERSION) {
			puts("vfnet-fwd " VFNET_VERSION);
			return FWD_SHOWN;
		}
		if (parse_one(code, optarg, opts))
			return FWD_WRONG;
	}
	opts->devices = argv + optind;
	opts->n_ports = (unsigned int)(argc - optind);
	return check_all(opts) ? FWD_WRONG : FWD_RUN;
}

void fwd_options_free(struct fwd_options *opts)
{
	free(opts->peers);
	free(opts->addresses);
	free(opts->vlans);
	free(opts->cards);
	free(opts->wires);
}
