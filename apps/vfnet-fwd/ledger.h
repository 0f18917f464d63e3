/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FWD_LEDGER_H
#define VFNET_FWD_LEDGER_H

#include <stdio.h>

#include "apps/vfnet-fwd/fwd.h"

/**
 * struct fwd_ledger - every frame of a run, over all ports
 * @offered:       what came to the cards: counted at their connectors where these can tell, else
 *                 @rx_packets + @missed
 * @offered_known: every loss of the cards is known
 * @rx_packets, @rx_bytes, @tx_packets, @tx_bytes, @missed, @drops: sums over the ports
 * @n_missed:      sum of @missed
 * @n_drops:       sum of @drops
 * @created:       frames that the program made
 */
struct fwd_ledger {
	uint64_t offered;
	bool offered_known;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t missed[VFNET_MISSED_COUNT];
	uint64_t drops[VFNET_DROPS_COUNT];
	uint64_t n_missed;
	uint64_t n_drops;
	uint64_t created;
};

/** fwd_ledger_sum() - add up a run that is closed. */
void fwd_ledger_sum(const struct fwd *fwd, struct fwd_ledger *ledger);

/**
 * fwd_ledger_check() - does each frame and each buffer have its place?
 * @out: gets "ledger: balanced ...", or a line for each side that is off
 *
 * Return: whether all balances.
 */
bool fwd_ledger_check(const struct fwd *fwd, const struct fwd_ledger *ledger, FILE *out);

#endif
