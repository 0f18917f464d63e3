/* SPDX-License-Identifier: BSD-2-Clause */
/* docs/counters.md and include/vfnet/counters.h name the same counters. */
#include <fstream>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <vfnet/counters.h>

namespace
{

/* the first column, `name`, of the table below "## heading" */
std::multiset<std::string> Documented(const std::string &heading)
{
	std::ifstream page(VFNET_SOURCE_DIR "/docs/counters.md");
	std::multiset<std::string> names;
	std::string line, section;
	const std::regex row("^\\| `([a-z0-9_]+)` \\|.*");
	std::smatch match;

	while (std::getline(page, line)) {
		if (line.rfind("## ", 0) == 0)
			section = line.substr(3);
		else if (section == heading && std::regex_match(line, match, row))
			names.insert(match[1]);
	}
	return names;
}

TEST(CountersPage, HasALineForEachMissed)
{
	std::multiset<std::string> names;
	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
		names.insert(vfnet_missed_name(i));
	EXPECT_EQ(names, Documented("missed"));
}

TEST(CountersPage, HasALineForEachDrop)
{
	std::multiset<std::string> names;
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		names.insert(vfnet_drops_name(i));
	EXPECT_EQ(names, Documented("drops"));
}

} // namespace
