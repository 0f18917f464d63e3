/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_RULES_H
#define SIM_RULES_H

/*
 * Rules for drivers, by the sentence that the log gets with the value seen and the one expected.
 * rules.c checks frames and queues that come on; the rest is checked where the card meets it.
 */

#include <stdint.h>

struct sim_vf;
struct sim_gather;
union igbvf_tx_desc;

/* clang-format off */
#define SIM_RULES(_)                                                                               \
	_(RING,       "a ring's base or length is no multiple of 128 bytes, or too long")          \
	_(TAIL,       "a tail outside the ring, which ends at")                               \
	_(TAIL_OFF,   "a tail written while ENABLE does not read 1")                               \
	_(DROP_EN,    "a receive queue comes on with SRRCTL.DROP_EN")                              \
	_(WTHRESH,    "WTHRESH, which above 1 sometimes never writes back")                        \
	_(HTHRESH,    "HTHRESH beside a PTHRESH")                                                  \
	_(RELAXED,    "TXCTL lets a head write-back overtake (bit 11)")                            \
	_(STALE_DD,   "a posted receive descriptor has DD set, its second word must be even")      \
	_(SPLIT,      "TDT stands within a frame, not at its beginning")            \
	_(NO_RS,      "descriptors without RS fill the ring")         \
	_(KIND,       "a legacy descriptor, or a context within a frame")           \
	_(EMPTY,      "DTALEN of a descriptor within a frame")                                     \
	_(IFCS,       "IFCS in a frame's first descriptor")                                        \
	_(PAYLEN,     "PAYLEN")                                                                    \
	_(SHORT,      "bytes of a frame, the card pads no shorter one")                            \
	_(LONG,       "bytes of a frame, with its tag")                                            \
	_(CONTEXT,    "a frame names a context that was not given since the queue came on")        \
	_(CONTEXT_RS, "RS or EOP in a context descriptor")                                         \
	_(MACLEN,     "MACLEN")                                                                    \
	_(IPLEN,      "IPLEN")                                                                     \
	_(IP4,        "the context's IPv4 bit")                                                    \
	_(L4T,        "L4T")                                                                       \
	_(L4LEN,      "L4LEN")                                                                     \
	_(MSS,        "MSS with TSE")                                                              \
	_(IXSM,       "IXSM, which goes with IPv4 and always with its segments")                   \
	_(TXSM,       "TXSM with TSE")                                                             \
	_(ZEROED,     "IP length or IPv4 checksum in a frame with TSE")
/* clang-format on */

#define SIM_RULE_ENUM(name, text) SIM_RULE_##name,
enum sim_rule { SIM_RULES(SIM_RULE_ENUM) SIM_RULE_COUNT };

/** sim_mistake() - count a breach, and say it the first time since the function was opened. */
void sim_mistake(struct sim_vf *vf, enum sim_rule rule, uint32_t seen, uint32_t want);
/** sim_rules_frame() - a frame that was taken off the ring, its descriptors still as they were. */
void sim_rules_frame(struct sim_vf *vf, const struct sim_gather *g);
void sim_rules_context(struct sim_vf *vf, const union igbvf_tx_desc *desc);
/** sim_rules_rx_enable() - receive queue @i is about to come on. */
void sim_rules_rx_enable(struct sim_vf *vf, unsigned int i);
void sim_rules_tx_enable(struct sim_vf *vf, unsigned int i);

#endif
