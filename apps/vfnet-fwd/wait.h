/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FWD_WAIT_H
#define VFNET_FWD_WAIT_H

#include <poll.h>

#include "apps/vfnet-fwd/fwd.h"

/**
 * struct fwd_wait - when the forwarding thread sleeps; see --wait
 * @spin_ns:     how long it polls without a frame before it sleeps; UINT64_MAX = it never does
 * @quiet_since: when polls began to find nothing; 0 = the last one found something
 * @fds:         what it sleeps on: of each port its receive queue's frames, and behind these of
 * each port what wants service
 */
struct fwd_wait {
	uint64_t spin_ns;
	uint64_t quiet_since;
	struct pollfd *fds;
};

/**
 * fwd_wait_open() - connect the interrupts of all ports, unless @fwd polls
 * @wait: filled; fwd_wait_close() it
 *
 * Return: 0 or an exit code, after one line on standard error.
 */
int fwd_wait_open(struct fwd_wait *wait, struct fwd *fwd);

/**
 * fwd_wait_quiet() - a poll of all ports has found nothing: sleep, if it is time to
 * @until_ns: when something else than a frame is due
 *
 * A port whose event ended the sleep is due for service: its next_ns is 0.
 *
 * Return: whether it slept.
 */
bool fwd_wait_quiet(struct fwd_wait *wait, struct fwd *fwd, uint64_t until_ns);

void fwd_wait_close(struct fwd_wait *wait);

#endif
