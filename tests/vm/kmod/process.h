/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children of a test: what happens to mappings when a process forks, dies or has fewer rights is
 * tried in one. A child's function returns the exit code: 0 for success, else a number that the
 * test names in its message (no EXPECT_ in a child, its report would go nowhere).
 */
#ifndef VFNET_TESTS_VM_KMOD_PROCESS_H
#define VFNET_TESTS_VM_KMOD_PROCESS_H

#include <functional>

#include <sys/types.h>

#include "tests/vm/kmod/handle.h"

namespace kmod
{

/* locked memory of this process in bytes, as /proc says ("VmLck") */
uint64_t locked_bytes(pid_t pid = 0);
/* number of hugepages of 2 MiB that nobody uses */
uint64_t free_hugepages();
bool is_root();
/* the ordinary user that the nodes were granted to ($VFNET_USER_ID) */
uid_t user_id();
/* for children of root */
bool become_user();
/* a lower limit of locked memory for this process (RLIMIT_MEMLOCK) */
bool limit_locked(uint64_t bytes);

/* Waits until it is so; what the module gives back late takes a moment. */
bool eventually(const std::function<bool()> &so, unsigned int ms = 3000);

/* Runs @body in a forked child. The exit code, or 128 + the number of the signal that ended it. */
int in_child(const std::function<int()> &body);

/* A child that says when it is ready, then waits to be told to go on or to be killed. */
class Child
{
      public:
	/* @body is given the child's own end: it calls ready() and may then wait() */
	explicit Child(const std::function<int(Child &)> &body);
	~Child();

	/* parent */
	bool wait_ready(uint64_t *value = nullptr); /* false: it ended instead */
	void go();
	int kill(int signal); /* and waits; the same number as join() */
	int join();
	pid_t pid() const
	{
		return pid_;
	}

	/* child */
	void ready(uint64_t value = 0);
	void wait();

      private:
	Fd up_[2], down_[2];
	pid_t pid_;
};

} // namespace kmod

#endif
