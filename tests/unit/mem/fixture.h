/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_MEM_FIXTURE_H
#define VFNET_TESTS_UNIT_MEM_FIXTURE_H

#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <vfnet/cache.h>

#include "lib/mem/region.h"

/* Log lines, as a person would see them. */
struct LogLines {
	std::vector<std::string> lines;
	std::mutex lock;

	static void write(void *user, enum vfnet_log_level level, const char *tag, const char *text)
	{
		static const char *const names[] = {"ERR", "WARN", "INFO", "DEBUG"};
		LogLines *self = static_cast<LogLines *>(user);
		std::lock_guard<std::mutex> guard(self->lock);

		self->lines.push_back(std::string(names[level]) + " " + tag + ": " + text);
	}

	struct vfnet_log log()
	{
		return {write, this, VFNET_LOG_DEBUG};
	}
};

/* A region of ordinary pages, which every machine has. */
class RegionTest : public ::testing::Test
{
      protected:
	void open(uint64_t bytes)
	{
		struct vfnet_region_opts opts = {};

		opts.bytes = bytes;
		opts.page_bytes = 4096;
		opts.log = log_.log();
		ASSERT_EQ(vfnet_region_open(&opts, &region_, &err_), 0) << err_.text;
	}

	void SetUp() override
	{
		open(8 << 20);
	}

	void TearDown() override
	{
		EXPECT_EQ(vfnet_region_close(region_), 0) << "a pool is still open";
	}

	struct vfnet_pool *open_pool(uint32_t n_bufs, bool debug = false, const char *name = "test")
	{
		struct vfnet_pool_opts opts = {};
		struct vfnet_pool *pool = nullptr;

		opts.size = sizeof(opts);
		opts.name = name;
		opts.n_bufs = n_bufs;
		opts.data_bytes = 256;
		opts.debug = debug;
		EXPECT_EQ(vfnet_pool_open(region_, &opts, &pool, &err_), 0) << err_.text;
		return pool;
	}

	struct vfnet_cache *open_cache(struct vfnet_pool *pool, unsigned int n_max = 0)
	{
		struct vfnet_cache *cache = nullptr;

		EXPECT_EQ(vfnet_cache_open(pool, n_max, &cache, &err_), 0) << err_.text;
		return cache;
	}

	void close_pool(struct vfnet_pool *pool)
	{
		EXPECT_EQ(vfnet_pool_close(pool, &err_), 0) << err_.text;
	}

	LogLines log_;
	struct vfnet_region *region_ = nullptr;
	struct vfnet_err err_ = {};
};

/* A description of a machine in a folder of its own: /proc and /sys as we want them. */
class FakeMachine
{
      public:
	FakeMachine()
	{
		char dir[] = "/tmp/vfnet-mem-XXXXXX";

		root = mkdtemp(dir);
	}

	~FakeMachine()
	{
		std::filesystem::remove_all(root);
	}

	void write(const std::string &path, const std::string &text)
	{
		std::filesystem::create_directories(
		    std::filesystem::path(root + path).parent_path());
		std::ofstream(root + path) << text << "\n";
	}

	void pages(const std::string &dir, uint64_t page_bytes, const std::string &name, uint64_t n)
	{
		write(dir + "/hugepages/hugepages-" + std::to_string(page_bytes >> 10) + "kB/" +
			  name,
		      std::to_string(n));
	}

	void free_pages(uint64_t page_bytes, uint64_t n)
	{
		pages("/sys/kernel/mm", page_bytes, "free_hugepages", n);
	}

	void free_pages_on_node(int node, uint64_t page_bytes, uint64_t n)
	{
		pages("/sys/devices/system/node/node" + std::to_string(node), page_bytes,
		      "free_hugepages", n);
	}

	std::string root;
};

#endif
