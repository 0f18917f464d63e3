/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bus without hardware for tests of lib/dev and lib/net: it writes down every call in order and
 * fails the one that it is told to fail.
 */
#ifndef VFNET_TESTS_FAKE_BUS_H
#define VFNET_TESTS_FAKE_BUS_H

#include <cerrno>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

extern "C" {
#include "lib/base/err.h"
#include "lib/dev/dev.h"
}

class FakeBus
{
      public:
	struct Dma {
		vfnet_dma dma;
		FakeBus *owner;
		int id;
	};
	struct Dev {
		vfnet_dev dev;
		FakeBus *owner;
	};

	vfnet_bus bus;
	std::vector<std::string> calls;
	std::map<std::string, int> fail; /* call -> negative errno */
	int devs_per_domain = 1000;
	uint16_t device_id = 0x10ca;
	bool tells_truth = false;
	vfnet_counters truth = {};
	int n_domains = 0;
	int open_devs = 0;
	int open_domains = 0;
	std::function<void()> during_reset;
	int request_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	FakeBus()
	{
		bus.ops = bus_ops();
		bus_of()[&bus] = this;
	}
	~FakeBus()
	{
		::close(request_fd);
		bus_of().erase(&bus);
	}

	std::string history() const
	{
		std::string all;
		for (const auto &call : calls)
			all += (all.empty() ? "" : " ") + call;
		return all;
	}

	int enter(const char *call, vfnet_err *err)
	{
		calls.push_back(call);
		auto it = fail.find(call);
		if (it == fail.end())
			return 0;
		return vfnet_err_set(err, it->second, "fake %s failed", call);
	}

      private:
	static std::map<vfnet_bus *, FakeBus *> &bus_of()
	{
		static std::map<vfnet_bus *, FakeBus *> map;
		return map;
	}
	static Dev *dev_of(vfnet_dev *dev)
	{
		return reinterpret_cast<Dev *>(dev);
	}
	static Dma *dma_of(vfnet_dma *dma)
	{
		return reinterpret_cast<Dma *>(dma);
	}

	static int open(vfnet_bus *bus, const char *name, const vfnet_log *, vfnet_dev **out,
			vfnet_err *err)
	{
		FakeBus *self = bus_of()[bus];
		int rc = self->enter("open", err);
		if (rc)
			return rc;
		Dev *dev = new Dev();
		dev->owner = self;
		dev->dev.ops = dev_ops(self->tells_truth);
		dev->dev.bus = bus;
		snprintf(dev->dev.name, sizeof(dev->dev.name), "fake:%s", name);
		dev->dev.vendor = 0x8086;
		dev->dev.device = self->device_id;
		dev->dev.n_vectors = 3;
		dev->dev.numa_node = -1;
		self->open_devs++;
		*out = &dev->dev;
		return 0;
	}
	static int dma_open(vfnet_bus *bus, vfnet_dma **out, vfnet_err *err)
	{
		FakeBus *self = bus_of()[bus];
		int rc = self->enter("dma_open", err);
		if (rc)
			return rc;
		Dma *dma = new Dma();
		dma->owner = self;
		dma->id = self->n_domains++;
		self->open_domains++;
		*out = &dma->dma;
		return 0;
	}
	static int dma_map(vfnet_dma *dma, void *, uint64_t, uint64_t, vfnet_err *err)
	{
		return dma_of(dma)->owner->enter("map", err);
	}
	static void dma_unmap(vfnet_dma *dma, uint64_t, uint64_t)
	{
		dma_of(dma)->owner->enter("unmap", nullptr);
	}
	static void dma_close(vfnet_dma *dma)
	{
		dma_of(dma)->owner->enter("dma_close", nullptr);
		dma_of(dma)->owner->open_domains--;
		delete dma_of(dma);
	}
	static int attach(vfnet_dev *dev, vfnet_dma *dma, vfnet_err *err)
	{
		FakeBus *self = dev_of(dev)->owner;
		int rc = self->enter("attach", err);
		if (rc)
			return rc;
		if (static_cast<int>(dma->n_devs) >= self->devs_per_domain)
			return vfnet_err_set(err, -EXDEV, "the domain is full");
		return 0;
	}
	static void detach(vfnet_dev *dev)
	{
		dev_of(dev)->owner->enter("detach", nullptr);
	}
	static uint32_t read32(vfnet_dev *, unsigned int, uint32_t)
	{
		return UINT32_MAX;
	}
	static void write32(vfnet_dev *, unsigned int, uint32_t, uint32_t)
	{
	}
	static uint32_t *doorbell(vfnet_dev *, unsigned int, uint32_t)
	{
		return nullptr;
	}
	static int reset(vfnet_dev *dev, vfnet_err *err)
	{
		if (dev_of(dev)->owner->during_reset)
			dev_of(dev)->owner->during_reset();
		return dev_of(dev)->owner->enter("reset", err);
	}
	static int bus_master(vfnet_dev *dev, bool on, vfnet_err *err)
	{
		return dev_of(dev)->owner->enter(on ? "master_on" : "master_off", err);
	}
	static int irq_set(vfnet_dev *dev, unsigned int, const int *, vfnet_err *err)
	{
		return dev_of(dev)->owner->enter("irq_set", err);
	}
	static void close(vfnet_dev *dev)
	{
		dev_of(dev)->owner->enter("close", nullptr);
		dev_of(dev)->owner->open_devs--;
		delete dev_of(dev);
	}
	static int request(vfnet_dev *dev)
	{
		return dev_of(dev)->owner->request_fd;
	}
	static int revoke(vfnet_dev *dev, vfnet_err *err)
	{
		return dev_of(dev)->owner->enter("revoke", err);
	}
	static void tell(vfnet_dev *dev, vfnet_counters *sum, uint64_t *lost_bytes)
	{
		const vfnet_counters &truth = dev_of(dev)->owner->truth;
		for (int i = 0; i < VFNET_MISSED_COUNT; i++)
			sum->missed[i] += truth.missed[i];
		for (int i = 0; i < VFNET_DROPS_COUNT; i++)
			sum->drops[i] += truth.drops[i];
		*lost_bytes += truth.tx_bytes;
	}

	static const vfnet_bus_ops *bus_ops()
	{
		static const vfnet_bus_ops ops = {open, dma_open, dma_map, dma_unmap, dma_close};
		return &ops;
	}
	static const vfnet_dev_ops *dev_ops(bool tells_truth)
	{
		static const vfnet_dev_ops plain = {attach, detach,	read32,	 write32, doorbell,
						    reset,  bus_master, irq_set, request, revoke,
						    close,  nullptr,	nullptr, nullptr, nullptr};
		static const vfnet_dev_ops truthful = {
		    attach,  detach, read32, write32, doorbell, reset,	 bus_master, irq_set,
		    request, revoke, close,  nullptr, tell,	nullptr, nullptr};
		return tells_truth ? &truthful : &plain;
	}
};

#endif
