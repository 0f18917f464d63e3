/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of one function: is it there, and whose is it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/checks.h"

/* ---- is it there ---- */

#define VFS_WANTED 2 /* to forward from one to the other */

/* Only igb makes virtual functions. Return: it has the physical one, else what to do was said. */
static bool igb_has(const struct app_subject *subject, const struct app_function *pf,
		    struct app_finding *finding)
{
	if (!strcmp(pf->driver, "igb"))
		return true;
	app_is_missing(finding, "%s, the physical function, is bound to %s: no virtual ones",
		       pf->address, pf->driver[0] ? pf->driver : "no driver");
	if (pf->driver[0])
		app_root_mends(finding, "%s unbind %s", subject->user->program, pf->address);
	else if (app_driver_is_loaded(subject->machine, "igb"))
		app_root_mends(finding, "echo %s > %s/bus/pci/drivers_probe", pf->address,
			       subject->machine->sysfs);
	else
		app_root_mends(finding, "modprobe igb");
	return false;
}

static void say_no_vfs(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_function *pf = &subject->fn;

	if (!igb_has(subject, pf, finding))
		return;
	if (!pf->max_vfs) {
		app_is_missing(finding, "a physical function that offers no virtual ones");
		app_advise(finding, "switch SR-IOV on in the firmware set-up");
		return;
	}
	app_is_missing(finding, "a physical function with none of its %u virtual ones on",
		       pf->max_vfs);
	app_root_mends(finding, "%s create %d %s", subject->user->program,
		       pf->max_vfs < VFS_WANTED ? 1 : VFS_WANTED, pf->address);
}

static void say_physical(const struct app_subject *subject, struct app_finding *finding)
{
	char path[APP_PATH_BYTES];
	char vf[APP_ADDRESS_BYTES];

	app_function_file(subject->machine, subject->address, "/virtfn0", path);
	if (app_read_link(path, vf, sizeof(vf))) {
		say_no_vfs(subject, finding);
		return;
	}
	app_is_missing(finding,
		       "a physical function, which vfnet leaves to its driver; it has %u "
		       "virtual ones, the first is %s",
		       subject->fn.n_vfs, vf);
	app_user_mends(finding, "%s doctor %s", subject->user->program, vf);
}

/* bus, device and function as one number, in which virtual functions are counted */
static bool routing_id(const char *address, long *id)
{
	unsigned int domain, bus, dev, function;

	if (sscanf(address, "%x:%x:%x.%u", &domain, &bus, &dev, &function) != 4)
		return false;
	*id = (long)domain << 16 | bus << 8 | dev << 3 | function;
	return true;
}

/* which virtual function of @pf would have the address; -1 = none */
static long number_of(const struct app_machine *machine, const struct app_function *pf,
		      const char *address)
{
	char path[APP_PATH_BYTES];
	long vf_id, pf_id, offset, stride, beyond;

	if (app_read_number(app_function_file(machine, pf->address, "/sriov_offset", path),
			    &offset) ||
	    app_read_number(app_function_file(machine, pf->address, "/sriov_stride", path),
			    &stride) ||
	    !routing_id(address, &vf_id) || !routing_id(pf->address, &pf_id) || stride < 1)
		return -1;
	beyond = vf_id - pf_id - offset;
	if (beyond < 0 || beyond % stride || beyond / stride >= (long)pf->max_vfs)
		return -1;
	return beyond / stride;
}

/* virtual function @number of @pf is not on */
static void say_off(const struct app_subject *subject, const struct app_function *pf, long number,
		    struct app_finding *finding)
{
	const char *program = subject->user->program;

	if (!igb_has(subject, pf, finding))
		return;
	app_is_missing(finding, "virtual function %ld of %s, of which %u of %u are on", number,
		       pf->address, pf->n_vfs, pf->max_vfs);
	if (pf->n_vfs) {
		app_root_mends(finding, "%s create 0 %s && %s create %ld %s", program, pf->address,
			       program, number + 1, pf->address);
		app_advise(finding, "those that are on go away meanwhile");
	} else {
		app_root_mends(finding, "%s create %ld %s", program, number + 1, pf->address);
	}
}

static void say_absent(const struct app_subject *subject, struct app_finding *finding)
{
	struct app_function *list = NULL;
	size_t n = 0;
	long number = -1;

	app_functions_read(subject->machine, &list, &n);
	for (size_t i = 0; i < n && number < 0; i++) {
		if (list[i].kind == APP_PF)
			number = number_of(subject->machine, &list[i], subject->address);
		if (number >= 0)
			say_off(subject, &list[i], number, finding);
	}
	free(list);
	if (number >= 0)
		return;
	app_is_missing(finding, "there is no such function");
	app_advise(finding, "lspci -D lists those there are");
}

void app_test_function(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_function *fn = &subject->fn;

	if (!subject->address[0]) {
		app_is_missing(finding, "this machine has no 82576, physical or virtual");
		app_advise(finding, "software cards need none of this: vfnet-fwd sim:0.0");
	} else if (!subject->exists) {
		say_absent(subject, finding);
	} else if (fn->kind == APP_PF) {
		say_physical(subject, finding);
	} else if (fn->kind == APP_OTHER) {
		app_is_missing(finding,
			       "no 82576 virtual function but a %04x:%04x, for which "
			       "vfnet has no driver",
			       fn->vendor, fn->device);
		app_advise(finding, "vfnet-dev status lists what it can use");
	} else if (fn->pf[0]) {
		app_is_ok(finding, "virtual function %d of %s", fn->vf, fn->pf);
	} else {
		app_is_ok(finding, "a virtual function, its physical one is another machine's");
	}
}

/* ---- whose is it ---- */

void app_test_driver(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_function *fn = &subject->fn;
	const struct app_user *user = subject->user;
	char down[IFNAMSIZ + 32] = "";
	char whose[48] = "";

	if (!app_is_vf(subject)) {
		app_is_later(finding, "when there is a virtual function");
		return;
	}
	if (app_driver_is_for_programs(fn->driver)) {
		app_is_ok(finding, "bound to %s", fn->driver);
		return;
	}
	app_is_missing(finding, "bound to %s%s%s", fn->driver[0] ? fn->driver : "no driver",
		       fn->netdev_up ? ", and its interface is up: " : "",
		       fn->netdev_up ? fn->netdev : "");
	if (fn->netdev_up)
		snprintf(down, sizeof(down), "ip link set dev %s down && ", fn->netdev);
	if (!user->root)
		snprintf(whose, sizeof(whose), " --user %s", user->name);
	app_root_mends(finding, "%s%s bind%s %s", down, user->program, whose, fn->address);
	app_advise(finding, "for good: the unit vfnet-bind@.service " APP_EXAMPLES);
}

/* " 0000:01:00.1 (igb)" for each */
static void list_rivals(const struct app_member *rivals, size_t n, char *text, size_t bytes)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used < bytes; i++)
		used += (size_t)snprintf(text + used, bytes - used, " %s (%s)", rivals[i].address,
					 rivals[i].driver);
}

void app_test_group(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_function *fn = &subject->fn;
	struct app_member members[APP_MEMBERS_MAX];
	size_t n = app_rivals_read(subject->machine, fn, members);
	char rivals[160];

	if (!app_is_vf(subject)) {
		app_is_later(finding, "when there is a virtual function");
	} else if (fn->group < 0) {
		app_is_missing(finding, "in no IOMMU group: nothing would confine its DMA");
		app_advise(finding, "see iommu above; a machine whose IOMMU is on and leaves this "
				    "function out needs another slot");
	} else if (!n) {
		n = app_group_read(subject->machine, fn, members);
		app_is_ok(finding, "%d, %zu function(s), none of another driver", fn->group, n);
	} else if (!strcmp(members[0].address, fn->pf)) {
		app_is_missing(finding, "%d, which it shares with its own physical function %s",
			       fn->group, fn->pf);
		app_advise(finding, "the slot does not keep functions apart (no ACS): use another");
	} else {
		list_rivals(members, n, rivals, sizeof(rivals));
		app_is_missing(finding, "%d, which it shares with%s: a group has one user",
			       fn->group, rivals);
		app_root_mends(finding, "echo %s > %s/bus/pci/drivers/%s/unbind",
			       members[0].address, subject->machine->sysfs, members[0].driver);
	}
}
