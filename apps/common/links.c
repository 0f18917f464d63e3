/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/links.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include <netlink/errno.h>
#include <netlink/route/link.h>
#include <netlink/route/link/sriov.h>

/* libnl's errors are its own */
static int to_errno(int code)
{
	switch (code) {
	case NLE_SUCCESS:
		return 0;
	case NLE_OBJ_NOTFOUND:
	case NLE_NODEV:
		return -ENODEV;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_INVAL:
	case NLE_RANGE:
		return -EINVAL;
	case NLE_OPNOTSUPP:
		return -ENOTSUP;
	case NLE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

/* a socket of rtnetlink, and the link as the kernel has it */
static int open_link(unsigned int interface, struct nl_sock **sock, struct rtnl_link **link)
{
	int code;

	*link = NULL;
	if (!interface)
		return -ENODEV;
	*sock = nl_socket_alloc();
	if (!*sock)
		return -ENOMEM;
	code = nl_connect(*sock, NETLINK_ROUTE);
	if (!code)
		code = rtnl_link_get_kernel(*sock, (int)interface, NULL, link);
	if (!code)
		return 0;
	nl_socket_free(*sock);
	return to_errno(-code);
}

static void close_link(struct nl_sock *sock, struct rtnl_link *link)
{
	rtnl_link_put(link);
	nl_socket_free(sock);
}

static void read_vf(struct rtnl_link_vf *vf, struct app_vf_info *info)
{
	struct nl_addr *addr;
	uint32_t val;

	info->known = true;
	if (!rtnl_link_vf_get_addr(vf, &addr) && nl_addr_get_len(addr) == APP_LINKS_MAC_BYTES)
		memcpy(info->mac, nl_addr_get_binary_addr(addr), APP_LINKS_MAC_BYTES);
	if (!rtnl_link_vf_get_spoofchk(vf, &val))
		info->spoofchk = val != 0;
	if (!rtnl_link_vf_get_trust(vf, &val))
		info->trust = val != 0;
}

int app_vf_infos_read(const char *interface, unsigned int n, struct app_vf_info *infos)
{
	struct rtnl_link *link;
	struct nl_sock *sock;
	int rc;

	for (unsigned int i = 0; i < n; i++)
		infos[i] = (struct app_vf_info){.spoofchk = -1, .trust = -1};
	rc = open_link(if_nametoindex(interface), &sock, &link);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < n && rtnl_link_has_vf_list(link); i++) {
		struct rtnl_link_vf *vf = rtnl_link_vf_get(link, i);

		if (!vf)
			continue;
		read_vf(vf, &infos[i]);
		rtnl_link_vf_put(vf);
	}
	close_link(sock, link);
	return 0;
}

/* adds to @changes; Return: one of libnl's codes */
static int ask_for_mac(struct rtnl_link *changes, unsigned int index, const uint8_t *mac)
{
	struct rtnl_link_vf *vf = rtnl_link_vf_alloc();
	struct nl_addr *addr = nl_addr_build(AF_LLC, mac, APP_LINKS_MAC_BYTES);
	int code = -NLE_NOMEM;

	if (vf && addr) {
		rtnl_link_vf_set_index(vf, index);
		rtnl_link_vf_set_addr(vf, addr);
		code = rtnl_link_vf_add(changes, vf);
	}
	if (addr)
		nl_addr_put(addr);
	if (vf) /* the link has a reference of its own */
		rtnl_link_vf_put(vf);
	return code;
}

int app_vf_mac_set(unsigned int interface, unsigned int vf, const uint8_t *mac)
{
	struct rtnl_link *link, *changes;
	struct nl_sock *sock;
	int code = -NLE_NOMEM;
	int rc = open_link(interface, &sock, &link);

	if (rc)
		return rc;
	changes = rtnl_link_alloc();
	if (changes)
		code = ask_for_mac(changes, vf, mac);
	if (!code)
		code = rtnl_link_change(sock, link, changes, 0);
	rtnl_link_put(changes);
	close_link(sock, link);
	return to_errno(-code);
}

int app_link_up(unsigned int interface)
{
	struct rtnl_link *link, *changes;
	struct nl_sock *sock;
	int code = -NLE_NOMEM;
	int rc = open_link(interface, &sock, &link);

	if (rc)
		return rc;
	changes = rtnl_link_alloc();
	if (changes) {
		rtnl_link_set_flags(changes, IFF_UP);
		code = rtnl_link_change(sock, link, changes, 0);
	}
	rtnl_link_put(changes);
	close_link(sock, link);
	return to_errno(-code);
}

static bool is_address(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return true;
	/* every interface that was ever up has a link-local one */
	return addr->sa_family == AF_INET6 &&
	       !IN6_IS_ADDR_LINKLOCAL(
		   &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr);
}

bool app_link_has_address(const char *interface)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list))
		return false;
	for (const struct ifaddrs *at = list; at && !found; at = at->ifa_next)
		found =
		    at->ifa_addr && !strcmp(at->ifa_name, interface) && is_address(at->ifa_addr);
	freeifaddrs(list);
	return found;
}
