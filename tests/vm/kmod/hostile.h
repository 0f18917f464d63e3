/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An owner of the node who means harm: random calls, valid enough to get far. The same seed gives
 * the same calls. What a call says is of no interest; what is afterwards is.
 */
#ifndef VFNET_TESTS_VM_KMOD_HOSTILE_H
#define VFNET_TESTS_VM_KMOD_HOSTILE_H

#include <random>

#include "tests/vm/kmod/device.h"

namespace kmod
{

class Hostile
{
      public:
	/* @memory is for mappings, @safe: keep away from what can end QEMU (edu's DMA registers) */
	Hostile(uint64_t seed, const std::string &address, bool safe);

	bool open();
	/* one call on one of its descriptors, or an open or close of one */
	void step();
	void ioctl_step();
	void read_write_step();
	void mmap_step();
	void config_step();

	uint64_t random(uint64_t below)
	{
		return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_);
	}

      private:
	uint64_t value(); /* one that programs get wrong */
	const Device &device();
	const void *pointer();

	std::mt19937_64 random_;
	std::string address_;
	bool safe_;
	Device devices_[2];
	Domain domain_;
	Eventfd events_[3];
	Pages memory_, argument_;
	Pages bars_[4];
};

} // namespace kmod

#endif
