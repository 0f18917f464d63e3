/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "tap:NAME": the other end of the wire is a TAP device, a network interface of this machine: what
 * the kernel sends through it the card receives, and the other way round. The device is made if it
 * is not there, and then goes away with the wire.
 *
 * The kernel holds up to the interface's txqueuelen frames for us and counts those beyond it as
 * dropped by the interface. It takes a frame at once or not at all: not at all when the interface
 * is not up.
 */
#define VFNET_LOG_TAG "sim/tap"
#include "sim/wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "sim/card.h"
#include "sim/wire/slots.h"

#define CLONE_DEVICE "/dev/net/tun"

/** struct tap - both halves; @fd is -1 once the device is gone. */
struct tap {
	struct sim_source source;
	struct sim_sink sink;
	const struct vfnet_log *log;
	int fd;
	char name[IFNAMSIZ];
	struct sim_slots slots;
};

static struct tap *tap_of(struct sim_source *source)
{
	return VFNET_CONTAINER_OF(source, struct tap, source);
}

/* It would be readable for ever. */
static void give_up(struct tap *tap)
{
	vfnet_log(tap->log, ERR, "cannot read from TAP device %s any more: %s", tap->name,
		  strerror(errno));
	close(tap->fd);
	tap->fd = -1;
}

static void fill(struct tap *tap, unsigned int max)
{
	struct sim_slots *slots = &tap->slots;

	slots->first = 0;
	while (slots->n < max) {
		uint8_t *slot = sim_slot(slots, slots->n);
		ssize_t len = read(tap->fd, slot, SIM_SLOT_BYTES);

		if (len < 0 && errno != EAGAIN)
			give_up(tap);
		if (len <= 0)
			return;
		slots->frame[slots->n++] = (struct sim_frame){slot, (uint32_t)len};
	}
}

static unsigned int tap_frames(struct sim_source *source, struct sim_frame *frames,
			       unsigned int max)
{
	struct tap *tap = tap_of(source);

	if (!tap->slots.n && tap->fd >= 0)
		fill(tap, max);
	return sim_slots_show(&tap->slots, frames, max);
}

static void tap_taken(struct sim_source *source, unsigned int n)
{
	sim_slots_taken(&tap_of(source)->slots, n);
}

static bool tap_ended(const struct sim_source *source)
{
	(void)source;
	return false;
}

static int tap_fd(struct sim_source *source)
{
	return tap_of(source)->fd;
}

static void tap_close(struct sim_source *source)
{
	struct tap *tap = tap_of(source);

	if (tap->fd >= 0)
		close(tap->fd);
	sim_slots_close(&tap->slots);
	free(tap);
}

static uint64_t tap_send(struct sim_sink *sink, const struct sim_frame *frames, unsigned int n)
{
	const struct tap *tap = VFNET_CONTAINER_OF(sink, struct tap, sink);
	uint64_t refused = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (write(tap->fd, frames[i].data, frames[i].len) < 0)
			refused |= UINT64_C(1) << i;
	}
	return refused;
}

static const struct sim_source_ops tap_source_ops = {
    .frames = tap_frames, .taken = tap_taken, .ended = tap_ended, .fd = tap_fd, .close = tap_close};
static const struct sim_sink_ops tap_sink_ops = {.frames = tap_send};

static int attach_failed(const char *name, int error, struct vfnet_err *err)
{
	switch (error) {
	case EPERM:
		return vfnet_err_set(err, -EPERM,
				     "tap:%s: not permitted to make or to use this TAP device. Run "
				     "the program under \"unshare -Urn\", or make it once as root: "
				     "ip tuntap add dev %s mode tap user NAME",
				     name, name);
	case EBUSY:
		return vfnet_err_set(err, -EBUSY,
				     "tap:%s: another program or another card uses this TAP device",
				     name);
	case EINVAL:
		return vfnet_err_set(err, -EINVAL,
				     "tap:%s: this is no TAP device; name another one, or one "
				     "that is not there yet",
				     name);
	default:
		return vfnet_err_set(err, -error, "tap:%s: the kernel refuses it: %s", name,
				     strerror(error));
	}
}

static int attach(struct tap *tap, struct vfnet_err *err)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	tap->fd = open(CLONE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0)
		return vfnet_err_set(
		    err, -errno, "tap:%s: cannot open " CLONE_DEVICE ": %s; as root: modprobe tun",
		    tap->name, strerror(errno));
	memcpy(req.ifr_name, tap->name, sizeof(req.ifr_name));
	if (ioctl(tap->fd, TUNSETIFF, &req)) {
		int error = errno;

		close(tap->fd);
		return attach_failed(tap->name, error, err);
	}
	return 0;
}

int sim_tap_open(struct sim_card *card, const char *args, struct sim_source **source,
		 struct sim_sink **sink, struct vfnet_err *err)
{
	struct tap *tap;
	int ret;

	/* the kernel takes "%d" in a name for "the next free number" */
	if (!args || !*args || strlen(args) >= IFNAMSIZ || strchr(args, '%'))
		return vfnet_err_set(err, -EINVAL,
				     "tap: name a device with 1 to %d letters: tap:NAME",
				     IFNAMSIZ - 1);
	tap = calloc(1, sizeof(*tap));
	if (!tap || !sim_slots_open(&tap->slots)) {
		ret = vfnet_err_set(err, -ENOMEM, "tap: no memory");
		goto err_free;
	}
	memcpy(tap->name, args, strlen(args));
	ret = attach(tap, err);
	if (ret)
		goto err_slots;
	tap->source.ops = &tap_source_ops;
	tap->source.greedy = true;
	tap->sink.ops = &tap_sink_ops;
	tap->log = &card->sim->log;
	*source = &tap->source;
	*sink = &tap->sink;
	return 0;

err_slots:
	sim_slots_close(&tap->slots);
err_free:
	free(tap);
	return ret;
}
