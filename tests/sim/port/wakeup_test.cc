/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How late a sleeper wakes, exact, by the card's own clock: the driver leaves EITR at 0, so nothing
 * but the step that brings a frame stands between the frame and its interrupt, also on a card whose
 * throttle is four times too long (82576-vf.md section 9, rows 11 and 12). The card moves by hand.
 */
#include <atomic>
#include <poll.h>
#include <random>
#include <thread>

extern "C" {
#include "tests/sim/card/inside.h"
}
#include "tests/sim/port/rig.h"

namespace
{

constexpr int kRounds = 2000;
constexpr uint64_t kMostNs = 100000; /* what the clock jumps by between two frames, at most */

class WakeUp : public ::testing::TestWithParam<const char *>
{
      protected:
	/* setting up and taking down need a card that moves */
	template <typename What> void WhileItMoves(What what)
	{
		std::atomic<bool> over{false};
		std::thread stepper([&] {
			while (!over)
				vfnet_sim_step(rig_.sim, 64);
		});
		what();
		over = true;
		stepper.join();
	}
	void SetUp() override
	{
		rig_.mode = VFNET_SIM_MANUAL;
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, GetParam()));
		WhileItMoves([this] { rig_.Open({"sim:0.0", "sim:0.1"}); });
		ASSERT_FALSE(HasFatalFailure());
		fd_ = vfnet_rxq_fd(rig_.ports[0].rxq, &rig_.err);
		ASSERT_LE(0, fd_) << rig_.err.text;
	}
	void TearDown() override
	{
		WhileItMoves([this] {
			for (auto &port : rig_.ports) {
				vfnet_rxq_close(port.rxq);
				vfnet_txq_close(port.txq);
				EXPECT_EQ(0, vfnet_port_close(port.port));
			}
			rig_.ports.clear();
		});
	}
	bool Woken()
	{
		pollfd look = {fd_, POLLIN, 0};
		return poll(&look, 1, 0) == 1;
	}
	/* asleep; a wake-up for nothing, of the frame before, is allowed once */
	void FallAsleep()
	{
		ASSERT_EQ(0, vfnet_rxq_arm(rig_.ports[0].rxq));
		vfnet_sim_step(rig_.sim, 64);
		if (Woken()) {
			vfnet_rxq_disarm(rig_.ports[0].rxq);
			ASSERT_EQ(0, vfnet_rxq_arm(rig_.ports[0].rxq));
			vfnet_sim_step(rig_.sim, 64);
		}
		ASSERT_FALSE(Woken()) << "for nothing, twice";
	}

	Rig rig_;
	int fd_ = -1;
};

TEST_P(WakeUp, ComesInTheStepThatBringsTheFrame)
{
	std::mt19937 random(1);
	for (int round = 0; round < kRounds; round++) {
		vfnet_pkt pkt;
		inside_skip_ns(rig_.sim, round % 2 ? random() % kMostNs : 0);
		ASSERT_NO_FATAL_FAILURE(FallAsleep()) << round;
		ASSERT_NO_FATAL_FAILURE(rig_.SendOne(1, 0));
		ASSERT_FALSE(Woken()) << "the card has not moved";
		vfnet_sim_step(rig_.sim, 64);
		ASSERT_TRUE(Woken()) << "late, in round " << round;
		vfnet_rxq_disarm(rig_.ports[0].rxq);
		ASSERT_EQ(1, vfnet_rx_burst(rig_.ports[0].rxq, &pkt, 1));
		vfnet_pkt_free(rig_.cache, &pkt, 1);
		vfnet_txq_reclaim(rig_.ports[1].txq);
	}
}

INSTANTIATE_TEST_SUITE_P(Card, WakeUp, ::testing::Values("", "quirks=qemu"), [](const auto &card) {
	return *card.param ? std::string("Qemu") : std::string("Chip");
});

} // namespace
