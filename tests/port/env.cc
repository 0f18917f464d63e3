/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/env.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace
{

std::string Variable(const char *name)
{
	const char *value = getenv(name);
	return value ? value : "";
}

/* One of @first and @second; the first where the variable is not set. */
bool IsSecond(const char *name, const char *first, const char *second, std::string *error)
{
	const std::string value = Variable(name);
	if (!value.empty() && value != first && value != second)
		*error = std::string(name) + "=" + value + ": it is " + first + " or " + second;
	return value == second;
}

std::string Attribute(const std::string &address, const char *name)
{
	std::ifstream file("/sys/bus/pci/devices/" + address + "/" + name);
	std::string line;
	std::getline(file, line);
	return line;
}

/* QEMU gives its devices a subsystem of its own [live]; a card that somebody bought has another. */
bool IsQemus(const std::string &name)
{
	const std::string address = name.substr(std::min(name.size(), strlen("pci:")));
	return Attribute(address, "subsystem_vendor") == "0x1af4" &&
	       Attribute(address, "subsystem_device") == "0x1100";
}

} // namespace

Env Env::Read()
{
	Env env = {};
	env.names = {"sim:0.0", "sim:0.1"};
	env.netdev = Variable("VFNET_TEST_NETDEV");
	env.fixed_macs = IsSecond("VFNET_TEST_MAC", "none", "admin", &env.error);
	const bool quirks = IsSecond("VFNET_TEST_QUIRKS", "", "qemu", &env.error);

	const std::string devices = Variable("VFNET_TEST_DEVICES");
	const size_t comma = devices.find(",pci:"); /* a name may have descriptors behind a comma */
	env.sim = devices.empty();
	env.qemu = quirks;
	if (!env.sim) {
		env.names = {devices.substr(0, comma),
			     comma == std::string::npos ? "" : devices.substr(comma + 1)};
		env.qemu = IsQemus(devices.substr(0, devices.find(',')));
		if (env.names[0].rfind("pci:", 0) != 0 || env.names[1].rfind("pci:", 0) != 0)
			env.error = "VFNET_TEST_DEVICES=" + devices +
				    ": give two functions of one card, such as "
				    "pci:0000:01:10.0,pci:0000:01:10.2";
	}
	if (!Variable("VFNET_TEST_CARD").empty())
		env.qemu = IsSecond("VFNET_TEST_CARD", "silicon", "qemu", &env.error);

	const std::string rounds = Variable("VFNET_TEST_ROUNDS");
	env.rounds = rounds.empty() ? 1 : static_cast<unsigned int>(atoi(rounds.c_str()));
	if (env.rounds < 1 || env.rounds > 1000)
		env.error = "VFNET_TEST_ROUNDS=" + rounds + ": it is a factor, 1 to 1000";
	return env;
}
