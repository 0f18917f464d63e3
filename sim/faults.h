/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

/*
 * Misfortunes that a card was told to have: include/vfnet/sim.h says what each does. A card without
 * any pays for a test of one bit where frames move.
 */

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/err.h>

struct sim_card;
struct sim_txq;
struct sim_vf;

/* field, key, usage, largest value */
/* clang-format off */
#define SIM_FAULTS(_)                                                                              \
	_(reset,      "reset",      "reset=MS",         3600000)                                   \
	_(outage,     "outage",     "outage=MS",        3600000)                                   \
	_(vf_reset,   "vf-reset",   "vf-reset=MS",      3600000)                                   \
	_(flap,       "flap",       "flap=MS",          3600000)                                   \
	_(reset_at,   "reset-at",   "reset-at=N",       UINT32_MAX)                                \
	_(gone_at,    "gone-at",    "gone-at=N",        UINT32_MAX)                                \
	_(request_at, "request-at", "request-at=N",     UINT32_MAX)                                \
	_(lose_reply, "lose-reply", "lose-reply=N",     UINT32_MAX)                                \
	_(late_reply, "late-reply", "late-reply=STEPS", UINT32_MAX)                                \
	_(ping,       "ping",       "ping=N",           UINT32_MAX)                                \
	_(lose_irq,   "lose-irq",   "lose-irq=N",       UINT32_MAX)                                \
	_(lag,        "lag",        "lag=STEPS",        UINT32_MAX)                                \
	_(slow,       "slow",       "slow=STEPS",       UINT32_MAX)                                \
	_(garble,     "garble",     "garble=N",         UINT32_MAX)                                \
	_(shuffle,    "shuffle",    "shuffle=SEED",     UINT32_MAX)
/* clang-format on */

#define SIM_FAULT_FIELD(field, key, usage, max) uint64_t field;
#define SIM_FAULT_SETTER(field, key, usage, max)                                                   \
	int sim_fault_set_##field(void *faults, const char *value, struct vfnet_err *err);
/* SIM_FAULT_KEY() - a row for sim_spec_parse(), whose user begins with a struct sim_fault_orders */
#define SIM_FAULT_KEY(field, key, usage, max) {key, usage, false, sim_fault_set_##field},

/** struct sim_fault_orders - what was ordered; 0 = not. */
struct sim_fault_orders {
	SIM_FAULTS(SIM_FAULT_FIELD)
};

SIM_FAULTS(SIM_FAULT_SETTER)

/**
 * struct sim_faults - of a card
 * @orders:   see there
 * @timed:    some happen by the clock
 * @counted:  some happen at an access to a register
 * @lose_next_irq: VFNET_SIM_LOSE_IRQ
 * @begun:    the sources have been let go, and the times below are set
 * @reset_ns: of the next reset
 * @up_ns:    when the physical function comes up again; 0 = it is up
 * @vf_reset_ns: of the next reset of the virtual functions
 * @flap_ns:  of the next change of the link
 * @random:   state of jrand48()
 * @n_*:      events so far
 */
struct sim_faults {
	struct sim_fault_orders orders;
	bool timed;
	bool counted;
	bool lose_next_irq;
	bool begun;
	uint64_t reset_ns;
	uint64_t up_ns;
	uint64_t vf_reset_ns;
	uint64_t flap_ns;
	unsigned short random[3];
	uint64_t n_accesses;
	uint64_t n_replies;
	uint64_t n_requests;
	uint64_t n_irqs;
	uint64_t n_garbled;
};

/** sim_faults_add() - orders of one more specification. Return: 0; -EINVAL with a sentence. */
int sim_faults_add(struct sim_faults *faults, const struct sim_fault_orders *orders,
		   struct vfnet_err *err);

/** sim_faults_step() - what the clock brings; if @timed. */
void sim_faults_step(struct sim_card *card);

/** sim_faults_access() - a register of the card is about to be read or written; if @counted. */
void sim_faults_access(struct sim_card *card);

/** sim_faults_late() - whether a reply that is ready has to wait for another step. */
bool sim_faults_late(struct sim_vf *vf);

/* Whether this one is it. */
bool sim_faults_lose_reply(struct sim_card *card);
bool sim_faults_ping(struct sim_card *card);
bool sim_faults_lose_irq(struct sim_card *card);
bool sim_faults_garble(struct sim_card *card);

/** sim_faults_random() - 32 random bits, from @shuffle's seed. */
uint32_t sim_faults_random(struct sim_card *card);

/** sim_faults_lag() - whether ENABLE bits as written wait for another step. */
bool sim_faults_lag(struct sim_vf *vf);

/** sim_faults_complete() - if slow: report what was sent so many steps ago. */
void sim_faults_complete(struct sim_vf *vf, struct sim_txq *q);

#endif
