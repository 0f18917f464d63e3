/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PORT_ENV_H
#define VFNET_TESTS_PORT_ENV_H

/* What the environment says of the machine that the tests run on; tests/README.md has the
 * variables. */
#include <array>
#include <set>
#include <string>

struct Env {
	bool sim;			  /* a software card, which the rig makes */
	std::string quirks;		  /* of the software card: NAME[+NAME...]; "" = none */
	bool all_rows;			  /* the card does as QEMU's: 82576-vf.md section 9 */
	std::set<int> rows;		  /* else only as these rows there say */
	bool fixed_macs;		  /* the administrator gave both functions an address */
	unsigned int rounds;		  /* counts are multiplied by this */
	std::array<std::string, 2> names; /* as vfnet_port_open() takes them */
	std::string netdev; /* interface on the other side of the wire; "" = none is named */
	std::string error;  /* what is wrong with the environment, and what to do; else "" */

	static Env Read();
	bool Deviates(int row) const
	{
		return all_rows || rows.count(row);
	}
};

#endif
