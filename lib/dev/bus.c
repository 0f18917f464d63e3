/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a name to a device that is ready for its driver. The order of vfnet_dev_open() is what
 * keeps a stray DMA impossible: a function gets bus mastering last, when its domain holds the
 * region and nothing else and a reset has stopped whatever it did before.
 */
#define VFNET_LOG_TAG "dev/bus"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "lib/base/err.h"
#include "lib/dev/ctx.h"

static bool prefix_is_valid(const char *prefix)
{
	size_t len = strlen(prefix);

	if (len < 1 || len >= sizeof(((struct vfnet_bus_entry *)0)->prefix))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)prefix[i]) && prefix[i] != '-')
			return false;
	return true;
}

static struct vfnet_bus *find_bus(const struct vfnet *v, const char *prefix, size_t len)
{
	for (unsigned int i = 0; i < v->n_buses; i++)
		if (strlen(v->bus[i].prefix) == len && !memcmp(v->bus[i].prefix, prefix, len))
			return v->bus[i].bus;
	return NULL;
}

static int add_bus_locked(struct vfnet *v, const char *prefix, struct vfnet_bus *bus,
			  struct vfnet_err *err)
{
	struct vfnet_bus_entry *entry = &v->bus[v->n_buses];

	if (find_bus(v, prefix, strlen(prefix)))
		return vfnet_err_set(err, -EEXIST, "the context has a bus named \"%s\" already",
				     prefix);
	if (v->n_buses == VFNET_CTX_BUSES_MAX)
		return vfnet_err_set(err, -ENOMEM, "no room for bus \"%s\": a context takes %d",
				     prefix, VFNET_CTX_BUSES_MAX);
	strcpy(entry->prefix, prefix);
	entry->bus = bus;
	v->n_buses++;
	return 0;
}

int vfnet_add_bus(struct vfnet *v, const char *prefix, struct vfnet_bus *bus, struct vfnet_err *err)
{
	int rc;

	if (!prefix_is_valid(prefix))
		return vfnet_err_set(
		    err, -EINVAL, "bus prefix \"%s\": use 1 to 15 letters, digits and '-'", prefix);
	pthread_mutex_lock(&v->lock);
	rc = add_bus_locked(v, prefix, bus, err);
	pthread_mutex_unlock(&v->lock);
	return rc;
}

static int unknown_bus(const struct vfnet *v, const char *name, struct vfnet_err *err)
{
	char known[VFNET_CTX_BUSES_MAX * 20] = "";

	for (unsigned int i = 0; i < v->n_buses; i++) {
		strcat(known, i ? ", " : "");
		strcat(known, v->bus[i].prefix);
		strcat(known, ":");
	}
	return vfnet_err_set(err, -EINVAL,
			     "device \"%s\": a name begins with one of %s as in pci:0000:01:10.0",
			     name, known);
}

/* attach, map, reset, bus master */
static int make_ready(struct vfnet *v, struct vfnet_dev *dev, struct vfnet_err *err)
{
	int rc;

	rc = vfnet_dma_join(v, dev, err);
	if (rc)
		return rc;
	rc = dev->ops->reset(dev, err);
	if (rc == -ENOTSUP) {
		vfnet_log(&v->log, WARN, "%s has no function-level reset", dev->name);
		rc = 0;
	}
	if (!rc)
		rc = dev->ops->bus_master(dev, true, err);
	if (rc)
		vfnet_dma_leave(v, dev);
	return rc;
}

static int open_locked(struct vfnet *v, const char *name, struct vfnet_dev **out,
		       struct vfnet_err *err)
{
	const char *colon = strchr(name, ':');
	struct vfnet_bus *bus = colon ? find_bus(v, name, (size_t)(colon - name)) : NULL;
	struct vfnet_dev *dev;
	int rc;

	if (!bus)
		return unknown_bus(v, name, err);
	rc = bus->ops->open(bus, colon + 1, &v->log, &dev, err);
	if (rc)
		return rc;
	rc = make_ready(v, dev, err);
	if (rc) {
		dev->ops->close(dev);
		return rc;
	}
	v->n_devs++;
	*out = dev;
	return 0;
}

int vfnet_dev_open(struct vfnet *v, const char *name, struct vfnet_dev **out, struct vfnet_err *err)
{
	int rc;

	pthread_mutex_lock(&v->lock);
	rc = open_locked(v, name, out, err);
	pthread_mutex_unlock(&v->lock);
	return rc;
}

bool vfnet_dev_requested(struct vfnet_dev *dev)
{
	int fd = dev->ops->request_fd ? dev->ops->request_fd(dev) : -1;
	eventfd_t count;

	return fd >= 0 && !eventfd_read(fd, &count);
}

static int give_back_locked(struct vfnet *v, struct vfnet_dev *dev, struct vfnet_err *err)
{
	int rc = dev->ops->revoke ? dev->ops->revoke(dev, err) : 0;

	if (rc)
		return rc;
	dev->ops->bus_master(dev, false, NULL);
	dev->ops->irq_set(dev, 0, NULL, NULL);
	vfnet_dma_leave(v, dev);
	return 0;
}

int vfnet_dev_give_back(struct vfnet *v, struct vfnet_dev *dev, struct vfnet_err *err)
{
	int rc;

	/* opening a device takes longer than service may */
	if (pthread_mutex_trylock(&v->lock))
		return vfnet_err_set(err, -EBUSY, "%s: another device is being opened or closed",
				     dev->name);
	rc = give_back_locked(v, dev, err);
	pthread_mutex_unlock(&v->lock);
	return rc;
}

void vfnet_dev_close(struct vfnet *v, struct vfnet_dev *dev)
{
	pthread_mutex_lock(&v->lock);
	if (dev->dma) {
		dev->ops->bus_master(dev, false, NULL);
		vfnet_dma_leave(v, dev);
	}
	dev->ops->close(dev);
	v->n_devs--;
	pthread_mutex_unlock(&v->lock);
}
