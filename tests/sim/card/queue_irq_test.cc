/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts that queues cause: which descriptor, on which vector, and how far apart. */
#include <algorithm>
#include <sys/eventfd.h>

#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint32_t kMap = 0x00008081; /* TX0 to vector 0, RX0 to vector 1 */
constexpr uint64_t kUs = 1000;

/* Two functions of a card that is stepped by hand; one has an eventfd on each vector. */
class QueueIrq : public ::testing::Test
{
      protected:
	Machine m;
	Function f{m, "0.0"};
	Function peer{m, "0.1"};
	std::array<int, IGBVF_VECTORS> fd;

	void SetUp() override
	{
		for (int &one : fd)
			ASSERT_LE(0, one = eventfd(0, EFD_NONBLOCK));
		ASSERT_EQ(f.dev->ops->irq_set(f.dev, IGBVF_VECTORS, fd.data(), nullptr), 0);
		ASSERT_NO_FATAL_FAILURE(f.Up(kMacA));
		ASSERT_NO_FATAL_FAILURE(peer.Up(kMacB));
		f.Wr(IGBVF_VTIVAR, kMap);
		f.Wr(IGBVF_VTEIAC, IGBVF_VECTORS_ALL);
		f.Wr(IGBVF_VTEIMS, IGBVF_VECTORS_ALL);
		Messages(2);
	}
	void TearDown() override
	{
		EXPECT_EQ(f.dev->ops->irq_set(f.dev, 0, nullptr, nullptr), 0);
		for (int one : fd)
			close(one);
	}
	/* messages on @vector since the last look */
	uint64_t Messages(unsigned int vector)
	{
		uint64_t n = 0;

		return eventfd_read(fd[vector], &n) ? 0 : n;
	}
	/* a frame for f, in a step of its own */
	void Arrive()
	{
		peer.Send(Frame(kMacA, kMacB, 60));
		m.Step();
		ASSERT_FALSE(f.Receive().data.empty());
	}
};

TEST_F(QueueIrq, AReceivedFrameIsACauseOnTheVectorThatVtivarNames)
{
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(0), 0u);
	EXPECT_EQ(Messages(1), 1u);
	EXPECT_EQ(Messages(2), 0u);
	f.Wr(IGBVF_VTIVAR, 0x00000082);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 0u);
	EXPECT_EQ(Messages(2), 1u);
}

TEST_F(QueueIrq, ASentFrameIsACauseOnlyWhereItAskedForAReport)
{
	Bytes frame = Frame(kStranger, kMacA, 60);
	uint32_t at = f.tx_tail;

	std::copy(frame.begin(), frame.end(), f.TxBuf(at));
	f.Put(m.Iova(f.TxBuf(at)), 60, Function::kData | Function::kEop, 60 << 14);
	f.Ring();
	m.Step();
	EXPECT_EQ(Messages(0), 0u) << "no RS, nothing written back";
	f.Send(frame);
	m.Step();
	EXPECT_EQ(Messages(0), 1u);
	EXPECT_EQ(Messages(1), 0u);
}

TEST_F(QueueIrq, AQueueWithoutAValidVectorIsSilent)
{
	f.Wr(IGBVF_VTIVAR, kMap & ~0x80u);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(0) + Messages(1), 0u);
	EXPECT_EQ(f.Rd(IGBVF_VTEICR), 0u) << "no cause either";
}

TEST_F(QueueIrq, VtivarKeepsVectorsAndValidBitsOnly)
{
	f.Wr(IGBVF_VTIVAR, 0xffffffff);
	EXPECT_EQ(f.Rd(IGBVF_VTIVAR), 0x83838383u);
}

TEST_F(QueueIrq, FramesOfAStepAreOneMessage)
{
	for (int i = 0; i < 10; i++)
		peer.Send(Frame(kMacA, kMacB, 60));
	m.Step();
	EXPECT_EQ(Messages(1), 1u);
}

TEST_F(QueueIrq, AFrameThatArrivesWhileMaskedFiresAtTheUnmask)
{
	f.Wr(IGBVF_VTEIMC, 0x2);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 0u);
	f.Wr(IGBVF_VTEIMS, 0x2);
	EXPECT_EQ(Messages(1), 1u);
}

TEST_F(QueueIrq, SendingMasksTheVectorWhereEiamSaysSo)
{
	f.Wr(IGBVF_VTEIAM, 0x2);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 1u);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 0x5u);
}

TEST_F(QueueIrq, WithoutAutoClearTheSecondFrameSaysNothing)
{
	f.Wr(IGBVF_VTEIAC, 0);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 1u);
	f.Wr(IGBVF_VTEICR, 0x2);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 1u);
}

TEST_F(QueueIrq, AnOrderedLossTakesOneMessageWithIt)
{
	f.Wr(IGBVF_VTEIAM, 0x2);
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_LOSE_IRQ), 0);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 0u);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 0x5u) << "the card believes that it has sent it";
	f.Wr(IGBVF_VTEIMS, 0x2);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 1u);
}

/* The longest interval is 2^13 - 1 us. */
class Throttle : public QueueIrq
{
      protected:
	static constexpr uint32_t kLongest = 0x7ffc;

	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(QueueIrq::SetUp());
		f.Wr(IGBVF_AT(EITR, 1), kLongest);
	}
	void Later(uint64_t us)
	{
		inside_skip_ns(m.sim, us * kUs);
		m.Step();
	}
};

TEST_F(Throttle, TheSecondMessageWaitsUntilTheIntervalIsOver)
{
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 1u) << "the first comes at once";
	ASSERT_NO_FATAL_FAILURE(Arrive());
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 0u);
	Later(8192);
	EXPECT_EQ(Messages(1), 1u);
	Later(8192);
	EXPECT_EQ(Messages(1), 0u) << "one, and no second one when the timer ends";
}

TEST_F(Throttle, OtherVectorsAreNotHeldBack)
{
	for (int i = 0; i < 3; i++) {
		f.Send(Frame(kStranger, kMacA, 60));
		m.Step();
	}
	EXPECT_EQ(Messages(0), 3u);
}

TEST_F(Throttle, AHeldMessageIsNotSentOnceMaskedOrItsCauseCleared)
{
	ASSERT_NO_FATAL_FAILURE(Arrive());
	ASSERT_NO_FATAL_FAILURE(Arrive());
	f.Wr(IGBVF_VTEIMC, 0x2);
	Messages(1);
	Later(8192);
	EXPECT_EQ(Messages(1), 0u);
	f.Wr(IGBVF_VTEIMS, 0x2);
	EXPECT_EQ(Messages(1), 1u) << "its cause is still there";
	ASSERT_NO_FATAL_FAILURE(Arrive());
	f.Wr(IGBVF_VTEICR, 0x2);
	Later(8192);
	EXPECT_EQ(Messages(1), 0u);
}

TEST_F(Throttle, WritingEitrEndsTheIntervalUnlessToldNotTo)
{
	ASSERT_NO_FATAL_FAILURE(Arrive());
	Messages(1);
	f.Wr(IGBVF_AT(EITR, 1), kLongest | IGBVF_EITR_CNT_IGNR);
	ASSERT_NO_FATAL_FAILURE(Arrive());
	EXPECT_EQ(Messages(1), 0u);
	f.Wr(IGBVF_AT(EITR, 1), kLongest);
	m.Step();
	EXPECT_EQ(Messages(1), 1u);
}

TEST_F(Throttle, AResetForgetsWhatIsHeld)
{
	ASSERT_NO_FATAL_FAILURE(Arrive());
	ASSERT_NO_FATAL_FAILURE(Arrive());
	Messages(1);
	f.Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	f.Wr(IGBVF_VTEIMS, 0x2);
	Later(8192);
	EXPECT_EQ(Messages(1), 0u);
	EXPECT_EQ(f.Rd(IGBVF_AT(EITR, 1)), 0u);
}

} // namespace
