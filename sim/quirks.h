/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_QUIRKS_H
#define SIM_QUIRKS_H

/*
 * Where QEMU's model of the card differs from the chip, as switches of the software card:
 * 82576-vf.md §9, by the row there. Off, the card is as the chip is. A driver that lives with both
 * runs on both.
 */

#include <stdint.h>

#include <vfnet/err.h>

struct sim_card;
struct sim_vf;

/* clang-format off */
/*        enum             name                row  what */
#define SIM_QUIRKS(_)                                                                              \
	_(IVAR_STICKS,     "ivar-sticks",      1,   "VTIVAR can be added to, and only a reset of the card clears it")              \
	_(QUEUE_1_MUTE,    "queue-1-mute",     2,   "queue 1 has no vectors, whatever VTIVAR says")                                \
	_(MISC_MASK,       "misc-mask",        3,   "the vector in VTIVAR_MISC is a mask of vectors: 2 is vector 1, 0 is none")    \
	_(EIAC_STICKS,     "eiac-sticks",      7,   "VTEIAC can be added to, and is never cleared")                                \
	_(NO_AUTO_MASK,    "no-auto-mask",     8,   "VTEIAM masks nothing")                                                        \
	_(EICR_ECHO,       "eicr-echo",        9,   "VTEICR reads what was last written to it, once, and never a cause")           \
	_(EIMS_ECHO,       "eims-echo",        10,  "VTEIMS reads what was last written to it")                                    \
	_(LONG_EITR,       "long-eitr",        11,  "EITR's interval is four times as long")                                       \
	_(EITR_ECHO,       "eitr-echo",        12,  "a throttled vector sends once more when the interval ends, cause or not, masked or not") \
	_(DEAD_REGISTERS,  "dead-registers",   13,  "VTFRTIMER, PSRTYPE and RXCTL are 0")                                          \
	_(HALF_RESET,      "half-reset",       16,  "a reset of the function switches queues off and keeps all registers")         \
	_(HEADS_WRITABLE,  "heads-writable",   18,  "RDH and TDH can be written")                                                  \
	_(LOOSE_RINGS,     "loose-rings",      19,  "rings need not be multiples of 128: lengths of 16, bases of 32 will do")      \
	_(INSTANT_ENABLE,  "instant-enable",   20,  "ENABLE reads back at once")                                                   \
	_(EARLY_RDT,       "early-rdt",        21,  "RDT counts if it was written before ENABLE")                                  \
	_(SPLIT_FORGETS,   "split-forgets",    22,  "of a frame over two doorbells the first part is lost, and the rest sent")     \
	_(FEW_BUFFERS,     "few-buffers",      24,  "a frame of more than 64 buffers is not sent")                                 \
	_(ANY_DESCTYPE,    "any-desctype",     29,  "receive descriptors of types 0, 3 and 4 are written as those of type 1")      \
	_(OWN_FRAMES,      "own-frames",       30,  "a function hears itself: broadcasts, its groups and its own address")         \
	_(NO_SPOOF_CHECK,  "no-spoof-check",   31,  "any source and any VLAN may leave")                                           \
	_(NO_ALLMULTI,     "no-allmulti",      32,  "who asks for all multicast gets none")                                        \
	_(SILENT_OVERFLOW, "silent-overflow",  35,  "RQDPC stays 0")                                                               \
	_(PLAIN_STATS,     "plain-statistics", 36,  "loopback counters stay 0, and received octets are without stripped tags")     \
	_(NO_FIN_PSH,      "no-fin-psh",       44,  "FIN and PSH are in no segment, not even the last")                               \
	_(NO_LOOP_BIT,     "no-loop-bit",      45,  "a frame from another function is not marked as one")                          \
	_(IP_LENGTH,       "ip-length",        46,  "with IXSM the length in the IPv4 header becomes the frame's, padding too")    \
	_(CUT_IS_ONE,      "cut-is-one",       47,  "a frame that is cut counts once, with its length before")
/* clang-format on */

#define SIM_QUIRK_ENUM(id, name, row, what) SIM_QUIRK_##id,
enum sim_quirk { SIM_QUIRKS(SIM_QUIRK_ENUM) SIM_QUIRK_COUNT };

/** SIM_QUIRK_BUFFERS - of a frame, with FEW_BUFFERS. */
#define SIM_QUIRK_BUFFERS 64u

/**
 * sim_quirks_parse() - "NAME[+NAME...]", or "qemu" for all
 * @quirks: bits by enum sim_quirk are added
 *
 * Return: 0; -EINVAL with a sentence.
 */
int sim_quirks_parse(const char *text, uint32_t *quirks, struct vfnet_err *err);

/** sim_quirks_say() - those of a card, a line each in the log. */
void sim_quirks_say(const struct sim_card *card);

/** sim_quirk_half_reset() - what HALF_RESET leaves of a reset of the function. */
void sim_quirk_half_reset(struct sim_vf *vf);

#endif
