/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_SHM_PLACE_H
#define TESTS_SIM_SHM_PLACE_H

/* A folder of the test's own for hubs, in memory; it must be empty at the end. */

#include <gtest/gtest.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>

class Place
{
      public:
	Place()
	{
		char dir[] = "/dev/shm/vfnet-test-XXXXXX";

		if (!mkdtemp(dir))
			throw std::runtime_error("mkdtemp");
		root_ = dir;
		setenv("XDG_RUNTIME_DIR", dir, 1);
	}
	~Place()
	{
		for (const auto &name : Files())
			unlink(File(name).c_str());
		rmdir(Folder().c_str());
		rmdir(root_.c_str());
	}
	Place(const Place &) = delete;
	Place &operator=(const Place &) = delete;

	const std::string &Root() const
	{
		return root_;
	}
	std::string Folder() const
	{
		return root_ + "/vfnet";
	}
	std::string File(const std::string &name) const
	{
		return Folder() + "/" + name;
	}
	std::set<std::string> Files() const
	{
		std::set<std::string> names;
		DIR *dir = opendir(Folder().c_str());

		while (dirent *entry = dir ? readdir(dir) : nullptr)
			if (entry->d_name[0] != '.')
				names.insert(entry->d_name);
		if (dir)
			closedir(dir);
		return names;
	}

      private:
	std::string root_;
};

#endif
