/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two processes on one hub, with cards on both sides. VFNET_SHM_FRAMES (100000) frames each way,
 * and the other side is killed and started again VFNET_SHM_KILLS (3) times on the way.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>

#include "tests/sim/shm/place.h"
#include "tests/sim/shm/talk.h"

namespace
{

uint64_t FromEnvironment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, nullptr, 10) : otherwise;
}

/* shm_peer, started; it ends when its standard input is closed */
class Peer
{
      public:
	explicit Peer(uint64_t life)
	{
		int ends[2];

		EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
		pid_ = fork();
		if (!pid_) {
			dup2(ends[0], STDIN_FILENO);
			execl(SHM_PEER, "shm_peer", std::to_string(life).c_str(), nullptr);
			_exit(127);
		}
		close(ends[0]);
		input_ = ends[1];
	}
	~Peer()
	{
		Kill();
		close(input_);
	}
	Peer(const Peer &) = delete;
	Peer &operator=(const Peer &) = delete;

	bool HasEnded()
	{
		return pid_ > 0 && Wait(WNOHANG);
	}
	void Ask()
	{
		close(input_);
		input_ = -1;
	}
	/* it stays a zombie for a while, as children do whose parent is busy */
	void Kill() const
	{
		if (pid_ > 0)
			kill(pid_, SIGKILL);
	}
	void Stop() const
	{
		kill(pid_, SIGSTOP);
	}
	void Continue() const
	{
		kill(pid_, SIGCONT);
	}
	void Reap()
	{
		if (pid_ > 0)
			Wait(0);
	}
	int Status() const
	{
		return status_;
	}

      private:
	bool Wait(int flags)
	{
		if (waitpid(pid_, &status_, flags) != pid_)
			return false;
		pid_ = -1;
		return true;
	}
	pid_t pid_ = -1;
	int input_ = -1;
	int status_ = -1;
};

class ShmProcess : public ::testing::Test
{
      protected:
	/* rounds until @done; fails when nothing moves for half a minute */
	template <typename Done> void Until(Done done)
	{
		auto moved_at = std::chrono::steady_clock::now();
		uint64_t moved = 0;

		while (!done()) {
			ASSERT_TRUE(talk_.Round())
			    << "life " << talk_.peer_life << ", not frame " << talk_.expected;
			auto now = std::chrono::steady_clock::now();
			if (moved != talk_.received + talk_.sent) {
				moved = talk_.received + talk_.sent;
				moved_at = now;
			}
			ASSERT_LT(now - moved_at, std::chrono::seconds(30)) << "nothing moves";
		}
	}
	Place place_;
	guest::Talk talk_{0, "shm:t"};
};

TEST_F(ShmProcess, NothingIsLostOrChangedThoughOneSideIsKilled)
{
	const uint64_t frames = FromEnvironment("VFNET_SHM_FRAMES", 100000);
	const uint64_t kills = FromEnvironment("VFNET_SHM_KILLS", 3);
	uint64_t told = 0; /* by lives that have ended */

	for (uint64_t life = 0; life <= kills; life++) {
		Peer peer(life);
		uint64_t goal = frames * (life + 1) / (kills + 1);

		talk_.told = 0;
		talk_.told_by = life;
		ASSERT_NO_FATAL_FAILURE(Until([&] {
			return peer.HasEnded() ||
			       (talk_.received >= goal && told + talk_.told >= goal);
		}));
		told += talk_.told;
		if (life == kills)
			peer.Ask();
		else
			peer.Kill();
		ASSERT_NO_FATAL_FAILURE(Until([&] { return peer.HasEnded(); }));
		EXPECT_EQ(peer.Status(), life == kills ? 0 : SIGKILL);
	}
	EXPECT_GE(talk_.received, frames);
	EXPECT_GE(told, frames);
	EXPECT_EQ(talk_.f->Missed(VFNET_MISSED_wire_full), 0u);
	EXPECT_EQ(talk_.f->Missed(VFNET_MISSED_wire_lost), 0u);
	RecordProperty("received", std::to_string(talk_.received));
	RecordProperty("sent_and_checked", std::to_string(told));
}

TEST_F(ShmProcess, AStoppedSideIsWaitedForAndNothingIsLost)
{
	Peer peer(0);

	ASSERT_NO_FATAL_FAILURE(Until([&] { return talk_.told > 1000; }));
	peer.Stop();
	uint64_t before = 0;
	for (unsigned int still = 0; still < 1000; still++) {
		ASSERT_TRUE(talk_.Round());
		if (talk_.sent != before)
			still = 0;
		before = talk_.sent;
	}
	peer.Continue();
	uint64_t goal = talk_.told + 50000;
	ASSERT_NO_FATAL_FAILURE(Until([&] { return peer.HasEnded() || talk_.told > goal; }));
	peer.Ask();
	ASSERT_NO_FATAL_FAILURE(Until([&] { return peer.HasEnded(); }));
	EXPECT_EQ(peer.Status(), 0);
}

TEST_F(ShmProcess, ADeadSideThatNobodyReapsDoesNotHoldUpTheSender)
{
	Peer peer(0);

	ASSERT_NO_FATAL_FAILURE(Until([&] { return talk_.told > 1000; }));
	peer.Kill();
	uint64_t goal = talk_.sent + 200000; /* far more than a ring holds */
	ASSERT_NO_FATAL_FAILURE(Until([&] { return talk_.sent > goal; }));
	EXPECT_EQ(place_.Files(), (std::set<std::string>{"shm-t", "shm-t.0"}));
	peer.Reap();
}

} // namespace
