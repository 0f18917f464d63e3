/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many frames on their way at once. The window bounds what can wait in sockets and rings, so that
 * nothing may be lost: whatever is missing was lost by the card, the driver or the forwarder. A
 * damaged frame counts as corrupt and as lost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/frame/track.h"
#include "wire_end.h"

#define SILENCE_MS    2000 /* after this what is on its way counts as lost */
#define SILENCES_MAX  3	   /* then stop sending */
#define STRAGGLERS_MS 200  /* duplicates may come after the last one */
#define WINDOW_WORDS  1024 /* the book remembers 65,536 sequences */
#define SIZES	      (WIRE_FRAME_MAX - WIRE_FRAME_MIN + 1)

struct stream {
	struct wire_end *end;
	struct vfnet_probe_track track;
	uint64_t sent;
	uint64_t given_up; /* of the outstanding ones */
	unsigned int silences;
};

/* Shortest, longest and all sizes between them, in no order. */
static size_t frame_size(uint64_t seq)
{
	switch (seq % 8) {
	case 0:
		return WIRE_FRAME_MIN;
	case 1:
		return WIRE_FRAME_MAX;
	default:
		return WIRE_FRAME_MIN + (size_t)((seq * 2654435761u >> 8) % SIZES);
	}
}

static uint64_t outstanding(const struct stream *s)
{
	uint64_t missing = vfnet_probe_track_lost(&s->track, s->sent);

	return missing > s->end->corrupt ? missing - s->end->corrupt : 0;
}

static uint64_t in_flight(const struct stream *s)
{
	uint64_t out = outstanding(s);

	return out > s->given_up ? out - s->given_up : 0;
}

/* One frame in, or a silence. Return: 0 or -errno. */
static int receive_one(struct stream *s)
{
	uint64_t seq;
	int ret = wire_receive(s->end, WIRE_FLOW_STREAM, SILENCE_MS, &seq);

	if (ret < 0)
		return ret;
	if (ret == 1) {
		vfnet_probe_track_add(&s->track, seq);
	} else {
		s->given_up = outstanding(s);
		s->silences++;
		fprintf(stderr,
			"stream: nothing for %d ms after %" PRIu64 " sent, %" PRIu64 " back\n",
			SILENCE_MS, s->sent, s->track.received);
	}
	return 0;
}

static int exchange(struct stream *s, const struct wire_stream *opts)
{
	uint64_t seq;
	int ret;

	while ((s->sent < opts->count || in_flight(s) > 0) && s->silences < SILENCES_MAX) {
		while (s->sent < opts->count && in_flight(s) < opts->window) {
			ret = wire_send(s->end, frame_size(s->sent), WIRE_FLOW_STREAM, s->sent);
			if (ret != 0)
				return ret;
			s->sent++;
		}
		ret = receive_one(s);
		if (ret != 0)
			return ret;
	}
	while (wire_receive(s->end, WIRE_FLOW_STREAM, STRAGGLERS_MS, &seq) == 1)
		vfnet_probe_track_add(&s->track, seq);
	return 0;
}

bool wire_stream_run(struct wire_end *end, const struct wire_stream *opts)
{
	static uint64_t words[WINDOW_WORDS];
	struct stream s = {.end = end};
	uint64_t start = wire_now_ns(), lost;
	double seconds;
	int ret;

	vfnet_probe_track_init(&s.track, words, WINDOW_WORDS, 0);
	ret = exchange(&s, opts);
	seconds = (double)(wire_now_ns() - start) / 1e9 - STRAGGLERS_MS / 1e3;
	lost = vfnet_probe_track_lost(&s.track, s.sent);
	printf("sent %" PRIu64 " received %" PRIu64 " lost %" PRIu64 " duplicate %" PRIu64
	       " reordered %" PRIu64 " corrupt %" PRIu64 " foreign %" PRIu64
	       ", %.2f s, %.0f frames/s%s%s%s%s\n",
	       s.sent, s.track.received, lost, s.track.duplicated, s.track.reordered, end->corrupt,
	       end->foreign, seconds, (double)s.track.received / seconds,
	       end->corrupt != 0 ? "; first corrupt: " : "", end->corrupt != 0 ? end->bad : "",
	       ret != 0 ? "; socket: " : "", ret != 0 ? strerror(-ret) : "");
	return ret == 0 && s.sent == opts->count && lost == 0 && s.track.duplicated == 0 &&
	       s.track.reordered == 0 && s.track.outside == 0 && end->corrupt == 0;
}
