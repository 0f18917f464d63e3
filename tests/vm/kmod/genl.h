/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generic netlink socket of a program that listens to the module's events, without a library:
 * the messages that a test needs are also wrong ones.
 */
#ifndef VFNET_TESTS_VM_KMOD_GENL_H
#define VFNET_TESTS_VM_KMOD_GENL_H

#include <map>
#include <string>
#include <vector>

#include "tests/vm/kmod/device.h"

namespace kmod
{

/* One message: a command and its attributes. */
struct Message {
	uint8_t command = 0;
	uint32_t sequence = 0;
	std::map<uint16_t, std::vector<uint8_t>> attributes;

	template <typename T> Message &put(uint16_t type, T value)
	{
		const uint8_t *bytes = reinterpret_cast<const uint8_t *>(&value);

		attributes[type].assign(bytes, bytes + sizeof(value));
		return *this;
	}
	/* all ones if it is not there */
	uint64_t get(uint16_t type) const;

	/* the four attributes that name a PCI function, "0000:02:00.0" */
	Message &put_address(const std::string &address);
	std::string address() const;
};

class Genl
{
      public:
	/* 0 or -errno; -ENOENT: the kernel has no family of this name */
	int open(const char *family = VFIO_GENL_NAME);
	void close()
	{
		fd_.reset();
	}

	/* the kernel's answer: 0 or -errno */
	int call(const Message &message);
	/* false: nothing came in time */
	bool receive(Message *message, int ms);

	/* what programs send */
	int listen(const std::string &address, uint64_t events);
	int reply(const Message &question, uint8_t command, uint16_t type, uint32_t answer);

      private:
	bool send(uint16_t type, uint8_t command, uint32_t sequence, const Message &message);
	ssize_t receive_raw(int ms);

	Fd fd_;
	uint16_t family_ = 0;
	uint32_t sequence_ = 0;
	std::vector<Message> events_; /* that came while an answer was awaited */
	alignas(8) uint8_t buffer_[8192];
};

inline uint64_t event_bit(uint8_t command)
{
	return uint64_t{1} << command;
}

} // namespace kmod

#endif
