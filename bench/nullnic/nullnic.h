/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_NULLNIC_H
#define VFNET_BENCH_NULLNIC_H

/*
 * A card that is nothing but a window of registers in memory and descriptor rings: what a driver
 * costs is measured on it, ours and others' alike. It moves only when it is stepped. The driver's
 * own queue set-up programs it: ring addresses, lengths, heads and tails are read from the window,
 * as hardware would. nullnic_receive() puts frames into the buffers that were posted and writes
 * their descriptors back; nullnic_send() takes what the transmit tail allows and writes DD where RS
 * asks for it. Each frame carries a number; what comes back is compared byte for byte, in order.
 *
 * Nothing here is a mailbox, a switch or an interrupt: sim/ is the software 82576. The descriptors
 * of the 82599 have the same bits in the same places as far as they are used here [D].
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/frame/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULLNIC_FRAME_MAX - longest frame that it makes and takes: the 82576's. */
#define NULLNIC_FRAME_MAX 9724u

/**
 * struct nullnic_layout - where a kind of function has its registers; queue 0 only
 * @name:      of the function
 * @vendor:    PCI
 * @device:    PCI
 * @bar_bytes: size of the window
 * @rdba, @rdlen, @rdh, @rdt, @srrctl: receive ring; the high half of an address follows the low
 * @tdba, @tdlen, @tdh, @tdt: transmit ring
 * @gprc, @gptc: counters of good frames received and sent, 32 bits
 * @mailbox, @words: mailbox control and the first of its words
 */
struct nullnic_layout {
	const char *name;
	uint16_t vendor;
	uint16_t device;
	uint32_t bar_bytes;
	uint32_t rdba, rdlen, rdh, rdt, srrctl;
	uint32_t tdba, tdlen, tdh, tdt;
	uint32_t gprc, gptc;
	uint32_t mailbox, words;
};

/** nullnic_82576_vf - what igbvf drivers know. */
extern const struct nullnic_layout nullnic_82576_vf;
/** nullnic_82599_vf - what ixgbevf drivers know. */
extern const struct nullnic_layout nullnic_82599_vf;

/**
 * struct nullnic_traffic - what the frames are
 * @frame_bytes: of a frame, without CRC: VFNET_FRAME_MIN .. NULLNIC_FRAME_MAX
 * @types, @status: of a good frame's last descriptor: packet type, RSS type; status beside DD, EOP
 * @hash, @vlan: likewise
 * @bad_every:   damaged frames come after so many good ones; 0 = none
 * @bad_run:     that many of them
 */
struct nullnic_traffic {
	uint32_t frame_bytes;
	uint32_t types;
	uint32_t status;
	uint32_t hash;
	uint16_t vlan;
	uint32_t bad_every;
	uint32_t bad_run;
};

/**
 * struct nullnic_counts - what the card has seen
 * @given:     good frames received
 * @bad_given: damaged ones beside those
 * @sent:      good frames that came back
 * @bad_sent:  damaged ones that the driver did not drop
 * @wrong:     frames sent that are not what was expected next: order, length, bytes
 * @faults:    accesses outside the mapped memory, rings and tails that cannot be
 * @dry:       calls of nullnic_receive() that found too few descriptors
 */
struct nullnic_counts {
	uint64_t given;
	uint64_t bad_given;
	uint64_t sent;
	uint64_t bad_sent;
	uint64_t wrong;
	uint64_t faults;
	uint64_t dry;
};

/**
 * struct nullnic - one function
 * @bar:       its registers, @layout->bar_bytes of them; the caller's
 * @iova, @bytes, @base: the memory that it reaches
 * @to_bad:    good frames until damaged ones are due
 * @bad_left:  of those that are due
 * @swapped:   frames come back with their addresses swapped
 * @frame:     a received frame, but for its number
 * @expected:  the headers of one that comes back
 */
struct nullnic {
	const struct nullnic_layout *layout;
	uint32_t *bar;
	uint64_t iova;
	uint64_t bytes;
	uint8_t *base;
	struct nullnic_traffic traffic;
	struct nullnic_counts counts;
	uint32_t to_bad;
	uint32_t bad_left;
	bool swapped;
	uint8_t frame[NULLNIC_FRAME_MAX];
	uint8_t expected[VFNET_FRAME_MIN];
};

/**
 * nullnic_init() - a card without rings
 * @bar: registers, zeroed
 *
 * Return: 0; -EINVAL @traffic->frame_bytes is out of range.
 */
int nullnic_init(struct nullnic *nic, const struct nullnic_layout *layout, uint32_t *bar,
		 const struct nullnic_traffic *traffic);

/** nullnic_map() - I/O addresses @iova .. @iova + @bytes are memory at @base, and nothing else. */
void nullnic_map(struct nullnic *nic, uint64_t iova, uint8_t *base, uint64_t bytes);

/** nullnic_swapped() - from now on frames come back with swapped addresses, or as they were. */
void nullnic_swapped(struct nullnic *nic, bool swapped);

/**
 * nullnic_receive() - @n good frames arrive, and the damaged ones that are due between them
 *
 * Return: frames written to the ring, good and bad; what finds no descriptors was not given.
 */
uint32_t nullnic_receive(struct nullnic *nic, uint32_t n);

/** nullnic_send() - send all that the tail allows. Return: frames. */
uint32_t nullnic_send(struct nullnic *nic);

#ifdef __cplusplus
}
#endif

#endif
