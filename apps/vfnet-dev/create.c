/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev create: virtual functions with fixed addresses. The kernel's drivers are kept away
 * from them (sriov_drivers_autoprobe), as they are for programs; else igbvf would make an
 * interface of each, for which the machine may have plans.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/links.h"
#include "apps/vfnet-dev/dev.h"
#include "apps/vfnet-dev/driver.h"
#include "apps/vfnet-dev/kmsg.h"
#include "lib/frame/mac.h"

/* a digit of its own for each function, in the bits of the first byte above "local" */
#define MAC_LOCAL	0x02
#define MAC_DIGIT_ONE	0x04
#define MAC_DERIVED_MAX 64

/**
 * struct plan - what is to be done
 * @pf:   the physical function, as it was; its interface by the name that it has now
 * @interface: that by its index, once the functions are there
 * @n:    virtual functions wanted
 * @base: first address
 * @step: adds to an address to make the next: to the number in the last three bytes, or 0 = to
 *        the first byte
 */
struct plan {
	struct app_function pf;
	unsigned int interface;
	unsigned int n;
	uint8_t base[VFNET_MAC_BYTES];
	unsigned int step;
};

/* Return: enum app_exit */
static int find_pf(const struct dev_options *opts, const char *name, struct app_function *pf)
{
	char path[APP_PATH_BYTES];
	char address[APP_ADDRESS_BYTES];
	int rc = app_function_read(opts->machine, name, pf);

	if (rc == -EINVAL) { /* an interface, then */
		app_path(path, "%s/class/net/%.15s/device", opts->machine->sysfs, name);
		rc = app_read_link(path, address, sizeof(address));
		if (!rc)
			rc = app_function_read(opts->machine, address, pf);
	}
	if (rc) {
		app_error("%s: is neither a PCI function nor an interface of one here (vfnet-dev "
			  "status lists them)",
			  name);
		return APP_EXIT_FAILED;
	}
	if (pf->kind == APP_PF)
		return APP_EXIT_OK;
	app_error("%s is %04x:%04x, not an 82576 physical function (8086:10c9 and its siblings)",
		  pf->address, pf->vendor, pf->device);
	return APP_EXIT_FAILED;
}

/*
 * Without --mac-base: the lower five bytes of the port's own address, which nobody else has, and
 * 02, 06, 0a ... before them.
 */
static int choose_macs(const struct dev_options *opts, struct plan *plan)
{
	char path[APP_PATH_BYTES];
	char text[VFNET_MAC_TEXT_BYTES];

	plan->step = opts->mac_base ? 1 : 0;
	if (opts->mac_base) {
		if (!vfnet_mac_parse(opts->mac_base, plan->base) &&
		    vfnet_mac_is_valid_unicast(plan->base))
			return APP_EXIT_OK;
		app_bad_option("--mac-base", opts->mac_base,
			       "the address of one station, such as 02:00:00:00:01:00");
		return APP_EXIT_USAGE;
	}
	app_path(path, "%s/class/net/%s/address", opts->machine->sysfs, plan->pf.netdev);
	if (app_read_text(path, text, sizeof(text)) || vfnet_mac_parse(text, plan->base)) {
		app_error(
		    "%s: cannot read the address of %s: name one, --mac-base 02:00:00:00:01:00",
		    plan->pf.address, plan->pf.netdev);
		return APP_EXIT_FAILED;
	}
	plan->base[0] = MAC_LOCAL;
	return APP_EXIT_OK;
}

static void mac_of(const struct plan *plan, unsigned int vf, uint8_t *mac)
{
	uint32_t low = (uint32_t)plan->base[3] << 16 | (uint32_t)plan->base[4] << 8 | plan->base[5];

	memcpy(mac, plan->base, VFNET_MAC_BYTES);
	low += plan->step * vf;
	mac[3] = (uint8_t)(low >> 16);
	mac[4] = (uint8_t)(low >> 8);
	mac[5] = (uint8_t)low;
	if (!plan->step)
		mac[0] = (uint8_t)(mac[0] + vf % MAC_DERIVED_MAX * MAC_DIGIT_ONE);
}

/* Return: enum app_exit */
static int check(const struct dev_options *opts, const struct plan *plan)
{
	const struct app_function *pf = &plan->pf;

	if (strcmp(pf->driver, "igb")) {
		app_error("%s is with %s: only the kernel's driver igb makes virtual functions. "
			  "As root: modprobe igb",
			  pf->address, pf->driver[0] ? pf->driver : "no driver");
	} else if (!pf->max_vfs) {
		app_error("%s: has no virtual functions: SR-IOV is off in the firmware set-up, or "
			  "in the card's EEPROM",
			  pf->address);
	} else if (plan->n > pf->max_vfs) {
		app_bad_option("create", opts->args[0], "at most %u: what %s can have", pf->max_vfs,
			       pf->address);
		return APP_EXIT_USAGE;
	} else if (pf->n_vfs && plan->n) {
		app_error("%s has %u virtual functions already: vfnet-dev create 0 %s removes them",
			  pf->address, pf->n_vfs, opts->args[1]);
	} else if (plan->n && !pf->netdev[0]) {
		app_error("%s has no interface here, so addresses cannot be given: it may be in "
			  "another network name space",
			  pf->address);
	} else {
		return APP_EXIT_OK;
	}
	return APP_EXIT_FAILED;
}

/* programs that have one open would hold up its removal, and the machine may need its interface */
static bool vfs_in_use(const struct dev_options *opts, const struct app_function *vfs, size_t n)
{
	bool used = false;

	for (size_t i = 0; i < n && !opts->force; i++)
		if (dev_driver_in_use(opts->machine, &vfs[i]) ||
		    dev_driver_carries_traffic(&vfs[i]))
			used = true;
	return used;
}

static int set_file(const struct app_machine *machine, const struct app_function *pf,
		    const char *file, unsigned int val)
{
	char path[APP_PATH_BYTES];
	char text[16];

	snprintf(text, sizeof(text), "%u", val);
	return machine->write(machine, app_function_file(machine, pf->address, file, path), text);
}

/* Return: enum app_exit */
static int set_number(const struct app_machine *machine, const struct plan *plan)
{
	char said[DEV_KMSG_BYTES];
	int messages = dev_kmsg_open(machine);
	int rc;

	/* a kernel without that file binds its drivers, as ever */
	set_file(machine, &plan->pf, "/sriov_drivers_autoprobe", !plan->n);
	rc = set_file(machine, &plan->pf, "/sriov_numvfs", plan->n);
	dev_kmsg_close(messages, plan->pf.address, said);
	if (!rc)
		return APP_EXIT_OK;
	set_file(machine, &plan->pf, "/sriov_drivers_autoprobe", 1);
	app_error("%s: the kernel does not make it %u virtual functions: %s%s%s%s",
		  plan->pf.address, plan->n, strerror(-rc), said[0] ? ": " : "", said,
		  rc == -EACCES ? ": run vfnet-dev as root" : "");
	return APP_EXIT_FAILED;
}

/* Return: enum app_exit */
static int set_macs(const struct plan *plan)
{
	uint8_t mac[VFNET_MAC_BYTES];
	int rc = 0;

	for (unsigned int i = 0; i < plan->n && !rc; i++) {
		mac_of(plan, i, mac);
		rc = app_vf_mac_set(plan->interface, i, mac);
		if (rc)
			app_error("%s: cannot set the address of its virtual function %u: %s",
				  plan->pf.netdev, i, strerror(-rc));
	}
	return rc ? APP_EXIT_FAILED : APP_EXIT_OK;
}

/* Return: enum app_exit */
static int bring_up(const struct dev_options *opts, const struct plan *plan)
{
	int rc;

	if (plan->pf.netdev_up)
		return APP_EXIT_OK;
	if (!opts->up) {
		printf("%s is down, so its virtual functions have no link. As root: ip link set "
		       "dev %s up (or vfnet-dev create ... --up)\n",
		       plan->pf.netdev, plan->pf.netdev);
		return APP_EXIT_OK;
	}
	rc = app_link_up(plan->interface);
	if (!rc)
		return APP_EXIT_OK;
	app_error("cannot bring %s up: %s", plan->pf.netdev, strerror(-rc));
	return APP_EXIT_FAILED;
}

static void tell(const struct app_machine *machine, const struct plan *plan)
{
	char file[32], text[VFNET_MAC_TEXT_BYTES];
	char path[APP_PATH_BYTES], address[APP_ADDRESS_BYTES];
	uint8_t mac[VFNET_MAC_BYTES];

	for (unsigned int i = 0; i < plan->n; i++) {
		snprintf(file, sizeof(file), "/virtfn%u", i);
		app_read_link(app_function_file(machine, plan->pf.address, file, path), address,
			      sizeof(address));
		mac_of(plan, i, mac);
		vfnet_mac_format(mac, text);
		printf("%s: VF %u of %s, address %s\n", address, i, plan->pf.netdev, text);
	}
}

/* the virtual functions of @pf; the caller frees them */
static int read_vfs(const struct app_machine *machine, const struct app_function *pf,
		    struct app_function **vfs, size_t *n)
{
	struct app_function *list;
	size_t n_list, n_vfs = 0;
	int rc = app_functions_read(machine, &list, &n_list);

	if (rc) {
		app_error("cannot read %s/bus/pci/devices: %s", machine->sysfs, strerror(-rc));
		return rc;
	}
	for (size_t i = 0; i < n_list; i++)
		if (!strcmp(list[i].pf, pf->address))
			list[n_vfs++] = list[i];
	*vfs = list;
	*n = n_vfs;
	return 0;
}

static int remove_all(const struct dev_options *opts, const struct plan *plan)
{
	struct app_function *vfs;
	int code = APP_EXIT_FAILED;
	size_t n;

	if (read_vfs(opts->machine, &plan->pf, &vfs, &n))
		return code;
	if (!vfs_in_use(opts, vfs, n))
		code = set_number(opts->machine, plan);
	for (size_t i = 0; i < n && !code; i++)
		dev_driver_forget(opts->machine, vfs[i].address);
	free(vfs);
	if (!code)
		printf("%s: %u virtual functions removed\n", plan->pf.address, plan->pf.n_vfs);
	return code;
}

/*
 * The interface of a driver that was loaded just now gets another name from udevd, perhaps while
 * the functions were made; its index stays. Return: enum app_exit
 */
static int find_interface(const struct app_machine *machine, struct plan *plan)
{
	if (app_function_read(machine, plan->pf.address, &plan->pf)) {
		app_error("%s has gone", plan->pf.address);
		return APP_EXIT_FAILED;
	}
	plan->interface = if_nametoindex(plan->pf.netdev);
	return APP_EXIT_OK;
}

static int make_all(const struct dev_options *opts, struct plan *plan)
{
	int code = choose_macs(opts, plan);

	if (!code)
		code = set_number(opts->machine, plan);
	if (code)
		return code;
	code = find_interface(opts->machine, plan);
	if (!code)
		code = set_macs(plan);
	if (!code)
		code = bring_up(opts, plan);
	if (!code) {
		tell(opts->machine, plan);
		return code;
	}
	plan->n = 0;
	set_number(opts->machine, plan);
	return code;
}

int dev_create(const struct dev_options *opts)
{
	struct plan plan;
	uint64_t n;
	int code;

	if (app_parse_count("create", opts->args[0], 0, UINT16_MAX, &n))
		return APP_EXIT_USAGE;
	plan.n = (unsigned int)n;
	code = find_pf(opts, opts->args[1], &plan.pf);
	if (!code)
		code = check(opts, &plan);
	if (code)
		return code;
	return plan.n ? make_all(opts, &plan) : remove_all(opts, &plan);
}
