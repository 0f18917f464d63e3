/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One frame on its way, a million times or for some seconds: each must come back before the next is
 * sent. Finds what a stream hides: a frame that waits for the next one, a descriptor that is taken
 * one lap late, a wake-up that is lost once in a ring.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wire_end.h"
#include "wire_histogram.h"

#define LOST_AFTER_MS	  2000
#define NS_PER_S	  UINT64_C(1000000000)
#define PROGRESS_EVERY_NS (5 * NS_PER_S)

struct bounce {
	struct wire_end *end;
	struct wire_histogram histogram;
	uint64_t repeated;     /* came again after its turn */
	uint64_t lost, losses; /* and so many may be */
	char failure[200];
};

/* Sends one and waits for it. */
static void bounce_one(struct bounce *b, size_t frame_bytes, uint64_t seq)
{
	uint64_t start = wire_now_ns(), back = 0, corrupt = b->end->corrupt;
	int ret = wire_send(b->end, frame_bytes, WIRE_FLOW_BOUNCE, seq);

	while (ret == 0) {
		ret = wire_receive(b->end, WIRE_FLOW_BOUNCE, LOST_AFTER_MS, &back);
		if (ret == 1 && back == seq) {
			wire_histogram_add(&b->histogram, wire_now_ns() - start);
			return;
		}
		if (ret == 0 && b->end->corrupt != corrupt) {
			snprintf(b->failure, sizeof(b->failure),
				 "frame %" PRIu64 " came back damaged", seq);
			return;
		}
		if (ret == 0) {
			if (++b->lost > b->losses)
				snprintf(b->failure, sizeof(b->failure),
					 "frame %" PRIu64 " did not come back in 2 s", seq);
			return;
		}
		if (ret == 1) {
			b->repeated++;
			ret = 0;
		}
	}
	snprintf(b->failure, sizeof(b->failure), "frame %" PRIu64 ": socket: %s", seq,
		 strerror(-ret));
}

static double us(uint64_t ns)
{
	return (double)ns / 1e3;
}

static void print_result(const struct bounce *b, double seconds)
{
	const struct wire_histogram *h = &b->histogram;

	printf(
	    "%" PRIu64
	    " frames in %.1f s, round trip min %.1f median %.1f p99 %.1f p99.9 %.1f max %.1f us, "
	    "lost %" PRIu64 ", repeated %" PRIu64 ", corrupt %" PRIu64 "%s%s%s%s\n",
	    h->count, seconds, us(h->min), us(wire_histogram_at(h, 500)),
	    us(wire_histogram_at(h, 990)), us(wire_histogram_at(h, 999)), us(h->max), b->lost,
	    b->repeated, b->end->corrupt, b->failure[0] != '\0' ? "; " : "", b->failure,
	    b->end->corrupt != 0 ? "; " : "", b->end->corrupt != 0 ? b->end->bad : "");
}

bool wire_bounce_run(struct wire_end *end, const struct wire_bounce *opts)
{
	static struct bounce b;
	uint64_t start = wire_now_ns(), next = start + PROGRESS_EVERY_NS;
	uint64_t count = opts->count != 0 ? opts->count : UINT64_MAX;
	uint64_t end_ns = opts->seconds != 0 ? start + opts->seconds * NS_PER_S : UINT64_MAX;

	b = (struct bounce){.end = end, .losses = opts->losses};
	for (uint64_t seq = 0; seq < count && wire_now_ns() < end_ns; seq++) {
		bounce_one(&b, opts->frame_bytes, seq);
		if (b.failure[0] != '\0')
			break;
		if (wire_now_ns() >= next) {
			fprintf(stderr, "bounce: %" PRIu64 " after %" PRIu64 " s\n", seq + 1,
				(wire_now_ns() - start) / NS_PER_S);
			next += PROGRESS_EVERY_NS;
		}
	}
	print_result(&b, (double)(wire_now_ns() - start) / 1e9);
	return b.failure[0] == '\0' && b.repeated == 0 && end->corrupt == 0;
}
