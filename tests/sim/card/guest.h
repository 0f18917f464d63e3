/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_CARD_GUEST_H
#define TESTS_SIM_CARD_GUEST_H

/*
 * A minimal driver for tests of the software 82576 alone: register pokes and rings in a plain
 * buffer, through the contract of lib/dev/dev.h. It is not igbvf and knows nothing of it.
 */

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <vfnet/counters.h>
#include <vfnet/sim.h>

extern "C" {
#include "lib/dev/dev.h"
#include "tests/sim/card/inside.h"
}

#include "lib/chip/82576_mbox.h"
#include "lib/chip/82576_regs.h"

namespace guest
{

using Bytes = std::vector<uint8_t>;
using Mac = std::array<uint8_t, 6>;

constexpr Mac kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr Mac kMacA{0x02, 0, 0, 0, 0, 0xaa};
constexpr Mac kMacB{0x02, 0, 0, 0, 0, 0xbb};
constexpr Mac kStranger{0x02, 0, 0, 0, 0, 0x99};
constexpr Mac kGroup{0x33, 0x33, 0, 0, 0, 0x01};

/* @len bytes, of which the first 14 are a header; the rest counts from @seed */
inline Bytes Frame(const Mac &dst, const Mac &src, size_t len, uint8_t seed = 0)
{
	Bytes frame(len);

	for (size_t i = 0; i < len; i++)
		frame[i] = static_cast<uint8_t>(seed + i);
	std::copy(dst.begin(), dst.end(), frame.begin());
	std::copy(src.begin(), src.end(), frame.begin() + 6);
	frame[12] = 0x88; /* local experimental ethertype */
	frame[13] = 0xb5;
	return frame;
}

/* the same with a tag after the addresses */
inline Bytes Tagged(Bytes frame, uint16_t vid)
{
	const uint8_t tag[] = {0x81, 0, static_cast<uint8_t>(vid >> 8), static_cast<uint8_t>(vid)};

	frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
	return frame;
}

/* Log lines of the cards. */
struct Log {
	std::vector<std::string> lines;

	static void Sink(void *user, enum vfnet_log_level, const char *tag, const char *text)
	{
		static_cast<Log *>(user)->lines.push_back(std::string(tag) + ": " + text);
	}
	size_t Count(const std::string &what) const
	{
		size_t n = 0;

		for (const auto &line : lines)
			n += line.find(what) != std::string::npos;
		return n;
	}
};

/* Cards, guest memory and one I/O address space. */
class Machine
{
      public:
	static constexpr uint64_t kIova = uint64_t{1} << 32;
	static constexpr size_t kBytes = 8 << 20;

	explicit Machine(enum vfnet_sim_mode mode = VFNET_SIM_MANUAL, bool doorbell_call = false)
	{
		struct vfnet_sim_opts opts = {};
		struct vfnet_err err;

		opts.size = sizeof(opts);
		opts.mode = mode;
		opts.doorbell_call = doorbell_call;
		opts.log = Log::Sink;
		opts.log_user = &log;
		opts.log_level = VFNET_LOG_DEBUG;
		if (vfnet_sim_open(&opts, &sim, &err))
			throw std::runtime_error(err.text);
		bus = vfnet_sim_bus(sim);
		mem = static_cast<uint8_t *>(std::aligned_alloc(4096, kBytes));
		std::memset(mem, 0, kBytes);
		if (bus->ops->dma_open(bus, &dma, &err) ||
		    bus->ops->dma_map(dma, mem, kIova, kBytes, &err))
			throw std::runtime_error(err.text);
	}
	~Machine()
	{
		bus->ops->dma_close(dma);
		EXPECT_EQ(vfnet_sim_close(sim), 0);
		std::free(mem);
	}
	Machine(const Machine &) = delete;
	Machine &operator=(const Machine &) = delete;

	uint8_t *Alloc(size_t bytes, size_t align = 128)
	{
		used = (used + align - 1) / align * align;
		uint8_t *at = mem + used;
		used += bytes;
		if (used > kBytes)
			throw std::runtime_error("guest memory is used up");
		return at;
	}
	uint64_t Iova(const void *at) const
	{
		return kIova + static_cast<uint64_t>(static_cast<const uint8_t *>(at) - mem);
	}
	unsigned int Step(unsigned int budget = 64)
	{
		return vfnet_sim_step(sim, budget);
	}
	void Card(unsigned int card, const char *spec)
	{
		struct vfnet_err err = {};

		ASSERT_EQ(vfnet_sim_card(sim, card, spec, &err), 0) << err.text;
	}
	void Wire(unsigned int card, const std::string &spec)
	{
		struct vfnet_err err = {};

		ASSERT_EQ(vfnet_sim_wire(sim, card, spec.c_str(), &err), 0) << err.text;
	}
	vfnet_sim_wire_counters Counters(unsigned int card)
	{
		vfnet_sim_wire_counters counters = {};

		EXPECT_EQ(vfnet_sim_get_wire_counters(sim, card, &counters), 0);
		return counters;
	}

	Log log;
	struct vfnet_sim *sim = nullptr;
	struct vfnet_bus *bus = nullptr;
	struct vfnet_dma *dma = nullptr;
	uint8_t *mem = nullptr;

      private:
	size_t used = 0;
};

/* d0 to d3 as written back */
struct Received {
	Bytes data;
	uint32_t types = 0;
	uint32_t status = 0;
	uint16_t vlan = 0;
	unsigned int n_desc = 0;
};

/* One function, its rings and its mailbox. */
class Function
{
      public:
	static constexpr uint32_t kNone = 0xffffffffu;

	/* @name: "0.0"; open, attached, reset, bus master on */
	Function(Machine &machine, const char *name) : m(machine)
	{
		struct vfnet_err err = {};

		if (m.bus->ops->open(m.bus, name, nullptr, &dev, &err) ||
		    dev->ops->attach(dev, m.dma, &err) || dev->ops->reset(dev, &err) ||
		    dev->ops->bus_master(dev, true, &err))
			throw std::runtime_error(err.text);
		rdt = dev->ops->doorbell(dev, 0, IGBVF_RDT);
		tdt = dev->ops->doorbell(dev, 0, IGBVF_TDT);
	}
	~Function()
	{
		dev->ops->bus_master(dev, false, nullptr);
		dev->ops->detach(dev);
		dev->ops->close(dev);
	}
	Function(const Function &) = delete;
	Function &operator=(const Function &) = delete;

	uint32_t Rd(uint32_t reg)
	{
		return vfnet_dev_read32(dev, reg);
	}
	void Wr(uint32_t reg, uint32_t val)
	{
		vfnet_dev_write32(dev, reg, val);
	}
	/* let the card move, or give it the time to */
	void Move()
	{
		if (dev->ops->progress)
			dev->ops->progress(dev);
		else if (vfnet_sim_get_mode(m.sim) == VFNET_SIM_MANUAL)
			m.Step();
		else
			inside_sleep_us(50);
	}
	/* until (V2PMAILBOX & @mask), at most a second; what was read is kept in @seen */
	bool WaitMbox(uint32_t mask)
	{
		for (unsigned int i = 0; i < 10000; i++) {
			seen |= Rd(IGBVF_V2PMAILBOX);
			if (seen & mask)
				return true;
			Move();
		}
		return false;
	}
	/* Return: reply word 0, kNone when there was none; words 1 and 2 are in @reply */
	uint32_t Ask(const std::vector<uint32_t> &words)
	{
		seen = 0;
		Rd(IGBVF_V2PMAILBOX);
		Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_VFU);
		for (size_t i = 0; i < words.size(); i++)
			Wr(IGBVF_VMBMEM + 4 * static_cast<uint32_t>(i), words[i]);
		Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ);
		if (!WaitMbox(IGBVF_V2PMAILBOX_PFSTS))
			return kNone;
		for (uint32_t i = 0; i < reply.size(); i++)
			reply[i] = Rd(IGBVF_VMBMEM + 4 * i);
		Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_ACK);
		return reply[0];
	}
	uint32_t Reset()
	{
		Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
		return Ask({IGBVF_MSG_RESET});
	}
	/* @info: 0 or IGBVF_MAC_FILTER_ADD, IGBVF_MAC_FILTER_CLEAR */
	uint32_t SetMac(const Mac &mac, uint32_t info = 0)
	{
		std::vector<uint32_t> words{IGBVF_MSG_SET_MAC | info << 16, 0, 0};

		std::memcpy(&words[1], mac.data(), 4);
		std::memcpy(&words[2], mac.data() + 4, 2);
		return Ask(words);
	}
	/* Return: whether the physical function agreed */
	bool SetVlan(uint32_t vid, bool add)
	{
		return Ask({IGBVF_MSG_SET_VLAN | uint32_t{add} << 16, vid}) & IGBVF_MSG_ACK;
	}
	/* reset, address, rings of @n_desc */
	void Up(const Mac &mac, uint32_t n_desc = 64)
	{
		Reset();
		ASSERT_TRUE(SetMac(mac) & IGBVF_MSG_ACK);
		RxUp(n_desc);
		TxUp(n_desc);
	}
	void Ring(uint32_t low, const void *ring, uint32_t bytes)
	{
		Wr(low, static_cast<uint32_t>(m.Iova(ring)));
		Wr(low + 4, static_cast<uint32_t>(m.Iova(ring) >> 32));
		Wr(low + 8, bytes);
	}
	bool Enable(uint32_t ctl, bool on)
	{
		Wr(ctl, on ? IGBVF_RXDCTL_ENABLE : 0);
		for (unsigned int i = 0; i < 10000; i++) {
			if (!!(Rd(ctl) & IGBVF_RXDCTL_ENABLE) == on)
				return true;
			Move();
			if (i > 4 && vfnet_sim_get_mode(m.sim) != VFNET_SIM_THREAD)
				break;
		}
		return false;
	}
	/* @queue: 1 = with the registers of the second pair from now on */
	void UseQueue(uint32_t queue)
	{
		q = queue * IGBVF_RDT_STRIDE;
		rdt = dev->ops->doorbell(dev, 0, IGBVF_RDT + q);
		tdt = dev->ops->doorbell(dev, 0, IGBVF_TDT + q);
	}
	void RxUp(uint32_t n_desc, uint32_t kib = 2, bool drop = true)
	{
		n_rx = n_desc;
		buf_bytes = kib * 1024;
		rx_ring = reinterpret_cast<inside_desc *>(m.Alloc(16 * n_desc));
		rx_bufs = m.Alloc(size_t{buf_bytes} * n_desc);
		for (uint32_t i = 0; i < n_desc; i++)
			Post(i);
		Enable(IGBVF_RXDCTL + q, false);
		Ring(IGBVF_RDBAL + q, rx_ring, 16 * n_desc);
		Wr(IGBVF_SRRCTL + q, kib | 1u << 25 | (drop ? IGBVF_SRRCTL_DROP_EN : 0));
		ASSERT_TRUE(Enable(IGBVF_RXDCTL + q, true));
		rx_next = 0;
		rx_tail = n_desc - 1;
		Tail(IGBVF_RDT + q, rdt, rx_tail);
	}
	void TxUp(uint32_t n_desc)
	{
		n_tx = n_desc;
		tx_ring = reinterpret_cast<inside_desc *>(m.Alloc(16 * n_desc));
		tx_bufs = m.Alloc(size_t{2048} * n_desc);
		Enable(IGBVF_TXDCTL + q, false);
		Ring(IGBVF_TDBAL + q, tx_ring, 16 * n_desc);
		ASSERT_TRUE(Enable(IGBVF_TXDCTL + q, true));
		tx_tail = 0;
	}
	void Post(uint32_t i)
	{
		inside_put_addr(&rx_ring[i], m.Iova(rx_bufs + size_t{i} * buf_bytes));
	}
	void Tail(uint32_t reg, uint32_t *word, uint32_t val)
	{
		if (word)
			inside_store_tail(word, val);
		else
			Wr(reg, val);
	}
	/* next frame of the ring; empty data = none. Its descriptors are posted again. */
	Received Receive()
	{
		Received got;

		while (inside_dd(&rx_ring[rx_next], 2)) {
			inside_desc desc = rx_ring[rx_next];
			uint32_t len = desc.d[3] & 0xffff;
			const uint8_t *buf = rx_bufs + size_t{rx_next} * buf_bytes;

			got.data.insert(got.data.end(), buf, buf + len);
			got.n_desc++;
			got.types = desc.d[0];
			got.status = desc.d[2];
			got.vlan = static_cast<uint16_t>(desc.d[3] >> 16);
			Post(rx_next);
			rx_next = (rx_next + 1) % n_rx;
			rx_tail = (rx_tail + 1) % n_rx;
			if (desc.d[2] & IGBVF_RXD_EOP_BIT) {
				Tail(IGBVF_RDT + q, rdt, rx_tail);
				return got;
			}
		}
		return {};
	}
	static constexpr uint32_t kData = 3u << 20 | 1u << 29;
	static constexpr uint32_t kEop = 1u << 24 | 1u << 25;
	static constexpr uint32_t kRs = 1u << 27;
	static constexpr uint32_t IGBVF_RXD_EOP_BIT = 2;

	/* a descriptor at the software tail; the doorbell is another call */
	uint32_t Put(uint64_t addr, uint32_t len, uint32_t cmd, uint32_t paylen)
	{
		uint32_t at = tx_tail;

		inside_put_addr(&tx_ring[at], addr);
		tx_ring[at].d[2] = len | cmd;
		tx_ring[at].d[3] = paylen;
		tx_tail = (tx_tail + 1) % n_tx;
		return at;
	}
	uint8_t *TxBuf(uint32_t i)
	{
		return tx_bufs + size_t{2048} * i;
	}
	/* a frame in one descriptor (up to 2048 bytes), not yet announced */
	uint32_t Queue(const Bytes &frame, uint32_t extra = 0)
	{
		uint32_t at = tx_tail;
		uint32_t len = static_cast<uint32_t>(frame.size());

		std::copy(frame.begin(), frame.end(), TxBuf(at));
		return Put(m.Iova(TxBuf(at)), len, kData | kEop | kRs | extra, len << 14);
	}
	void Ring()
	{
		Tail(IGBVF_TDT + q, tdt, tx_tail);
	}
	uint32_t Send(const Bytes &frame)
	{
		uint32_t at = Queue(frame);

		Ring();
		return at;
	}
	bool Sent(uint32_t at)
	{
		return inside_dd(&tx_ring[at], 3);
	}
	vfnet_counters Truth()
	{
		vfnet_counters sum = {};

		lost_bytes = 0;
		dev->ops->truth(dev, &sum, &lost_bytes);
		return sum;
	}
	uint64_t Missed(enum vfnet_missed why)
	{
		return Truth().missed[why];
	}
	uint64_t Drops(enum vfnet_drops why)
	{
		return Truth().drops[why];
	}

	Machine &m;
	struct vfnet_dev *dev = nullptr;
	uint32_t *rdt = nullptr;
	uint32_t *tdt = nullptr;
	uint32_t q = 0; /* distance of the queue's registers from those of queue 0 */
	uint32_t seen = 0;
	std::array<uint32_t, 3> reply{};
	inside_desc *rx_ring = nullptr;
	inside_desc *tx_ring = nullptr;
	uint8_t *rx_bufs = nullptr;
	uint8_t *tx_bufs = nullptr;
	uint32_t n_rx = 0, n_tx = 0, rx_next = 0, rx_tail = 0, tx_tail = 0, buf_bytes = 0;
	uint64_t lost_bytes = 0;
};

} // namespace guest

#endif
