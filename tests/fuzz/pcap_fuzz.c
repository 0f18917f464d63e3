/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a capture. What pcap-in accepts comes to an end, each of its frames is received or
 * counted as missed, and no buffer is written beyond the length that its descriptor says.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/guest.h"

#define N_DESC	    8u
#define BUF_BYTES   1024u
#define PAGE_BYTES  4096u
#define MEM_BYTES   (PAGE_BYTES + N_DESC * BUF_BYTES)
#define IOVA	    (UINT64_C(1) << 32)
#define UNTOUCHED   0xa5
#define RECORD_MIN  16u /* no format has a frame in fewer bytes */
#define FRAME_LIMIT (IGBVF_LPE_MAX - 4u)

struct receiver {
	struct vfnet_sim *sim;
	struct vfnet_dma *dma;
	struct vfnet_dev *dev;
	uint8_t *mem; /* the ring, and from the next page on the buffers */
	union igbvf_rx_desc *ring;
	uint32_t next;
	uint32_t frame_bytes;
};

static void post(struct receiver *r, uint32_t i)
{
	uint32_t off = PAGE_BYTES + i * BUF_BYTES;

	memset(r->mem + off, UNTOUCHED, BUF_BYTES);
	r->ring[i].read.addr = IOVA + off;
	r->ring[i].read.hdr_addr = 0;
}

static void receiver_open(struct receiver *r)
{
	static const uint32_t reset = IGBVF_MSG_RESET;
	static const uint32_t lpe[2] = {IGBVF_MSG_SET_LPE, IGBVF_LPE_MAX};
	struct vfnet_bus *bus = vfnet_sim_bus(r->sim);

	r->mem = aligned_alloc(PAGE_BYTES, MEM_BYTES);
	must(r->mem != NULL);
	r->ring = (union igbvf_rx_desc *)r->mem;
	must(bus->ops->dma_open(bus, &r->dma, NULL) == 0);
	must(bus->ops->dma_map(r->dma, r->mem, IOVA, MEM_BYTES, NULL) == 0);
	r->dev = guest_open(r->sim, "0.0", r->dma);
	guest_ask(r->sim, r->dev, &reset, 1);
	guest_ask(r->sim, r->dev, lpe, 2);
	for (uint32_t i = 0; i < N_DESC; i++)
		post(r, i);
	vfnet_dev_write32(r->dev, IGBVF_SRRCTL, GUEST_SRRCTL);
	guest_ring(r->sim, r->dev, IGBVF_RDBAL, IGBVF_RXDCTL, IOVA, N_DESC * sizeof(r->ring[0]));
	vfnet_dev_write32(r->dev, IGBVF_RDT, N_DESC - 1);
}

static void receiver_close(struct receiver *r)
{
	r->dev->ops->detach(r->dev);
	r->dev->ops->close(r->dev);
	r->dma->bus->ops->dma_close(r->dma);
	free(r->mem);
}

static void receive(struct receiver *r)
{
	for (; r->ring[r->next].wb.status & IGBVF_RXD_DD; r->next = (r->next + 1) % N_DESC) {
		const uint8_t *buf = r->mem + PAGE_BYTES + r->next * BUF_BYTES;
		uint32_t len = r->ring[r->next].wb.len;

		must(len >= 1 && len <= BUF_BYTES);
		for (uint32_t i = len; i < BUF_BYTES; i++)
			must(buf[i] == UNTOUCHED);
		r->frame_bytes += len;
		if (r->ring[r->next].wb.status & IGBVF_RXD_EOP) {
			must(r->frame_bytes >= IGBVF_FRAME_MIN && r->frame_bytes <= FRAME_LIMIT);
			r->frame_bytes = 0;
		}
		post(r, r->next);
		vfnet_dev_write32(r->dev, IGBVF_RDT, r->next);
	}
	must(r->frame_bytes == 0);
}

static void check_ledger(struct receiver *r)
{
	struct vfnet_sim_wire_counters wire;
	struct vfnet_counters truth = {0};
	uint64_t lost_bytes = 0;
	uint64_t seen;

	must(vfnet_sim_get_wire_counters(r->sim, 0, &wire) == 0);
	r->dev->ops->truth(r->dev, &truth, &lost_bytes);
	seen = vfnet_dev_read32(r->dev, IGBVF_VFGPRC);
	/* a capture waits for descriptors, but not for more than the ring has */
	seen += vfnet_dev_read32(r->dev, IGBVF_RQDPC);
	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
		seen += truth.missed[i];
	must(wire.in_packets == seen);
}

static int plug(struct vfnet_sim *sim, const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct vfnet_err err = {0};
	char spec[64];
	int ret;

	if (fd < 0)
		fd = memfd_create("capture", MFD_CLOEXEC);
	must(fd >= 0 && ftruncate(fd, 0) == 0);
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(spec, sizeof(spec), "pcap-in:/proc/self/fd/%d", fd);
	ret = vfnet_sim_wire(sim, 0, spec, &err);
	guest_check(ret, &err);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vfnet_sim_opts opts = {.size = sizeof(opts), .mode = VFNET_SIM_MANUAL};
	struct receiver r = {.sim = guest_sim(&opts)};

	must(vfnet_sim_card(r.sim, 0, "promisc", NULL) == 0);
	if (plug(r.sim, data, size) == 0) {
		receiver_open(&r);
		vfnet_sim_start(r.sim);
		/* with a full ring each step moves a frame */
		for (size_t i = 0; i < size / RECORD_MIN && !vfnet_sim_sources_done(r.sim); i++) {
			vfnet_sim_step(r.sim, 64);
			receive(&r);
		}
		must(vfnet_sim_sources_done(r.sim));
		check_ledger(&r);
		receiver_close(&r);
	}
	must(vfnet_sim_close(r.sim) == 0);
	return 0;
}
