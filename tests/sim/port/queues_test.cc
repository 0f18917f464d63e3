/* SPDX-License-Identifier: BSD-2-Clause */
/* A port's second transmit queue. */
#include <cerrno>

#include "tests/sim/port/rig.h"

namespace
{

class Queues : public ::testing::TestWithParam<bool>
{
      protected:
	void SetUp() override
	{
		rig_.doorbell_call = GetParam();
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
		ASSERT_NO_FATAL_FAILURE(OpenSecond());
	}

	void TearDown() override
	{
		vfnet_txq_close(second_);
	}

	void OpenSecond()
	{
		auto opts = SizedOpts<vfnet_queue_opts>();
		opts.index = 1;
		opts.n_desc = 64;
		opts.cache = rig_.cache;
		ASSERT_EQ(0, vfnet_txq_open(rig_.ports[0].port, &opts, &second_, &rig_.err))
		    << rig_.err.text;
	}

	void Send(vfnet_txq *q, uint32_t n)
	{
		for (uint32_t i = 0; i < n;) {
			vfnet_pkt pkt;
			ASSERT_EQ(1u, vfnet_pkt_alloc(rig_.cache, &pkt, 1));
			uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
			memset(data, 0, 60);
			data[0] = 0x02;
			memcpy(data + 6, rig_.Mac(0).data(), 6);
			pkt.len = 60;
			int rc = vfnet_tx_burst(q, &pkt, 1);
			ASSERT_GE(rc, 0);
			if (!rc)
				vfnet_pkt_free(rig_.cache, &pkt, 1);
			i += static_cast<uint32_t>(rc);
		}
	}

	Rig rig_;
	vfnet_txq *second_ = nullptr;
};

TEST_P(Queues, BothTransmitQueuesSendAndTheLedgerHasBoth)
{
	for (int round = 0; round < 20; round++) {
		ASSERT_NO_FATAL_FAILURE(Send(rig_.ports[0].txq, 30));
		ASSERT_NO_FATAL_FAILURE(Send(second_, 50));
	}
	for (int i = 0; i < 100 && vfnet_txq_reclaim(second_); i++)
		vfnet_port_service(rig_.ports[0].port, 0);
	EXPECT_EQ(0u, vfnet_txq_reclaim(second_));
	vfnet_txq_close(second_);
	second_ = nullptr;
	rig_.CloseQueues();
	rig_.ExpectBalanced(1600);
	EXPECT_EQ("", rig_.Drops());
	EXPECT_EQ(1600u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_P(Queues, TheSecondOutlivesTheFirst)
{
	vfnet_txq_close(rig_.ports[0].txq);
	rig_.ports[0].txq = nullptr;
	ASSERT_NO_FATAL_FAILURE(Send(second_, 200));
	while (vfnet_txq_reclaim(second_))
		vfnet_port_service(rig_.ports[0].port, 0);
	vfnet_txq_close(second_);
	ASSERT_NO_FATAL_FAILURE(OpenSecond());
	ASSERT_NO_FATAL_FAILURE(Send(second_, 10));
	while (vfnet_txq_reclaim(second_))
		vfnet_port_service(rig_.ports[0].port, 0);
	vfnet_counters counters;
	vfnet_port_get_counters(rig_.ports[0].port, &counters);
	EXPECT_EQ(210u, counters.tx_packets);
	vfnet_rxq_close(rig_.ports[0].rxq);
	rig_.ports[0].rxq = nullptr;
	EXPECT_EQ(-EBUSY, vfnet_port_close(rig_.ports[0].port)) << "it is open";
}

TEST_P(Queues, BothSendAgainAfterAReset)
{
	auto &port = rig_.ports[0];
	uint64_t now = 1000000;

	for (int round = 0; round < 3; round++) {
		ASSERT_NO_FATAL_FAILURE(Send(port.txq, 30));
		ASSERT_NO_FATAL_FAILURE(Send(second_, 30));
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_DOWN));
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_UP));
		do {
			vfnet_port_service(port.port, now += 100000);
			vfnet_txq_reclaim(port.txq);
			vfnet_txq_park(second_);
			vfnet_rxq_park(port.rxq);
		} while (vfnet_port_state(port.port) != VFNET_PORT_RUNNING);
		ASSERT_NO_FATAL_FAILURE(Send(port.txq, 200));
		ASSERT_NO_FATAL_FAILURE(Send(second_, 200));
		while (vfnet_txq_reclaim(second_) || vfnet_txq_reclaim(port.txq))
			vfnet_port_service(port.port, now);
	}
	vfnet_txq_close(second_);
	second_ = nullptr;
	rig_.CloseQueues();
	rig_.ExpectBalanced(1380);
	EXPECT_LE(1200u, rig_.Sum(&vfnet_counters::tx_packets));
	EXPECT_EQ(3u, port.counters.resets);
}

TEST_P(Queues, ASecondReceiveQueueIsRefused)
{
	auto opts = SizedOpts<vfnet_queue_opts>();
	vfnet_rxq *rxq = nullptr;

	opts.index = 1;
	opts.cache = rig_.cache;
	EXPECT_EQ(-EINVAL, vfnet_rxq_open(rig_.ports[0].port, &opts, &rxq, &rig_.err));
	EXPECT_EQ(nullptr, rxq);
}

INSTANTIATE_TEST_SUITE_P(Doorbell, Queues, ::testing::Bool(), [](const auto &param_info) {
	return param_info.param ? "Call" : "Store";
});

} // namespace
