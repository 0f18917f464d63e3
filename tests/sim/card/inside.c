/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/card/inside.h"

#include <stdlib.h>
#include <time.h>

#include "sim/card.h"

void inside_put_addr(struct inside_desc *desc, uint64_t addr)
{
	desc->d[0] = (uint32_t)addr;
	desc->d[1] = (uint32_t)(addr >> 32);
	desc->d[2] = 0;
	desc->d[3] = 0;
}

bool inside_dd(const struct inside_desc *desc, unsigned int word)
{
	return vfnet_io_load_dd(&desc->d[word]) & 1;
}

void inside_store_tail(uint32_t *word, uint32_t val)
{
	vfnet_io_store_tail(word, val);
}

void inside_sleep_us(unsigned int us)
{
	struct timespec time = {.tv_nsec = (long)us * 1000};

	nanosleep(&time, NULL);
}

void inside_skip_ns(struct vfnet_sim *sim, uint64_t ns)
{
	sim_lock(sim);
	sim->clock_skew_ns += ns;
	sim_unlock(sim);
}

void inside_set_reg(struct vfnet_dev *dev, uint32_t offset, uint32_t val)
{
	struct sim_vf *vf = VFNET_CONTAINER_OF(dev, struct sim_vf, dev);

	sim_lock(vf->card->sim);
	*sim_vf_reg(vf, offset) = val;
	sim_unlock(vf->card->sim);
}

struct inside_dma {
	struct sim_dma dma;
};

struct inside_dma *inside_dma_open(void)
{
	return calloc(1, sizeof(struct inside_dma));
}

int inside_dma_map(struct inside_dma *dma, void *mem, uint64_t iova, uint64_t bytes)
{
	struct sim_range range = {.iova = iova, .bytes = bytes, .mem = mem};

	return sim_dma_map(&dma->dma, &range, NULL);
}

void inside_dma_unmap(struct inside_dma *dma, uint64_t iova, uint64_t bytes)
{
	sim_dma_unmap(&dma->dma, iova, bytes);
}

uint8_t *inside_dma_ptr(struct inside_dma *dma, uint64_t iova, uint64_t bytes)
{
	return sim_dma_ptr(&dma->dma, iova, bytes);
}

bool inside_dma_read(struct inside_dma *dma, uint64_t iova, void *to, uint64_t bytes)
{
	return sim_dma_read(&dma->dma, iova, to, bytes);
}

bool inside_dma_write(struct inside_dma *dma, uint64_t iova, const void *from, uint64_t bytes)
{
	return sim_dma_write(&dma->dma, iova, from, bytes);
}

void inside_dma_close(struct inside_dma *dma)
{
	free(dma->dma.ranges);
	free(dma);
}
