/* SPDX-License-Identifier: BSD-2-Clause */
#define VFNET_LOG_TAG "test/log"

#include <gtest/gtest.h>

#include <string>
#include <vector>

extern "C" {
#include "lib/base/log.h"
}

namespace
{

struct Line {
	enum vfnet_log_level level;
	std::string tag, text;
};

class BaseLog : public ::testing::Test
{
      protected:
	static void keep(void *user, enum vfnet_log_level level, const char *tag, const char *text)
	{
		static_cast<std::vector<Line> *>(user)->push_back({level, tag, text});
	}

	std::vector<Line> lines;
	struct vfnet_log log = {keep, &lines, VFNET_LOG_DEBUG};
};

TEST_F(BaseLog, LineReachesTheSinkWithItsTag)
{
	vfnet_log(&log, WARN, "%d of %d", 3, 4);
	ASSERT_EQ(1u, lines.size());
	EXPECT_EQ(VFNET_LOG_WARN, lines[0].level);
	EXPECT_EQ("test/log", lines[0].tag);
	EXPECT_EQ("3 of 4", lines[0].text);
}

TEST_F(BaseLog, OnlySeriousEnoughLinesPass)
{
	const enum vfnet_log_level levels[] = {VFNET_LOG_ERR, VFNET_LOG_WARN, VFNET_LOG_INFO,
					       VFNET_LOG_DEBUG};

	for (size_t i = 0; i < 4; i++) {
		lines.clear();
		log.level = levels[i];
		vfnet_log(&log, ERR, "e");
		vfnet_log(&log, WARN, "w");
		vfnet_log(&log, INFO, "i");
		vfnet_log(&log, DEBUG, "d");
		EXPECT_EQ(i + 1, lines.size());
	}
}

TEST_F(BaseLog, WithoutASinkNothingHappens)
{
	vfnet_log(static_cast<const struct vfnet_log *>(nullptr), ERR, "unheard");
	log.fn = nullptr;
	vfnet_log(&log, ERR, "unheard");
	EXPECT_TRUE(lines.empty());
}

TEST_F(BaseLog, LongLinesAreCut)
{
	const std::string text(5000, 'x');

	vfnet_log(&log, INFO, "%s", text.c_str());
	ASSERT_EQ(1u, lines.size());
	EXPECT_EQ(511u, lines[0].text.size());
	EXPECT_EQ(text.substr(0, 511), lines[0].text);
}

} // namespace
