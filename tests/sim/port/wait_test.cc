/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping until frames arrive, on a card: vfnet_wait() and the calls that it is made of. */
#include <cerrno>
#include <poll.h>
#include <thread>

#include "tests/sim/port/rig.h"

namespace
{

constexpr uint64_t kMs = 1000000;
constexpr uint64_t kLong = 30000 * kMs; /* a test that waits so long has failed */

bool Readable(int fd, int timeout_ms = 0)
{
	pollfd look = {fd, POLLIN, 0};
	return poll(&look, 1, timeout_ms) == 1;
}

class WaitBase : public ::testing::Test
{
      protected:
	vfnet_rxq *Queue(size_t i = 0)
	{
		return rig_.ports[i].rxq;
	}
	int Wait(uint64_t poll_ns = 0, uint64_t timeout_ns = kLong)
	{
		return vfnet_wait(Queue(), poll_ns, timeout_ns, &rig_.err);
	}
	/* take what is there. Return: frames */
	unsigned int Take(size_t i = 0)
	{
		vfnet_pkt pkt[32];
		int n = vfnet_rx_burst(Queue(i), pkt, 32);
		EXPECT_LE(0, n);
		if (n > 0)
			vfnet_pkt_free(rig_.cache, pkt, static_cast<unsigned int>(n));
		return n > 0 ? static_cast<unsigned int>(n) : 0;
	}
	/* sleep and take until @n frames have come, all in all; on a busy machine several at once
	 */
	void WaitFor(unsigned int n, uint64_t poll_ns = 0)
	{
		for (; got_ < n; got_ += Take())
			ASSERT_EQ(1, Wait(poll_ns)) << got_ << " frames; " << rig_.err.text;
	}

	Rig rig_;
	unsigned int got_ = 0;
};

/* each way of moving the cards, and register writes that take their time */
struct How {
	const char *name;
	vfnet_sim_mode mode;
	const char *card;
};

class Waiting : public WaitBase, public ::testing::WithParamInterface<How>
{
      protected:
	void Open(std::initializer_list<const char *> names, const char *wire = nullptr)
	{
		rig_.mode = GetParam().mode;
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, GetParam().card));
		if (wire) {
			ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, wire));
		}
		ASSERT_NO_FATAL_FAILURE(rig_.Open(names));
	}
};

TEST_P(Waiting, EachFrameOfASlowSourceEndsASleep)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}, "gen:rate=2000,count=200"));
	vfnet_sim_start(rig_.sim);
	WaitFor(200);
	EXPECT_EQ(0, Wait(0, 5 * kMs)) << "all have come";
}

TEST_P(Waiting, AFastSourceIsNotSleptThrough)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}, "gen:count=3000,rate=1000000"));
	vfnet_sim_start(rig_.sim);
	unsigned int got = 0;
	/* a rate like this may lose frames where cores are few: until the source is done */
	while (!vfnet_sim_sources_done(rig_.sim) && Wait(20000) == 1)
		got += Take();
	while (Wait(0, 20 * kMs) == 1)
		got += Take();
	rig_.CloseQueues();
	vfnet_sim_wire_counters wire;
	ASSERT_EQ(0, vfnet_sim_get_wire_counters(rig_.sim, 0, &wire));
	EXPECT_EQ(3000u, wire.in_packets);
	EXPECT_EQ(3000u, got + rig_.ports[0].counters.missed[VFNET_MISSED_no_descriptor]);
}

TEST_P(Waiting, NothingComesAndTheTimeIsOver)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	EXPECT_EQ(0, Wait(0, 0));
	EXPECT_EQ(0, Wait(kMs, 5 * kMs));
	EXPECT_EQ(0, Wait(0, 5 * kMs));
}

TEST_P(Waiting, ALostInterruptCostsALook)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}, "gen:rate=200,count=5"));
	vfnet_sim_start(rig_.sim);
	WaitFor(2);
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_LOSE_IRQ));
	WaitFor(5);
}

TEST_P(Waiting, AResetWakesTheSleeperAndEndsArming)
{
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	ASSERT_LE(0, vfnet_rxq_fd(Queue(), &rig_.err)) << rig_.err.text;
	std::thread admin([this] {
		poll(nullptr, 0, 20);
		vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_DOWN);
	});
	EXPECT_EQ(-ENETDOWN, Wait(0, UINT64_MAX));
	admin.join();
	EXPECT_EQ(-ENETDOWN, vfnet_rxq_arm(Queue()));
	EXPECT_EQ(-ENETDOWN, Wait());
	EXPECT_EQ(-ENETDOWN, Wait(kLong));
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_UP));
}

TEST_P(Waiting, AfterAResetItSleepsAgain)
{
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}, "gen:rate=1000"));
	vfnet_sim_start(rig_.sim);
	WaitFor(3);
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_DOWN));
	int rc;
	while ((rc = Wait()) == 1)
		Take();
	EXPECT_EQ(-ENETDOWN, rc);
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_UP));
	vfnet_txq_park(rig_.ports[0].txq);
	for (int i = 0; i < 3000 && (rc = Wait()) == -ENETDOWN; i++)
		poll(nullptr, 0, 10);
	ASSERT_EQ(1, rc) << rig_.err.text;
	got_ = Take();
	WaitFor(20);
	vfnet_sim_stop(rig_.sim);
}

TEST_P(Waiting, EventsOfThePortAndItsFramesHaveADescriptorEach)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}, "gen:rate=1000,count=20"));
	int event_fd = vfnet_port_fd(rig_.ports[0].port, &rig_.err);
	ASSERT_LE(0, event_fd) << rig_.err.text;
	int fd = vfnet_rxq_fd(Queue(), &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	vfnet_port_service(rig_.ports[0].port, 0);
	vfnet_sim_start(rig_.sim);
	WaitFor(20);
	EXPECT_FALSE(Readable(event_fd)) << "frames are not its business";
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_LINK_DOWN));
	EXPECT_TRUE(Readable(event_fd));
	vfnet_port_service(rig_.ports[0].port, 0);
	EXPECT_FALSE(Readable(event_fd));
}

TEST_P(Waiting, TheDescriptorServesAProgramsOwnPoll)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}, "gen:rate=1000,count=50"));
	EXPECT_EQ(-EINVAL, vfnet_rxq_arm(Queue())) << "there is no descriptor yet";
	int fd = vfnet_rxq_fd(Queue(), &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	EXPECT_EQ(fd, vfnet_rxq_fd(Queue(), nullptr));
	vfnet_sim_start(rig_.sim);
	for (unsigned int got = 0; got < 50; got += Take()) {
		if (vfnet_rxq_arm(Queue()))
			continue;
		ASSERT_TRUE(Readable(fd, 30000)) << got;
		vfnet_rxq_disarm(Queue());
	}
}

INSTANTIATE_TEST_SUITE_P(How, Waiting,
			 ::testing::Values(How{"Inline", VFNET_SIM_INLINE, ""},
					   How{"InlinePosted", VFNET_SIM_INLINE, "posted=8"},
					   How{"Thread", VFNET_SIM_THREAD, ""},
					   How{"ThreadPosted", VFNET_SIM_THREAD, "posted=8"}),
			 [](const auto &param_info) { return std::string(param_info.param.name); });

} // namespace
