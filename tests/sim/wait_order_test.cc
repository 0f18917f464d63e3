/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of going to sleep, under a magnifying glass: between any two register accesses of the
 * driver the card may move some steps and a frame may be sent, as a seed decides. Register writes
 * are under way for eight steps. What tests/model/ proves of a model is tried on the code here, and
 * that it fails without the read that flushes.
 */
#include <cstdlib>
#include <functional>
#include <memory>
#include <poll.h>
#include <random>

#include "tests/sim/port/rig.h"

extern "C" {
#include "lib/dev/dev.h"
}
#include "lib/chip/82576_regs.h"

namespace
{

constexpr unsigned int kPosted = 8;

/* VFNET_WAIT_ROUNDS says another number */
unsigned long Rounds()
{
	const char *asked = getenv("VFNET_WAIT_ROUNDS");
	return asked ? strtoul(asked, nullptr, 10) : 100000;
}

/* A sim bus whose devices report each register access. One at a time: C calls have no context. */
class Tap
{
      public:
	std::function<void()> between;
	bool no_flush = false; /* reads of STATUS are answered without going to the card */

	explicit Tap(vfnet_bus *bus) : ops_(bus->ops), open_ops_(*bus->ops)
	{
		self_ = this;
		open_ops_.open = Open;
		bus->ops = &open_ops_;
	}
	/* the bus ends first, with its cards */
	~Tap()
	{
		self_ = nullptr;
	}
	/* devices move when their driver waits for them, or only when the test says so */
	void StepWhenAsked(bool on)
	{
		tapped_.progress = on ? Progress : nullptr;
	}

	vfnet_sim *sim = nullptr;

      private:
	static int Open(vfnet_bus *bus, const char *name, const vfnet_log *log, vfnet_dev **out,
			vfnet_err *err)
	{
		int rc = self_->ops_->open(bus, name, log, out, err);
		if (rc)
			return rc;
		if (!self_->dev_ops_) {
			self_->dev_ops_ = (*out)->ops;
			self_->tapped_ = *self_->dev_ops_;
			self_->tapped_.read32 = Read;
			self_->tapped_.write32 = Write;
			self_->tapped_.progress = Progress;
		}
		(*out)->ops = &self_->tapped_;
		return 0;
	}
	static uint32_t Read(vfnet_dev *dev, unsigned int bar, uint32_t offset)
	{
		if (self_->no_flush && offset == IGBVF_STATUS)
			return IGBVF_STATUS_LU;
		Happen();
		uint32_t val = self_->dev_ops_->read32(dev, bar, offset);
		Happen();
		return val;
	}
	static void Write(vfnet_dev *dev, unsigned int bar, uint32_t offset, uint32_t val)
	{
		Happen();
		self_->dev_ops_->write32(dev, bar, offset, val);
	}
	static void Progress(vfnet_dev *)
	{
		vfnet_sim_step(self_->sim, 64);
	}
	static void Happen()
	{
		auto between = std::move(self_->between);
		if (!between)
			return;
		self_->between = nullptr; /* what it does accesses registers itself */
		between();
		self_->between = std::move(between);
	}

	static inline Tap *self_ = nullptr;
	const vfnet_bus_ops *ops_;
	vfnet_bus_ops open_ops_;
	const vfnet_dev_ops *dev_ops_ = nullptr;
	vfnet_dev_ops tapped_ = {};
};

/* The card's second function sends to the first one, which goes to sleep. */
class WaitOrder : public ::testing::Test
{
      protected:
	std::unique_ptr<Tap> tap_;
	Rig rig_;
	std::mt19937 random_;
	bool sent_ = false;

	void SetUp() override
	{
		rig_.mode = VFNET_SIM_MANUAL;
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		tap_ = std::make_unique<Tap>(vfnet_sim_bus(rig_.sim));
		tap_->sim = rig_.sim;
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "posted=" + std::to_string(kPosted)));
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	}
	void TearDown() override
	{
		tap_->StepWhenAsked(true);
		rig_.Close();
	}
	void SendOne()
	{
		ASSERT_NO_FATAL_FAILURE(rig_.SendOne(1, 0));
		sent_ = true;
	}
	void Step(unsigned int n)
	{
		while (n-- > 0)
			vfnet_sim_step(rig_.sim, 64);
	}
	/* the world goes on while the driver is between two accesses */
	void Something()
	{
		if (!sent_ && random_() % 4 == 0)
			SendOne();
		Step(random_() % 4);
	}
	/* send a frame at some point, before or during arming. Return: whether it was noticed */
	bool SleepOnce()
	{
		vfnet_rxq *q = rig_.ports[0].rxq;
		pollfd fd = {-1, POLLIN, 0};

		sent_ = false;
		tap_->between = [this] { Something(); };
		fd.fd = vfnet_rxq_fd(q, nullptr);
		int rc = vfnet_rxq_arm(q);
		tap_->between = nullptr;
		EXPECT_LE(0, rc);
		if (!sent_)
			SendOne();
		/* all that is under way arrives */
		Step(4 * kPosted);
		bool noticed = rc == 1 || poll(&fd, 1, 0) == 1;
		vfnet_rxq_disarm(q);
		Step(random_() % 4);
		return noticed;
	}
	void Take()
	{
		vfnet_pkt pkt[32];
		ASSERT_EQ(1, vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32));
		vfnet_pkt_free(rig_.cache, pkt, 1);
	}
	/* sleeps after each of which the queue is closed. Return: how many frames were slept
	 * through */
	unsigned int FirstSleeps(unsigned int n)
	{
		auto opts = SizedOpts<vfnet_queue_opts>();
		unsigned int lost = 0;

		opts.cache = rig_.cache;
		for (unsigned int seed = 0; seed < n; seed++) {
			random_.seed(seed);
			lost += !SleepOnce();
			Take();
			tap_->StepWhenAsked(true);
			vfnet_rxq_close(rig_.ports[0].rxq);
			EXPECT_EQ(0, vfnet_rxq_open(rig_.ports[0].port, &opts, &rig_.ports[0].rxq,
						    &rig_.err));
			tap_->StepWhenAsked(false);
		}
		return lost;
	}
};

TEST_F(WaitOrder, NoFrameIsSleptThroughWhenItComesAtAnyPoint)
{
	tap_->StepWhenAsked(false);
	const unsigned long rounds = Rounds();
	for (unsigned long seed = 0; seed < rounds; seed++) {
		random_.seed(static_cast<unsigned int>(seed));
		ASSERT_TRUE(SleepOnce()) << "seed " << seed;
		ASSERT_NO_FATAL_FAILURE(Take());
	}
}

TEST_F(WaitOrder, NorBeforeTheVeryFirstSleep)
{
	tap_->StepWhenAsked(false);
	EXPECT_EQ(0u, FirstSleeps(30));
}

TEST_F(WaitOrder, WithoutTheFlushSomeAre)
{
	tap_->StepWhenAsked(false);
	tap_->no_flush = true;
	EXPECT_LT(0u, FirstSleeps(30)) << "this test would not notice if the flush went missing";
	tap_->no_flush = false;
}

} // namespace
