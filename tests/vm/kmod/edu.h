/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's device for teaching [QEMU docs/specs/edu]: raises an interrupt when told to, and copies up
 * to 4096 bytes between memory and a buffer of its own. A copy takes 100 ms of the guest's time.
 * The buffer can be seen only by copying it back, and a copy out of its bounds can end QEMU: the
 * tests stay within.
 */
#ifndef VFNET_TESTS_VM_KMOD_EDU_H
#define VFNET_TESTS_VM_KMOD_EDU_H

#include "tests/vm/kmod/device.h"

namespace kmod
{

class Edu
{
      public:
	enum {
		IDENTIFICATION = 0x00, /* 0x010000ed */
		LIVENESS = 0x04,       /* reads as the complement of what was written */
		STATUS = 0x20,	       /* of its calculator */
		IRQ_STATUS = 0x24,
		IRQ_RAISE = 0x60,
		IRQ_ACK = 0x64,
		DMA_SOURCE = 0x80,
		DMA_DESTINATION = 0x88,
		DMA_COUNT = 0x90,
		DMA_COMMAND = 0x98,
	};
	enum { STATUS_COMPUTING = 1 };
	enum { DMA_START = 1, DMA_TO_MEMORY = 2, DMA_IRQ = 4 };
	static constexpr uint32_t BUFFER = 0x40000, BUFFER_SIZE = 4096, DMA_DONE_IRQ = 0x100;

	/* maps BAR 0, and waits until what an earlier user began is over: 0 or -errno */
	int attach(const Device &device);
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
	void write64(unsigned int at, uint64_t value) const
	{
		*reinterpret_cast<volatile uint64_t *>(registers_.data() + at) = value;
	}

	void raise(uint32_t bits) const
	{
		write(IRQ_RAISE, bits);
	}
	void acknowledge() const
	{
		write(IRQ_ACK, read(IRQ_STATUS));
	}

	/* false: it has not finished in 10 s */
	bool from_memory(uint64_t iova, uint32_t size = BUFFER_SIZE, uint32_t at = 0) const
	{
		start(iova, BUFFER + at, size, 0);
		return finished();
	}
	bool to_memory(uint64_t iova, uint32_t size = BUFFER_SIZE, uint32_t at = 0) const
	{
		start(BUFFER + at, iova, size, DMA_TO_MEMORY);
		return finished();
	}
	void start(uint64_t source, uint64_t destination, uint32_t size, uint32_t flags) const;
	bool finished() const;

	const Pages &registers() const
	{
		return registers_;
	}

      private:
	bool calm() const;

	Pages registers_;
};

} // namespace kmod

#endif
