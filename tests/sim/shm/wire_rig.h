/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_SHM_WIRE_RIG_H
#define TESTS_SIM_SHM_WIRE_RIG_H

/* Cards on a hub; each is a member, though all are in this process. */
#include <memory>

#include "tests/sim/card/guest.h"
#include "tests/sim/shm/place.h"

extern "C" {
#include "sim/wire/shm_hub.h"
#include "tests/sim/shm/wire_inside.h"
}

namespace shm_wire
{

using namespace guest;

constexpr uint64_t kMs = 1000000;
constexpr uint64_t kS = 1000 * kMs;
const Mac kMacs[] = {{2, 0, 0, 0, 0, 0xa0}, {2, 0, 0, 0, 0, 0xa1}, {2, 0, 0, 0, 0, 0xa2}};

/* A machine with one card on the hub, and the function on it. */
struct Host {
	explicit Host(unsigned int n, const std::string &options = "", uint32_t n_rx = 64)
	    : mac(kMacs[n])
	{
		m.Wire(0, "shm:t" + options);
		f = std::make_unique<Function>(m, "0.0");
		f->Reset();
		f->SetMac(mac);
		f->RxUp(n_rx);
		f->TxUp(64);
		vfnet_sim_start(m.sim);
	}
	void Send(const Mac &dst, size_t len = 60, uint8_t seed = 0)
	{
		f->Send(Frame(dst, mac, len, seed));
		m.Step();
	}
	/* the seeds of all frames that came */
	std::vector<int> Seeds()
	{
		std::vector<int> seeds;

		while (f->rx_ring) {
			Bytes data = f->Receive().data;

			if (data.empty()) {
				if (!m.Step())
					return seeds;
				continue;
			}
			seeds.push_back(static_cast<uint8_t>(data[14] - 14));
		}
		return seeds;
	}
	uint64_t In()
	{
		return m.Counters(0).in_packets;
	}
	/* until the transmit ring stands still; Return: frames on the wire */
	uint64_t Flood(const Mac &dst, unsigned int n, size_t len = 60)
	{
		for (unsigned int i = 0; i < n; i++) {
			uint32_t at = f->Send(Frame(dst, mac, len, static_cast<uint8_t>(i)));

			m.Step();
			if (!f->Sent(at))
				break;
		}
		return m.Counters(0).out_packets;
	}

	Mac mac;
	Machine m;
	std::unique_ptr<Function> f;
};

class ShmWire : public ::testing::Test
{
      protected:
	/* the file of hub "t", as any process of the user may map it */
	sim_shm_hub Intruder()
	{
		sim_shm_hub hub;

		EXPECT_EQ(sim_shm_hub_join(&hub, "t", nullptr), 0);
		return hub;
	}
	Place place_;
};

} // namespace shm_wire

#endif
