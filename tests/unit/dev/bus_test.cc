/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/common/fake_context.h"

namespace
{

using Bus = FakeContext;

TEST_F(Bus, OpenKeepsTheSafeOrderAndCloseUndoesIt)
{
	vfnet_dev *dev = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &dev, &err_));
	EXPECT_EQ("open dma_open attach map reset master_on", fake_.history());
	fake_.calls.clear();
	vfnet_dev_close(v_, dev);
	EXPECT_EQ("master_off detach unmap dma_close close", fake_.history());
}

TEST_F(Bus, DevicesOfOneBusShareADomainMappedOnce)
{
	vfnet_dev *a = nullptr, *b = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &a, &err_));
	fake_.calls.clear();
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:b", &b, &err_));
	EXPECT_EQ("open attach reset master_on", fake_.history());
	EXPECT_EQ(a->dma, b->dma);
	vfnet_dev_close(v_, a);
	EXPECT_EQ(1, fake_.open_domains);
	vfnet_dev_close(v_, b);
	EXPECT_EQ(0, fake_.open_domains);
}

TEST_F(Bus, ADeviceThatCannotShareGetsItsOwnDomain)
{
	fake_.devs_per_domain = 1;
	vfnet_dev *a = nullptr, *b = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &a, nullptr));
	fake_.calls.clear();
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:b", &b, &err_));
	EXPECT_EQ("open attach dma_open attach map reset master_on", fake_.history());
	EXPECT_NE(a->dma, b->dma);
	EXPECT_EQ(0, err_.code) << "a refused attempt that succeeds elsewhere is no error";
	vfnet_dev_close(v_, b);
	vfnet_dev_close(v_, a);
}

TEST_F(Bus, EachFailureUnwindsAndTellsTheCaller)
{
	for (const char *step : {"open", "dma_open", "attach", "map", "reset", "master_on"}) {
		vfnet_dev *dev = nullptr;
		err_ = {};
		fake_.fail = {{step, -EIO}};
		EXPECT_EQ(-EIO, vfnet_dev_open(v_, "fake:a", &dev, &err_)) << step;
		EXPECT_EQ(nullptr, dev) << step;
		EXPECT_EQ(std::string("fake ") + step + " failed", err_.text);
		EXPECT_EQ(0, fake_.open_devs) << step;
		EXPECT_EQ(0, fake_.open_domains) << step;
	}
}

TEST_F(Bus, AFailureOtherThanExdevDoesNotTryAnotherDomain)
{
	vfnet_dev *a = nullptr, *b = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &a, nullptr));
	fake_.fail = {{"attach", -EPERM}};
	EXPECT_EQ(-EPERM, vfnet_dev_open(v_, "fake:b", &b, &err_));
	EXPECT_STREQ("fake attach failed", err_.text);
	EXPECT_EQ(1, fake_.open_domains);
	vfnet_dev_close(v_, a);
}

TEST_F(Bus, AFunctionWithoutResetStillOpens)
{
	fake_.fail = {{"reset", -ENOTSUP}};
	vfnet_dev *dev = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &dev, nullptr));
	vfnet_dev_close(v_, dev);
}

TEST_F(Bus, ContextWithAnOpenDeviceDoesNotClose)
{
	vfnet_dev *dev = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &dev, nullptr));
	EXPECT_EQ(-EBUSY, vfnet_close(v_));
	vfnet_dev_close(v_, dev);
}

TEST_F(Bus, GivingBackKeepsTheSafeOrderAndLeavesCloseToItsHolder)
{
	vfnet_dev *dev = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &dev, &err_));
	fake_.calls.clear();
	ASSERT_EQ(0, vfnet_dev_give_back(v_, dev, &err_)) << err_.text;
	EXPECT_EQ("revoke master_off irq_set detach unmap dma_close", fake_.history());
	EXPECT_EQ(nullptr, dev->dma);
	EXPECT_EQ(-EBUSY, vfnet_close(v_)) << "it is still held";
	fake_.calls.clear();
	vfnet_dev_close(v_, dev);
	EXPECT_EQ("close", fake_.history());
}

TEST_F(Bus, GivingBackLeavesTheDomainToTheOthers)
{
	vfnet_dev *a = nullptr, *b = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &a, &err_));
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:b", &b, &err_));
	ASSERT_EQ(0, vfnet_dev_give_back(v_, a, &err_)) << err_.text;
	EXPECT_EQ(1, fake_.open_domains);
	EXPECT_NE(nullptr, b->dma);
	vfnet_dev_close(v_, b);
	EXPECT_EQ(0, fake_.open_domains);
	vfnet_dev_close(v_, a);
}

TEST_F(Bus, GivingBackThatFailsHasDoneNothing)
{
	vfnet_dev *dev = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &dev, &err_));
	fake_.calls.clear();
	fake_.fail = {{"revoke", -ENOMEM}};
	EXPECT_EQ(-ENOMEM, vfnet_dev_give_back(v_, dev, &err_));
	EXPECT_STREQ("fake revoke failed", err_.text);
	EXPECT_EQ("revoke", fake_.history());
	fake_.fail.clear();
	fake_.calls.clear();
	vfnet_dev_close(v_, dev);
	EXPECT_EQ("master_off detach unmap dma_close close", fake_.history());
}

TEST_F(Bus, GivingBackDoesNotWaitForADeviceThatIsBeingOpened)
{
	vfnet_dev *a = nullptr, *b = nullptr;
	int rc = 0;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &a, &err_));
	fake_.during_reset = [&] { rc = vfnet_dev_give_back(v_, a, &err_); };
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:b", &b, nullptr));
	EXPECT_EQ(-EBUSY, rc);
	EXPECT_NE(nullptr, strstr(err_.text, "fake:a: another device")) << err_.text;
	fake_.during_reset = nullptr;
	vfnet_dev_close(v_, b);
	vfnet_dev_close(v_, a);
}

TEST_F(Bus, ARequestIsSeenOnce)
{
	vfnet_dev *dev = nullptr;
	ASSERT_EQ(0, vfnet_dev_open(v_, "fake:a", &dev, &err_));
	EXPECT_FALSE(vfnet_dev_requested(dev));
	ASSERT_EQ(0, eventfd_write(fake_.request_fd, 1));
	EXPECT_TRUE(vfnet_dev_requested(dev));
	EXPECT_FALSE(vfnet_dev_requested(dev));
	vfnet_dev_close(v_, dev);
}

TEST_F(Bus, UnknownPrefixNamesTheKnownOnes)
{
	vfnet_dev *dev = nullptr;
	for (const char *name : {"nonsense", "eth:0", "", ":", "fak:a", "fakes:a"}) {
		EXPECT_EQ(-EINVAL, vfnet_dev_open(v_, name, &dev, &err_)) << name;
		EXPECT_NE(nullptr, strstr(err_.text, "pci:, fake:")) << err_.text;
	}
}

TEST_F(Bus, AddBusChecksThePrefix)
{
	for (const char *prefix : {"", "has space", "sixteen-letters!", "0123456789abcdef", "a:b"})
		EXPECT_EQ(-EINVAL, vfnet_add_bus(v_, prefix, &fake_.bus, &err_)) << prefix;
	EXPECT_EQ(-EEXIST, vfnet_add_bus(v_, "fake", &fake_.bus, &err_));
	EXPECT_EQ(-EEXIST, vfnet_add_bus(v_, "pci", &fake_.bus, &err_));
	for (const char *prefix : {"b2", "b3", "b4", "b5", "b6", "b7"})
		EXPECT_EQ(0, vfnet_add_bus(v_, prefix, &fake_.bus, &err_)) << prefix;
	EXPECT_EQ(-ENOMEM, vfnet_add_bus(v_, "b8", &fake_.bus, &err_));
}

} // namespace
