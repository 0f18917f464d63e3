/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peers/rounds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "apps/common/clock.h"
#include "apps/common/options.h"
#include "lib/base/bits.h"

/* A window that takes so many times the median was interrupted. */
#define DISTURBED   4u
#define CLOCK_LOOKS 1001u
#define DRAIN_BURST 32u

/* What was begun before is done, and what comes after has not begun. */
static inline uint64_t now(void)
{
	uint64_t tsc;

#ifdef __x86_64__
	_mm_lfence();
#endif
	tsc = app_tsc();
#ifdef __x86_64__
	_mm_lfence();
#endif
	return tsc;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

uint64_t round_clock_cost(void)
{
	uint64_t ticks[CLOCK_LOOKS];

	for (unsigned int i = 0; i < CLOCK_LOOKS; i++) {
		uint64_t begin = now();

		ticks[i] = now() - begin;
	}
	qsort(ticks, CLOCK_LOOKS, sizeof(ticks[0]), compare);
	return ticks[CLOCK_LOOKS / 2];
}

static inline uint64_t timed_forward(struct contender *c, const struct round_case *what,
				     unsigned int n)
{
	uint64_t begin = now();

	if (what->state == ROUND_COLD)
		c->ops->delayed(c, n, what->burst, what->touch);
	else
		c->ops->forward(c, n, what->burst, what->touch);
	return now() - begin;
}

static bool is_pool(const struct round_case *what)
{
	return what->job >= ROUND_POOL_HIT;
}

bool round_applies(const struct contender *c, const struct round_case *what)
{
	return is_pool(what) ? c->ops->pool != NULL : what->burst >= c->ops->burst_min;
}

static uint64_t pool_window(struct contender *c, const struct round_case *what)
{
	unsigned int run = what->job == ROUND_POOL_HIT ? what->burst : CONTENDER_POOL_WINDOW;
	uint64_t begin = now();

	c->ops->pool(c, CONTENDER_POOL_WINDOW, what->burst, run);
	return now() - begin;
}

/* what the other core does, and how long that takes */
struct handover {
	struct contender *c;
	unsigned int bulk;
	uint64_t took;
};

static void give_back(void *arg)
{
	struct handover *h = arg;
	uint64_t begin;

	h->c->ops->pool_fetch(h->c, CONTENDER_POOL_WINDOW);
	begin = now();
	h->c->ops->pool_give(h->c, CONTENDER_POOL_WINDOW, h->bulk);
	h->took = now() - begin;
}

static uint64_t handover_window(struct contender *c, const struct round_case *what,
				const struct round_means *means)
{
	struct handover h = {.c = c, .bulk = what->burst};
	uint64_t begin = now(), took;

	c->ops->pool_take(c, CONTENDER_POOL_WINDOW, what->burst);
	took = now() - begin;
	mover_call(means->mover, give_back, &h);
	/* the clock was looked at twice, and the caller knows of once */
	return took + h.took - means->clock_cost;
}

static uint64_t card_window(struct contender *c, const struct round_case *what, unsigned int n)
{
	uint64_t begin, middle, end;

	if (what->job == ROUND_FORWARD)
		return timed_forward(c, what, n);
	begin = now();
	n = c->ops->receive(c, n, what->burst);
	middle = now();
	c->ops->send(c, n, what->burst);
	end = now();
	return what->job == ROUND_RX ? middle - begin : end - middle;
}

static uint64_t window(struct contender *c, const struct round_case *what,
		       const struct round_means *means)
{
	struct mover *mover = means->mover;
	uint64_t took;

	if (what->job == ROUND_POOL_HANDOVER)
		return handover_window(c, what, means);
	if (is_pool(what))
		return pool_window(c, what);
	if (what->state == ROUND_OTHER_CORE) {
		took = card_window(c, what, mover_receive(mover, c->nic, CONTENDER_WINDOW));
		mover_send(mover, c->nic);
	} else {
		took = card_window(c, what, nullnic_receive(c->nic, CONTENDER_WINDOW));
		nullnic_send(c->nic);
	}
	return took;
}

/* The sum of those that were not interrupted, of which there are *@n. */
static uint64_t sum_up(uint64_t *ticks, uint32_t *n)
{
	uint64_t limit, sum = 0;
	uint32_t all = *n, i;

	qsort(ticks, all, sizeof(ticks[0]), compare);
	limit = DISTURBED * ticks[all / 2];
	for (i = 0; i < all && ticks[i] <= limit; i++)
		sum += ticks[i];
	*n = i;
	return sum;
}

void round_run(struct contender *c, const struct round_case *what, const struct round_means *means,
	       struct round_result *result)
{
	uint32_t each = is_pool(what) ? CONTENDER_POOL_WINDOW : CONTENDER_WINDOW;
	uint32_t n = means->n_windows;
	uint64_t sum;

	if (what->state == ROUND_OTHER_CORE)
		result->line_before = mover_line_cycles(means->mover);
	nullnic_swapped(c->nic, what->touch == CONTENDER_SWAP);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t took = window(c, what, means);

		means->ticks[i] = took > means->clock_cost ? took - means->clock_cost : 0;
	}
	if (what->state == ROUND_OTHER_CORE)
		result->line_after = mover_line_cycles(means->mover);
	sum = sum_up(means->ticks, &n);
	result->cycles_per_packet = (double)sum / ((double)n * each);
	result->disturbed = means->n_windows - n;
}

void round_drain(struct contender *c)
{
	nullnic_swapped(c->nic, false);
	while (c->ops->drain(c, CONTENDER_WINDOW, DRAIN_BURST))
		nullnic_send(c->nic);
}

int round_check(const struct contender *c)
{
	const struct nullnic_counts *seen = &c->nic->counts;

	if (!seen->wrong && !seen->faults && !seen->dry && seen->sent == seen->given)
		return 0;
	app_error("%s: the card gave %" PRIu64 " frames and got %" PRIu64 ", %" PRIu64
		  " of them wrong; %" PRIu64 " faults, %" PRIu64 " times too few buffers",
		  c->ops->name, seen->given, seen->sent, seen->wrong, seen->faults, seen->dry);
	return -EPROTO;
}
