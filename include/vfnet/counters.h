/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_COUNTERS_H
#define VFNET_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * The ledger: every frame that a port was offered or that the application made is in it, once.
 *
 *     offered              = rx_packets + the sum of missed
 *     rx_packets + created = tx_packets + the sum of drops       (over all ports of a program)
 *
 * docs/counters.md has a line for each name; a test holds it against these lists.
 */

/* Lost by the card before the application saw it.  name, meaning */
/* clang-format off */
#define VFNET_MISSED(_)                                                                            \
	_(no_descriptor,   "the receive ring had no free descriptor")                              \
	_(no_filter_match, "no filter of a function matched the destination and the VLAN")         \
	_(link_down,       "the link was down")                                                    \
	_(not_enabled,     "the function's receive queue was not enabled")                         \
	_(oversize,        "longer than the port's maximum frame")                                 \
	_(undersize,       "shorter than an Ethernet header")                                      \
	_(dma_fault,       "the buffer's address was outside every mapping")                       \
	_(wire_full,       "the wire had no room for it on its way to the port")                   \
	_(wire_lost,       "the wire lost it on its way to the port")                              \
	_(bad_chain,       "the card never delivered the end of the frame")                        \
	_(bad_frame,       "the card delivered it as damaged, or with an impossible length")

/* Lost after the application had it, or made it.  name, meaning */
#define VFNET_DROPS(_)                                                                             \
	_(tx_full,         "the transmit ring was full")                                           \
	_(tx_down,         "the port that should send it was in reset or gone")                    \
	_(pool_empty,      "no buffer for a frame that the application wanted to make")            \
	_(spoof,           "the card's anti-spoof check refused the source address or the VLAN")   \
	_(tx_oversize,     "longer than the card sends")                                           \
	_(tx_unsupported,  "asked for an offload that the port does not have")                     \
	_(tx_invalid,      "a buffer without bytes, too many buffers, or a senseless offload")     \
	_(tx_dma_fault,    "the card could not read the frame: address outside every mapping")     \
	_(wire_refused,    "the wire did not take it: its other end is down, full or gone")        \
	_(app,             "the application decided to drop it")                                   \
	_(reset_unknown,   "handed to the card before a reset, may or may not have left")          \
	_(not_drained,     "received or handed to the card, and the port closed or was reset first")
/* clang-format on */

#define VFNET_COUNTER_ENUM_MISSED(name, meaning) VFNET_MISSED_##name,
#define VFNET_COUNTER_ENUM_DROPS(name, meaning)	 VFNET_DROPS_##name,

/** enum vfnet_missed - index into vfnet_counters.missed. */
enum vfnet_missed { VFNET_MISSED(VFNET_COUNTER_ENUM_MISSED) VFNET_MISSED_COUNT };

/** enum vfnet_drops - index into vfnet_counters.drops. */
enum vfnet_drops { VFNET_DROPS(VFNET_COUNTER_ENUM_DROPS) VFNET_DROPS_COUNT };

/**
 * struct vfnet_counters - what a port did since it was opened; 64 bits, never wrap or fall
 * @rx_packets:    frames that the application got, or that lay in the ring when it closed or was
 *                 reset
 * @rx_bytes:      their bytes, without CRC
 * @tx_packets:    frames completed and put on the wire (pci: completed, a VF cannot see more)
 * @tx_bytes:      their bytes, without CRC
 * @missed:        by enum vfnet_missed
 * @drops:         by enum vfnet_drops
 * @hw_rx_packets: the function's own count, VFGPRC, extended to 64 bits
 * @hw_tx_packets: VFGPTC
 * @hw_rx_bytes:   VFGORC, with CRC
 * @hw_tx_bytes:   VFGOTC, with CRC
 * @resets:        resets of the physical function seen
 * @vf_resets:     resets by somebody else, seen, which no driver of the physical function tells: of
 *                 this function, or of the whole card by sysfs
 * @filters_lost:  what <vfnet/filter.h> asked for and the physical function refused after a reset
 * @offered_known: every loss of the card is in @missed (a software 82576 tells; hardware cannot)
 */
struct vfnet_counters {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t missed[VFNET_MISSED_COUNT];
	uint64_t drops[VFNET_DROPS_COUNT];
	uint64_t hw_rx_packets;
	uint64_t hw_tx_packets;
	uint64_t hw_rx_bytes;
	uint64_t hw_tx_bytes;
	uint64_t resets;
	uint64_t vf_resets;
	uint64_t filters_lost;
	bool offered_known;
};

/** vfnet_missed_name() - "no_descriptor" ...; NULL beyond the list. */
const char *vfnet_missed_name(unsigned int i);
/** vfnet_drops_name() - "tx_full" ...; NULL beyond the list. */
const char *vfnet_drops_name(unsigned int i);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
