/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few registers of an 82576 virtual function that can be tried without a driver: link status
 * and the interrupt causes, which a driver may raise by hand [L][Q].
 */
#ifndef VFNET_TESTS_VM_KMOD_VF_H
#define VFNET_TESTS_VM_KMOD_VF_H

#include "tests/vm/kmod/device.h"

namespace kmod
{

class Vf
{
      public:
	enum {
		VTCTRL = 0x0000,
		STATUS = 0x0008,
		VTEICS = 0x1520,
		VTEIMS = 0x1524,
		VTEIMC = 0x1528,
		VTEIAC = 0x152c,
		VTEICR = 0x1580,
	};
	static constexpr unsigned int REGISTERS = 0, MSIX_BAR = 3, N_VECTORS = 3;

	/* maps BAR 0: 0 or -errno */
	int attach(const Device &device)
	{
		registers_ = device.map_bar(REGISTERS);
		return registers_.data() ? 0 : registers_.error();
	}
	void detach()
	{
		registers_.unmap();
	}

	uint32_t read(unsigned int at) const
	{
		return *reinterpret_cast<volatile uint32_t *>(registers_.data() + at);
	}
	void write(unsigned int at, uint32_t value) const
	{
		*reinterpret_cast<volatile uint32_t *>(registers_.data() + at) = value;
	}

	/*
	 * Lets the vectors in @mask come, each cleared by its message. One that is set already,
	 * from a time without messages, would not come again [Q].
	 */
	void enable_vectors(uint32_t mask) const
	{
		write(VTEICR, mask);
		write(VTEIAC, mask);
		write(VTEIMS, mask);
	}
	void fire(unsigned int vector) const
	{
		write(VTEICS, 1u << vector);
	}

	const Pages &registers() const
	{
		return registers_;
	}

      private:
	Pages registers_;
};

} // namespace kmod

#endif
