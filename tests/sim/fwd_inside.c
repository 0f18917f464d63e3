/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/fwd_inside.h"

#include <getopt.h>

#include "apps/common/clock.h"
#include "apps/vfnet-fwd/ledger.h"
#include "apps/vfnet-fwd/loop.h"
#include "apps/vfnet-fwd/wait.h"

#define ROUNDS 200

static void burst(struct fwd *fwd)
{
	struct fwd_loop loop = {
	    .fwd = fwd,
	    .region = *vfnet_get_region(fwd->v),
	    .room = fwd->opts->burst,
	    .least = 1,
	    .left = UINT64_MAX,
	};

	fwd_burst_init(&loop, fwd->opts->mode);
	vfnet_sim_start(fwd->sim);
	for (unsigned int i = 0; i < ROUNDS; i++)
		loop.burst_fn[loop.sample_due](&loop, &fwd->lanes[0]);
	vfnet_sim_stop(fwd->sim);
}

bool fwd_inside_reset(int argc, char **argv, struct fwd_inside *result)
{
	struct fwd_ledger ledger;
	struct fwd_options opts;
	struct fwd fwd;
	bool fine = false;

	optind = 1; /* not the first command line of this process */
	if (fwd_options_parse(argc, argv, &opts) != FWD_RUN)
		goto out_opts;
	if (fwd_open(&fwd, &opts) == 0) {
		vfnet_sim_trigger(fwd.sim, 1, VFNET_SIM_PF_DOWN);
		vfnet_port_service(fwd.ports[1].port, 0);
		burst(&fwd);
		fine = true;
	}
	if (fwd_close(&fwd))
		fine = false;
	for (unsigned int i = 0; i < 2 && fine; i++)
		result->ports[i] = fwd.ports[i].counters;
	fwd_ledger_sum(&fwd, &ledger);
	result->balanced = fwd_ledger_check(&fwd, &ledger, stderr);
	fwd_free(&fwd);
out_opts:
	fwd_options_free(&opts);
	return fine;
}

/* far away: only an event makes it earlier */
#define DEADLINE_NS (UINT64_C(3600) * APP_NS_PER_S)

static bool sleep_once(struct fwd *fwd, bool due[2])
{
	struct fwd_wait wait;
	bool slept = false;

	if (!fwd_wait_open(&wait, fwd)) {
		vfnet_sim_trigger(fwd->sim, 1, VFNET_SIM_REQUEST);
		for (unsigned int i = 0; i < 2; i++)
			fwd->ports[i].next_ns = DEADLINE_NS;
		wait.quiet_since = 1; /* for long */
		slept = fwd_wait_quiet(&wait, fwd, app_now_ns() + APP_NS_PER_S);
		for (unsigned int i = 0; i < 2; i++)
			due[i] = fwd->ports[i].next_ns == 0;
	}
	fwd_wait_close(&wait);
	return slept;
}

bool fwd_inside_request(int argc, char **argv, bool due[2])
{
	struct fwd_options opts;
	struct fwd fwd;
	bool fine = false;

	optind = 1; /* not the first command line of this process */
	if (fwd_options_parse(argc, argv, &opts) != FWD_RUN)
		goto out_opts;
	if (fwd_open(&fwd, &opts) == 0)
		fine = sleep_once(&fwd, due);
	if (fwd_close(&fwd))
		fine = false;
	fwd_free(&fwd);
out_opts:
	fwd_options_free(&opts);
	return fine;
}
