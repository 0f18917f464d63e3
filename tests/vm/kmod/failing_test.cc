/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation and each copy between user and kernel, in each call, fails once: the first of a
 * call in its first run, the second in the next, until a run has none left to fail. A call
 * that fails must leave everything as it was, and one that is repeated must work.
 *
 * Needs a kernel with fault injection (the debug kernel); guest/kmod/failing.sh sets it up.
 */
#include <cstdio>
#include <functional>

#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/genl.h"

namespace
{

using namespace kmod;

const unsigned int MOST =
    2000; /* allocations in one call: a bound for this program, not for the module */

/* The nth operation of this thread that can fail does so [Linux Documentation/fault-injection]. */
class Nth
{
      public:
	bool open()
	{
		fd_.reset(::open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
		return fd_.get() >= 0;
	}

	bool arm(unsigned int n) const
	{
		char text[16];
		int length = snprintf(text, sizeof(text), "%u", n);

		return pwrite(fd_.get(), text, static_cast<size_t>(length), 0) == length;
	}

	/* true: it came to the nth. Asking needs a copy, too, and the failure may have been left
	 * for it */
	bool fired() const
	{
		char text[16] = "";
		ssize_t n = pread(fd_.get(), text, sizeof(text) - 1, 0);
		bool fired = n > 0 && text[0] == '0';

		/* and so has switching off */
		EXPECT_TRUE(arm(0) || arm(0));
		return fired;
	}

      private:
	Fd fd_;
};

class Failing : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		if (!nth_.open())
			GTEST_SKIP() << "this kernel cannot make allocations fail";
		ASSERT_TRUE(memory_.data());
		memory_.fill(1);
		ASSERT_EQ(device_.open(address_of("EDU0")), 0);
	}

	/*
	 * -ENOBUFS and -ETIMEDOUT: of netlink, which has no memory for a message or for its answer;
	 * -EBUSY: of the PCI core, which has no memory to claim a BAR.
	 */
	static bool right(int rc)
	{
		return rc == -ENOMEM || rc == -EFAULT || rc == -ENOSPC || rc == -ENOBUFS ||
		       rc == -ETIMEDOUT || rc == -EBUSY;
	}

	/* @start brings about the state in which @call works, @end undoes both */
	void each(const std::function<int()> &start, const std::function<int()> &call,
		  const std::function<int()> &end)
	{
		uint64_t locked = locked_bytes();
		unsigned int n, failures = 0;
		bool fired = true;
		int rc = 0;

		for (n = 1; fired && n < MOST; n++) {
			ASSERT_EQ(start(), 0) << "after " << n - 1;
			ASSERT_TRUE(nth_.arm(n));
			rc = call();
			fired = nth_.fired();
			failures += rc < 0;
			EXPECT_TRUE(rc >= 0 || (fired && right(rc))) << n << ": " << rc;
			ASSERT_EQ(end(), 0) << n << ": " << rc;
			ASSERT_EQ(locked_bytes(), locked) << n << ": " << rc;
		}
		EXPECT_FALSE(fired);
		EXPECT_GE(rc, 0);
		RecordProperty("operations", static_cast<int>(n - 2));
		printf("%u operations that can fail, %u did\n", n - 2, failures);
	}

	static int nothing()
	{
		return 0;
	}

	/* the device as at the first open */
	int reopen()
	{
		device_.close();
		return device_.open(address_of("EDU0"));
	}

	Nth nth_;
	Pages memory_ = Pages::anonymous(16 * PAGE);
	Device device_;
};

TEST_F(Failing, Open)
{
	const std::string node = node_of(device_.address());
	Fd fd;

	device_.close();
	each(
	    nothing,
	    [&] {
		    fd.reset(open(node.c_str(), O_RDWR));
		    return fd.get() < 0 ? -errno : 0;
	    },
	    [&] { return fd.reset(), 0; });
}

TEST_F(Failing, FirstMapping)
{
	uint64_t iova = 0;

	each([this] { return reopen(); },
	     [&] {
		     return device_.map_anywhere(memory_.data(), memory_.size(), VFIO_FLAG_WRITE,
						 &iova);
	     },
	     [this] { return reopen(); });
}

TEST_F(Failing, MapAnywhere)
{
	uint64_t iova = 0;

	ASSERT_EQ(device_.dma_mask(UINT32_MAX), 0);
	each([&] { return iova = 0, 0; },
	     [&] {
		     return device_.map_anywhere(memory_.data(), memory_.size(), VFIO_FLAG_WRITE,
						 &iova);
	     },
	     [&] { return iova ? device_.unmap(memory_.data(), memory_.size(), iova) : 0; });
}

TEST_F(Failing, MapIova)
{
	const uint64_t IOVA = 256 * MIB;

	each(
	    nothing, [&] { return device_.map_iova(memory_.data(), memory_.size(), 0, IOVA); },
	    [&] {
		    int rc = device_.unmap(memory_.data(), memory_.size(), IOVA);

		    return rc == -EINVAL ? 0 : rc; /* not mapped */
	    });
}

TEST_F(Failing, MapOfMemoryThatIsNotThereYet)
{
	const uint64_t IOVA = 256 * MIB;
	Pages fresh;

	each(
	    [&] {
		    fresh = Pages::anonymous(8 * PAGE);
		    return fresh.error();
	    },
	    [&] { return device_.map_iova(fresh.data(), fresh.size(), VFIO_FLAG_WRITE, IOVA); },
	    [&] {
		    fresh.unmap();
		    return eventually([] { return locked_bytes() == 0; }) ? 0 : -EBUSY;
	    });
}

TEST_F(Failing, Unmap)
{
	const uint64_t IOVA = 256 * MIB;

	each([&] { return device_.map_iova(memory_.data(), memory_.size(), 0, IOVA); },
	     [&] { return device_.unmap(memory_.data(), memory_.size(), IOVA); },
	     [&] {
		     int rc = device_.unmap(memory_.data(), memory_.size(), IOVA);

		     return rc == -EINVAL ? 0 : rc;
	     });
}

TEST_F(Failing, DmaMask)
{
	each([this] { return reopen(); }, [this] { return device_.dma_mask(UINT32_MAX); }, nothing);
}

TEST_F(Failing, Intx)
{
	Eventfd event;

	each(
	    nothing, [&] { return device_.intx(event.get()); }, [&] { return device_.intx(-1); });
}

TEST_F(Failing, EoiEventfd)
{
	Eventfd event, end;

	ASSERT_EQ(device_.intx(event.get()), 0);
	each(
	    nothing, [&] { return device_.eoi_eventfd(end.get()); },
	    [&] { return device_.eoi_eventfd(-1); });
}

TEST_F(Failing, Msi)
{
	Eventfd event;

	each(
	    nothing, [&] { return device_.msi(event.get()); }, [&] { return device_.msi(-1); });
}

TEST_F(Failing, Msis)
{
	Eventfd event;

	each(
	    nothing, [&] { return device_.msis({event.get()}); }, [&] { return device_.msis({}); });
}

TEST_F(Failing, Msix)
{
	Eventfd events[Vf::N_VECTORS];
	std::vector<int> fds;
	Device vf;

	for (Eventfd &event : events)
		fds.push_back(event.get());
	ASSERT_EQ(vf.open(address_of("VF0")), 0);
	each(
	    nothing, [&] { return vf.msix(fds); }, [&] { return vf.msix({}); });
}

TEST_F(Failing, DomainSet)
{
	Domain domain;

	each(
	    [&] {
		    domain.close();
		    return reopen() ? -EIO : domain.open();
	    },
	    [&] { return domain.add(device_); }, nothing);
}

TEST_F(Failing, DomainUnset)
{
	Domain domain;

	ASSERT_EQ(domain.open(), 0);
	each([&] { return reopen() ? -EIO : domain.add(device_); },
	     [&] { return device_.call(VFIO_DOMAIN_UNSET); }, nothing);
}

TEST_F(Failing, OpenOfADomain)
{
	Domain domain;

	each(
	    nothing, [&] { return domain.open(); }, [&] { return domain.close(), 0; });
}

TEST_F(Failing, MappingOfADomain)
{
	const uint64_t IOVA = 256 * MIB;
	Domain domain;

	ASSERT_EQ(domain.open(), 0);
	ASSERT_EQ(domain.add(device_), 0);
	each(
	    nothing, [&] { return domain.map_iova(memory_.data(), memory_.size(), 0, IOVA); },
	    [&] {
		    int rc = domain.unmap(memory_.data(), memory_.size(), IOVA);

		    return rc == -EINVAL ? 0 : rc;
	    });
}

TEST_F(Failing, Reset)
{
	Device vf;

	ASSERT_EQ(vf.open(address_of("VF0")), 0);
	each(
	    nothing, [&] { return vf.call(VFIO_RESET_FUNCTION); }, nothing);
}

TEST_F(Failing, BarLen)
{
	each(
	    nothing, [this] { return device_.bar_len(0) < 0 ? -EFAULT : 0; }, nothing);
}

TEST_F(Failing, FirstAccessToABar)
{
	each([this] { return reopen(); },
	     [this] {
		     uint32_t value;

		     return static_cast<int>(device_.read(0, 0, &value, sizeof(value)));
	     },
	     nothing);
}

TEST_F(Failing, MmapOfABar)
{
	Pages bar;

	each([this] { return reopen(); },
	     [&] {
		     bar = device_.map_bar(0);
		     return bar.error();
	     },
	     [&] { return bar.unmap(), 0; });
}

TEST_F(Failing, ConfigSpace)
{
	uint8_t config[256];

	each(
	    nothing,
	    [&] {
		    return static_cast<int>(
			device_.read(VFIO_PCI_CONFIG_RESOURCE, 0, config, sizeof(config)));
	    },
	    nothing);
	each([this] { return reopen(); }, [this] { return device_.set_command(COMMAND_MASTER); },
	     nothing);
}

TEST_F(Failing, Register)
{
	Genl genl;

	ASSERT_EQ(genl.open(), 0);
	each(
	    nothing, [&] { return genl.listen(device_.address(), event_bit(VFIO_MSG_REMOVE)); },
	    [&] { return genl.listen(device_.address(), 0); });
}

} // namespace
