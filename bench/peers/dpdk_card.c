/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A null NIC as DPDK sees it: a PCI function whose BAR is the card's window, handed to the driver's
 * probe. The only file that uses headers which DPDK keeps to itself.
 */
#include "bench/peers/dpdk_card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <private.h> /* drivers/bus/pci */
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_log.h>
#include <rte_memory.h>

#include "bench/peers/contender.h"

static int collapse_list(const struct rte_memseg_list *list, void *arg)
{
	(void)arg;
	contender_collapse(list->base_va, list->len);
	return 0;
}

int dpdk_start(int cpu, uint64_t mib)
{
	static bool started;
	char core[16], memory[24];
	char *argv[] = {
	    (char *)"dpdk",
	    (char *)"-l",
	    core,
	    (char *)"-m",
	    memory,
	    (char *)"--no-huge",
	    (char *)"--no-shconf",
	    (char *)"--no-pci",
	    (char *)"--no-telemetry",
	    (char *)"--iova-mode=va",
	    (char *)"--log-level=error",
	};
	int rc;

	if (started)
		return 0;
	snprintf(core, sizeof(core), "%d", cpu);
	snprintf(memory, sizeof(memory), "%llu", (unsigned long long)mib);
	rc = rte_eal_init(sizeof(argv) / sizeof(argv[0]), argv);
	if (rc < 0)
		return rc;
	rte_memseg_list_walk(collapse_list, NULL);
	/* drivers will ask for interrupts, which there are none of */
	rte_log_set_level(RTE_LOGTYPE_EAL, RTE_LOG_CRIT);
	started = true;
	return 0;
}

static int reach_list(const struct rte_memseg_list *list, void *arg)
{
	nullnic_map(arg, (uintptr_t)list->base_va, list->base_va, list->len);
	return 1; /* without hugepages there is one */
}

void dpdk_reach(struct nullnic *nic)
{
	rte_memseg_list_walk(reach_list, nic);
}

static struct rte_pci_driver *find_driver(const char *name)
{
	struct rte_pci_driver *driver;

	FOREACH_DRIVER_ON_PCIBUS(driver)
	if (!strcmp(driver->driver.name, name))
		return driver;
	return NULL;
}

/* What rte_pci_probe() does, without sysfs and without mapping anything. */
static int probe(struct rte_pci_device *dev, struct rte_pci_driver *driver)
{
	dev->intr_handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	if (!dev->intr_handle)
		return -ENOMEM;
	rte_intr_fd_set(dev->intr_handle, -1); /* no interrupts */
	dev->device.name = dev->name;
	dev->device.bus = &rte_pci_bus.bus;
	dev->driver = driver;
	dev->device.driver = &driver->driver;
	return driver->probe(driver, dev);
}

int dpdk_probe(const struct nullnic *nic, const char *name, uint16_t *port_id)
{
	struct rte_pci_driver *driver = find_driver(name);
	struct rte_pci_device *dev;
	int rc;

	if (!driver)
		return -ENOENT;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->id.vendor_id = nic->layout->vendor;
	dev->id.device_id = nic->layout->device;
	dev->addr.bus = (uint8_t)rte_eth_dev_count_avail(); /* any place: nobody looks there */
	rte_pci_device_name(&dev->addr, dev->name, sizeof(dev->name));
	dev->mem_resource[0].addr = nic->bar;
	dev->mem_resource[0].len = nic->layout->bar_bytes;
	rc = probe(dev, driver);
	if (!rc)
		rc = rte_eth_dev_get_port_by_name(dev->name, port_id);
	if (rc)
		free(dev);
	return rc;
}
