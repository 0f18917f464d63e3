/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FRAME_TRACK_H
#define VFNET_FRAME_TRACK_H

/*
 * The receiver's book of one flow of probes. It remembers which of the last so many sequences
 * have come, one bit each:
 *
 *        first              next - window                     next
 *          |  forgotten         |  1 1 0 1 1 1 0 1 ... 1 1 1   |  never seen
 *
 * Sequence s has bit s modulo window. A sequence at or after next moves the window up to it and
 * clears the bits of those it skipped; one inside the window whose bit is clear is late, hence
 * reordered (RFC 4737: smaller than one that came before); one whose bit is set is a duplicate.
 * One that the window has left behind may be either, and is counted as outside: as long as
 * outside is 0, every other number is exact, otherwise lost may be too large by up to outside.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** VFNET_PROBE_FIRST_SEEN - @first of vfnet_probe_track_init(): start with what comes first. */
#define VFNET_PROBE_FIRST_SEEN UINT64_MAX

/**
 * struct vfnet_probe_track - what came; the counters are for everyone to read
 * @received:   all that came: unique ones, duplicated and outside
 * @duplicated: came before
 * @reordered:  came after a larger sequence, for the first time
 * @outside:    before @first, older than the window, or above VFNET_PROBE_SEQ_MAX
 * @max_late:   largest distance of a reordered one to the largest that came before it; the window
 *              must be larger than this
 * @first:      sequence that the sender began with
 * @next:       largest sequence seen, plus 1
 * @bit:        the caller's memory
 * @mask:       bits in it, minus 1
 */
struct vfnet_probe_track {
	uint64_t received;
	uint64_t duplicated;
	uint64_t reordered;
	uint64_t outside;
	uint64_t max_late;
	uint64_t first;
	uint64_t next;
	uint64_t *bit;
	uint64_t mask;
};

/**
 * vfnet_probe_track_init() - start a book
 * @track:   filled; nothing to close
 * @words:   memory for the window, 64 sequences a word; stays the caller's, used until the last
 *           vfnet_probe_track_add()
 * @n_words: a power of two, 1 to 2^26
 * @first:   sequence that the sender begins with, 0 to VFNET_PROBE_SEQ_MAX, so that the loss of
 *           its first frames counts; or VFNET_PROBE_FIRST_SEEN
 *
 * Return: 0; -EINVAL if @n_words or @first is out of range.
 */
int vfnet_probe_track_init(struct vfnet_probe_track *track, uint64_t *words, size_t n_words,
			   uint64_t first);

/**
 * vfnet_probe_track_add() - a probe came
 * @track: owned by the calling thread
 * @seq:   its sequence; any value is safe
 *
 * Context: hot path: no allocation; at most the whole window is cleared, after a gap that large.
 */
void vfnet_probe_track_add(struct vfnet_probe_track *track, uint64_t seq);

/**
 * vfnet_probe_track_lost() - how many did not come
 * @track: the book
 * @end:   largest sequence sent, plus 1, so that the loss of the last frames counts; 0 = not
 *         known: up to the largest that came
 *
 * Return: sequences from @first to @end that did not come (yet); the book does not change.
 */
uint64_t vfnet_probe_track_lost(const struct vfnet_probe_track *track, uint64_t end);

#ifdef __cplusplus
}
#endif

#endif
