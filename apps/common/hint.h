/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_HINT_H
#define VFNET_APPS_HINT_H

/*
 * What to do about a loss: one table, for every program.
 */

#include <stdbool.h>
#include <stdio.h>

#include <vfnet/counters.h>

/**
 * app_hint_print() - for each kind of loss that a port saw, one line that says what to do
 * @port:     its name; of a "sim:CARD.VF" the card's number is put into the line
 * @counters: its counters
 * @said:     one bit per kind of loss; kinds that are set are left out, kinds printed are set
 * @out:      where to
 */
void app_hint_print(const char *port, const struct vfnet_counters *counters, unsigned int *said,
		    FILE *out);

/** app_hint_quiet() - what to do when nothing arrives at any port; @software: on software cards. */
const char *app_hint_quiet(bool software);

#endif
