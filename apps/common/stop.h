/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_STOP_H
#define VFNET_APPS_STOP_H

#include <stdbool.h>

/**
 * app_stop_install() - make SIGINT and SIGTERM ask for an orderly end; a second one kills
 *
 * For programs: the library installs no handler.
 */
void app_stop_install(void);

/** app_stop_asked() - whether a signal has asked. Context: any thread. */
bool app_stop_asked(void);

#endif
