/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that a run holds, opened bottom up and closed top down: cards, context, ports, one
 * pool and one cache for all of them, two queues per port.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/clock.h"
#include "apps/common/hint.h"
#include "apps/common/options.h"
#include "apps/vfnet-fwd/fwd.h"
#include "lib/frame/mac.h"

#define BUF_BYTES 2048
/* a buffer with headroom and its odd stride takes 2240; the rest is for those across a page */
#define BUF_ROOM     2304
#define RING_ENTRY   16
#define REGION_SPARE (UINT64_C(2) << 20)
#define CACHE_MIN    128

unsigned int fwd_frame_bufs(uint32_t bytes)
{
	return (bytes + BUF_BYTES - 1) / BUF_BYTES;
}

/* wrong input is told from what the machine or the device cannot do */
static int exit_code(int rc)
{
	return rc == -EINVAL || rc == -EEXIST ? APP_EXIT_USAGE : APP_EXIT_FAILED;
}

static int fail(const struct vfnet_err *err)
{
	app_error("%s", err->text);
	return exit_code(err->code);
}

static int fail_device(const char *device, const struct vfnet_err *err)
{
	int code = fail(err);

	if (code != APP_EXIT_USAGE)
		app_hint_open(device, stderr);
	return code;
}

static int fail_option(const char *option, const struct vfnet_err *err)
{
	app_error("%s: %s", option, err->text);
	return exit_code(err->code);
}

static int fail_spec(const char *option, const struct fwd_card_spec *spec,
		     const struct vfnet_err *err)
{
	app_error("%s %u=%s: %s", option, spec->card, spec->spec, err->text);
	return exit_code(err->code);
}

static bool uses_sim(const struct fwd_options *opts)
{
	for (unsigned int i = 0; i < opts->n_ports; i++)
		if (!strncmp(opts->devices[i], "sim:", 4))
			return true;
	return false;
}

static int open_sim(struct fwd *fwd)
{
	const struct fwd_options *opts = fwd->opts;
	struct vfnet_sim_opts sim_opts = {
	    .size = sizeof(sim_opts),
	    .mode = opts->sim_mode,
	    .log = app_log,
	    .log_level = opts->log_level,
	};
	struct vfnet_err err;

	if (!uses_sim(opts))
		return 0;
	if (vfnet_sim_open(&sim_opts, &fwd->sim, &err))
		return fail(&err);
	fwd->result.sim_inline = vfnet_sim_get_mode(fwd->sim) == VFNET_SIM_INLINE;
	for (unsigned int i = 0; i < opts->n_cards; i++)
		if (vfnet_sim_card(fwd->sim, opts->cards[i].card, opts->cards[i].spec, &err))
			return fail_spec("--card", &opts->cards[i], &err);
	for (unsigned int i = 0; i < opts->n_wires; i++)
		if (vfnet_sim_wire(fwd->sim, opts->wires[i].card, opts->wires[i].spec, &err))
			return fail_spec("--wire", &opts->wires[i], &err);
	return 0;
}

static int pin(const struct fwd_options *opts, unsigned int n)
{
	int rc = app_cores_pin(&opts->cores, n);

	if (!rc)
		return 0;
	app_error("--cores: the system refuses them: %s", strerror(-rc));
	return APP_EXIT_FAILED;
}

/* The cards' thread inherits what is allowed when it starts: all cores of a longer list. */
static int open_sim_pinned(struct fwd *fwd)
{
	const struct fwd_options *opts = fwd->opts;
	int rc = opts->cores.n > 1 ? pin(opts, opts->cores.n) : 0;

	if (!rc)
		rc = open_sim(fwd);
	if (!rc && opts->cores.n)
		rc = pin(opts, 1);
	return rc;
}

static uint32_t cache_size(const struct fwd_options *opts)
{
	uint32_t two_bursts =
	    (2 * opts->burst + VFNET_POOL_BLOCK - 1) / VFNET_POOL_BLOCK * VFNET_POOL_BLOCK;

	return two_bursts > CACHE_MIN ? two_bursts : CACHE_MIN;
}

/* rings full, the cache full, and what the pool insists on */
static uint32_t pool_least(const struct fwd_options *opts)
{
	return 2 * opts->ring * opts->n_ports + cache_size(opts) + VFNET_POOL_SPARE;
}

static uint32_t pool_size(const struct fwd_options *opts)
{
	return opts->pool ? opts->pool : pool_least(opts) + 2 * opts->burst;
}

/* The library says what the next queue needs; a person wants to know what all of them need. */
static int fail_pool(const struct fwd_options *opts, const struct vfnet_err *err)
{
	if (!opts->pool || err->code != -ENOBUFS)
		return fail(err);
	app_error("--pool %u: %s; this run needs %u in all", opts->pool, err->text,
		  pool_least(opts));
	return APP_EXIT_FAILED;
}

static int open_context(struct fwd *fwd)
{
	const struct fwd_options *opts = fwd->opts;
	uint64_t need = (uint64_t)pool_size(opts) * BUF_ROOM + REGION_SPARE +
			(uint64_t)opts->n_ports * 2 * opts->ring * RING_ENTRY;
	struct vfnet_opts v_opts = {
	    .size = sizeof(v_opts),
	    .region_bytes = opts->mem_bytes ? opts->mem_bytes : need,
	    .log = app_log,
	    .log_level = opts->log_level,
	};
	struct vfnet_err err;

	if (vfnet_open(&v_opts, &fwd->v, &err))
		return opts->mem_bytes ? fail_option("--mem", &err) : fail(&err);
	if (fwd->sim && vfnet_add_bus(fwd->v, "sim", vfnet_sim_bus(fwd->sim), &err))
		return fail(&err);
	return 0;
}

static int set_filters(const struct fwd *fwd, struct vfnet_port *port)
{
	const struct fwd_options *opts = fwd->opts;
	struct vfnet_err err;

	if (opts->allmulti && vfnet_port_set_allmulti(port, true, &err))
		return fail_option("--allmulti", &err);
	for (unsigned int i = 0; i < opts->n_vlans; i++)
		if (vfnet_port_vlan_add(port, opts->vlans[i], &err))
			return fail_option("--vlan", &err);
	return 0;
}

static int open_ports(struct fwd *fwd)
{
	struct vfnet_port_opts port_opts = {
	    .size = sizeof(port_opts),
	    .mtu = fwd->opts->mtu,
	    .simd = fwd->opts->simd,
	};
	struct vfnet_err err;
	int rc;

	fwd->ports = calloc(fwd->opts->n_ports, sizeof(*fwd->ports));
	fwd->lanes =
	    aligned_alloc(alignof(struct fwd_lane), fwd->opts->n_ports * sizeof(*fwd->lanes));
	if (!fwd->ports || !fwd->lanes) {
		app_error("out of memory");
		return APP_EXIT_FAILED;
	}
	for (unsigned int i = 0; i < fwd->opts->n_ports; i++) {
		struct fwd_port *port = &fwd->ports[i];

		if (vfnet_port_open(fwd->v, fwd->opts->devices[i], &port_opts, &port->port, &err))
			return fail_device(fwd->opts->devices[i], &err);
		fwd->n_open++;
		vfnet_port_get_info(port->port, &port->info);
		if (fwd_frame_bufs(port->info.max_frame) > 1)
			fwd->chained = true;
		rc = set_filters(fwd, port->port);
		if (rc)
			return rc;
	}
	return 0;
}

static int open_pool(struct fwd *fwd)
{
	struct vfnet_pool_opts pool_opts = {
	    .size = sizeof(pool_opts),
	    .name = "vfnet-fwd",
	    .n_bufs = pool_size(fwd->opts),
	    .data_bytes = BUF_BYTES,
	};
	const char *option = fwd->opts->mem_bytes ? "--mem" : "--pool";
	struct fwd_result *result = &fwd->result;
	struct vfnet_err err;

	if (vfnet_pool_open(vfnet_get_region(fwd->v), &pool_opts, &fwd->pool, &err))
		return fail_option(option, &err);
	result->pool_size = fwd->pool->n_bufs;
	result->pool_free_at_start = vfnet_pool_n_free(fwd->pool);
	if (vfnet_cache_open(fwd->pool, cache_size(fwd->opts), &fwd->cache, &err))
		return fail_pool(fwd->opts, &err);
	return 0;
}

static int open_queues(struct fwd *fwd)
{
	struct vfnet_queue_opts queue_opts = {
	    .size = sizeof(queue_opts),
	    .n_desc = fwd->opts->ring,
	    .cache = fwd->cache,
	};
	struct vfnet_err err;

	for (unsigned int i = 0; i < fwd->n_open; i++) {
		struct fwd_port *port = &fwd->ports[i];

		if (vfnet_txq_open(port->port, &queue_opts, &port->txq, &err) ||
		    vfnet_rxq_open(port->port, &queue_opts, &port->rxq, &err))
			return fail_pool(fwd->opts, &err);
	}
	return 0;
}

/* the destination of what @port sends; Return: false = as it was received */
static bool peer_of(const struct fwd *fwd, unsigned int port, uint8_t *mac)
{
	const struct fwd_options *opts = fwd->opts;

	for (unsigned int i = opts->n_peers; i-- > 0;) {
		if (opts->peers[i].port != port)
			continue;
		vfnet_mac_copy(mac, opts->peers[i].mac);
		return true;
	}
	if (opts->peer_auto)
		vfnet_mac_copy(mac, fwd->ports[fwd_partner(port, fwd->n_open)].info.mac);
	return opts->peer_auto;
}

static void make_host(const struct fwd_options *opts, unsigned int port, struct fwd_host *host)
{
	for (unsigned int i = 0; i < opts->n_addresses; i++) {
		const struct fwd_address *address = &opts->addresses[i];

		if (address->port != port)
			continue;
		if (address->ip6)
			memcpy(host->ip6, address->ip, sizeof(host->ip6));
		else
			memcpy(host->ip4, address->ip, sizeof(host->ip4));
		host->has_ip6 |= address->ip6;
		host->has_ip4 |= !address->ip6;
	}
}

static void make_lanes(struct fwd *fwd)
{
	bool echo = fwd->opts->mode == FWD_ECHO;

	for (unsigned int i = 0; i < fwd->n_open; i++) {
		struct fwd_lane *lane = &fwd->lanes[i];
		unsigned int out = echo ? i : fwd_partner(i, fwd->n_open);

		*lane = (struct fwd_lane){
		    .rxq = fwd->ports[i].rxq,
		    .txq = fwd->ports[out].txq,
		    .tx_port = out,
		};
		lane->set_dst = peer_of(fwd, out, lane->header);
		vfnet_mac_copy(lane->header + VFNET_MAC_BYTES, fwd->ports[out].info.mac);
		vfnet_mac_copy(fwd->ports[i].host.mac, fwd->ports[i].info.mac);
		make_host(fwd->opts, i, &fwd->ports[i].host);
	}
}

static int check_burst(const struct fwd *fwd)
{
	unsigned int need = fwd_frame_bufs(fwd->ports[0].info.max_frame);

	if (fwd->opts->burst >= need)
		return 0;
	app_error("--burst %u: must be at least %u with --mtu %u: the longest frame takes %u "
		  "buffers of %u bytes",
		  fwd->opts->burst, need, fwd->opts->mtu, need, BUF_BYTES);
	return APP_EXIT_USAGE;
}

int fwd_open(struct fwd *fwd, const struct fwd_options *opts)
{
	int rc;

	memset(fwd, 0, sizeof(*fwd));
	fwd->opts = opts;
	rc = open_sim_pinned(fwd);
	if (!rc)
		rc = open_context(fwd);
	if (!rc)
		rc = open_ports(fwd);
	if (!rc)
		rc = check_burst(fwd);
	if (!rc)
		rc = open_pool(fwd);
	if (!rc)
		rc = open_queues(fwd);
	if (!rc)
		make_lanes(fwd);
	return rc;
}

/* Transmit first: what still arrives meanwhile is counted by the receive side. */
static void close_queues(struct fwd *fwd)
{
	for (unsigned int i = 0; i < fwd->n_open; i++)
		vfnet_txq_close(fwd->ports[i].txq);
	for (unsigned int i = 0; i < fwd->n_open; i++)
		vfnet_rxq_close(fwd->ports[i].rxq);
}

void fwd_port_count(struct fwd_port *port)
{
	vfnet_port_get_counters(port->port, &port->counters);
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		port->counters.drops[i] += port->drops[i];
}

static int close_pool(struct fwd *fwd)
{
	struct fwd_result *result = &fwd->result;
	struct vfnet_err err;

	vfnet_cache_close(fwd->cache);
	if (!fwd->pool)
		return 0;
	result->pool_free_at_end = vfnet_pool_n_free(fwd->pool);
	result->pool_low_water = vfnet_pool_low_water(fwd->pool);
	return vfnet_pool_close(fwd->pool, &err) ? fail(&err) : 0;
}

static unsigned int ports_on_card(const struct fwd *fwd, int card)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fwd->n_open; i++)
		n += fwd_device_card(fwd->opts->devices[i]) == card;
	return n;
}

/* Two ports on a card may both get one frame, or send to each other: the wire does not tell then.
 */
static void read_wires(struct fwd *fwd)
{
	struct fwd_result *result = &fwd->result;
	struct vfnet_sim_wire_counters wire;

	for (unsigned int i = 0; i < fwd->n_open; i++) {
		int card = fwd_device_card(fwd->opts->devices[i]);

		if (card < 0 || ports_on_card(fwd, card) > 1 ||
		    vfnet_sim_get_wire_counters(fwd->sim, (unsigned int)card, &wire))
			return;
		result->wire_in += wire.in_packets;
		result->wire_out += wire.out_packets;
	}
	result->wire_known = fwd->n_open > 0;
}

int fwd_close(struct fwd *fwd)
{
	int rc;

	close_queues(fwd);
	for (unsigned int i = 0; i < fwd->n_open; i++) {
		vfnet_port_service(fwd->ports[i].port, app_now_ns());
		fwd_port_count(&fwd->ports[i]);
	}
	rc = close_pool(fwd);
	for (unsigned int i = 0; i < fwd->n_open; i++)
		vfnet_port_close(fwd->ports[i].port);
	read_wires(fwd);
	if (!rc && vfnet_close(fwd->v)) {
		app_error("the context could not be closed: something of it is still open");
		rc = APP_EXIT_FAILED;
	}
	if (!rc && fwd->sim && vfnet_sim_close(fwd->sim)) {
		app_error("the software cards could not be closed: a device is still open");
		rc = APP_EXIT_FAILED;
	}
	return rc;
}

void fwd_free(struct fwd *fwd)
{
	free(fwd->ports);
	free(fwd->lanes);
}
