/* SPDX-License-Identifier: BSD-2-Clause */
/* What tells a program, or a port's own thread, that service should run. */
#include <poll.h>
#include <sys/eventfd.h>

#include "tests/unit/net/net_fixture.h"

namespace
{

bool Readable(int fd)
{
	pollfd look = {fd, POLLIN, 0};
	return poll(&look, 1, 0) == 1;
}

uint32_t Services()
{
	return __atomic_load_n(&fake_driver.n_services, __ATOMIC_ACQUIRE);
}

/* false: it did not happen in ten seconds */
bool WaitForServices(uint32_t n)
{
	for (int i = 0; i < 10000 && Services() < n; i++)
		poll(nullptr, 0, 1);
	return Services() >= n;
}

class Events : public Net
{
      protected:
	void TearDown() override
	{
		EXPECT_EQ(0, vfnet_port_close(port_));
		Net::TearDown();
	}
	void OpenThreaded()
	{
		vfnet_port_opts opts = {};
		opts.size = sizeof(opts);
		opts.service_thread = true;
		ASSERT_EQ(0, vfnet_port_open(v_, "fake:a", &opts, &port_, &err_)) << err_.text;
	}

	vfnet_port *port_ = nullptr;
};

TEST_F(Events, TheDescriptorIsAlwaysTheSameAndServiceReadsIt)
{
	port_ = OpenPort();
	int fd = vfnet_port_fd(port_, &err_);
	ASSERT_LE(0, fd) << err_.text;
	EXPECT_EQ(fd, vfnet_port_fd(port_, nullptr));
	EXPECT_FALSE(Readable(fd));
	ASSERT_EQ(0, eventfd_write(fake_driver.event_fd, 1));
	EXPECT_TRUE(Readable(fd));
	vfnet_port_service(port_, 0);
	EXPECT_FALSE(Readable(fd));
	ASSERT_EQ(0, vfnet_port_close(port_));
	port_ = nullptr;
	EXPECT_EQ(-1, fake_driver.event_fd) << "the driver has let go of it";
}

/* The kernel wants the function back: the program holds the port, the device is closed. */
TEST_F(Events, ARequestMakesThePortGoneAndTheDeviceIsGivenBackByTheNextService)
{
	port_ = OpenPort();
	int fd = vfnet_port_fd(port_, &err_);
	ASSERT_LE(0, fd) << err_.text;
	vfnet_port_service(port_, 0);
	EXPECT_EQ(0u, fake_driver.n_give_backs);
	ASSERT_EQ(0, eventfd_write(fake_.request_fd, 1));
	EXPECT_TRUE(Readable(fd));
	fake_.calls.clear();
	EXPECT_EQ(VFNET_SERVICE_PERIOD_NS, vfnet_port_service(port_, 0));
	EXPECT_EQ(1u, fake_driver.n_give_backs);
	EXPECT_EQ(VFNET_PORT_GONE, vfnet_port_state(port_));
	EXPECT_EQ("revoke master_off irq_set detach unmap dma_close", fake_.history());
	EXPECT_FALSE(Readable(fd));
	fake_.calls.clear();
	vfnet_port_service(port_, 0);
	EXPECT_EQ("", fake_.history()) << "once";
}

/* Whoever polls would else do nothing but that, for as long as a queue is being opened or closed.
 */
TEST_F(Events, ARequestThatCannotBeServedYetLeavesTheDescriptorQuietAndIsKept)
{
	port_ = OpenPort();
	int fd = vfnet_port_fd(port_, &err_);
	ASSERT_LE(0, fd) << err_.text;
	ASSERT_EQ(0, eventfd_write(fake_.request_fd, 1));
	EXPECT_TRUE(Readable(fd));
	pthread_mutex_lock(&port_->lock);
	EXPECT_EQ(1000007u, vfnet_port_service(port_, 7));
	EXPECT_FALSE(Readable(fd));
	EXPECT_EQ(0u, fake_driver.n_give_backs);
	pthread_mutex_unlock(&port_->lock);
	vfnet_port_service(port_, 1000007);
	EXPECT_EQ(1u, fake_driver.n_give_backs);
	EXPECT_EQ(0, fake_.open_domains);
}

TEST_F(Events, ADeviceThatIsGoneIsClosedToo)
{
	port_ = OpenPort();
	fake_driver.service_state = VFNET_PORT_GONE;
	vfnet_port_service(port_, 0);
	EXPECT_EQ(0u, fake_driver.n_give_backs) << "nobody asked";
	EXPECT_EQ(0, fake_.open_domains);
}

TEST_F(Events, ADeviceThatCannotBeGivenBackYetIsSoon)
{
	port_ = OpenPort();
	fake_.fail = {{"revoke", -ENOMEM}};
	ASSERT_EQ(0, eventfd_write(fake_.request_fd, 1));
	EXPECT_EQ(1000000u, vfnet_port_service(port_, 0));
	EXPECT_EQ(1, fake_.open_domains);
	fake_.fail.clear();
	EXPECT_EQ(1000000u + VFNET_SERVICE_PERIOD_NS, vfnet_port_service(port_, 1000000));
	EXPECT_EQ(0, fake_.open_domains);
}

TEST_F(Events, TheThreadHearsARequest)
{
	ASSERT_NO_FATAL_FAILURE(OpenThreaded());
	ASSERT_EQ(0, eventfd_write(fake_.request_fd, 1));
	for (int i = 0; i < 10000 && vfnet_port_state(port_) != VFNET_PORT_GONE; i++)
		poll(nullptr, 0, 1);
	EXPECT_EQ(VFNET_PORT_GONE, vfnet_port_state(port_));
}

TEST_F(Events, APortWithoutInterruptsSaysSoAndIsServicedByTime)
{
	port_ = OpenPort();
	fake_driver.events_rc = -ENOTSUP;
	EXPECT_EQ(-ENOTSUP, vfnet_port_fd(port_, &err_));
	EXPECT_STREQ("fake: fake:a", err_.text);
	EXPECT_EQ(VFNET_SERVICE_PERIOD_NS, vfnet_port_service(port_, 0));
	fake_driver.events_rc = 0;
	EXPECT_LE(0, vfnet_port_fd(port_, &err_)) << "a failure is not for ever";
}

TEST_F(Events, TheThreadServicesAtOnceAndWhenItIsWoken)
{
	ASSERT_NO_FATAL_FAILURE(OpenThreaded());
	ASSERT_TRUE(WaitForServices(1));
	for (uint32_t n = 2; n < 50; n++) {
		ASSERT_EQ(0, eventfd_write(fake_driver.event_fd, 1));
		ASSERT_TRUE(WaitForServices(n));
	}
}

TEST_F(Events, TheThreadServicesByTimeWhereThereAreNoInterrupts)
{
	fake_driver.events_rc = -ENOTSUP;
	ASSERT_NO_FATAL_FAILURE(OpenThreaded());
	EXPECT_TRUE(WaitForServices(3));
}

TEST_F(Events, TheThreadKeepsTheDescriptorToItself)
{
	ASSERT_NO_FATAL_FAILURE(OpenThreaded());
	EXPECT_EQ(-EBUSY, vfnet_port_fd(port_, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "service_thread")) << err_.text;
}

TEST_F(Events, ThreadsComeAndGoWithTheirPorts)
{
	for (int i = 0; i < 20; i++) {
		ASSERT_NO_FATAL_FAILURE(OpenThreaded());
		ASSERT_EQ(0, vfnet_port_close(port_));
		port_ = nullptr;
	}
}

} // namespace
