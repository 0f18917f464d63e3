/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/vm/kmod/edu.h"

namespace kmod
{

int Edu::attach(const Device &device)
{
	registers_ = device.map_bar(0);
	if (!registers_.data())
		return registers_.error();
	return calm() && finished() ? 0 : -EBUSY;
}

/*
 * The device has no reset. A hostile user can leave it computing for many seconds, with an
 * interrupt at the end: that one is taken back, and the end is waited for.
 */
bool Edu::calm() const
{
	write(STATUS, 0);
	for (int i = 0; i < 30000; i++) {
		usleep(1000);
		if (!(read(STATUS) & STATUS_COMPUTING)) {
			write(IRQ_ACK, 0xffffffff);
			return true;
		}
	}
	return false;
}

void Edu::start(uint64_t source, uint64_t destination, uint32_t size, uint32_t flags) const
{
	write64(DMA_SOURCE, source);
	write64(DMA_DESTINATION, destination);
	write64(DMA_COUNT, size);
	write64(DMA_COMMAND, DMA_START | flags);
}

bool Edu::finished() const
{
	for (int i = 0; i < 10000; i++) {
		if (!(read(DMA_COMMAND) & DMA_START))
			return true;
		usleep(1000);
	}
	return false;
}

} // namespace kmod
