/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-fwd: forward frames between ports, and account for each of them.
 */
#include <math.h>

#include "apps/common/clock.h"
#include "apps/common/options.h"
#include "apps/common/stop.h"
#include "apps/vfnet-fwd/fwd.h"
#include "apps/vfnet-fwd/report.h"

static int tell(const struct fwd *fwd, uint64_t process_ns)
{
	const struct fwd_options *opts = fwd->opts;
	FILE *out = fwd_report_stream(opts);
	uint64_t first_ns = fwd->result.first_ns;
	struct fwd_start_cost cost = {
	    .first_ms = first_ns ? (double)(first_ns - process_ns) * 1e-6 : (double)NAN,
	    .resident_bytes = app_resident_peak_bytes(),
	};
	struct fwd_ledger ledger;
	int rc;

	fwd_ledger_sum(fwd, &ledger);
	fwd_report(fwd, &ledger, &cost, out);
	rc = fwd_ledger_check(fwd, &ledger, out) ? 0 : APP_EXIT_LEDGER;
	if (opts->json && fwd_report_json(fwd, &ledger, &cost, opts->json))
		rc = APP_EXIT_FAILED;
	return rc;
}

static int forward(const struct fwd_options *opts, uint64_t process_ns)
{
	struct fwd fwd;
	int rc, end;

	rc = fwd_open(&fwd, opts);
	if (rc) {
		fwd_close(&fwd);
		goto out_free;
	}
	rc = fwd_run(&fwd);
	end = fwd_close(&fwd);
	if (!rc)
		rc = end;
	end = tell(&fwd, process_ns);
	if (!rc)
		rc = end;
out_free:
	fwd_free(&fwd);
	return rc;
}

int main(int argc, char **argv)
{
	uint64_t process_ns = app_process_start_ns();
	struct fwd_options opts;
	int rc;

	app_stop_install();
	switch (fwd_options_parse(argc, argv, &opts)) {
	case FWD_RUN:
		rc = forward(&opts, process_ns);
		break;
	case FWD_SHOWN:
		rc = APP_EXIT_OK;
		break;
	default:
		rc = APP_EXIT_USAGE;
		break;
	}
	fwd_options_free(&opts);
	return rc;
}
