/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "apps/common/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* the one thing that a handler may touch */
static atomic_bool asked;

static void on_signal(int number)
{
	(void)number;
	atomic_store_explicit(&asked, true, memory_order_relaxed);
}

void app_stop_install(void)
{
	/* RESETHAND: the second signal finds the default action again */
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool app_stop_asked(void)
{
	return atomic_load_explicit(&asked, memory_order_relaxed);
}
