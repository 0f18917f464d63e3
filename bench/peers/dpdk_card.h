/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_DPDK_CARD_H
#define VFNET_BENCH_DPDK_CARD_H

#include <stdint.h>

#include "bench/nullnic/nullnic.h"

/**
 * dpdk_start() - DPDK's environment without hugepages, PCI, and files, once for the process
 * @cpu: the calling thread stays there
 * @mib: memory
 *
 * Return: 0; negative: it has said why.
 */
int dpdk_start(int cpu, uint64_t mib);

/** dpdk_reach() - let the card reach all of DPDK's memory. */
void dpdk_reach(struct nullnic *nic);

/**
 * dpdk_probe() - have DPDK's own driver for the card's kind of function open it
 * @driver:  name that it is registered under
 * @port_id: of the new ethdev
 *
 * Return: 0; -ENOENT no such driver is linked; -ENOMEM; what the driver says.
 */
int dpdk_probe(const struct nullnic *nic, const char *driver, uint16_t *port_id);

#endif
