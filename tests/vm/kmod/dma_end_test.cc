/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a mapping ends, and what does not end it. Memory is a memfd that the test sees through a
 * second mapping, so that it can tell whether a device still reaches pages which the first has
 * lost.
 */
#include <csignal>
#include <string>

#include <sys/wait.h>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const uint64_t LOW = 0xb0000000;
const uint64_t SIZE = 4 * PAGE;

class DmaEnd : public EduTest
{
      protected:
	void SetUp() override
	{
		EduTest::SetUp();
		if (HasFatalFailure())
			return;
		file_ = memory_file(SIZE);
		view_ = Pages::shared(file_, SIZE);
		pages_ = Pages::shared(file_, SIZE);
		view_.fill(0);
		ASSERT_EQ(device_.map_iova(pages_.data(), SIZE, VFIO_FLAG_WRITE, LOW), 0);
		ASSERT_TRUE(writes(LOW, view_));
		ASSERT_TRUE(load(0));
		locked_ = locked_bytes();
	}

	void TearDown() override
	{
		if (!device_.address().empty()) {
			edu_.detach(); /* a mapping of registers keeps the file open */
			device_.close();
			EXPECT_TRUE(eventually([] { return locked_bytes() == 0; }))
			    << locked_bytes() << " bytes are still locked after the close";
		}
	}

	/* first and last page: a mapping ends as a whole */
	void expect_ended()
	{
		expect_cut(LOW, view_);
		expect_cut(LOW + SIZE - PAGE, view_, SIZE - PAGE);
		EXPECT_TRUE(eventually([this] { return locked_bytes() == locked_ - SIZE; }))
		    << locked_bytes() << " bytes are locked, not " << locked_ - SIZE;
	}

	/*
	 * The second page was replaced, which the module finds out a little later; the new page is
	 * nobody's from the start.
	 */
	void expect_ended_late()
	{
		expect_write_cut(LOW + PAGE, view_, PAGE);
		EXPECT_TRUE(eventually([this] { return locked_bytes() == locked_ - SIZE; }));
		expect_ended();
	}

	void expect_alive()
	{
		EXPECT_TRUE(reads(LOW, view_));
		EXPECT_TRUE(writes(LOW, view_));
		EXPECT_TRUE(writes(LOW + SIZE - PAGE, view_, SIZE - PAGE));
		EXPECT_EQ(locked_bytes(), locked_);
	}

	Fd file_;
	Pages view_, pages_;
	uint64_t locked_ = 0;
};

TEST_F(DmaEnd, Unmap)
{
	ASSERT_EQ(device_.unmap(pages_.data(), SIZE, LOW), 0);
	expect_ended();
}

TEST_F(DmaEnd, Munmap)
{
	pages_.unmap();
	expect_ended();
}

TEST_F(DmaEnd, MunmapOfOnePage)
{
	ASSERT_EQ(munmap(pages_.data() + 2 * PAGE, PAGE), 0);
	expect_ended();
}

TEST_F(DmaEnd, MunmapBesideItDoesNothing)
{
	Pages room = Pages::anonymous(SIZE + 2 * PAGE);
	Pages pages(SIZE, MAP_SHARED | MAP_FIXED, file_.get(), 0, room.data() + PAGE);

	ASSERT_EQ(device_.unmap(pages_.data(), SIZE, LOW), 0);
	ASSERT_EQ(device_.map_iova(pages.data(), SIZE, VFIO_FLAG_WRITE, LOW), 0);
	ASSERT_EQ(munmap(room.data(), PAGE), 0);
	ASSERT_EQ(munmap(room.data() + PAGE + SIZE, PAGE), 0);
	expect_alive();
}

TEST_F(DmaEnd, AnotherMappingInItsPlace)
{
	Pages other(PAGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0, pages_.data() + PAGE);

	ASSERT_TRUE(other.data());
	expect_ended();
}

TEST_F(DmaEnd, MremapThatMovesIt)
{
	Pages room = Pages::anonymous(SIZE);

	ASSERT_EQ(mremap(pages_.data(), SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, room.data()),
		  room.data());
	expect_ended();
}

TEST_F(DmaEnd, MadviseDontneed)
{
	ASSERT_EQ(madvise(pages_.data() + PAGE, PAGE, MADV_DONTNEED), 0);
	expect_ended_late();
}

TEST_F(DmaEnd, HolePunchedIntoTheFile)
{
	ASSERT_EQ(fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE),
		  0);
	expect_ended_late();
}

TEST_F(DmaEnd, TruncatedFile)
{
	ASSERT_EQ(ftruncate(file_.get(), PAGE), 0);
	ASSERT_EQ(ftruncate(file_.get(), SIZE), 0); /* so that the view can be looked at */
	expect_ended_late();
}

TEST_F(DmaEnd, PrivateMemoryThatWasGivenBack)
{
	Pages own = Pages::anonymous(PAGE);

	own.fill(1);
	ASSERT_EQ(device_.map_iova(own.data(), PAGE, VFIO_FLAG_WRITE, LOW + SIZE), 0);
	ASSERT_TRUE(writes(LOW + SIZE, own));
	ASSERT_EQ(madvise(own.data(), PAGE, MADV_DONTNEED), 0);
	EXPECT_TRUE(eventually([this] { return locked_bytes() == locked_; }));
	expect_cut(LOW + SIZE, own);
	expect_alive(); /* the other mapping */
}

TEST_F(DmaEnd, CloseOfItsDescriptorAndNotOfAnother)
{
	Device second;

	ASSERT_EQ(second.open(device_.address()), 0);
	ASSERT_EQ(second.map_iova(pages_.data(), SIZE, VFIO_FLAG_WRITE, LOW + SIZE), 0);
	EXPECT_EQ(locked_bytes(), locked_ + SIZE);
	ASSERT_TRUE(writes(LOW + SIZE, view_));
	second.close();
	EXPECT_TRUE(eventually([this] { return locked_bytes() == locked_; }));
	expect_cut(LOW + SIZE, view_);
	expect_alive();
}

TEST_F(DmaEnd, LastCloseAndNewOpenFindNothing)
{
	edu_.detach();
	device_.close();
	EXPECT_TRUE(eventually([] { return locked_bytes() == 0; }));
	ASSERT_EQ(device_.open(address_of("EDU0")), 0);
	ASSERT_EQ(edu_.attach(device_), 0);
	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	probe_ = Pages();
	ASSERT_TRUE(load(0));
	locked_ = locked_bytes() + SIZE;
	expect_ended();
}

TEST_F(DmaEnd, ForkDoesNot)
{
	EXPECT_EQ(in_child([this] {
			  pages_.data()[0] = 1; /* shared memory: the same page */
			  return locked_bytes() == 0 ? 0 : 1;
		  }),
		  0)
	    << "the child owes nothing";
	expect_alive();
}

TEST_F(DmaEnd, ForkLeavesPrivateMemoryWithTheParent)
{
	Pages own = Pages::anonymous(PAGE);

	own.fill(1);
	ASSERT_EQ(device_.map_iova(own.data(), PAGE, VFIO_FLAG_WRITE, LOW + SIZE), 0);
	Child reader([&own](Child &self) {
		own.data()[1] = 7; /* a copy of its own from here */
		self.ready();
		self.wait();
		return own.data()[0] == 1 ? 0 : 1;
	});
	ASSERT_TRUE(reader.wait_ready());
	EXPECT_TRUE(writes(LOW + SIZE, own)) << "the device has the child's page";
	EXPECT_TRUE(reads(LOW + SIZE, own)) << "the device has an old page";
	reader.go();
	EXPECT_EQ(reader.join(), 0) << "the device wrote into the child's page";
}

TEST_F(DmaEnd, ForkedChildMayUnmapItsCopy)
{
	EXPECT_EQ(in_child([this] { return munmap(pages_.data(), SIZE); }), 0);
	expect_alive();
}

TEST_F(DmaEnd, LosingTheRightToWriteDoesNot)
{
	ASSERT_EQ(mprotect(pages_.data(), SIZE, PROT_READ), 0);
	ASSERT_EQ(mprotect(pages_.data(), SIZE, PROT_READ | PROT_WRITE), 0);
	expect_alive();
}

/* A second process maps the same file through a descriptor of its own. */
class DmaProcess : public DmaEnd
{
      protected:
	enum { OPEN = 10, MAP = 11, STILL_THERE = 12 };
	static const uint64_t THEIRS = LOW + SIZE;

	int map_in_child(Child &self)
	{
		Device device;
		Pages pages = Pages::shared(file_, SIZE);

		if (device.open(device_.address()))
			return OPEN;
		if (device.map_iova(pages.data(), SIZE, VFIO_FLAG_WRITE, THEIRS))
			return MAP;
		self.ready(locked_bytes());
		self.wait();
		return end_(device);
	}

	void expect_theirs_ended()
	{
		expect_cut(THEIRS, view_);
		expect_cut(THEIRS + SIZE - PAGE, view_, SIZE - PAGE);
		expect_alive();
	}

	std::function<int(Device &)> end_ = [](Device &) { return 0; };
};

TEST_F(DmaProcess, Exit)
{
	uint64_t locked = 0;
	Child child([this](Child &self) { return map_in_child(self); });

	ASSERT_TRUE(child.wait_ready(&locked)) << child.join();
	EXPECT_EQ(locked, SIZE);
	ASSERT_TRUE(writes(THEIRS, view_));
	child.go();
	EXPECT_EQ(child.join(), 0);
	expect_theirs_ended();
}

TEST_F(DmaProcess, Kill)
{
	Child child([this](Child &self) { return map_in_child(self); });

	ASSERT_TRUE(child.wait_ready()) << child.join();
	ASSERT_TRUE(writes(THEIRS, view_));
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
	expect_theirs_ended();
}

TEST_F(DmaProcess, KillDuringTransfer)
{
	Child child([this](Child &self) { return map_in_child(self); });

	ASSERT_TRUE(child.wait_ready()) << child.join();
	ASSERT_TRUE(load(0xb6));
	view_.fill(0x5e);
	faults_ = std::make_unique<ExpectFaults>(device_.address());
	edu_.start(Edu::BUFFER, THEIRS, PAGE, Edu::DMA_TO_MEMORY); /* in 100 ms */
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
	ASSERT_TRUE(edu_.finished());
	EXPECT_TRUE(view_.all(0x5e) || view_.all(0xb6, 0, PAGE)) << "before or after, not half";
	expect_theirs_ended();
}

/* the descriptor itself survives the exec, so it is not the close that ends the mapping */
TEST_F(DmaProcess, Exec)
{
	end_ = [](Device &device) {
		fcntl(device.fd(), F_SETFD, 0);
		execl("/bin/sleep", "sleep", "1000", nullptr);
		return 13;
	};
	Child child([this](Child &self) { return map_in_child(self); });

	ASSERT_TRUE(child.wait_ready()) << child.join();
	ASSERT_TRUE(writes(THEIRS, view_));
	child.go();
	EXPECT_TRUE(eventually([&child] { return locked_bytes(child.pid()) == 0; }));
	expect_theirs_ended();
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
}

/* a descriptor that a third process holds keeps nothing of the mapper's memory alive */
TEST_F(DmaProcess, ExitWhileAnotherHoldsTheDescriptor)
{
	int keep[2];

	ASSERT_EQ(pipe(keep), 0);
	end_ = [&keep](Device &) {
		if (fork() == 0) {
			char byte;

			/* waits for the test's end of the pipe to be closed */
			close(keep[1]);
			_exit(::read(keep[0], &byte, 1) < 0);
		}
		return 0;
	};
	Child child([this](Child &self) { return map_in_child(self); });

	close(keep[0]);
	ASSERT_TRUE(child.wait_ready()) << child.join();
	ASSERT_TRUE(writes(THEIRS, view_));
	child.go();
	EXPECT_EQ(child.join(), 0);
	expect_theirs_ended();
	close(keep[1]);
}

} // namespace
