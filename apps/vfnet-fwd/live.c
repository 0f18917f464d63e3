/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live table of --interval: rates since the line before.
 */
#include "apps/common/clock.h"
#include "apps/vfnet-fwd/report.h"

#define HEADER_EVERY 20

void fwd_live_begin(struct fwd_live *live, const struct fwd_options *opts, uint64_t now_ns)
{
	*live = (struct fwd_live){0};
	if (!opts->interval_ns)
		return;
	live->out = fwd_report_stream(opts);
	live->last_ns = now_ns;
	live->next_ns = now_ns + opts->interval_ns;
}

static void print_line(struct fwd_live *live, const struct fwd_ledger *now, double total_s,
		       double s)
{
	const struct fwd_ledger *last = &live->last;
	uint64_t tx = now->tx_packets - last->tx_packets;
	uint64_t bytes = now->tx_bytes - last->tx_bytes + tx * VFNET_WIRE_EXTRA;

	if (live->lines++ % HEADER_EVERY == 0)
		fprintf(live->out, "%9s  %9s  %9s  %7s  %10s  %10s\n", "s", "Mpps in", "Mpps out",
			"Gb/s", "missed/s", "dropped/s");
	fprintf(live->out, "%9.1f  %9.3f  %9.3f  %7.3f  %10.0f  %10.0f\n", total_s,
		(double)(now->rx_packets - last->rx_packets) / s * 1e-6, (double)tx / s * 1e-6,
		(double)bytes * 8 / s * 1e-9, (double)(now->n_missed - last->n_missed) / s,
		(double)(now->n_drops - last->n_drops) / s);
	fflush(live->out);
}

void fwd_live_tick(struct fwd_live *live, struct fwd *fwd, uint64_t now_ns)
{
	struct fwd_ledger now;

	if (!live->out || now_ns < live->next_ns)
		return;
	for (unsigned int i = 0; i < fwd->n_open; i++)
		fwd_port_count(&fwd->ports[i]);
	fwd_ledger_sum(fwd, &now);
	print_line(live, &now, (double)(now_ns - fwd->result.start_ns) / (double)APP_NS_PER_S,
		   (double)(now_ns - live->last_ns) / (double)APP_NS_PER_S);
	live->last = now;
	live->last_ns = now_ns;
	live->next_ns = now_ns + fwd->opts->interval_ns;
}
