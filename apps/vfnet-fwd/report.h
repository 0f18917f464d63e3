/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FWD_REPORT_H
#define VFNET_FWD_REPORT_H

#include <stdio.h>

#include "apps/vfnet-fwd/fwd.h"
#include "apps/vfnet-fwd/ledger.h"

/**
 * struct fwd_rates - what a run comes to per second and per packet; NAN = not measured
 * @duration_s: from the start of the sources to the last frame
 * @pps:        frames forwarded
 * @bps:        bits on the wire that were sent, with CRC, preamble and gap
 * @driver:     time stamp counter cycles per packet in receive and send calls
 * @app:        ... between them
 * @sim:        ... inside the cards
 * @idle:       ... in receive calls that found nothing
 */
struct fwd_rates {
	double duration_s;
	double pps;
	double bps;
	double driver;
	double app;
	double sim;
	double idle;
};

void fwd_rates(const struct fwd *fwd, const struct fwd_ledger *ledger, struct fwd_rates *rates);

/**
 * struct fwd_start_cost - what it took to get going
 * @first_ms:       from the start of the process to the first frame sent on; NAN = none came
 * @resident_bytes: most memory that was resident
 */
struct fwd_start_cost {
	double first_ms;
	uint64_t resident_bytes;
};

/** fwd_report() - the summary for people, without the ledger's line. */
void fwd_report(const struct fwd *fwd, const struct fwd_ledger *ledger,
		const struct fwd_start_cost *cost, FILE *out);

/**
 * fwd_report_json() - docs/vfnet-fwd.schema.json
 *
 * Return: 0 or an exit code, after one line on standard error.
 */
int fwd_report_json(const struct fwd *fwd, const struct fwd_ledger *ledger,
		    const struct fwd_start_cost *cost, const char *path);

/** fwd_report_stream() - where text for people goes: never between JSON. */
FILE *fwd_report_stream(const struct fwd_options *opts);

/**
 * struct fwd_live - the table of --interval
 * @out:     NULL = none
 * @next_ns: when its next line is due
 * @last_ns: when its last one was
 * @last:    sums then
 * @lines:   printed
 */
struct fwd_live {
	FILE *out;
	uint64_t next_ns;
	uint64_t last_ns;
	struct fwd_ledger last;
	unsigned int lines;
};

void fwd_live_begin(struct fwd_live *live, const struct fwd_options *opts, uint64_t now_ns);

/** fwd_live_tick() - print a line if it is due. */
void fwd_live_tick(struct fwd_live *live, struct fwd *fwd, uint64_t now_ns);

#endif
