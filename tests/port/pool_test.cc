/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A receiver whose pool runs dry, because the program keeps what it gets: what comes then is lost
 * and counted, and when buffers return the port receives again, by itself.
 */
#include "tests/port/stream.h"

namespace
{

constexpr uint32_t kBufs = 512;
constexpr uint32_t kRing = 64;
constexpr unsigned int kBurst = 16;

class PortPool : public StreamTest
{
      protected:
	/* port 1 has a pool of its own */
	void SetUp() override
	{
		StreamTest::SetUp();
		ASSERT_NO_FATAL_FAILURE(OpenStream(256, kRing));
		vfnet_rxq_close(ports_[1].rxq);
		ports_[1].rxq = nullptr;
		auto pool = SizedOpts<vfnet_pool_opts>();
		pool.n_bufs = kBufs;
		ASSERT_EQ(0, vfnet_pool_open(Region(), &pool, &small_, &err_)) << err_.text;
		ASSERT_EQ(0, vfnet_cache_open(small_, 0, &small_cache_, &err_)) << err_.text;
		auto queue = SizedOpts<vfnet_queue_opts>();
		queue.n_desc = kRing;
		queue.cache = small_cache_;
		ASSERT_EQ(0, vfnet_rxq_open(ports_[1].port, &queue, &ports_[1].rxq, &err_))
		    << err_.text;
	}
	void TearDown() override
	{
		vfnet_rxq_close(ports_[1].rxq);
		ports_[1].rxq = nullptr;
		Return();
		EXPECT_EQ(0, vfnet_cache_close(small_cache_));
		if (small_) {
			EXPECT_EQ(kBufs, vfnet_pool_n_free(small_)) << "the pool is whole";
		}
		EXPECT_EQ(0, vfnet_pool_close(small_, &err_)) << err_.text;
		StreamTest::TearDown();
	}

	/* Takes a burst and keeps its buffers. */
	void Keep()
	{
		vfnet_pkt pkt[kBurst];
		const int n = vfnet_rx_burst(ports_[1].rxq, pkt, kBurst);
		ASSERT_LE(0, n);
		kept_.insert(kept_.end(), pkt, pkt + n);
		for (int i = 0; i < n; i++) {
			const uint8_t *data = vfnet_pkt_data(Region(), &pkt[i]);
			const Bytes bytes(data, data + pkt[i].len);
			uint32_t number;
			taken_++;
			if (numbered::Parse(bytes, &number)) {
				EXPECT_TRUE(numbered::Intact(bytes)) << number;
				flows_[0].heard++;
			}
		}
	}
	void Return()
	{
		vfnet_pkt_free(small_cache_, kept_.data(), static_cast<unsigned int>(kept_.size()));
		kept_.clear();
	}
	uint32_t Lost()
	{
		return static_cast<uint32_t>(Counters(1).missed[VFNET_MISSED_no_descriptor]);
	}
	/* Sends a burst; it has arrived, as far as there was room for it, and been kept. */
	void SendAndKeep()
	{
		ASSERT_NO_FATAL_FAILURE(SendBurst(0, kBurst));
		ASSERT_TRUE(Soon([&] {
			Keep();
			return counted_ ? UnderWay() <= Lost()
					: vfnet_txq_reclaim(ports_[0].txq) == 0;
		})) << UnderWay()
		    << " frames are missing, " << Lost() << " are counted as lost";
		ASSERT_NO_FATAL_FAILURE(Keep()); /* what came between the two looks */
	}
	/* Until nothing comes any more. */
	void RunDry()
	{
		for (uint32_t before = flows_[0].heard - 1; before != flows_[0].heard;) {
			before = flows_[0].heard;
			ASSERT_NO_FATAL_FAILURE(SendAndKeep());
			ASSERT_LE(kept_.size(), kBufs);
		}
	}

	vfnet_pool *small_ = nullptr;
	vfnet_cache *small_cache_ = nullptr;
	std::vector<vfnet_pkt> kept_;
	uint64_t taken_ = 0;
	/* What finds no descriptor: not by QEMU's card, but a software card that does as QEMU's
	 * still tells. */
	bool counted_ = true;
};

TEST_F(PortPool, RunsDryAndWhatIsLostIsCountedAndItRecovers)
{
	counted_ = !Deviates(35) || Counters(1).offered_known;
	for (unsigned int round = 0; round < 10 * env_.rounds; round++) {
		ASSERT_NO_FATAL_FAILURE(RunDry());
		const uint32_t lost = flows_[0].sent - flows_[0].heard;
		EXPECT_LT(0u, lost);
		EXPECT_EQ(counted_ ? lost : 0, Lost());
		Return();
		ASSERT_NO_FATAL_FAILURE(Keep()); /* a burst posts buffers again */
		for (int i = 0; i < 10; i++) {
			ASSERT_NO_FATAL_FAILURE(SendAndKeep());
			EXPECT_EQ(lost, UnderWay()) << "lost, though there were buffers again";
			Return();
		}
	}
	const vfnet_counters rx = Counters(1), tx = Counters(0);
	EXPECT_EQ(taken_, rx.rx_packets);
	EXPECT_EQ(flows_[0].sent, tx.tx_packets);
}

TEST_F(PortPool, WithoutBuffersAQueueIsNotArmed)
{
	counted_ = !Deviates(35) || Counters(1).offered_known;
	ASSERT_LE(0, vfnet_rxq_fd(ports_[1].rxq, &err_)) << err_.text;
	ASSERT_NO_FATAL_FAILURE(RunDry());
	EXPECT_EQ(1, vfnet_rxq_arm(ports_[1].rxq)) << "no frame could end its sleep";
	EXPECT_EQ(1, vfnet_wait(ports_[1].rxq, 0, UINT64_MAX, &err_));
	Return();
	ASSERT_NO_FATAL_FAILURE(Keep());
	EXPECT_EQ(0, vfnet_rxq_arm(ports_[1].rxq));
	vfnet_rxq_disarm(ports_[1].rxq);
}

} // namespace
