/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every test of the module holds: descriptors, pieces of memory, eventfds. Each gives back
 * what it has at the end of its scope. Calls return 0 or a count, or a negative errno.
 */
#ifndef VFNET_TESTS_VM_KMOD_HANDLE_H
#define VFNET_TESTS_VM_KMOD_HANDLE_H

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21U << 26)
#endif

namespace kmod
{

const uint64_t KIB = 1024, MIB = 1024 * KIB, GIB = 1024 * MIB;
const uint64_t PAGE = 4 * KIB, HUGE = 2 * MIB;

inline int call(int fd, unsigned long command, const void *argument = nullptr)
{
	int rc = ioctl(fd, command, argument);

	return rc < 0 ? -errno : rc;
}

class Fd
{
      public:
	explicit Fd(int fd = -1) : fd_(fd)
	{
	}
	Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1))
	{
	}
	Fd &operator=(Fd &&other) noexcept
	{
		reset(std::exchange(other.fd_, -1));
		return *this;
	}
	~Fd()
	{
		reset();
	}

	void reset(int fd = -1)
	{
		if (fd_ >= 0)
			close(fd_);
		fd_ = fd;
	}

	int get() const
	{
		return fd_;
	}

      private:
	int fd_;
};

/* A shared file of the kernel's, so that a test can look at memory through a second mapping. */
inline Fd memory_file(uint64_t size, unsigned int flags = 0)
{
	Fd fd(memfd_create("test", MFD_CLOEXEC | flags));

	if (fd.get() >= 0 && ftruncate(fd.get(), static_cast<off_t>(size)))
		fd.reset();
	return fd;
}

/* A mapping of memory; data() is NULL when there is none. */
class Pages
{
      public:
	Pages() = default;
	Pages(uint64_t size, int flags, int fd = -1, uint64_t offset = 0, void *at = nullptr)
	{
		void *data =
		    mmap(at, size, PROT_READ | PROT_WRITE, flags, fd, static_cast<off_t>(offset));

		error_ = data == MAP_FAILED ? -errno : 0;
		data_ = error_ ? nullptr : static_cast<uint8_t *>(data);
		size_ = error_ ? 0 : size;
	}
	Pages(Pages &&other) noexcept
	    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
	      error_(other.error_)
	{
	}
	Pages &operator=(Pages &&other) noexcept
	{
		unmap();
		data_ = std::exchange(other.data_, nullptr);
		size_ = std::exchange(other.size_, 0);
		error_ = other.error_;
		return *this;
	}
	~Pages()
	{
		unmap();
	}

	static Pages anonymous(uint64_t size)
	{
		return Pages(size, MAP_PRIVATE | MAP_ANONYMOUS);
	}
	static Pages huge(uint64_t size)
	{
		return Pages(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
	}
	static Pages shared(const Fd &file, uint64_t size)
	{
		return Pages(size, MAP_SHARED, file.get());
	}

	void unmap()
	{
		if (data_)
			munmap(data_, size_);
		data_ = nullptr;
	}

	uint8_t *data() const
	{
		return data_;
	}
	uint64_t size() const
	{
		return size_;
	}
	int error() const
	{
		return error_;
	}

	void fill(uint8_t byte) const
	{
		memset(data_, byte, size_);
	}

	/* true if all of @n bytes from @at are @byte */
	bool all(uint8_t byte, uint64_t at, uint64_t n) const
	{
		for (uint64_t i = at; i < at + n; i++)
			if (data_[i] != byte)
				return false;
		return true;
	}
	bool all(uint8_t byte) const
	{
		return all(byte, 0, size_);
	}

      private:
	uint8_t *data_ = nullptr;
	uint64_t size_ = 0;
	int error_ = -EINVAL;
};

class Eventfd
{
      public:
	explicit Eventfd(int flags = 0) : fd_(eventfd(0, EFD_CLOEXEC | flags))
	{
	}

	int get() const
	{
		return fd_.get();
	}

	/* events since the last look; waits for the first of them, 0 if none came in time */
	uint64_t wait(int ms)
	{
		struct pollfd pollfd = {fd_.get(), POLLIN, 0};
		uint64_t n = 0;

		if (poll(&pollfd, 1, ms) != 1 || read(fd_.get(), &n, sizeof(n)) != sizeof(n))
			return 0;
		return n;
	}

	bool signal()
	{
		uint64_t one = 1;

		return write(fd_.get(), &one, sizeof(one)) == sizeof(one);
	}

      private:
	Fd fd_;
};

} // namespace kmod

#endif
