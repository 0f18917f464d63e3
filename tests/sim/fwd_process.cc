/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/fwd_process.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace
{
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(30);

[[noreturn]] void Exec(const char *program, const Args &args, int out, int err)
{
	std::vector<char *> argv;
	static char name[] = "vfnet-fwd";

	argv.push_back(name);
	for (const std::string &arg : args)
		argv.push_back(const_cast<char *>(arg.c_str()));
	argv.push_back(nullptr);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(program, argv.data());
	_exit(127);
}

template <typename Done> bool WaitUntil(Done done)
{
	for (auto deadline = Clock::now() + kPatience; Clock::now() < deadline; usleep(1000))
		if (done())
			return true;
	return false;
}

/* false at the end of the stream, which is closed then */
bool ReadSome(int *fd, std::string *text)
{
	char buf[4096];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n > 0) {
		text->append(buf, static_cast<size_t>(n));
		return true;
	}
	close(*fd);
	*fd = -1;
	return false;
}
} // namespace

FwdProcess::FwdProcess(const Args &args, const char *program)
{
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		abort();
	pid_ = fork();
	if (!pid_)
		Exec(program, args, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	out_ = out[0];
	err_ = err[0];
}

FwdProcess::~FwdProcess()
{
	if (pid_ > 0) {
		kill(pid_, SIGKILL);
		waitpid(pid_, nullptr, 0);
	}
	if (out_ >= 0)
		close(out_);
	if (err_ >= 0)
		close(err_);
}

void FwdProcess::Signal(int number) const
{
	kill(pid_, number);
}

bool FwdProcess::CpuTime(timespec *time) const
{
	clockid_t clock;

	return !clock_getcpuclockid(pid_, &clock) && !clock_gettime(clock, time);
}

bool FwdProcess::WaitForHandler(int number) const
{
	return WaitUntil([this, number] {
		std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
		std::string line;

		while (std::getline(status, line))
			if (line.compare(0, 8, "SigCgt:\t") == 0)
				return std::stoull(line.substr(8), nullptr, 16) >> (number - 1) & 1;
		return 0ull;
	});
}

bool FwdProcess::WaitForPin() const
{
	return WaitUntil([this] {
		cpu_set_t cores;

		return !sched_getaffinity(pid_, sizeof(cores), &cores) && CPU_COUNT(&cores) == 1;
	});
}

/* false when both streams have ended */
bool FwdProcess::Read(int timeout_ms)
{
	struct pollfd fds[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};

	if (out_ < 0 && err_ < 0)
		return false;
	poll(fds, 2, timeout_ms);
	if (fds[0].revents)
		ReadSome(&out_, &outcome_.out);
	if (fds[1].revents)
		ReadSome(&err_, &outcome_.err);
	return true;
}

bool FwdProcess::WaitForOutput(const std::string &text)
{
	auto deadline = Clock::now() + kPatience;

	while (outcome_.out.find(text) == std::string::npos)
		if (Clock::now() > deadline || !Read(100))
			return false;
	return true;
}

Outcome FwdProcess::Wait()
{
	auto deadline = Clock::now() + kPatience;
	int status;

	while (Read(100)) {
		if (Clock::now() < deadline)
			continue;
		ADD_FAILURE() << "vfnet-fwd does not end; standard error: " << outcome_.err;
		kill(pid_, SIGKILL);
		break;
	}
	waitpid(pid_, &status, 0);
	pid_ = -1;
	outcome_.exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return outcome_;
}

Outcome RunFwd(const Args &args)
{
	return FwdProcess(args).Wait();
}

TempDir::TempDir()
{
	std::string path = (std::filesystem::temp_directory_path() / "vfnet-fwd-XXXXXX").string();

	if (!mkdtemp(path.data()))
		abort();
	path_ = path;
}

TempDir::~TempDir()
{
	std::filesystem::remove_all(path_);
}
