/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of a run as docs/vfnet-fwd.schema.json has it.
 */
#include <math.h>

#include "apps/common/json.h"
#include "apps/common/options.h"
#include "apps/vfnet-fwd/report.h"

static void add_cycles(cJSON *root, const struct fwd_rates *rates)
{
	cJSON *cycles = cJSON_AddObjectToObject(root, "cycles_per_packet");

	app_json_real(cycles, "driver", rates->driver);
	app_json_real(cycles, "app", rates->app);
	app_json_real(cycles, "sim", rates->sim);
	app_json_real(cycles, "idle", rates->idle);
}

static void add_histogram(cJSON *root, const struct fwd *fwd)
{
	cJSON *bursts = cJSON_AddArrayToObject(root, "burst_histogram");

	for (unsigned int i = 0; i <= fwd->opts->burst; i++)
		cJSON_AddItemToArray(bursts, cJSON_CreateNumber((double)fwd->result.histogram[i]));
}

static void add_pool(cJSON *root, const struct fwd_result *result)
{
	cJSON *pool = cJSON_AddObjectToObject(root, "pool");

	app_json_count(pool, "size", result->pool_size);
	app_json_count(pool, "free_at_start", result->pool_free_at_start);
	app_json_count(pool, "free_at_end", result->pool_free_at_end);
	app_json_count(pool, "low_water", result->pool_low_water);
}

static void add_port(cJSON *ports, const struct fwd_port *port)
{
	const struct vfnet_counters *counters = &port->counters;
	cJSON *object = cJSON_CreateObject();

	cJSON_AddItemToArray(ports, object);
	cJSON_AddStringToObject(object, "name", port->info.name);
	cJSON_AddStringToObject(object, "simd", vfnet_simd_name(port->info.simd));
	app_json_count(object, "rx_packets", counters->rx_packets);
	app_json_count(object, "rx_bytes", counters->rx_bytes);
	app_json_count(object, "tx_packets", counters->tx_packets);
	app_json_count(object, "tx_bytes", counters->tx_bytes);
	app_json_missed(object, "missed", counters->missed);
	app_json_drops(object, "drops", counters->drops);
	app_json_count(object, "resets", counters->resets);
	app_json_count(object, "vf_resets", counters->vf_resets);
	app_json_count(object, "filters_lost", counters->filters_lost);
}

static void add_ledger(cJSON *root, const struct fwd_ledger *ledger)
{
	app_json_count(root, "offered", ledger->offered);
	cJSON_AddBoolToObject(root, "offered_known", ledger->offered_known);
	app_json_missed(root, "missed", ledger->missed);
	app_json_count(root, "rx_packets", ledger->rx_packets);
	app_json_count(root, "created", ledger->created);
	app_json_count(root, "tx_packets", ledger->tx_packets);
	app_json_drops(root, "drops", ledger->drops);
}

int fwd_report_json(const struct fwd *fwd, const struct fwd_ledger *ledger,
		    const struct fwd_start_cost *cost, const char *path)
{
	cJSON *root = cJSON_CreateObject();
	struct fwd_rates rates;
	cJSON *ports;

	fwd_rates(fwd, ledger, &rates);
	cJSON_AddStringToObject(root, "mode", fwd_mode_name(fwd->opts->mode));
	app_json_real(root, "duration_s", rates.duration_s);
	app_json_real(root, "pps", rates.pps);
	app_json_count(root, "sleeps", fwd->result.sleeps);
	add_ledger(root, ledger);
	add_cycles(root, &rates);
	add_histogram(root, fwd);
	add_pool(root, &fwd->result);
	ports = cJSON_AddArrayToObject(root, "ports");
	for (unsigned int i = 0; i < fwd->n_open; i++)
		add_port(ports, &fwd->ports[i]);
	app_json_real(root, "first_packet_ms", cost->first_ms);
	app_json_real(root, "rss_mib", (double)cost->resident_bytes / (1 << 20));
	return app_json_write(root, path) ? APP_EXIT_FAILED : 0;
}
