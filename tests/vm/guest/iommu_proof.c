/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the IOMMU is for, in two processes.
 *
 *   iommu_proof hold             (root) fills a page with a secret, says at which physical address
 *                                it lies, and at SIGTERM whether it is still as it was
 *   iommu_proof aim ADDRESS DEVICE PEER
 *                                (any user) points descriptors of DEVICE there, as a driver gone
 *                                wrong would: receive ones, and PEER sends a frame; then a
 *                                transmit one, for PEER. Then DEVICE is reset, as by another tool,
 *                                and both send to each other as if nothing had been.
 *
 * Exit: 0 the page is as it was; the secret did not leave, and the port came back.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drivers/net/igbvf/igbvf.h"
#include "tests/vm/guest/pair.h"

#define PAGE	  4096u
#define SECRET	  UINT64_C(0x5ec2e7c0ffee1dea)
#define STOLEN	  64u
#define LANDED_MS 200u
#define BACK_MS	  5000u
#define FRAMES	  1000u
/* /proc/PID/pagemap: a word a page */
#define PFN_MASK ((UINT64_C(1) << 55) - 1)

static uint64_t physical_address(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t word = 0;

	if (fd < 0 || pread(fd, &word, sizeof(word), (off_t)((uintptr_t)page / PAGE * 8)) != 8)
		word = 0;
	close(fd);
	return (word & PFN_MASK) * PAGE;
}

static int hold(void)
{
	sigset_t end;
	uint64_t *page =
	    mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int n_changed = 0;
	int number;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	if (page == MAP_FAILED || mlock(page, PAGE))
		return 1;
	for (unsigned int i = 0; i < PAGE / sizeof(*page); i++)
		page[i] = SECRET;
	printf("0x%" PRIx64 "\n", physical_address(page));
	fflush(stdout);
	sigwait(&end, &number);
	for (unsigned int i = 0; i < PAGE / sizeof(*page); i++)
		n_changed += page[i] != SECRET;
	printf("%u of %zu words have changed\n", n_changed, PAGE / sizeof(*page));
	return n_changed != 0;
}

static void let_land(void)
{
	usleep(LANDED_MS * 1000);
}

/* All receive descriptors: the first that the card takes is one of them. */
static void aim_receive(struct pair *pair, uint64_t address)
{
	struct igbvf_rxq *q = (struct igbvf_rxq *)pair->end[0].rxq;

	for (uint32_t i = 0; i < q->rxq.common.n_desc; i++) {
		q->ring[i].read.addr = address;
		q->ring[i].read.hdr_addr = 0;
	}
	vfnet_io_wmb();
	/* nobody there looks for it: it cannot arrive */
	pair_exchange(pair, 1, 1);
	let_land();
}

static void aim_transmit(struct pair *pair, uint64_t address)
{
	struct igbvf_txq *q = (struct igbvf_txq *)pair->end[0].txq;
	uint32_t next = (q->next + 1) % q->txq.common.n_desc;

	q->ring[q->next].data.addr = address;
	q->ring[q->next].data.cmd = STOLEN | IGBVF_TXD_EOP | IGBVF_TXD_IFCS | IGBVF_TXD_RS |
				    IGBVF_TXD_DEXT |
				    VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_DATA);
	q->ring[q->next].data.paylen = VFNET_FIELD_PREP(IGBVF_TXD_PAYLEN, STOLEN);
	vfnet_io_wmb();
	vfnet_dev_write32(pair->end[0].port->dev, IGBVF_TDT, next);
	let_land();
}

/* In what either end has received, and in all buffers: a frame may have gone anywhere. */
static bool secret_is_in_region(const struct pair *pair)
{
	const struct vfnet_region *region = vfnet_get_region(pair->v);
	const uint64_t secret = SECRET;

	return memmem(region->base, region->bytes, &secret, sizeof(secret)) != NULL;
}

/* As another tool would: the library is not told, and finds it. */
static bool reset(struct pair *pair)
{
	struct pair_end *end = &pair->end[0];
	struct vfnet_counters counters;

	vfnet_dev_write32(end->port->dev, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	if (!pair_wait_state(pair, 0, VFNET_PORT_RESETTING, BACK_MS) ||
	    !pair_wait_state(pair, 0, VFNET_PORT_RUNNING, BACK_MS))
		return false;
	vfnet_port_get_counters(end->port, &counters);
	return counters.vf_resets == 1;
}

static int aim(uint64_t address, char **names)
{
	unsigned int before = 0, after = 0;
	bool leaked = true, back = false;
	struct pair pair;
	uint64_t began;

	if (pair_open(&pair, names)) {
		before = pair_exchange(&pair, 1, 10) + pair_exchange(&pair, 0, 10);
		aim_receive(&pair, address);
		aim_transmit(&pair, address);
		leaked = secret_is_in_region(&pair);
		began = pair_now_ns();
		back = reset(&pair);
		printf("%s after %" PRIu64 " ms; ", back ? "runs again" : "does not run",
		       (pair_now_ns() - began) / 1000000);
		after = pair_exchange(&pair, 0, FRAMES) + pair_exchange(&pair, 1, FRAMES);
	}
	printf("%u of 20 frames before, %u of %u after; the secret %s\n", before, after, 2 * FRAMES,
	       leaked ? "LEFT" : "did not leave");
	if (!pair_close(&pair))
		return 1;
	return !(back && !leaked && before == 20 && after == 2 * FRAMES);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "hold"))
		return hold();
	if (argc == 5 && !strcmp(argv[1], "aim"))
		return aim(strtoull(argv[2], NULL, 0), &argv[3]);
	fprintf(stderr, "usage: iommu_proof hold | aim ADDRESS DEVICE PEER\n");
	return 2;
}
