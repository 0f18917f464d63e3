/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_LINKS_H
#define VFNET_APPS_LINKS_H

/*
 * Network interfaces, and what a physical function's interface tells of its virtual functions:
 * rtnetlink. All of it concerns the network namespace of the process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** APP_LINKS_MAC_BYTES - an Ethernet address. */
#define APP_LINKS_MAC_BYTES 6

/**
 * struct app_vf_info - what a physical function says of a virtual function
 * @known:    it says something
 * @mac:      the administrator's address, or the one that the function's driver asked for; zero =
 *            neither
 * @spoofchk: whether foreign source addresses are dropped; -1 = it does not say
 * @trust:    whether the function may change its address; -1 = it does not say
 */
struct app_vf_info {
	bool known;
	uint8_t mac[APP_LINKS_MAC_BYTES];
	int spoofchk;
	int trust;
};

/**
 * app_vf_infos_read() - what an interface says of its virtual functions
 * @interface: of the physical function
 * @n:         how many there are
 * @infos:     @n of them, all filled
 *
 * Return: 0; -ENODEV no such interface; -EIO no rtnetlink: nothing is known then.
 */
int app_vf_infos_read(const char *interface, unsigned int n, struct app_vf_info *infos);

/**
 * app_vf_mac_set() - fix the address of a virtual function, as `ip link set PF vf N mac MAC`
 * @interface: its index, which stays when udevd gives it another name
 *
 * Return: 0; -ENODEV no such interface; -EPERM; -EINVAL; -EIO.
 */
int app_vf_mac_set(unsigned int interface, unsigned int vf, const uint8_t *mac);

/** app_link_up() - bring an interface up, by its index. Return: 0; -ENODEV; -EPERM; -EIO. */
int app_link_up(unsigned int interface);

/** app_link_has_address() - whether an interface has an IP address, link-local ones aside. */
bool app_link_has_address(const char *interface);

#endif
