/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_FWD_INSIDE_H
#define TESTS_SIM_FWD_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/counters.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct fwd_inside - what a run that was taken into a test's hands came to
 * @ports:    counters of the first two
 * @balanced: the program's own check of its ledger
 */
struct fwd_inside {
	struct vfnet_counters ports[2];
	bool balanced;
};

/**
 * fwd_inside_reset() - vfnet-fwd's bursts while its second port's card is in reset
 * @argc, @argv: a command line with two ports
 *
 * Return: false: it could not be opened or closed.
 */
bool fwd_inside_reset(int argc, char **argv, struct fwd_inside *result);

/**
 * fwd_inside_request() - vfnet-fwd goes to sleep while the kernel wants its second function back
 * @argc, @argv: a command line with two ports and --wait
 * @due:         whether the first and the second port were due for service when it woke up
 *
 * Return: false: it could not be opened or closed, or did not sleep.
 */
bool fwd_inside_request(int argc, char **argv, bool due[2]);

#ifdef __cplusplus
}
#endif

#endif
