/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/track.h"

#include <errno.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/frame/probe.h"

#define WORD_BITS   64
#define N_WORDS_MAX (UINT64_C(1) << 26)

int vfnet_probe_track_init(struct vfnet_probe_track *track, uint64_t *words, size_t n_words,
			   uint64_t first)
{
	if (!vfnet_is_pow2(n_words) || n_words > N_WORDS_MAX ||
	    (first > VFNET_PROBE_SEQ_MAX && first != VFNET_PROBE_FIRST_SEEN))
		return -EINVAL;
	memset(words, 0, n_words * sizeof(*words));
	*track = (struct vfnet_probe_track){
	    .first = first,
	    .next = first,
	    .bit = words,
	    .mask = n_words * WORD_BITS - 1,
	};
	return 0;
}

static uint64_t *word_of(const struct vfnet_probe_track *track, uint64_t seq)
{
	return &track->bit[(seq & track->mask) / WORD_BITS];
}

static uint64_t bit_of(uint64_t seq)
{
	return UINT64_C(1) << (seq % WORD_BITS);
}

/* moves the window's end from next to @seq, whose bits still tell of one window earlier */
static void skip_to(struct vfnet_probe_track *track, uint64_t seq)
{
	if (seq - track->next > track->mask) {
		memset(track->bit, 0, (track->mask + 1) / 8);
		return;
	}
	for (uint64_t s = track->next; s < seq;) {
		if (s % WORD_BITS == 0 && seq - s >= WORD_BITS) {
			*word_of(track, s) = 0;
			s += WORD_BITS;
		} else {
			*word_of(track, s) &= ~bit_of(s);
			s++;
		}
	}
}

void vfnet_probe_track_add(struct vfnet_probe_track *track, uint64_t seq)
{
	uint64_t late;

	track->received++;
	if (seq > VFNET_PROBE_SEQ_MAX) {
		track->outside++;
		return;
	}
	if (track->next == VFNET_PROBE_FIRST_SEEN)
		track->first = track->next = seq;
	if (seq >= track->next) {
		skip_to(track, seq);
		*word_of(track, seq) |= bit_of(seq);
		track->next = seq + 1;
		return;
	}
	late = track->next - 1 - seq;
	if (seq < track->first || late > track->mask) {
		track->outside++;
	} else if (*word_of(track, seq) & bit_of(seq)) {
		track->duplicated++;
	} else {
		*word_of(track, seq) |= bit_of(seq);
		track->reordered++;
		if (late > track->max_late)
			track->max_late = late;
	}
}

uint64_t vfnet_probe_track_lost(const struct vfnet_probe_track *track, uint64_t end)
{
	if (track->first == VFNET_PROBE_FIRST_SEEN)
		return 0; /* nothing came, and nobody said where it began */
	if (end < track->next)
		end = track->next;
	return end - track->first - (track->received - track->duplicated - track->outside);
}
