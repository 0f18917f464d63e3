/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two ports on two software cards, a pool, a queue pair each, and a forwarding loop: what most
 * tests here begin with. Cards are stepped inline, so a run gives the same result every time.
 */
#ifndef VFNET_TESTS_SIM_RIG_H
#define VFNET_TESTS_SIM_RIG_H

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <vfnet/sim.h>
#include <vfnet/vfnet.h>

template <typename Opts> Opts SizedOpts()
{
	Opts opts = {};
	opts.size = sizeof(opts);
	return opts;
}

class Rig
{
      public:
	struct Port {
		vfnet_port *port = nullptr;
		vfnet_rxq *rxq = nullptr;
		vfnet_txq *txq = nullptr;
		vfnet_counters counters = {};
		uint64_t tx_full = 0;
		uint64_t tx_down = 0;
	};

	vfnet_sim_mode mode = VFNET_SIM_INLINE;
	bool doorbell_call = false;
	bool service_thread = false;
	uint32_t n_bufs = 4096;
	uint32_t n_desc = 256;
	uint32_t mtu = 0;
	uint64_t region_bytes = 32 << 20;

	vfnet_sim *sim = nullptr;
	vfnet *v = nullptr;
	vfnet_pool *pool = nullptr;
	vfnet_cache *cache = nullptr;
	std::vector<Port> ports;
	vfnet_err err = {};

	~Rig()
	{
		Close();
	}

	void OpenSim()
	{
		auto opts = SizedOpts<vfnet_sim_opts>();
		opts.mode = mode;
		opts.doorbell_call = doorbell_call;
		ASSERT_EQ(0, vfnet_sim_open(&opts, &sim, &err)) << err.text;
	}

	void Wire(unsigned int card, const std::string &spec)
	{
		ASSERT_EQ(0, vfnet_sim_wire(sim, card, spec.c_str(), &err)) << err.text;
	}

	void Card(unsigned int card, const std::string &spec)
	{
		ASSERT_EQ(0, vfnet_sim_card(sim, card, spec.c_str(), &err)) << err.text;
	}

	void OpenContext()
	{
		auto opts = SizedOpts<vfnet_opts>();
		opts.region_bytes = region_bytes;
		opts.page_bytes = 4096;
		ASSERT_EQ(0, vfnet_open(&opts, &v, &err)) << err.text;
		ASSERT_EQ(0, vfnet_add_bus(v, "sim", vfnet_sim_bus(sim), &err)) << err.text;
		auto pool_opts = SizedOpts<vfnet_pool_opts>();
		pool_opts.n_bufs = n_bufs;
		ASSERT_EQ(0, vfnet_pool_open(vfnet_get_region(v), &pool_opts, &pool, &err))
		    << err.text;
		ASSERT_EQ(0, vfnet_cache_open(pool, 0, &cache, &err)) << err.text;
	}

	void OpenPort(const char *name)
	{
		auto opts = SizedOpts<vfnet_port_opts>();
		opts.mtu = mtu;
		opts.service_thread = service_thread;
		Port port;
		ASSERT_EQ(0, vfnet_port_open(v, name, &opts, &port.port, &err)) << err.text;
		ports.push_back(port);
	}

	void OpenQueues()
	{
		auto opts = SizedOpts<vfnet_queue_opts>();
		opts.n_desc = n_desc;
		opts.cache = cache;
		for (auto &port : ports) {
			ASSERT_EQ(0, vfnet_rxq_open(port.port, &opts, &port.rxq, &err)) << err.text;
			ASSERT_EQ(0, vfnet_txq_open(port.port, &opts, &port.txq, &err)) << err.text;
		}
	}

	/* everything after OpenSim(), Wire() and Card() */
	void Open(std::initializer_list<const char *> names)
	{
		ASSERT_NO_FATAL_FAILURE(OpenContext());
		for (const char *name : names)
			ASSERT_NO_FATAL_FAILURE(OpenPort(name));
		ASSERT_NO_FATAL_FAILURE(OpenQueues());
	}

	std::vector<uint8_t> Mac(size_t i)
	{
		vfnet_port_info info;
		vfnet_port_get_info(ports[i].port, &info);
		return std::vector<uint8_t>(info.mac, info.mac + 6);
	}

	/* a shortest frame */
	void SendOne(size_t from, size_t to)
	{
		vfnet_pkt pkt;
		ASSERT_EQ(1u, vfnet_pkt_alloc(cache, &pkt, 1));
		uint8_t *data = vfnet_pkt_data(vfnet_get_region(v), &pkt);
		memset(data, 0, 60);
		memcpy(data, Mac(to).data(), 6);
		memcpy(data + 6, Mac(from).data(), 6);
		pkt.len = 60;
		ASSERT_EQ(1, vfnet_tx_burst(ports[from].txq, &pkt, 1));
	}

	/* one burst from port @from to port @to; MAC mode when @rewrite. Return: packets */
	int ForwardOnce(size_t from, size_t to, bool rewrite)
	{
		vfnet_pkt pkt[32];
		vfnet_port_info info;
		int n = vfnet_rx_burst(ports[from].rxq, pkt, 32);
		if (n <= 0)
			return n;
		vfnet_port_get_info(ports[to].port, &info);
		bool first = true;
		for (int i = 0; i < n; i++) {
			if (rewrite && first)
				memcpy(vfnet_pkt_data(vfnet_get_region(v), &pkt[i]) + 6, info.mac,
				       6);
			first = !(pkt[i].flags & VFNET_PKT_MORE);
		}
		int rc = vfnet_tx_burst(ports[to].txq, pkt, static_cast<unsigned int>(n));
		EXPECT_TRUE(rc >= 0 || rc == -ENETDOWN || rc == -ENODEV) << rc;
		int sent = rc < 0 ? 0 : rc;
		for (int i = sent; i < n; i++)
			if (!(pkt[i].flags & VFNET_PKT_MORE))
				(rc < 0 ? ports[to].tx_down : ports[to].tx_full)++;
		vfnet_pkt_free(cache, pkt + sent, static_cast<unsigned int>(n - sent));
		return n;
	}

	/* forward 0 -> 1 until the sources are done and nothing moves any more */
	void ForwardAll(bool rewrite = true)
	{
		int idle = 0;
		vfnet_sim_start(sim);
		for (int i = 0; i < 10000000 && idle < 50; i++) {
			int n = ForwardOnce(0, 1, rewrite);
			ASSERT_GE(n, 0);
			bool busy = n > 0 || !vfnet_sim_sources_done(sim) ||
				    vfnet_txq_reclaim(ports[1].txq) > 0;
			idle = busy ? 0 : idle + 1;
		}
		vfnet_sim_stop(sim);
		EXPECT_EQ(50, idle) << "traffic never came to an end";
	}

	void CloseQueues()
	{
		for (auto &port : ports) {
			vfnet_rxq_close(port.rxq);
			vfnet_txq_close(port.txq);
			port.rxq = nullptr;
			port.txq = nullptr;
			vfnet_port_service(port.port, 0);
			vfnet_port_get_counters(port.port, &port.counters);
			port.counters.drops[VFNET_DROPS_tx_full] += port.tx_full;
			port.counters.drops[VFNET_DROPS_tx_down] += port.tx_down;
		}
	}

	void Close()
	{
		for (auto &port : ports) {
			vfnet_rxq_close(port.rxq);
			vfnet_txq_close(port.txq);
			EXPECT_EQ(0, vfnet_port_close(port.port));
		}
		ports.clear();
		EXPECT_EQ(0, vfnet_cache_close(cache));
		cache = nullptr;
		if (pool) {
			EXPECT_EQ(pool->n_bufs, vfnet_pool_n_free(pool)) << "the pool is whole";
			EXPECT_EQ(0, vfnet_pool_close(pool, &err)) << err.text;
		}
		pool = nullptr;
		EXPECT_EQ(0, vfnet_close(v));
		v = nullptr;
		if (sim) {
			for (unsigned int card = 0; card < 16; card++)
				EXPECT_EQ(0u, vfnet_sim_mistakes(sim, card)) << "the driver's";
			EXPECT_EQ(0, vfnet_sim_close(sim));
		}
		sim = nullptr;
	}

	/* name=n of all that is not zero, after CloseQueues() */
	std::string Missed() const
	{
		std::string text;
		for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++) {
			uint64_t sum = 0;
			for (const auto &port : ports)
				sum += port.counters.missed[i];
			if (sum)
				text += (text.empty() ? "" : " ") +
					std::string(vfnet_missed_name(i)) + "=" +
					std::to_string(sum);
		}
		return text;
	}
	std::string Drops() const
	{
		std::string text;
		for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++) {
			uint64_t sum = 0;
			for (const auto &port : ports)
				sum += port.counters.drops[i];
			if (sum)
				text += (text.empty() ? "" : " ") +
					std::string(vfnet_drops_name(i)) + "=" +
					std::to_string(sum);
		}
		return text;
	}

	uint64_t Sum(uint64_t vfnet_counters::*field) const
	{
		uint64_t sum = 0;
		for (const auto &port : ports)
			sum += port.counters.*field;
		return sum;
	}

	uint64_t Dropped(vfnet_drops why) const
	{
		uint64_t sum = 0;
		for (const auto &port : ports)
			sum += port.counters.drops[why];
		return sum;
	}

	/* both equations of the ledger, with what the wires say as the judge */
	void ExpectBalanced(uint64_t created = 0)
	{
		uint64_t in = 0, out = 0, missed = 0, drops = 0;
		for (unsigned int card = 0; card < 16; card++) {
			vfnet_sim_wire_counters wire;
			if (vfnet_sim_get_wire_counters(sim, card, &wire) == 0) {
				in += wire.in_packets;
				out += wire.out_packets;
			}
		}
		for (const auto &port : ports) {
			for (uint64_t n : port.counters.missed)
				missed += n;
			for (uint64_t n : port.counters.drops)
				drops += n;
		}
		const uint64_t rx = Sum(&vfnet_counters::rx_packets);
		const uint64_t tx = Sum(&vfnet_counters::tx_packets);
		EXPECT_EQ(in, rx + missed) << "offered: missed " << Missed();
		EXPECT_EQ(rx + created, tx + drops) << "drops " << Drops();
		EXPECT_LE(tx, out) << "the sink's count";
		/* what was in a card when it was reset may have left */
		EXPECT_LE(out, tx + Dropped(VFNET_DROPS_reset_unknown)) << "the sink's count";
	}
};

#endif
