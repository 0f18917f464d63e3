/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_KMSG_H
#define VFNET_APPS_DEV_KMSG_H

/*
 * What the kernel says about a function while we ask something of it.
 */

#include "apps/common/machine.h"

/** DEV_KMSG_BYTES - room for a message. */
#define DEV_KMSG_BYTES 256

/**
 * dev_kmsg_open() - listen from now on
 *
 * Return: a descriptor for dev_kmsg_close(); -1 where the messages may not be read.
 */
int dev_kmsg_open(const struct app_machine *machine);

/**
 * dev_kmsg_close() - stop listening
 * @fd:   from dev_kmsg_open()
 * @word: what the message must have in it, such as an address
 * @text: the last such message since then; "" = none
 */
void dev_kmsg_close(int fd, const char *word, char text[DEV_KMSG_BYTES]);

#endif
