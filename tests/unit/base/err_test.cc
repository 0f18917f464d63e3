/* SPDX-License-Identifier: BSD-2-Clause */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>

extern "C" {
#include "lib/base/err.h"
}

namespace
{

TEST(BaseErr, SetFillsBothAndReturnsTheCode)
{
	struct vfnet_err err;

	memset(&err, 0x55, sizeof(err));
	EXPECT_EQ(-ENODEV, vfnet_err_set(&err, -ENODEV, "no %s at %d", "card", 7));
	EXPECT_EQ(-ENODEV, err.code);
	EXPECT_STREQ("no card at 7", err.text);
}

TEST(BaseErr, NobodyNeedsToAsk)
{
	EXPECT_EQ(-EINVAL, vfnet_err_set(nullptr, -EINVAL, "%s", "unread"));
}

TEST(BaseErr, LongSentencesAreCutNotSpilt)
{
	const std::string sentence(2 * VFNET_ERR_TEXT_BYTES, 'x');
	struct {
		struct vfnet_err err;
		char guard;
	} room = {};

	room.guard = 'g';
	EXPECT_EQ(-EPERM, vfnet_err_set(&room.err, -EPERM, "%s", sentence.c_str()));
	EXPECT_EQ(sentence.substr(0, VFNET_ERR_TEXT_BYTES - 1), room.err.text);
	EXPECT_EQ('g', room.guard);
}

TEST(BaseErr, LaterSentenceReplacesTheEarlier)
{
	struct vfnet_err err;

	vfnet_err_set(&err, -EINVAL, "a long first sentence");
	vfnet_err_set(&err, -ENOMEM, "short");
	EXPECT_EQ(-ENOMEM, err.code);
	EXPECT_STREQ("short", err.text);
}

} // namespace
