/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_FWD_PROCESS_H
#define VFNET_TESTS_FWD_PROCESS_H

#include <string>
#include <vector>

#include <sys/types.h>
#include <time.h>

using Args = std::vector<std::string>;

/* what a program left behind; a signal that killed it counts as 128 + its number */
struct Outcome {
	int exit = -1;
	std::string out;
	std::string err;
};

/* a program, started; killed if it is still there at the end */
class FwdProcess
{
      public:
	explicit FwdProcess(const Args &args, const char *program = VFNET_FWD);
	~FwdProcess();
	FwdProcess(const FwdProcess &) = delete;
	FwdProcess &operator=(const FwdProcess &) = delete;

	void Signal(int number) const;
	/* what it has used of processors so far */
	bool CpuTime(timespec *time) const;
	/* until it has a handler for signal @number; false after 30 s */
	bool WaitForHandler(int number) const;
	/* until it may run on exactly one core; false after 30 s */
	bool WaitForPin() const;
	/* read until @text has come on standard output; false after 30 s or at its end */
	bool WaitForOutput(const std::string &text);
	/* read all, wait for the end; killed after 30 s */
	Outcome Wait();

      private:
	bool Read(int timeout_ms);

	pid_t pid_ = -1;
	int out_ = -1;
	int err_ = -1;
	Outcome outcome_;
};

/* run vfnet-fwd to its end */
Outcome RunFwd(const Args &args);

/* a folder that goes away with the object */
class TempDir
{
      public:
	TempDir();
	~TempDir();
	TempDir(const TempDir &) = delete;
	TempDir &operator=(const TempDir &) = delete;
	std::string File(const std::string &name) const
	{
		return path_ + "/" + name;
	}

      private:
	std::string path_;
};

#endif
