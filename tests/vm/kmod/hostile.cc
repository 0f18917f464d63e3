/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/vm/kmod/hostile.h"

#include <algorithm>

#include "tests/vm/kmod/edu.h"

namespace kmod
{

namespace
{

const uint64_t MEMORY = 64 * PAGE;

} // namespace

Hostile::Hostile(uint64_t seed, const std::string &address, bool safe)
    : random_(seed), address_(address), safe_(safe), memory_(Pages::anonymous(MEMORY)),
      argument_(Pages::anonymous(2 * PAGE))
{
	munmap(argument_.data() + PAGE, PAGE); /* arguments may end where memory does */
}

bool Hostile::open()
{
	return domain_.open() == 0 && devices_[0].open(address_) == 0 &&
	       devices_[1].open(address_) == 0;
}

const Device &Hostile::device()
{
	return devices_[random(2)];
}

uint64_t Hostile::value()
{
	static const uint64_t edges[] = {0,
					 1,
					 2,
					 PAGE,
					 HUGE,
					 0x7fffffff,
					 0x80000000,
					 0xfee00000,
					 0xffffffff,
					 UINT64_C(1) << 32,
					 UINT64_C(1) << 47,
					 UINT64_C(1) << 48,
					 UINT64_C(1) << 63};
	uint64_t edge = edges[random(std::size(edges))];

	switch (random(6)) {
	case 0:
		return random_();
	case 1:
		return edge - 1;
	case 2:
		return 0 - edge;
	case 3:
		return edge & ~(PAGE - 1);
	case 4:
		return random(64) * PAGE;
	default:
		return edge;
	}
}

const void *Hostile::pointer()
{
	uint64_t address = reinterpret_cast<uintptr_t>(argument_.data());

	switch (random(20)) {
	case 0:
		return nullptr;
	case 1:
		return reinterpret_cast<void *>(value());
	case 2:
		return reinterpret_cast<void *>(address + PAGE - random(64));
	default:
		return argument_.data();
	}
}

void Hostile::ioctl_step()
{
	unsigned long command = COMMANDS[random(COMMANDS.size())];
	struct vfio_dma_map map = {};
	int words[5] = {static_cast<int>(random(4))};

	memset(argument_.data(), static_cast<int>(random(256)), PAGE);
	if (_IOC_SIZE(command) == sizeof(map)) {
		map.vaddr = random(8)
				? reinterpret_cast<uintptr_t>(memory_.data()) + random(32) * PAGE
				: value();
		map.dmaaddr = random(8) ? 0x40000000 + random(64) * PAGE : value();
		map.size = random(8) ? (1 + random(4)) * PAGE : value();
		map.flags = random(8) ? random(2) : value();
		memcpy(argument_.data(), &map, sizeof(map));
	} else if (_IOC_SIZE(command) == sizeof(int)) {
		for (int i = 1; i < 5; i++)
			words[i] = random(8) ? events_[random(3)].get() : static_cast<int>(value());
		if (random(2))
			words[0] = random(4) ? words[1] : -1;
		if (command == VFIO_DOMAIN_SET && random(2))
			words[0] = domain_.fd();
		memcpy(argument_.data(), words, sizeof(words));
	} else {
		uint64_t mask = random(2) ? value() : 0xffffffff;

		memcpy(argument_.data(), &mask, sizeof(mask));
	}
	if (random(50) == 0)
		command ^= UINT64_C(1) << random(32);
	call(random(10) ? device().fd() : domain_.fd(), command, pointer());
}

void Hostile::read_write_step()
{
	int space = static_cast<int>(random(16));
	uint64_t at = random(4) ? random(0x2000) : value();
	size_t n = random(4) ? random(16) : random(PAGE);
	uint8_t data[PAGE];

	if (random(2)) {
		device().read(space, at, data, n);
		return;
	}
	if (safe_ && space < VFIO_PCI_ROM_RESOURCE && at + n > Edu::DMA_SOURCE)
		return;
	memset(data, static_cast<int>(random(256)), n);
	device().write(space, at, data, n);
}

void Hostile::mmap_step()
{
	Pages &bar = bars_[random(4)];
	uint64_t offset = vfio_pci_space_to_offset(static_cast<int>(random(16))) +
			  (random(4) ? random(8) * PAGE : value());
	int flags = random(8) ? MAP_SHARED : MAP_PRIVATE;

	bar.unmap();
	if (random(2))
		bar = Pages(random(4) ? (1 + random(4)) * PAGE : value() & (GIB - 1), flags,
			    device().fd(), offset);
	else if (random(4) == 0) /* memory under its own mappings goes */
		madvise(memory_.data() + random(32) * PAGE, PAGE, MADV_DONTNEED);
}

void Hostile::config_step()
{
	static const unsigned int sizes[] = {1, 2, 4};
	unsigned int size = sizes[random(3)];
	unsigned int at = static_cast<unsigned int>(random(random(2) ? 0x100 : 0x1000));
	uint32_t word = static_cast<uint32_t>(random(2) ? random_() : ~0u);

	device().write(VFIO_PCI_CONFIG_RESOURCE, at, &word, size);
}

void Hostile::step()
{
	uint64_t what = random(100);

	if (what < 50) {
		ioctl_step();
	} else if (what < 70) {
		read_write_step();
	} else if (what < 80) {
		mmap_step();
	} else if (what < 99) {
		config_step();
	} else {
		Device &one = devices_[random(2)];

		one.close();
		one.open(address_);
	}
}

} // namespace kmod
