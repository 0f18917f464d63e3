/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The summary for people: one table of ports, then what it cost, then what was lost and why.
 */
#include "apps/vfnet-fwd/report.h"

#include <inttypes.h>
#include <math.h>

#include "apps/common/clock.h"
#include "apps/common/hint.h"
#include "apps/common/json.h"
#include "apps/common/table.h"
#include "lib/frame/mac.h"

#define MEANING(name, meaning) meaning,

static const char *const missed_meaning[] = {VFNET_MISSED(MEANING)};
static const char *const drops_meaning[] = {VFNET_DROPS(MEANING)};

FILE *fwd_report_stream(const struct fwd_options *opts)
{
	return app_json_to_stdout(opts->json) ? stderr : stdout;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : (double)NAN;
}

void fwd_rates(const struct fwd *fwd, const struct fwd_ledger *ledger, struct fwd_rates *rates)
{
	const struct fwd_result *result = &fwd->result;
	const struct fwd_samples *samples = &result->samples;
	double forwarded = (double)result->forwarded;
	double empty = ratio((double)samples->empty_cycles, (double)samples->empty_polls);
	uint64_t wire = ledger->tx_bytes + ledger->tx_packets * VFNET_WIRE_EXTRA;

	rates->duration_s = (double)(result->end_ns - result->start_ns) / (double)APP_NS_PER_S;
	rates->pps = forwarded > 0 ? ratio(forwarded, rates->duration_s) : 0;
	rates->bps = wire ? ratio((double)wire * 8, rates->duration_s) : 0;
	rates->driver = ratio((double)samples->driver, (double)samples->packets);
	rates->app = ratio((double)samples->app, (double)samples->packets);
	rates->idle =
	    result->polls ? ratio(empty * (double)result->polls, forwarded) : ratio(0, forwarded);
	rates->sim =
	    result->sim_inline ? ratio((double)result->sim_cycles, forwarded) : (double)NAN;
}

static void port_row(struct app_table *table, const char *name, const char *mac,
		     const uint64_t count[6])
{
	char text[6][APP_COUNT_BYTES];
	const char *row[8] = {name, mac};

	for (unsigned int i = 0; i < 6; i++)
		row[2 + i] = app_count(count[i], text[i]);
	app_table_row(table, 8, row);
}

static uint64_t sum(const uint64_t *val, unsigned int n)
{
	uint64_t all = 0;

	while (n)
		all += val[--n];
	return all;
}

static void print_ports(const struct fwd *fwd, const struct fwd_ledger *ledger, FILE *out)
{
	static const char *const head[8] = {"port",   "address", "received", "bytes",
					    "missed", "sent",	 "bytes",    "dropped"};
	struct app_table table = {0};

	app_table_row(&table, 8, head);
	for (unsigned int i = 0; i < fwd->n_open; i++) {
		const struct vfnet_counters *counters = &fwd->ports[i].counters;
		char mac[VFNET_MAC_TEXT_BYTES];

		vfnet_mac_format(fwd->ports[i].info.mac, mac);
		port_row(&table, fwd->ports[i].info.name, mac,
			 (uint64_t[]){counters->rx_packets, counters->rx_bytes,
				      sum(counters->missed, VFNET_MISSED_COUNT),
				      counters->tx_packets, counters->tx_bytes,
				      sum(counters->drops, VFNET_DROPS_COUNT)});
	}
	if (fwd->n_open > 1)
		port_row(&table, "all", "",
			 (uint64_t[]){ledger->rx_packets, ledger->rx_bytes, ledger->n_missed,
				      ledger->tx_packets, ledger->tx_bytes, ledger->n_drops});
	app_table_print(&table, out);
}

static void print_cycles(const char *name, double cycles, FILE *out)
{
	if (isfinite(cycles))
		fprintf(out, ", %s %.1f", name, cycles);
}

static void print_rates(const struct fwd *fwd, const struct fwd_rates *rates, FILE *out)
{
	bool is_short = rates->duration_s < 1;
	char sleeps[APP_COUNT_BYTES];

	fprintf(out, "mode %s, %.3f %s: %.3f Mpps, %.3f Gb/s with CRC, preamble and gap\n",
		fwd_mode_name(fwd->opts->mode), rates->duration_s * (is_short ? 1e3 : 1),
		is_short ? "ms" : "s", rates->pps * 1e-6, rates->bps * 1e-9);
	if (fwd->opts->wait != FWD_POLL)
		fprintf(out, "slept %s times\n", app_count(fwd->result.sleeps, sleeps));
	if (!isfinite(rates->driver))
		return;
	fprintf(out, APP_TSC_UNIT " per packet: driver %.1f (%s), application %.1f", rates->driver,
		vfnet_simd_name(fwd->ports[0].info.simd), rates->app);
	print_cycles("card", rates->sim, out);
	print_cycles("idle", rates->idle, out);
	fputc('\n', out);
}

static void print_losses(const struct fwd_ledger *ledger, FILE *out)
{
	char count[APP_COUNT_BYTES];

	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
		if (ledger->missed[i])
			fprintf(out, "missed: %s %s: %s\n", app_count(ledger->missed[i], count),
				vfnet_missed_name(i), missed_meaning[i]);
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		if (ledger->drops[i])
			fprintf(out, "dropped: %s %s: %s\n", app_count(ledger->drops[i], count),
				vfnet_drops_name(i), drops_meaning[i]);
}

static void print_times(const char *port, const char *what, uint64_t times, FILE *out)
{
	if (times)
		fprintf(out, "%s: %s %" PRIu64 " time%s\n", port, what, times,
			times == 1 ? "" : "s");
}

static void print_resets(const struct fwd *fwd, FILE *out)
{
	for (unsigned int i = 0; i < fwd->n_open; i++) {
		const struct fwd_port *port = &fwd->ports[i];

		print_times(port->info.name, "the physical function was reset",
			    port->counters.resets, out);
		print_times(port->info.name, "somebody else has reset this function",
			    port->counters.vf_resets, out);
	}
}

static void print_cost(const struct fwd_start_cost *cost, FILE *out)
{
	if (isfinite(cost->first_ms))
		fprintf(out, "start to first packet %.1f ms, ", cost->first_ms);
	fprintf(out, "resident %.1f MiB\n", (double)cost->resident_bytes / (1 << 20));
}

void fwd_report(const struct fwd *fwd, const struct fwd_ledger *ledger,
		const struct fwd_start_cost *cost, FILE *out)
{
	struct fwd_rates rates;
	unsigned int said = 0;

	fwd_rates(fwd, ledger, &rates);
	print_ports(fwd, ledger, out);
	print_rates(fwd, &rates, out);
	print_cost(cost, out);
	print_resets(fwd, out);
	print_losses(ledger, out);
	for (unsigned int i = 0; i < fwd->n_open; i++)
		app_hint_print(fwd->ports[i].info.name, &fwd->ports[i].counters, &said, out);
}
