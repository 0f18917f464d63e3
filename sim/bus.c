/* SPDX-License-Identifier: BSD-2-Clause */
/* The contract of lib/dev/dev.h, kept by software cards: "sim:CARD.VF". */
#define VFNET_LOG_TAG "sim/bus"
#include "sim/card.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/err.h"

static struct vfnet_sim *bus_sim(struct vfnet_bus *bus)
{
	return VFNET_CONTAINER_OF(bus, struct vfnet_sim, bus);
}

static struct sim_vf *dev_vf(struct vfnet_dev *dev)
{
	return VFNET_CONTAINER_OF(dev, struct sim_vf, dev);
}

static struct vfnet_sim *dev_sim(struct vfnet_dev *dev)
{
	return dev_vf(dev)->card->sim;
}

static struct sim_dma *dma_of(struct vfnet_dma *dma)
{
	return VFNET_CONTAINER_OF(dma, struct sim_dma, base);
}

static int parse_name(const char *name, unsigned int *card, unsigned int *vf, struct vfnet_err *err)
{
	char rest;

	/* the length keeps out what sscanf would accept: signs, blanks, numbers that overflow */
	if (sscanf(name, "%2u.%2u%c", card, vf, &rest) != 2 ||
	    strspn(name, "0123456789.") != strlen(name))
		return vfnet_err_set(err, -EINVAL,
				     "sim:%s: write a software function as sim:CARD.VF, such as "
				     "sim:0.0",
				     name);
	if (*card >= SIM_CARDS || *vf >= SIM_VFS)
		return vfnet_err_set(err, -ENODEV,
				     "sim:%s: no such function; cards are 0 to %u, functions of a "
				     "card 0 to %u",
				     name, SIM_CARDS - 1, SIM_VFS - 1);
	return 0;
}

static int vf_open(struct sim_vf *vf, struct vfnet_err *err)
{
	if (vf->open)
		return vfnet_err_set(err, -EBUSY, "%s: is open already; each function has one user",
				     vf->dev.name);
	vf->request_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vf->request_fd < 0)
		return vfnet_err_set(err, -errno, "%s: cannot make an eventfd: %s", vf->dev.name,
				     strerror(errno));
	vf->open = true;
	vf->said = 0;
	vf->mistaken = 0;
	memset(vf->missed, 0, sizeof(vf->missed));
	memset(vf->drops, 0, sizeof(vf->drops));
	vf->tx_lost_bytes = 0;
	vf->card->open_vfs |= 1u << vf->index;
	vf->card->sim->n_open++;
	return 0;
}

static int sim_bus_open(struct vfnet_bus *bus, const char *name, const struct vfnet_log *log,
			struct vfnet_dev **out, struct vfnet_err *err)
{
	struct vfnet_sim *sim = bus_sim(bus);
	struct sim_card *card;
	unsigned int index;
	unsigned int vf;
	int ret = parse_name(name, &index, &vf, err);

	(void)log; /* a card speaks through the sink of vfnet_sim_open() */
	if (ret)
		return ret;
	sim_lock(sim);
	ret = sim_card_get(sim, index, &card, err);
	if (!ret)
		ret = vf_open(&card->vfs[vf], err);
	sim_unlock(sim);
	if (!ret)
		*out = &card->vfs[vf].dev;
	return ret;
}

static int sim_bus_dma_open(struct vfnet_bus *bus, struct vfnet_dma **out, struct vfnet_err *err)
{
	struct sim_dma *dma = calloc(1, sizeof(*dma));

	if (!dma)
		return vfnet_err_set(err, -ENOMEM, "sim: no memory for an I/O address space");
	dma->base.bus = bus;
	*out = &dma->base;
	return 0;
}

static int sim_bus_dma_map(struct vfnet_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
			   struct vfnet_err *err)
{
	struct sim_range range = {.iova = iova, .bytes = bytes, .mem = vaddr};
	struct vfnet_sim *sim = bus_sim(dma->bus);
	int ret;

	sim_lock(sim);
	ret = sim_dma_map(dma_of(dma), &range, err);
	sim_unlock(sim);
	return ret;
}

static void sim_bus_dma_unmap(struct vfnet_dma *dma, uint64_t iova, uint64_t bytes)
{
	struct vfnet_sim *sim = bus_sim(dma->bus);

	sim_lock(sim);
	sim_dma_unmap(dma_of(dma), iova, bytes);
	sim_unlock(sim);
}

static void sim_bus_dma_close(struct vfnet_dma *dma)
{
	free(dma_of(dma)->ranges);
	free(dma_of(dma));
}

static const struct vfnet_bus_ops bus_ops = {
    .open = sim_bus_open,
    .dma_open = sim_bus_dma_open,
    .dma_map = sim_bus_dma_map,
    .dma_unmap = sim_bus_dma_unmap,
    .dma_close = sim_bus_dma_close,
};

void sim_bus_init(struct vfnet_sim *sim)
{
	sim->bus.ops = &bus_ops;
}

static int sim_dev_attach(struct vfnet_dev *dev, struct vfnet_dma *dma, struct vfnet_err *err)
{
	struct sim_vf *vf = dev_vf(dev);
	int ret = 0;

	sim_lock(dev_sim(dev));
	if (dma->bus != dev->bus)
		ret = vfnet_err_set(err, -EXDEV,
				    "%s: cannot share the I/O addresses of another bus", dev->name);
	else if (vf->dma)
		ret = vfnet_err_set(err, -EBUSY, "%s: has I/O addresses already", dev->name);
	else
		vf->dma = dma_of(dma);
	if (!ret)
		sim_ring_refresh(vf);
	sim_unlock(dev_sim(dev));
	return ret;
}

static void sim_dev_detach(struct vfnet_dev *dev)
{
	sim_lock(dev_sim(dev));
	sim_posted_flush(dev_vf(dev));
	sim_count_unread(dev_vf(dev));
	dev_vf(dev)->dma = NULL;
	sim_ring_refresh(dev_vf(dev));
	sim_unlock(dev_sim(dev));
}

/* Whether @offset is a register that answers; on the way to it something may happen. */
static bool reaches(struct sim_vf *vf, unsigned int bar, uint32_t offset)
{
	if (vfnet_unlikely(vf->card->faults.counted))
		sim_faults_access(vf->card);
	return bar == 0 && offset < IGBVF_BAR_BYTES && offset % 4 == 0 && vf->dma &&
	       !vf->card->gone;
}

static uint32_t sim_dev_read32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset)
{
	uint32_t val = IGBVF_GONE;

	sim_lock(dev_sim(dev));
	if (reaches(dev_vf(dev), bar, offset)) {
		sim_posted_flush(dev_vf(dev));
		val = sim_vf_read(dev_vf(dev), offset);
	}
	sim_unlock(dev_sim(dev));
	return val;
}

static void sim_dev_write32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset, uint32_t val)
{
	sim_lock(dev_sim(dev));
	if (reaches(dev_vf(dev), bar, offset)) {
		if (dev_vf(dev)->card->posted)
			sim_posted_write(dev_vf(dev), offset, val);
		else
			sim_vf_write(dev_vf(dev), offset, val);
	}
	sim_unlock(dev_sim(dev));
}

static uint32_t *sim_dev_doorbell(struct vfnet_dev *dev, unsigned int bar, uint32_t offset)
{
	/* a posted doorbell is a write like others: it waits behind them */
	if (dev_sim(dev)->doorbell_call || dev_vf(dev)->card->posted || bar != 0)
		return NULL;
	if (offset != IGBVF_AT(RDT, 0) && offset != IGBVF_AT(RDT, 1) &&
	    offset != IGBVF_AT(TDT, 0) && offset != IGBVF_AT(TDT, 1))
		return NULL;
	return sim_vf_reg(dev_vf(dev), offset);
}

static int sim_dev_reset(struct vfnet_dev *dev, struct vfnet_err *err)
{
	(void)err;
	sim_lock(dev_sim(dev));
	sim_posted_flush(dev_vf(dev));
	dev_vf(dev)->bus_master = false;
	sim_vf_reset(dev_vf(dev));
	sim_unlock(dev_sim(dev));
	return 0;
}

static int sim_dev_bus_master(struct vfnet_dev *dev, bool on, struct vfnet_err *err)
{
	(void)err;
	sim_lock(dev_sim(dev));
	sim_posted_flush(dev_vf(dev));
	dev_vf(dev)->bus_master = on;
	sim_ring_refresh(dev_vf(dev));
	sim_unlock(dev_sim(dev));
	return 0;
}

static int sim_dev_restore(struct vfnet_dev *dev, struct vfnet_err *err)
{
	if (dev_vf(dev)->bus_master)
		return 0;
	sim_dev_bus_master(dev, true, err);
	return 1;
}

static int sim_dev_irq_set(struct vfnet_dev *dev, unsigned int n, const int *eventfd,
			   struct vfnet_err *err)
{
	if (n > IGBVF_VECTORS)
		return vfnet_err_set(err, -EINVAL, "%s: %u vectors asked for, there are %u",
				     dev->name, n, IGBVF_VECTORS);
	sim_lock(dev_sim(dev));
	sim_posted_flush(dev_vf(dev));
	for (unsigned int v = 0; v < IGBVF_VECTORS; v++)
		dev_vf(dev)->irq.eventfd[v] = v < n ? eventfd[v] : -1;
	sim_unlock(dev_sim(dev));
	return 0;
}

static int sim_dev_request_fd(struct vfnet_dev *dev)
{
	return dev_vf(dev)->request_fd;
}

static void sim_dev_close(struct vfnet_dev *dev)
{
	struct sim_vf *vf = dev_vf(dev);
	struct vfnet_sim *sim = dev_sim(dev);

	sim_lock(sim);
	/* as vfio does: a function that nobody uses is reset, so its address is forgotten */
	sim_vf_forget_config(vf);
	sim_vf_reset(vf);
	vf->open = false;
	close(vf->request_fd);
	vf->card->open_vfs &= ~(1u << vf->index);
	sim->n_open--;
	sim_unlock(sim);
}

static void sim_dev_progress(struct vfnet_dev *dev)
{
	sim_progress(dev_sim(dev));
}

static int sim_dev_idle(struct vfnet_dev *dev)
{
	int fd;

	sim_lock(dev_sim(dev));
	fd = sim_idle(dev_sim(dev));
	sim_unlock(dev_sim(dev));
	return fd;
}

static void sim_dev_truth(struct vfnet_dev *dev, struct vfnet_counters *sum,
			  uint64_t *tx_lost_bytes)
{
	sim_lock(dev_sim(dev));
	sim_count_truth(dev_vf(dev), sum, tx_lost_bytes);
	sim_unlock(dev_sim(dev));
}

#define COMMON_OPS                                                                                 \
	.attach = sim_dev_attach, .detach = sim_dev_detach, .read32 = sim_dev_read32,              \
	.write32 = sim_dev_write32, .doorbell = sim_dev_doorbell, .reset = sim_dev_reset,          \
	.bus_master = sim_dev_bus_master, .irq_set = sim_dev_irq_set, .close = sim_dev_close,      \
	.request_fd = sim_dev_request_fd, .truth = sim_dev_truth, .restore = sim_dev_restore

static const struct vfnet_dev_ops stepped_ops = {COMMON_OPS};
static const struct vfnet_dev_ops inline_ops = {COMMON_OPS, .progress = sim_dev_progress,
						.idle = sim_dev_idle};

const struct vfnet_dev_ops *sim_dev_ops(const struct vfnet_sim *sim)
{
	return sim->mode == VFNET_SIM_INLINE ? &inline_ops : &stepped_ops;
}
