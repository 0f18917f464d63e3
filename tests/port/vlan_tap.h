/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PORT_VLAN_TAP_H
#define VFNET_TESTS_PORT_VLAN_TAP_H

/*
 * What a VLAN device of Linux does, where the kernel has none: a TAP device, and a thread that
 * passes its frames to another interface, with a tag, and those with the tag that come from there.
 */
#include <cstdint>
#include <string>
#include <thread>

class VlanTap
{
      public:
	VlanTap() = default;
	~VlanTap();
	VlanTap(const VlanTap &) = delete;
	VlanTap &operator=(const VlanTap &) = delete;

	/* NAME.VID of @interface, with its address. Return: "", or what failed. */
	std::string Open(const std::string &interface, uint16_t vid);

      private:
	void Run();
	void ToLan();
	void FromLan();

	uint16_t vid_ = 0;
	int tap_ = -1, link_ = -1, stop_[2] = {-1, -1};
	std::thread thread_;
};

#endif
