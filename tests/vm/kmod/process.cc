/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/vm/kmod/process.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace kmod
{

namespace
{

int exit_code(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* a child does not outlive its test, and does not flush what the test has printed */
pid_t fork_child()
{
	pid_t parent = getpid(), pid;

	fflush(nullptr);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(120);
	}
	return pid;
}

} // namespace

uint64_t locked_bytes(pid_t pid)
{
	std::ifstream status("/proc/" + (pid ? std::to_string(pid) : "self") + "/status");
	unsigned long long kib;
	std::string line;

	while (std::getline(status, line))
		if (sscanf(line.c_str(), "VmLck: %llu", &kib) == 1)
			return kib * KIB;
	return UINT64_MAX;
}

uint64_t free_hugepages()
{
	std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
	uint64_t n = 0;

	file >> n;
	return n;
}

bool is_root()
{
	return geteuid() == 0;
}

uid_t user_id()
{
	const char *name = getenv("VFNET_USER_ID");

	return name ? static_cast<uid_t>(atoi(name)) : 1000;
}

bool become_user()
{
	uid_t uid = user_id();

	return setgroups(0, nullptr) == 0 && setresgid(uid, uid, uid) == 0 &&
	       setresuid(uid, uid, uid) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

bool limit_locked(uint64_t bytes)
{
	struct rlimit limit = {bytes, bytes};

	return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

bool eventually(const std::function<bool()> &so, unsigned int ms)
{
	for (unsigned int i = 0; i < ms / 10; i++) {
		if (so())
			return true;
		usleep(10000);
	}
	return so();
}

int in_child(const std::function<int()> &body)
{
	pid_t pid = fork_child();

	if (pid == 0)
		_exit(body());
	return pid < 0 ? -errno : exit_code(pid);
}

Child::Child(const std::function<int(Child &)> &body)
{
	int up[2], down[2];

	if (pipe2(up, O_CLOEXEC) || pipe2(down, O_CLOEXEC))
		abort();
	for (int i = 0; i < 2; i++) {
		up_[i].reset(up[i]);
		down_[i].reset(down[i]);
	}
	pid_ = fork_child();
	if (pid_ == 0) {
		up_[0].reset();
		down_[1].reset();
		_exit(body(*this));
	}
	up_[1].reset();
	down_[0].reset();
}

Child::~Child()
{
	if (pid_ > 0)
		kill(SIGKILL);
}

bool Child::wait_ready(uint64_t *value)
{
	uint64_t word;

	if (::read(up_[0].get(), &word, sizeof(word)) != sizeof(word))
		return false;
	if (value)
		*value = word;
	return true;
}

void Child::go()
{
	down_[1].reset();
}

int Child::kill(int signal)
{
	::kill(pid_, signal);
	return join();
}

int Child::join()
{
	int code = pid_ > 0 ? exit_code(pid_) : -ECHILD;

	pid_ = -1;
	return code;
}

void Child::ready(uint64_t value)
{
	if (::write(up_[1].get(), &value, sizeof(value)) != sizeof(value))
		_exit(121);
}

void Child::wait()
{
	char byte;

	while (::read(down_[0].get(), &byte, 1) < 0 && errno == EINTR)
		;
}

} // namespace kmod
