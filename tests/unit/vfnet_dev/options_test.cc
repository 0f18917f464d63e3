/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include "apps/vfnet-dev/dev.h"
}

namespace
{

int nothing(const struct dev_options *)
{
	return 0;
}

constexpr struct dev_command COMMAND = {
    "try",
    "A [B] [--json FILE] [--force]",
    "for tests",
    "more of it\n",
    DEV_JSON | DEV_FORCE,
    1,
    2,
    nothing,
};

class Options : public testing::Test
{
      protected:
	struct dev_options opts = {};
	std::vector<std::string> words;
	std::vector<char *> argv;
	std::string out, err;

	enum dev_parse parse(std::vector<std::string> args)
	{
		enum dev_parse parsed;

		words = std::move(args);
		words.insert(words.begin(), "try");
		argv.clear();
		for (auto &word : words)
			argv.push_back(word.data());
		argv.push_back(nullptr);
		opts = {};
		optind = 0; /* glibc: from the beginning */
		testing::internal::CaptureStdout();
		testing::internal::CaptureStderr();
		parsed =
		    dev_options_parse(&COMMAND, static_cast<int>(words.size()), argv.data(), &opts);
		fflush(stdout);
		out = testing::internal::GetCapturedStdout();
		err = testing::internal::GetCapturedStderr();
		return parsed;
	}
};

TEST_F(Options, StandAnywhereAmongTheArguments)
{
	ASSERT_EQ(parse({"one", "--json", "-", "two", "--force"}), DEV_RUN) << err;
	EXPECT_STREQ(opts.json, "-");
	EXPECT_TRUE(opts.force);
	ASSERT_EQ(opts.n_args, 2);
	EXPECT_STREQ(opts.args[0], "one");
	EXPECT_STREQ(opts.args[1], "two");
	ASSERT_EQ(parse({"one"}), DEV_RUN) << err;
	EXPECT_EQ(opts.json, nullptr);
	EXPECT_FALSE(opts.force);
}

TEST_F(Options, HelpShowsTheCommandsOwn)
{
	EXPECT_EQ(parse({"--help"}), DEV_SHOWN);
	EXPECT_EQ(out, "vfnet-dev try A [B] [--json FILE] [--force] - for tests\n\nmore of it\n");
}

TEST_F(Options, WhatIsWrongIsNamed)
{
	const struct {
		std::vector<std::string> args;
		const char *said;
	} wrong[] = {
	    {{"one", "--up"}, "try: --up: no such option"}, /* another command's */
	    {{"one", "--nobody"}, "try: --nobody: no such option"},
	    {{"one", "-x"}, "try: -x: no such option"},
	    {{"one", "--json"}, "try: --json: must have a value"},
	    {{}, "something is missing: must be vfnet-dev try A [B]"},
	    {{"1", "2", "3"}, "too many arguments: must be vfnet-dev try A [B]"},
	};

	for (const auto &one : wrong) {
		EXPECT_EQ(parse(one.args), DEV_WRONG) << one.said;
		EXPECT_NE(err.find(one.said), std::string::npos) << err;
		EXPECT_EQ(out, "");
	}
}

} // namespace
