/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_CARD_INSIDE_H
#define TESTS_SIM_CARD_INSIDE_H

/*
 * What tests in C++ need from headers that are C only: shared words, and a look or a push inside a
 * card where no register leads. C linkage comes from the includer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfnet/sim.h>

struct vfnet_dev;

/* A descriptor as four words. */
struct inside_desc {
	uint32_t d[4];
};

void inside_put_addr(struct inside_desc *desc, uint64_t addr); /* and zero into d2 and d3 */
bool inside_dd(const struct inside_desc *desc, unsigned int word);
void inside_store_tail(uint32_t *word, uint32_t val);
void inside_sleep_us(unsigned int us);

/* Let the cards' clock jump ahead. */
void inside_skip_ns(struct vfnet_sim *sim, uint64_t ns);

/* Give a register a value whatever its access rules are. */
void inside_set_reg(struct vfnet_dev *dev, uint32_t offset, uint32_t val);

/* sim/iommu.h on its own. */
struct inside_dma;
struct inside_dma *inside_dma_open(void);
int inside_dma_map(struct inside_dma *dma, void *mem, uint64_t iova, uint64_t bytes);
void inside_dma_unmap(struct inside_dma *dma, uint64_t iova, uint64_t bytes);
uint8_t *inside_dma_ptr(struct inside_dma *dma, uint64_t iova, uint64_t bytes);
bool inside_dma_read(struct inside_dma *dma, uint64_t iova, void *to, uint64_t bytes);
bool inside_dma_write(struct inside_dma *dma, uint64_t iova, const void *from, uint64_t bytes);
void inside_dma_close(struct inside_dma *dma);

#endif
