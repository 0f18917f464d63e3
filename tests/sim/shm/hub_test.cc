/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is in a hub: coming, going, dying, and files that are not what they should be. */
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "tests/sim/shm/place.h"

extern "C" {
#include "sim/wire/shm_hub.h"

static bool somebody_else;
uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return __real_geteuid() + (somebody_else ? 1 : 0);
}
}

namespace
{

/* a member that leaves with the object */
struct Member {
	explicit Member(const char *name = "t")
	{
		ret = sim_shm_hub_join(&hub, name, &err);
	}
	~Member()
	{
		if (!ret)
			sim_shm_hub_leave(&hub);
	}
	Member(const Member &) = delete;
	Member &operator=(const Member &) = delete;

	bool Says(const char *what) const
	{
		return std::string(err.text).find(what) != std::string::npos;
	}

	sim_shm_hub hub;
	vfnet_err err = {};
	int ret;
};

/* a member in a process of its own, which then dies; it stays a zombie until the object goes */
class Dead
{
      public:
	Dead()
	{
		int ready[2];
		char byte;

		EXPECT_EQ(pipe(ready), 0);
		pid_ = fork();
		if (!pid_) {
			sim_shm_hub hub;
			char answer = static_cast<char>(sim_shm_hub_join(&hub, "t", nullptr) != 0);

			_exit(write(ready[1], &answer, 1) == 1 ? pause() : 1);
		}
		EXPECT_EQ(read(ready[0], &byte, 1), 1);
		EXPECT_EQ(byte, 0) << "joined";
		close(ready[0]);
		close(ready[1]);
		kill(pid_, SIGKILL);
		siginfo_t info;
		waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
	}
	~Dead()
	{
		waitpid(pid_, nullptr, 0);
	}
	Dead(const Dead &) = delete;
	Dead &operator=(const Dead &) = delete;

      private:
	pid_t pid_;
};

class ShmHub : public ::testing::Test
{
      protected:
	std::string Path() const
	{
		return place_.File("shm-t");
	}
	/* the file as a member left it, with what @change makes of its first page */
	template <typename Change> void Leave(Change change)
	{
		auto page = std::make_unique<sim_shm_page>();

		{
			Member member;
			int fd = open(Path().c_str(), O_RDONLY);

			ASSERT_EQ(pread(fd, page.get(), sizeof(*page), 0),
				  static_cast<ssize_t>(sizeof(*page)));
			close(fd);
		}
		change(*page);
		int fd = open(Path().c_str(), O_RDWR | O_CREAT, 0600);
		ASSERT_EQ(pwrite(fd, page.get(), sizeof(*page), 0),
			  static_cast<ssize_t>(sizeof(*page)));
		ASSERT_EQ(ftruncate(fd, static_cast<off_t>(SIM_SHM_FILE_BYTES)), 0);
		close(fd);
	}

	Place place_;
};

TEST_F(ShmHub, TheFirstMakesItAndTheLastRemovesIt)
{
	{
		Member first;
		struct stat stat_buf;

		ASSERT_EQ(first.ret, 0) << first.err.text;
		EXPECT_EQ(place_.Files(), (std::set<std::string>{"shm-t", "shm-t.0"}));
		ASSERT_EQ(stat(Path().c_str(), &stat_buf), 0);
		EXPECT_EQ(stat_buf.st_mode & 07777u, 0600u);
		EXPECT_EQ(stat_buf.st_size, static_cast<off_t>(SIM_SHM_FILE_BYTES));
		EXPECT_LT(stat_buf.st_blocks * 512, 1 << 20) << "rings take memory when used";
		{
			Member second;

			ASSERT_EQ(second.ret, 0) << second.err.text;
			EXPECT_EQ(place_.Files(),
				  (std::set<std::string>{"shm-t", "shm-t.0", "shm-t.1"}));
			EXPECT_EQ(second.hub.live, 1u);
			EXPECT_TRUE(sim_shm_hub_changed(&first.hub));
			EXPECT_EQ(sim_shm_hub_read(&first.hub), 2u);
			EXPECT_EQ(first.hub.live, 2u);
		}
		EXPECT_EQ(sim_shm_hub_read(&first.hub), 2u);
		EXPECT_EQ(first.hub.live, 0u);
	}
	EXPECT_EQ(place_.Files(), std::set<std::string>());
}

TEST_F(ShmHub, WithoutARuntimeFolderItIsInDevShmUnderTheUsersNumber)
{
	char path[SIM_SHM_PATH_BYTES];

	for (const char *dir : {"", "relative"}) {
		setenv("XDG_RUNTIME_DIR", dir, 1);
		ASSERT_EQ(sim_shm_file_path("t", path, nullptr), 0);
		EXPECT_EQ(path, "/dev/shm/vfnet-" + std::to_string(geteuid()) + "-t");
	}
}

TEST_F(ShmHub, ARuntimeFolderThatIsNotThereIsAnError)
{
	setenv("XDG_RUNTIME_DIR", (place_.Root() + "/none").c_str(), 1);
	Member member;
	EXPECT_EQ(member.ret, -ENOENT);
	EXPECT_TRUE(member.Says("XDG_RUNTIME_DIR")) << member.err.text;
	setenv("XDG_RUNTIME_DIR", ("/" + std::string(300, 'x')).c_str(), 1);
	Member lost;
	EXPECT_EQ(lost.ret, -ENAMETOOLONG);
}

TEST_F(ShmHub, SixteenMembersAndNoMore)
{
	std::vector<std::unique_ptr<Member>> members;

	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++) {
		members.push_back(std::make_unique<Member>());
		ASSERT_EQ(members.back()->ret, 0) << members.back()->err.text;
		EXPECT_EQ(members.back()->hub.self, i);
	}
	Member late;
	EXPECT_EQ(late.ret, -EUSERS);
	EXPECT_TRUE(late.Says("16 members")) << late.err.text;
	members.erase(members.begin() + 5);
	Member again;
	EXPECT_EQ(again.ret, 0);
	EXPECT_EQ(again.hub.self, 5u);
}

TEST_F(ShmHub, AnotherUsersFileIsRefused)
{
	Member first;
	somebody_else = true;
	Member second;
	somebody_else = false;

	EXPECT_EQ(second.ret, -EPERM);
	EXPECT_TRUE(second.Says("belongs to user")) << second.err.text;
	EXPECT_EQ(first.hub.page->members[1].pid, 0u);
}

TEST_F(ShmHub, AFileThatOthersMayOpenIsRefused)
{
	Member first;

	for (mode_t mode : {0640, 0604, 0620, 0666}) {
		chmod(Path().c_str(), mode);
		Member second;
		EXPECT_EQ(second.ret, -EPERM);
		EXPECT_TRUE(second.Says("0600")) << second.err.text;
	}
}

TEST_F(ShmHub, ALinkIsNotFollowed)
{
	mkdir(place_.Folder().c_str(), 0700);
	ASSERT_EQ(symlink("/dev/null", Path().c_str()), 0);
	Member member;
	EXPECT_EQ(member.ret, -ELOOP);
}

TEST_F(ShmHub, APipeInItsPlaceIsRefused)
{
	mkdir(place_.Folder().c_str(), 0700);
	ASSERT_EQ(mkfifo(Path().c_str(), 0600), 0);
	Member member;
	EXPECT_EQ(member.ret, -EINVAL);
}

TEST_F(ShmHub, AnotherVersionIsRefusedAndLeftAlone)
{
	Leave([](sim_shm_page &page) { page.version = 99; });
	Member member;
	EXPECT_EQ(member.ret, -EPROTONOSUPPORT);
	EXPECT_TRUE(member.Says("version 99")) << member.err.text;
	EXPECT_EQ(place_.Files(), std::set<std::string>{"shm-t"});
}

TEST_F(ShmHub, AnotherNamespaceOfProcessesIsRefused)
{
	Leave([](sim_shm_page &page) { page.pid_ns++; });
	Member member;
	EXPECT_EQ(member.ret, -EXDEV);
}

TEST_F(ShmHub, AnotherKindOfFileIsRefusedAndLeftAlone)
{
	mkdir(place_.Folder().c_str(), 0700);
	umask(077);
	std::ofstream(Path()) << "This is a text of some length.\n";
	Member member;
	EXPECT_EQ(member.ret, -EINVAL);
	EXPECT_TRUE(member.Says("no hub")) << member.err.text;
	EXPECT_EQ(place_.Files(), std::set<std::string>{"shm-t"});
}

TEST_F(ShmHub, AFileOfAnotherSizeIsRefused)
{
	Member first;

	ASSERT_EQ(truncate(Path().c_str(), static_cast<off_t>(SIM_SHM_FILE_BYTES) + 4096), 0);
	Member second;
	EXPECT_EQ(second.ret, -EINVAL);
	EXPECT_TRUE(second.Says("bytes where")) << second.err.text;
}

TEST_F(ShmHub, AnEmptyFileIsAHubThatNobodyFinished)
{
	mkdir(place_.Folder().c_str(), 0700);
	close(open(Path().c_str(), O_CREAT | O_RDWR, 0600));
	Member member;
	EXPECT_EQ(member.ret, 0) << member.err.text;
}

TEST_F(ShmHub, TheLockBelongsToOneAtATime)
{
	Member first;
	int fd = open(Path().c_str(), O_RDWR);

	EXPECT_TRUE(sim_shm_file_lock(fd, false)) << "a member does not keep it";
	EXPECT_FALSE(sim_shm_file_lock(first.hub.fd, false));
	sim_shm_file_unlock(fd);
	EXPECT_TRUE(sim_shm_file_lock(first.hub.fd, false));
	sim_shm_file_unlock(first.hub.fd);
	close(fd);
}

TEST_F(ShmHub, WhoComesRemovesTheDead)
{
	Member first;
	Dead dead;
	Member second;

	ASSERT_EQ(second.ret, 0) << second.err.text;
	EXPECT_EQ(second.hub.self, 1u) << "the dead member's place";
	EXPECT_EQ(second.hub.live, 1u);
}

TEST_F(ShmHub, WhoStaysRemovesTheDead)
{
	Member first;
	Dead dead;

	sim_shm_hub_read(&first.hub);
	EXPECT_EQ(first.hub.live, 2u);
	EXPECT_EQ(sim_shm_hub_reap(&first.hub), 1u);
	EXPECT_EQ(sim_shm_hub_read(&first.hub), 2u);
	EXPECT_EQ(first.hub.live, 0u);
	EXPECT_EQ(sim_shm_hub_reap(&first.hub), 0u);
	EXPECT_EQ(place_.Files(), (std::set<std::string>{"shm-t", "shm-t.0"}));
}

TEST_F(ShmHub, NobodyIsRemovedWhileTheLockIsTaken)
{
	Member first;
	Dead dead;
	int fd = open(Path().c_str(), O_RDWR);

	sim_shm_hub_read(&first.hub);
	ASSERT_EQ(flock(fd, LOCK_EX), 0);
	EXPECT_EQ(sim_shm_hub_reap(&first.hub), 0u);
	close(fd);
	EXPECT_EQ(sim_shm_hub_reap(&first.hub), 1u);
}

TEST_F(ShmHub, AProcessThatOnlyHasTheNumberIsNotTheMember)
{
	Member first;
	{
		Member second;

		second.hub.page->members[1].start++;
		EXPECT_EQ(sim_shm_hub_read(&first.hub), 2u);
		EXPECT_EQ(sim_shm_hub_reap(&first.hub), 1u);
	}
	EXPECT_EQ(first.hub.page->members[1].pid, 0u);
}

TEST_F(ShmHub, WhereAllAreDeadOneBeginsAnew)
{
	{
		Dead dead;
		EXPECT_EQ(place_.Files(), (std::set<std::string>{"shm-t", "shm-t.0"}));
		Member member;
		ASSERT_EQ(member.ret, 0) << member.err.text;
		EXPECT_EQ(member.hub.self, 0u);
		EXPECT_EQ(member.hub.page->members[0].serial, 1u);
	}
	EXPECT_EQ(place_.Files(), std::set<std::string>());
}

TEST_F(ShmHub, TheBellRingsOnceForWhoIsArmed)
{
	Member first;
	Member second;
	pollfd bell = {first.hub.bell, POLLIN, 0};

	sim_shm_hub_wake(&second.hub, 1u);
	EXPECT_EQ(poll(&bell, 1, 0), 0) << "not armed";
	sim_shm_hub_arm(&first.hub);
	EXPECT_EQ(poll(&bell, 1, 0), 0);
	sim_shm_hub_wake(&second.hub, 1u);
	EXPECT_EQ(poll(&bell, 1, 0), 1);
	sim_shm_hub_disarm(&first.hub);
	sim_shm_hub_wake(&second.hub, 1u);
	EXPECT_EQ(poll(&bell, 1, 0), 0);
}

TEST_F(ShmHub, TheBellOfANewMemberIsANewOne)
{
	Member first;
	auto second = std::make_unique<Member>();

	sim_shm_hub_arm(&second->hub);
	sim_shm_hub_wake(&first.hub, 2u);
	second = nullptr;
	second = std::make_unique<Member>();
	sim_shm_hub_read(&first.hub);
	pollfd bell = {second->hub.bell, POLLIN, 0};
	EXPECT_EQ(poll(&bell, 1, 0), 0);
	sim_shm_hub_arm(&second->hub);
	sim_shm_hub_wake(&first.hub, 2u);
	EXPECT_EQ(poll(&bell, 1, 0), 1);
}

TEST_F(ShmHub, ManyComeAndGoAtOnce)
{
	std::vector<pid_t> children;

	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (!pid) {
			for (int n = 0; n < 50; n++) {
				Member member;
				Member other;

				if (member.ret || other.ret || !(member.hub.live != other.hub.live))
					_exit(1);
			}
			_exit(0);
		}
		children.push_back(pid);
	}
	for (pid_t pid : children) {
		int status = -1;

		waitpid(pid, &status, 0);
		EXPECT_EQ(status, 0);
	}
	EXPECT_EQ(place_.Files(), std::set<std::string>());
}

/* Whatever stands in the table of members: it is looked at, and nothing else happens. */
TEST_F(ShmHub, AHostileTable)
{
	Leave([](sim_shm_page &page) {
		std::memset(page.members, 0xff, sizeof(page.members));
		std::memset(page.rings, 0xa5, sizeof(page.rings));
	});
	Member member;
	ASSERT_EQ(member.ret, 0) << member.err.text;
	EXPECT_EQ(member.hub.live, 0u) << "none of them lives";
	std::memset(&member.hub.page->members[3], 0xff, sizeof(sim_shm_member));
	member.hub.page->generation += 7;
	EXPECT_EQ(sim_shm_hub_read(&member.hub), 8u);
	EXPECT_EQ(sim_shm_hub_reap(&member.hub), 1u);
}

} // namespace
