/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_CARD_QUIRKS_H
#define TESTS_SIM_CARD_QUIRKS_H

/* The same look at two cards, and messages by vector: for tests of quirks. */
#include <sys/eventfd.h>

#include "tests/sim/card/guest.h"

namespace guest
{

/* What @look finds on a card as the chip, and on one with the quirk. */
template <typename T> struct Pair {
	T chip;
	T qemu;
};

template <typename Look>
auto Both(const std::string &quirk, Look look) -> Pair<decltype(look(std::declval<Machine &>()))>
{
	Machine chip, qemu;

	qemu.Card(0, ("quirks=" + quirk).c_str());
	return {look(chip), look(qemu)};
}

/* messages by vector since it was opened */
struct Vectors {
	explicit Vectors(Function &function) : f(function)
	{
		for (int &one : fd)
			one = eventfd(0, EFD_NONBLOCK);
		f.dev->ops->irq_set(f.dev, IGBVF_VECTORS, fd.data(), nullptr);
	}
	~Vectors()
	{
		f.dev->ops->irq_set(f.dev, 0, nullptr, nullptr);
		for (int one : fd)
			close(one);
	}
	uint64_t Messages(unsigned int vector)
	{
		uint64_t n = 0;

		return eventfd_read(fd[vector], &n) ? 0 : n;
	}
	Function &f;
	std::array<int, IGBVF_VECTORS> fd;
};

} // namespace guest

#endif
