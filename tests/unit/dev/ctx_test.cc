/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>

#include <vfnet/vfnet.h>

namespace
{

vfnet_opts SmallOpts()
{
	vfnet_opts opts = {};
	opts.size = sizeof(opts);
	opts.region_bytes = 4 << 20;
	opts.page_bytes = 4096;
	return opts;
}

TEST(Context, OpensTwiceInOneProcessAndSharesNothing)
{
	const vfnet_opts opts = SmallOpts();
	vfnet *first = nullptr, *second = nullptr;
	ASSERT_EQ(0, vfnet_open(&opts, &first, nullptr));
	ASSERT_EQ(0, vfnet_open(&opts, &second, nullptr));
	EXPECT_NE(vfnet_get_region(first)->base, vfnet_get_region(second)->base);
	EXPECT_EQ(0, vfnet_close(first));
	EXPECT_EQ(0, vfnet_close(second));
}

TEST(Context, OpensAndClosesTenTimes)
{
	const vfnet_opts opts = SmallOpts();
	for (int i = 0; i < 10; i++) {
		vfnet *v = nullptr;
		ASSERT_EQ(0, vfnet_open(&opts, &v, nullptr));
		ASSERT_EQ(0, vfnet_close(v));
	}
}

TEST(Context, CloseOfNullDoesNothing)
{
	EXPECT_EQ(0, vfnet_close(nullptr));
}

TEST(Context, CloseIsRefusedWhileAPoolIsOpen)
{
	const vfnet_opts opts = SmallOpts();
	vfnet *v = nullptr;
	ASSERT_EQ(0, vfnet_open(&opts, &v, nullptr));
	vfnet_pool_opts pool_opts = {};
	pool_opts.size = sizeof(pool_opts);
	pool_opts.n_bufs = 256;
	vfnet_pool *pool = nullptr;
	ASSERT_EQ(0, vfnet_pool_open(vfnet_get_region(v), &pool_opts, &pool, nullptr));
	EXPECT_EQ(-EBUSY, vfnet_close(v));
	EXPECT_EQ(0, vfnet_pool_close(pool, nullptr));
	EXPECT_EQ(0, vfnet_close(v));
}

TEST(Context, BadOptionsLeaveTheOutParameterUntouched)
{
	vfnet *const untouched = reinterpret_cast<vfnet *>(0x1234);
	vfnet *v = untouched;
	vfnet_err err = {};

	vfnet_opts opts = SmallOpts();
	opts.size = 4;
	EXPECT_EQ(-EINVAL, vfnet_open(&opts, &v, &err));
	EXPECT_TRUE(strstr(err.text, "vfnet_opts.size is 4")) << err.text;

	opts = SmallOpts();
	opts.numa_node = -1;
	EXPECT_EQ(-EINVAL, vfnet_open(&opts, &v, &err));
	EXPECT_TRUE(strstr(err.text, "numa_node")) << err.text;
	EXPECT_EQ(-EINVAL, err.code);

	opts = SmallOpts();
	opts.region_bytes = UINT64_C(1) << 44;
	EXPECT_GT(0, vfnet_open(&opts, &v, &err));
	EXPECT_EQ(untouched, v);
}

} // namespace
