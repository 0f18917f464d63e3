/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_IGBVF_FAKE_CARD_H
#define VFNET_TESTS_UNIT_IGBVF_FAKE_CARD_H

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/mem/region.h"

/*
 * A function that is nothing but a window of registers in memory: what is written is read back.
 * A test adds behaviour by on_read, on_write and on_progress.
 */
struct FakeCard {
	vfnet_dev dev = {};
	vfnet_dev_ops ops = {};
	std::array<uint32_t, IGBVF_BAR_BYTES / 4> window = {};
	std::vector<std::pair<uint32_t, uint32_t>> writes;
	std::function<uint32_t(uint32_t offset, uint32_t val)> on_read;
	std::function<void(uint32_t offset, uint32_t val)> on_write;
	std::function<void()> on_progress;
	unsigned int n_progress = 0;
	std::vector<int> eventfd; /* by vector, as last set */
	int irq_rc = 0;
	unsigned int n_irq_set = 0;
	int restore_rc = 0; /* what is lost stays lost until bus mastering is given */
	unsigned int n_master_off = 0;
	bool gone = false;
	bool doorbell_call = false;

	FakeCard()
	{
		ops.read32 = read32;
		ops.write32 = write32;
		ops.doorbell = doorbell;
		ops.irq_set = irq_set;
		ops.bus_master = bus_master;
		ops.restore = restore;
		dev.ops = &ops;
		strcpy(dev.name, "fake:0");
	}

	uint32_t &reg(uint32_t offset)
	{
		return window[offset / 4];
	}

	unsigned int n_writes(uint32_t offset) const
	{
		unsigned int n = 0;

		for (const auto &write : writes)
			n += write.first == offset;
		return n;
	}

	/* The driver's clock. */
	static uint64_t now_ns()
	{
		return igbvf_wait_start(0).end_ns;
	}

	/* What a card that someone steps offers. */
	void steppable()
	{
		ops.progress = progress;
	}

      private:
	static FakeCard *of(vfnet_dev *dev)
	{
		return reinterpret_cast<FakeCard *>(dev);
	}

	static uint32_t read32(vfnet_dev *dev, unsigned int, uint32_t offset)
	{
		FakeCard *card = of(dev);

		if (card->gone)
			return IGBVF_GONE;
		return card->on_read ? card->on_read(offset, card->reg(offset)) : card->reg(offset);
	}

	static void write32(vfnet_dev *dev, unsigned int, uint32_t offset, uint32_t val)
	{
		FakeCard *card = of(dev);

		card->writes.emplace_back(offset, val);
		if (card->gone)
			return;
		card->reg(offset) = val;
		if (card->on_write)
			card->on_write(offset, val);
	}

	static uint32_t *doorbell(vfnet_dev *dev, unsigned int, uint32_t offset)
	{
		FakeCard *card = of(dev);

		return card->doorbell_call ? nullptr : &card->reg(offset);
	}

	static int irq_set(vfnet_dev *dev, unsigned int n, const int *eventfd, vfnet_err *)
	{
		FakeCard *card = of(dev);

		card->n_irq_set++;
		if (n && card->irq_rc)
			return card->irq_rc;
		card->eventfd.assign(eventfd, eventfd + n);
		return 0;
	}

	static int bus_master(vfnet_dev *dev, bool on, vfnet_err *)
	{
		if (!on) {
			of(dev)->n_master_off++;
			of(dev)->restore_rc = 1;
		}
		return 0;
	}

	static int restore(vfnet_dev *dev, vfnet_err *)
	{
		int rc = of(dev)->restore_rc;

		of(dev)->restore_rc = rc < 0 ? rc : 0;
		return rc;
	}

	static void progress(vfnet_dev *dev)
	{
		FakeCard *card = of(dev);

		card->n_progress++;
		if (card->on_progress)
			card->on_progress();
	}
};

/* Collects log lines. */
struct LogLines {
	std::vector<std::string> lines;

	static void write(void *user, vfnet_log_level, const char *, const char *text)
	{
		static_cast<LogLines *>(user)->lines.push_back(text);
	}

	vfnet_log log()
	{
		return {write, this, VFNET_LOG_DEBUG};
	}

	/* lines with @part */
	unsigned int count(const std::string &part) const
	{
		unsigned int n = 0;

		for (const std::string &line : lines)
			n += line.find(part) != std::string::npos;
		return n;
	}
};

/*
 * A region, a pool, a cache, and a port on the fake card that no mailbox has seen. Its end proves
 * that every buffer came back: a pool that misses one does not close.
 */
class QueueTest : public ::testing::Test
{
      protected:
	FakeCard card;
	igbvf_port port = {};
	vfnet_region *region = nullptr;
	vfnet_pool *pool = nullptr;
	vfnet_cache *cache = nullptr;
	vfnet_err err = {};
	std::vector<uint32_t> hoard;

	void SetUp() override
	{
		vfnet_region_opts opts = {};

		opts.bytes = 4 << 20;
		opts.page_bytes = 4096;
		ASSERT_EQ(vfnet_region_open(&opts, &region, &err), 0) << err.text;
		port.hw.dev = &card.dev;
		port.port.mtu = 1500;
	}

	void TearDown() override
	{
		give_back();
		EXPECT_EQ(vfnet_cache_close(cache), 0);
		EXPECT_EQ(vfnet_pool_close(pool, &err), 0) << err.text;
		EXPECT_EQ(vfnet_region_close(region), 0);
	}

	void make_pool(uint32_t n_bufs, uint32_t data_bytes)
	{
		vfnet_pool_opts opts = {};

		opts.size = sizeof(opts);
		opts.n_bufs = n_bufs;
		opts.data_bytes = data_bytes;
		ASSERT_EQ(vfnet_pool_open(region, &opts, &pool, &err), 0) << err.text;
		ASSERT_EQ(vfnet_cache_open(pool, 64, &cache, &err), 0) << err.text;
	}

	/* Take buffers away until the pool and the cache have @n between them. */
	void leave(size_t n)
	{
		uint32_t handle;

		give_back();
		while (vfnet_cache_get(cache, &handle, 1))
			hoard.push_back(handle);
		ASSERT_GE(hoard.size(), n);
		for (; n; n--) {
			vfnet_cache_put(cache, &hoard.back(), 1);
			hoard.pop_back();
		}
	}

	void give_back()
	{
		for (uint32_t handle : hoard)
			vfnet_cache_put(cache, &handle, 1);
		hoard.clear();
	}

	uint64_t iova(uint32_t buf, uint32_t off)
	{
		return VFNET_IOVA_BASE + (uint64_t{buf} << VFNET_PLACE_SHIFT) + off;
	}

	void *at_iova(uint64_t addr)
	{
		return region->base + (addr - VFNET_IOVA_BASE);
	}
};

#endif
