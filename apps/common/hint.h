/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_HINT_H
#define VFNET_APPS_HINT_H

/*
 * What to do about a loss, or about a device that does not work: one place, for every program.
 */

#include <stdbool.h>
#include <stdio.h>

#include <vfnet/counters.h>

#include "apps/common/machine.h"

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

/**
 * app_hint_link() - what keeps frames from a PCI function: one line, if its physical function tells
 * @device: such as "pci:0000:01:10.0"; nothing is said of other busses
 *
 * Return: whether it was said.
 */
bool app_hint_link(const struct app_machine *machine, const char *device, FILE *out);

/** app_hint_open() - a PCI function that could not be opened: who says what is missing, in a line.
 */
void app_hint_open(const char *device, FILE *out);

#endif
