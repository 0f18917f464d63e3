/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet's driver and DPDK's on the same null NIC, interleaved on one core. Prints records, a line
 * of JSON each; bench/run builds this, runs it and makes a report of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/cores.h"
#include "apps/common/options.h"
#include "bench/peers/mover.h"
#include "bench/peers/records.h"
#include "lib/base/bits.h"
#include "lib/chip/82576_desc.h"

/* of the cache: the card's counts share none with a contender */
#define LINE 64u

#define ROUNDS	    3u
#define ROUNDS_MAX  1000u
#define WINDOWS	    4000u
#define WINDOWS_MAX 1000000u
/* rings and caches of one contender, and some more */
#define WARM_BUFS 4096u
/* what the delay line does not hold is in rings and caches */
#define COLD_BUFS 65536u
#define COLD_HELD 61440u
/* windows before the first round: until caches and predictors know it; until all buffers are old */
#define WARM_FIRST 1000u
#define COLD_FIRST (2 * COLD_BUFS / CONTENDER_WINDOW)

/*
 * As the 82576 gives a virtual function: sums checked, no RSS. Damaged frames are one in a
 * thousand. They come as whole bursts: single ones would leave those behind them not aligned, also
 * in time that is not about damage.
 */
static const struct nullnic_traffic traffic = {
    .frame_bytes = VFNET_FRAME_MIN,
    .types = IGBVF_RXD_IP4 | IGBVF_RXD_UDP,
    .status = IGBVF_RXD_IPCS | IGBVF_RXD_L4I,
    .bad_every = 32000,
    .bad_run = 32,
};

/* Each at each burst. COLD comes last: it spoils the order of the pools. */
static const struct round_case jobs[] = {
    {.name = "pool hit", .job = ROUND_POOL_HIT},
    {.name = "pool churn", .job = ROUND_POOL_CHURN},
    {.name = "rx", .job = ROUND_RX},
    {.name = "tx", .job = ROUND_TX},
    {.name = "io"},
    {.name = "swap", .touch = CONTENDER_SWAP},
    {.name = "pool handover", .job = ROUND_POOL_HANDOVER, .state = ROUND_OTHER_CORE},
    {.name = "rx", .job = ROUND_RX, .state = ROUND_OTHER_CORE},
    {.name = "tx", .job = ROUND_TX, .state = ROUND_OTHER_CORE},
    {.name = "io", .state = ROUND_OTHER_CORE},
    {.name = "swap", .touch = CONTENDER_SWAP, .state = ROUND_OTHER_CORE},
    {.name = "io", .state = ROUND_COLD},
    {.name = "swap", .touch = CONTENDER_SWAP, .state = ROUND_COLD},
};
static const unsigned int bursts[] = {1, 8, 32, 64};

/* What is asked for most. */
static const struct round_case quick_job = {.name = "io", .burst = 32};

/**
 * struct maker - how a contender is called and made
 * @quick: takes part in a quick run too, where none is named
 */
static const struct maker {
	const char *name;
	struct contender *(*make)(void);
	bool quick;
} makers[] = {
    {"vfnet", contender_vfnet, true},
#ifdef VFNET_DPDK
    {"dpdk-igb", contender_dpdk_igb, true},
    {"dpdk-igb-native", contender_dpdk_igb_native, false},
    {"dpdk-ixgbe-vec", contender_dpdk_ixgbe, true},
#endif
};

#define MAKERS VFNET_ARRAY_SIZE(makers)

/**
 * struct bench - what the command line says, and who takes part
 * @other_cpu: for what runs beside the contenders; -1 = there is none
 * @named:     some contenders are: @wanted, by maker
 * @means:     n_windows is that of the round that runs
 */
struct bench {
	bool quick;
	uint32_t rounds;
	uint32_t windows;
	int cpu;
	int other_cpu;
	bool named;
	bool wanted[MAKERS];
	struct contender *contender[MAKERS];
	unsigned int n;
	struct round_means means;
};

static void usage(FILE *out)
{
	fputs("usage: peers_bench [options]\n\n"
	      "TSC cycles that drivers need for each packet, on a card in memory (a null NIC).\n"
	      "Prints a line of JSON for each contender, case and round; bench/run reads them.\n\n"
	      "  --quick        forwarding only, bursts of 32, buffers warm\n"
	      "  --rounds N     over all contenders, in turn (3)\n"
	      "  --windows N    of 64 packets each in a round (4000)\n"
	      "  --only LIST    contenders, such as vfnet,dpdk-igb\n"
	      "  --cpu N        stay on this one (the last that may be used)\n"
	      "  --list         print the contenders of this build\n"
	      "  --help         this text\n",
	      out);
}

/* The last processor that this process may use, but for @except; -1 = there is none. */
static int last_cpu(int except)
{
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
			if (cpu != except && CPU_ISSET((size_t)cpu, &set))
				return cpu;
	return -1;
}

static int open_one(struct bench *bench, const struct maker *maker)
{
	struct contender *c = maker->make();
	const struct nullnic_layout *layout;
	uint32_t *bar;

	if (!c)
		return -ENOMEM;
	bench->contender[bench->n++] = c;
	layout = c->layout;
	bar = aligned_alloc(layout->bar_bytes, layout->bar_bytes);
	c->nic = aligned_alloc(LINE, vfnet_align_up(sizeof(*c->nic), LINE));
	if (!c->nic || !bar) {
		free(bar);
		return -ENOMEM;
	}
	memset(bar, 0, layout->bar_bytes);
	c->cpu = bench->cpu;
	nullnic_init(c->nic, layout, bar, &traffic);
	return c->ops->open(c, bench->quick ? WARM_BUFS : COLD_BUFS, bench->quick ? 0 : COLD_HELD);
}

static int open_all(struct bench *bench)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < MAKERS; i++)
		if (bench->named ? bench->wanted[i] : makers[i].quick || !bench->quick)
			rc = open_one(bench, &makers[i]);
	return rc;
}

static int close_all(struct bench *bench)
{
	int rc = 0;

	for (unsigned int i = 0; i < bench->n; i++) {
		struct nullnic *nic = bench->contender[i]->nic;

		rc = bench->contender[i]->ops->close(bench->contender[i]) ? -EPROTO : rc;
		if (nic)
			free(nic->bar);
		free(nic);
	}
	free(bench->means.ticks);
	return rc;
}

/* Who begins changes from round to round; round 0 warms up and tells nothing. */
static void run_case(struct bench *bench, const struct round_case *what)
{
	uint32_t n_first = what->state == ROUND_COLD ? COLD_FIRST : WARM_FIRST;
	struct round_result result;

	for (uint32_t round = 0; round <= bench->rounds; round++) {
		bench->means.n_windows = round ? bench->windows : n_first;
		for (unsigned int i = 0; i < bench->n; i++) {
			struct contender *c = bench->contender[(i + round) % bench->n];

			if (!round_applies(c, what))
				continue;
			round_run(c, what, &bench->means, &result);
			if (round)
				record_round(c, what, round, bench->windows, &result);
		}
	}
}

static void run_bursts(struct bench *bench, struct round_case what)
{
	for (unsigned int i = 0; i < VFNET_ARRAY_SIZE(bursts); i++) {
		what.burst = bursts[i];
		run_case(bench, &what);
	}
}

/* The other core is busy only as long as it is wanted. */
static int run_on_two(struct bench *bench, const struct round_case *what)
{
	struct mover mover;
	int rc;

	if (bench->other_cpu < 0)
		return 0;
	rc = mover_start(&mover, bench->other_cpu);
	if (rc) {
		app_error("no thread on processor %d: %s", bench->other_cpu, strerror(-rc));
		return rc;
	}
	bench->means.mover = &mover;
	run_bursts(bench, *what);
	bench->means.mover = NULL;
	mover_stop(&mover);
	return 0;
}

static int shuffle_all(struct bench *bench)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < bench->n; i++)
		rc = bench->contender[i]->ops->shuffle(bench->contender[i]);
	return rc;
}

static int run_all(struct bench *bench)
{
	bool shuffled = false;
	int rc = 0;

	for (unsigned int i = 0; !rc && i < VFNET_ARRAY_SIZE(jobs); i++) {
		bool cold = jobs[i].state == ROUND_COLD;

		if (cold && !shuffled && shuffle_all(bench)) {
			app_error("out of memory");
			return -ENOMEM;
		}
		shuffled = cold;
		if (jobs[i].state == ROUND_OTHER_CORE)
			rc = run_on_two(bench, &jobs[i]);
		else
			run_bursts(bench, jobs[i]);
	}
	return rc;
}

static int run(struct bench *bench)
{
	int rc = 0;

	if (bench->quick)
		run_case(bench, &quick_job);
	else
		rc = run_all(bench);
	for (unsigned int i = 0; i < bench->n; i++) {
		round_drain(bench->contender[i]);
		rc = round_check(bench->contender[i]) ? -EPROTO : rc;
		record_total(bench->contender[i]);
	}
	return rc;
}

static int prepare(struct bench *bench)
{
	struct app_cores cores = {.n = 1, .core = {(unsigned int)bench->cpu}};
	int rc;

	bench->other_cpu = last_cpu(bench->cpu);
	rc = app_cores_pin(&cores, 1);
	if (rc) {
		app_error("cannot stay on processor %d: %s", bench->cpu, strerror(-rc));
		return rc;
	}
	bench->means.clock_cost = round_clock_cost();
	bench->means.ticks = calloc(bench->windows + COLD_FIRST, sizeof(bench->means.ticks[0]));
	rc = bench->means.ticks ? open_all(bench) : -ENOMEM;
	if (rc == -ENOMEM)
		app_error("out of memory");
	return rc;
}

static int parse_only(struct bench *bench, const char *names)
{
	bench->named = true;
	for (const char *at = names; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		size_t len = strcspn(at, ",");
		unsigned int i = 0;

		while (i < MAKERS &&
		       (strlen(makers[i].name) != len || memcmp(makers[i].name, at, len)))
			i++;
		if (i == MAKERS)
			return app_bad_option("--only", names,
					      "names that --list prints, with commas between");
		bench->wanted[i] = true;
	}
	return 0;
}

static int parse_number(const char *option, uint64_t min, uint64_t max, uint32_t *out)
{
	uint64_t number;
	int rc = app_parse_count(option, optarg, min, max, &number);

	if (!rc)
		*out = (uint32_t)number;
	return rc;
}

static int parse_option(struct bench *bench, int option)
{
	uint32_t cpu;
	int rc;

	switch (option) {
	case 'q':
		bench->quick = true;
		return 0;
	case 'r':
		return parse_number("--rounds", 1, ROUNDS_MAX, &bench->rounds);
	case 'w':
		return parse_number("--windows", 1, WINDOWS_MAX, &bench->windows);
	case 'c':
		rc = parse_number("--cpu", 0, CPU_SETSIZE - 1, &cpu);
		bench->cpu = rc ? 0 : (int)cpu;
		return rc;
	case 'o':
		return parse_only(bench, optarg);
	default:
		usage(stderr);
		return -EINVAL;
	}
}

/* Return: 0; -EINVAL; 1 = all is said and done. */
static int parse(int argc, char **argv, struct bench *bench)
{
	static const struct option options[] = {
	    {"quick", no_argument, NULL, 'q'},	       {"rounds", required_argument, NULL, 'r'},
	    {"windows", required_argument, NULL, 'w'}, {"only", required_argument, NULL, 'o'},
	    {"cpu", required_argument, NULL, 'c'},     {"list", no_argument, NULL, 'l'},
	    {"help", no_argument, NULL, 'h'},	       {0}};
	int option, rc = 0;

	while (!rc && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			usage(stdout);
			return 1;
		}
		for (unsigned int i = 0; option == 'l' && i < MAKERS; i++)
			puts(makers[i].name);
		if (option == 'l')
			return 1;
		rc = parse_option(bench, option);
	}
	if (!rc && optind < argc) {
		usage(stderr);
		return -EINVAL;
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct bench bench = {.rounds = ROUNDS, .windows = WINDOWS, .cpu = last_cpu(-1)};
	int rc;

	rc = parse(argc, argv, &bench);
	if (rc)
		return rc < 0 ? APP_EXIT_USAGE : APP_EXIT_OK;
	rc = prepare(&bench);
	if (!rc)
		rc = run(&bench);
	rc = close_all(&bench) ? -EPROTO : rc;
	return rc ? APP_EXIT_FAILED : APP_EXIT_OK;
}
