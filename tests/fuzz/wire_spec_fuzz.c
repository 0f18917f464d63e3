/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as what a card's administrator decides and as what is plugged into it. A line of the
 * input is one call: "c" and a card's specification, else a letter and a wire's. What was accepted
 * is then stepped with a function open. No file is written, one only is read, and no network
 * interface of the machine is touched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/wire/shm_opts.h"
#include "tests/fuzz/guest.h"

#define STEPS  4u
#define BUDGET 64u

/* A capture of Ethernet without a frame. */
static int empty_capture(void)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	int fd = memfd_create("capture", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, header, sizeof(header)) == (ssize_t)sizeof(header));
	return fd;
}

/* A hub is a file, so its text is read and that is all. */
static int parse_shm(const char *args, struct vfnet_err *err)
{
	struct sim_shm_opts opts = {0};

	return sim_shm_opts_parse(args, &opts, err);
}

static int plug(struct vfnet_sim *sim, const char *spec, struct vfnet_err *err)
{
	static int fd = -1;
	char name[64];

	if (fd < 0)
		fd = empty_capture();
	if (strncmp(spec, "pcap-out:", 9) == 0 || strncmp(spec, "tap:", 4) == 0 ||
	    strncmp(spec, "packet:", 7) == 0)
		return 0;
	if (strncmp(spec, "shm:", 4) == 0)
		return parse_shm(spec + 4, err);
	if (strncmp(spec, "pcap-in:", 8) == 0) {
		snprintf(name, sizeof(name), "pcap-in:/proc/self/fd/%d", fd);
		spec = name;
	}
	return vfnet_sim_wire(sim, 0, spec, err);
}

static void configure(struct vfnet_sim *sim, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		struct vfnet_err err = {0};
		int ret;

		if (!*line)
			continue;
		ret = *line == 'c' ? vfnet_sim_card(sim, 0, line + 1, &err)
				   : plug(sim, line + 1, &err);
		guest_check(ret, &err);
		must(ret == 0 || ret == -EINVAL || ret == -EEXIST);
	}
}

static void step(struct vfnet_sim *sim)
{
	struct vfnet_sim_wire_counters counters = {0};
	struct vfnet_bus *bus = vfnet_sim_bus(sim);
	struct vfnet_dma *dma;
	struct vfnet_dev *dev;

	must(bus->ops->dma_open(bus, &dma, NULL) == 0);
	dev = guest_open(sim, "0.0", dma);
	vfnet_sim_start(sim);
	for (unsigned int i = 0; i < STEPS; i++)
		must(vfnet_sim_step(sim, BUDGET) <= BUDGET);
	must(vfnet_sim_get_wire_counters(sim, 0, &counters) == 0);
	must(counters.in_packets <= STEPS * BUDGET && counters.out_packets == 0);
	vfnet_sim_stop(sim);
	must(vfnet_sim_sources_done(sim));
	dev->ops->detach(dev);
	dev->ops->close(dev);
	bus->ops->dma_close(dma);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vfnet_sim_opts opts = {.size = sizeof(opts), .mode = VFNET_SIM_MANUAL};
	struct vfnet_sim *sim = guest_sim(&opts);
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	configure(sim, text);
	step(sim);
	free(text);
	must(vfnet_sim_close(sim) == 0);
	return 0;
}
