/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_FUZZ_GUEST_H
#define VFNET_TESTS_FUZZ_GUEST_H

/* The few things that a driver does to a software 82576, through the contract of lib/dev/dev.h. */

#include <vfnet/sim.h>

#include "lib/chip/82576_desc.h"
#include "lib/chip/82576_mbox.h"
#include "lib/chip/82576_regs.h"
#include "lib/dev/dev.h"
#include "tests/fuzz/fuzz.h"

/* A call that fails says why; one that does not leaves the sentence alone. */
static inline void guest_check(int ret, const struct vfnet_err *err)
{
	const char *end = memchr(err->text, '\0', sizeof(err->text));

	must(ret <= 0 && err->code == ret && end);
	must((ret == 0) == (end == err->text));
}

static inline struct vfnet_sim *guest_sim(const struct vfnet_sim_opts *opts)
{
	struct vfnet_sim *sim;

	must(vfnet_sim_open(opts, &sim, NULL) == 0);
	return sim;
}

/* As vfnet_dev_open() does it. */
static inline struct vfnet_dev *guest_open(struct vfnet_sim *sim, const char *name,
					   struct vfnet_dma *dma)
{
	struct vfnet_bus *bus = vfnet_sim_bus(sim);
	struct vfnet_dev *dev;

	must(bus->ops->open(bus, name, NULL, &dev, NULL) == 0);
	must(dev->ops->attach(dev, dma, NULL) == 0);
	must(dev->ops->reset(dev, NULL) == 0);
	must(dev->ops->bus_master(dev, true, NULL) == 0);
	return dev;
}

/* A message to the physical function, and the two steps that it needs to answer. */
static inline void guest_ask(struct vfnet_sim *sim, struct vfnet_dev *dev, const uint32_t *words,
			     unsigned int n)
{
	vfnet_dev_write32(dev, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_VFU);
	for (unsigned int i = 0; i < n; i++)
		vfnet_dev_write32(dev, IGBVF_AT(VMBMEM, i), words[i]);
	vfnet_dev_write32(dev, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ);
	vfnet_sim_step(sim, 1);
	vfnet_sim_step(sim, 1);
	vfnet_dev_write32(dev, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_ACK);
}

#define GUEST_SRRCTL (1u | VFNET_FIELD_PREP(IGBVF_SRRCTL_DESCTYPE, 1)) /* buffers of 1 KiB */

/* A ring that comes on in the next step. @low: RDBAL or TDBAL, @ctl: RXDCTL or TXDCTL */
static inline void guest_ring(struct vfnet_sim *sim, struct vfnet_dev *dev, uint32_t low,
			      uint32_t ctl, uint64_t iova, uint32_t bytes)
{
	vfnet_dev_write32(dev, ctl, 0);
	vfnet_sim_step(sim, 1);
	vfnet_dev_write32(dev, low, (uint32_t)iova);
	vfnet_dev_write32(dev, low + 4, (uint32_t)(iova >> 32));
	vfnet_dev_write32(dev, low + 8, bytes);
	vfnet_dev_write32(dev, ctl, IGBVF_RXDCTL_ENABLE);
	vfnet_sim_step(sim, 1);
}

#endif
