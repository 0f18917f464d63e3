/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/env.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

extern "C" {
#include "sim/quirks.h"
}

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

std::vector<std::string> Split(const std::string &text, char separator)
{
	std::vector<std::string> words;
	std::stringstream stream(text);
	std::string word;
	while (std::getline(stream, word, separator))
		words.push_back(word);
	return words;
}

/* What a software card with these quirks does as QEMU's. */
void ReadQuirks(Env *env)
{
#define ROW_OF(id, name, row, what) {name, row},
	static const std::map<std::string, int> row_of = {SIM_QUIRKS(ROW_OF)};
#undef ROW_OF
	env->quirks = Variable("VFNET_TEST_QUIRKS");
	for (const std::string &name : Split(env->quirks, '+')) {
		const auto quirk = row_of.find(name);
		if (name == "qemu")
			env->all_rows = true;
		else if (quirk != row_of.end())
			env->rows.insert(quirk->second);
		else
			env->error = "VFNET_TEST_QUIRKS=" + env->quirks + ": there is no " + name +
				     ": it is qemu, or names of sim/README.md with + between";
	}
}

/* What somebody has found a card to do. */
void ReadRows(Env *env)
{
	const std::string value = Variable("VFNET_TEST_DEVIATES");
	if (value.empty())
		return;
	env->all_rows = false;
	env->rows.clear();
	for (const std::string &word : Split(value, ',')) {
		const bool is_number = !word.empty() && word.size() < 4 &&
				       word.find_first_not_of("0123456789") == std::string::npos;
		if (is_number)
			env->rows.insert(std::stoi(word));
		else
			env->error = "VFNET_TEST_DEVIATES=" + value +
				     ": give rows of the table of QEMU's deviations in "
				     "tests/README.md, such as 45,47";
	}
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

	const std::string devices = Variable("VFNET_TEST_DEVICES");
	const size_t comma = devices.find(",pci:"); /* a name may have descriptors behind a comma */
	env.sim = devices.empty();
	if (env.sim) {
		ReadQuirks(&env);
	} else {
		env.names = {devices.substr(0, comma),
			     comma == std::string::npos ? "" : devices.substr(comma + 1)};
		env.all_rows = IsQemus(devices.substr(0, devices.find(',')));
		if (env.names[0].rfind("pci:", 0) != 0 || env.names[1].rfind("pci:", 0) != 0)
			env.error = "VFNET_TEST_DEVICES=" + devices +
				    ": give two functions of one card, such as "
				    "pci:0000:01:10.0,pci:0000:01:10.2";
	}
	if (!Variable("VFNET_TEST_CARD").empty()) {
		env.all_rows = IsSecond("VFNET_TEST_CARD", "silicon", "qemu", &env.error);
		env.rows.clear();
	}
	ReadRows(&env);

	const std::string rounds = Variable("VFNET_TEST_ROUNDS");
	env.rounds = rounds.empty() ? 1 : static_cast<unsigned int>(atoi(rounds.c_str()));
	if (env.rounds < 1 || env.rounds > 1000)
		env.error = "VFNET_TEST_ROUNDS=" + rounds + ": it is a factor, 1 to 1000";
	return env;
}
