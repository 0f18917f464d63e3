/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PORT_STREAM_H
#define VFNET_TESTS_PORT_STREAM_H

/*
 * Numbered frames from port 0 to port 1 in bursts of any size, none lost: no more are under way
 * than the receiver's ring has descriptors for. Each queue that sends is a flow: its frames arrive
 * in the order in which they were sent, each byte as it was.
 */
#include <random>

#include "tests/port/rig.h"

class StreamTest : public PortTest
{
      protected:
	struct Flow {
		vfnet_txq *txq = nullptr;
		uint32_t sent = 0;
		uint32_t heard = 0;
	};

	/* Port 0 sends by a ring of @tx_desc, port 1 receives by one of @rx_desc; flow 0 is there.
	 */
	void OpenStream(uint32_t tx_desc, uint32_t rx_desc)
	{
		n_desc_ = rx_desc;
		ASSERT_NO_FATAL_FAILURE(OpenContext());
		ASSERT_NO_FATAL_FAILURE(OpenPort(1));
		n_desc_ = tx_desc;
		ASSERT_NO_FATAL_FAILURE(OpenPort(0));
		ASSERT_TRUE(LinksUp());
		/* a block of 32 that is free is posted anew; some room is for strangers' frames */
		window_ = rx_desc - 33;
		flows_ = {Flow()};
		flows_[0].txq = ports_[0].txq;
	}

	Bytes FrameOf(size_t flow)
	{
		const size_t size = 60 + random_() % (1514 - 60 + 1);
		return numbered::Make(MacOf(1), MacOf(0), size,
				      static_cast<uint32_t>(flow << kFlowShift) |
					  flows_[flow].sent);
	}

	/* Hands @n frames over in one call, and what did not fit in further ones. */
	void SendBurst(size_t flow, unsigned int n)
	{
		std::vector<vfnet_pkt> pkt;
		for (unsigned int i = 0; i < n; i++) {
			pkt.push_back(Values(FrameOf(flow), Work())[0]);
			flows_[flow].sent++;
		}
		unsigned int done = 0;
		ASSERT_TRUE(Soon([&] {
			int rc = vfnet_tx_burst(flows_[flow].txq, &pkt[done], n - done);
			EXPECT_LE(0, rc);
			done += rc > 0 ? static_cast<unsigned int>(rc) : n;
			return done >= n;
		})) << "no room in the transmit ring";
	}

	/* One burst of at most @most frames, each looked at. */
	void Take(unsigned int most)
	{
		for (const Frame &frame : Poll(1, most)) {
			uint32_t number;
			if (!numbered::Parse(frame.bytes, &number))
				continue; /* a stranger's */
			const size_t flow = number >> kFlowShift;
			ASSERT_LT(flow, flows_.size());
			ASSERT_EQ(flows_[flow].heard, number & kNumber) << "of flow " << flow;
			ASSERT_TRUE(numbered::Intact(frame.bytes)) << number;
			flows_[flow].heard++;
		}
	}

	uint32_t UnderWay() const
	{
		uint32_t n = 0;
		for (const Flow &flow : flows_)
			n += flow.sent - flow.heard;
		return n;
	}

	/* Takes, in bursts of @most, until at most @left frames are under way. */
	void Drain(unsigned int most, uint32_t left = 0)
	{
		ASSERT_TRUE(Soon([&] {
			Take(most);
			return UnderWay() <= left;
		})) << UnderWay()
		    << " of " << flows_[0].sent << " frames do not arrive";
	}

	/* Sends @n frames in one call, once there is room for them at the other end. */
	void Stream(size_t flow, unsigned int n, unsigned int rx_burst)
	{
		ASSERT_LE(n, window_);
		ASSERT_NO_FATAL_FAILURE(Drain(rx_burst, window_ - n));
		ASSERT_NO_FATAL_FAILURE(SendBurst(flow, n));
	}

	/* All that was sent has arrived and been counted, and its buffers are back. */
	void ExpectAll()
	{
		uint32_t sent = 0;
		ASSERT_NO_FATAL_FAILURE(Drain(64));
		for (const Flow &flow : flows_) {
			ASSERT_TRUE(Soon([&] { return vfnet_txq_reclaim(flow.txq) == 0; }))
			    << "the card keeps buffers";
			sent += flow.sent;
		}
		const vfnet_counters tx = Counters(0), rx = Counters(1);
		EXPECT_EQ(sent, tx.tx_packets);
		EXPECT_EQ(ports_[1].rx_frames, rx.rx_packets);
		for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
			EXPECT_EQ(0u, tx.drops[i]) << vfnet_drops_name(i);
		for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
			EXPECT_EQ(0u, rx.missed[i]) << vfnet_missed_name(i);
	}

	static constexpr unsigned int kFlowShift = 28;
	static constexpr uint32_t kNumber = (1u << kFlowShift) - 1;

	std::vector<Flow> flows_;
	uint32_t window_ = 0;
	std::mt19937 random_{1};
};

#endif
