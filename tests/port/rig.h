/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PORT_RIG_H
#define VFNET_TESTS_PORT_RIG_H

/*
 * What each conformance test begins with: ports 0 and 1, two functions of one card which reach each
 * other by the card's switch, named by the environment (env.h) or of a software card; and Linux on
 * the other side of the wire (linux.h). Only the library's public calls touch the ports, so that a
 * test says the same of every card and of every way to it.
 *
 * Time is real here. Nothing is judged by it: what has to happen is waited for (Soon()), and what
 * must not happen is known by a frame that was sent later and has arrived (Heard()).
 */
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <vfnet/sim.h>
#include <vfnet/vfnet.h>

#include "tests/port/env.h"
#include "tests/port/frame.h"
#include "tests/port/linux.h"

template <typename Opts> Opts SizedOpts()
{
	Opts opts = {};
	opts.size = sizeof(opts);
	return opts;
}

class PortTest : public ::testing::Test
{
      protected:
	struct Port {
		vfnet_port *port = nullptr;
		vfnet_rxq *rxq = nullptr;
		vfnet_txq *txq = nullptr;
		uint64_t rx_frames = 0; /* all that Poll() has taken, strangers' frames too */
		uint64_t rx_bytes = 0;
	};
	/* What the card shall do with a frame that is sent. */
	struct Work {
		uint16_t flags = 0; /* VFNET_PKT_VLAN and VFNET_PKT_TX_* */
		uint16_t vlan = 0;
		uint32_t txo = 0;
		size_t piece = 2048; /* bytes in each buffer */
	};

	/* Fails or skips where the environment is not fit for the test. */
	void SetUp() override;
	void TearDown() override
	{
		Close();
	}

	/* To be called first, in SetUp(): the test is skipped without Linux on the wire. */
	void NeedLinux();

	/* Everything: context, pool, both ports with their queues, and their links are up. */
	void Open();
	/* Until Linux knows port @i's address. */
	void Announce(size_t i);
	bool LinksUp();
	void OpenContext();
	/* @queues: and a queue pair; @mac: the address to ask for */
	void OpenPort(size_t i, bool queues = true, const Mac *mac = nullptr);
	void OpenQueues(size_t i);
	/* Return: what vfnet_port_open() returns, the sentence is in err_; closes it again. */
	int TryOpen(size_t i, const Mac &mac);
	void ClosePort(size_t i);
	void Close();

	/* Return: whether the card does here as row @row of 82576-vf.md section 9 says; to be asked
	 * wherever a test expects something else of the chip. tests/README.md names the test. */
	bool Deviates(int row) const;

	Mac MacOf(size_t i) const;
	vfnet_region *Region() const
	{
		return vfnet_get_region(v_);
	}
	/* After a look at the hardware's. */
	vfnet_counters Counters(size_t i);
	uint32_t NextNumber()
	{
		return ++number_;
	}
	static uint64_t Now();

	/* The ports' slow work, as a program's loop does it. */
	void Serve();
	/* Return: whether @done came true in a time in which only what is broken does not. */
	bool Soon(const std::function<bool()> &done);

	/* The values of a frame, copied into buffers. */
	std::vector<vfnet_pkt> Values(const Bytes &frame, const Work &work);
	void Send(size_t i, const Bytes &frame, const Work &work);
	void Send(size_t i, const Bytes &frame)
	{
		Send(i, frame, Work());
	}
	/* Return: one burst of at most @most buffers, whoever sent it; empty when nothing was
	 * there. What Linux asks by ARP is answered. */
	std::vector<Frame> Poll(size_t i, unsigned int most = 64);
	/* Return: all numbered frames that port @i has got so far, none of those sent before is
	 * still on its way: the other port sends one more, and that has arrived. */
	std::vector<Frame> Heard(size_t i);
	/* Sends @frame from @from. Return: how often the other port got it, each time intact. */
	size_t HeardOf(size_t from, const Bytes &frame);
	/* A numbered frame of @size bytes from port @from to @dst. */
	Bytes Make(size_t from, const Mac &dst, size_t size = 60, int tag = kNoTag)
	{
		return numbered::Make(dst, MacOf(from), size, NextNumber(), tag);
	}

	Env env_ = Env::Read();
	vfnet_sim_mode sim_mode_ = VFNET_SIM_INLINE; /* who moves a software card */
	std::string sim_card_; /* vfnet_sim_card(), beside the environment's */
	uint32_t n_desc_ = 256;
	uint32_t n_bufs_ = 4096;
	uint32_t mtu_ = 0;
	vfnet *v_ = nullptr;
	vfnet_sim *sim_ = nullptr;
	vfnet_pool *pool_ = nullptr;
	vfnet_cache *cache_ = nullptr;
	Port ports_[2];
	std::unique_ptr<Linux> linux_; /* after NeedLinux() and Open() */
	vfnet_err err_ = {};

      private:
	void OpenSim();
	Frame Join(const vfnet_pkt *pkt, unsigned int n);

	bool need_linux_ = false;
	uint32_t number_ = 0;
};

#endif
