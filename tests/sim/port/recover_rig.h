/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_RECOVER_RIG_H
#define VFNET_TESTS_RECOVER_RIG_H

/* A program that goes on through resets of its cards, in a time that is the test's own. */
#include "tests/sim/port/rig.h"

constexpr uint64_t kMs = 1000000;

class Recover : public ::testing::Test
{
      protected:
	void Open(std::initializer_list<const char *> names)
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Open(names));
	}
	void Happen(unsigned int card, vfnet_sim_event event)
	{
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, card, event));
	}
	void Reset(unsigned int card)
	{
		ASSERT_NO_FATAL_FAILURE(Happen(card, VFNET_SIM_PF_DOWN));
		ASSERT_NO_FATAL_FAILURE(Happen(card, VFNET_SIM_PF_UP));
	}
	enum vfnet_port_state State(size_t i = 0)
	{
		return vfnet_port_state(rig_.ports[i].port);
	}
	/* each port at its own deadlines; time is the test's */
	void Serve(uint64_t step_ns = kMs / 10)
	{
		for (auto &port : rig_.ports)
			vfnet_port_service(port.port, now_);
		now_ += step_ns;
	}
	/* what a forwarder does in one round, in both directions */
	void Forward()
	{
		for (size_t i = 0; i < rig_.ports.size(); i++) {
			size_t to = i + 1 < rig_.ports.size() ? i + 1 : 0;
			int n = rig_.ForwardOnce(i, to, true);
			ASSERT_TRUE(n >= 0 || n == -ENETDOWN || n == -ENODEV) << n;
			vfnet_txq_reclaim(rig_.ports[i].txq);
		}
	}
	bool AllRun()
	{
		for (auto &port : rig_.ports)
			if (vfnet_port_state(port.port) != VFNET_PORT_RUNNING)
				return false;
		return true;
	}
	/* the program goes on until all ports run; Return: whether they did within @ns */
	bool ComeBack(uint64_t ns = 5000 * kMs)
	{
		uint64_t end = now_ + ns;
		bool seen = false;
		while (now_ < end && !::testing::Test::HasFatalFailure()) {
			Serve();
			Forward();
			seen = seen || !AllRun();
			if (seen && AllRun())
				return true;
		}
		return false;
	}
	/* until the sources have ended and what they sent has left */
	void Drain()
	{
		for (int idle = 0; idle < 200; idle++) {
			uint64_t before = Received();
			ASSERT_NO_FATAL_FAILURE(Forward());
			Serve();
			if (Received() != before || !vfnet_sim_sources_done(rig_.sim))
				idle = 0;
		}
	}
	uint64_t Received()
	{
		uint64_t sum = 0;
		for (auto &port : rig_.ports) {
			vfnet_port_get_counters(port.port, &port.counters);
			sum += port.counters.rx_packets;
		}
		return sum;
	}
	uint64_t Resets(size_t i = 0)
	{
		vfnet_port_get_counters(rig_.ports[i].port, &rig_.ports[i].counters);
		return rig_.ports[i].counters.resets;
	}
	bool LinkUp(size_t i = 0)
	{
		vfnet_link link = {};
		vfnet_port_get_link(rig_.ports[i].port, &link);
		return link.up;
	}

	Rig rig_;
	uint64_t now_ = kMs;
};

#endif
