/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI functions by what they are, for devices that the guest's script adds for one topic.
 */
#ifndef VFNET_TESTS_VM_KMOD_FUNCTIONS_H
#define VFNET_TESTS_VM_KMOD_FUNCTIONS_H

#include <filesystem>
#include <fstream>
#include <string>

namespace kmod
{

/* What the core says of a function in a file of its folder in sysfs; a missing one is 0. */
inline uint32_t core_says(const std::string &address, const char *file)
{
	std::ifstream in("/sys/bus/pci/devices/" + address + "/" + file);
	std::string word;

	in >> word;
	return static_cast<uint32_t>(strtoul(word.c_str(), nullptr, 0));
}

inline std::string core_word(const std::string &address, const char *file)
{
	std::ifstream in("/sys/bus/pci/devices/" + address + "/" + file);
	std::string word;

	in >> word;
	return word;
}

/* The first function with these identities, "" if the machine has none. */
inline std::string function_of(uint32_t vendor, uint32_t device)
{
	std::error_code error;

	for (const auto &entry :
	     std::filesystem::directory_iterator("/sys/bus/pci/devices", error)) {
		std::string address = entry.path().filename().string();

		if (core_says(address, "vendor") == vendor &&
		    core_says(address, "device") == device)
			return address;
	}
	return "";
}

inline std::string e1000e()
{
	return function_of(0x8086, 0x10d3);
}
inline std::string nvme()
{
	return function_of(0x1b36, 0x0010);
}
inline std::string virtio_serial() /* legacy and modern: many vendor-specific capabilities */
{
	return function_of(0x1af4, 0x1003);
}
inline std::string serial_port() /* a 16550 in an I/O BAR, no capability at all */
{
	return function_of(0x1b36, 0x0002);
}

} // namespace kmod

#endif
