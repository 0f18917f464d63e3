/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev bind and unbind: functions go to programs and back. All that is named is looked at
 * before anything is done; what then fails half-way is undone.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/vfnet-dev/dev.h"
#include "apps/vfnet-dev/driver.h"
#include "apps/vfnet-dev/users.h"

static const char *const drivers[] = {APP_DRIVER_VFIO_PCI, APP_DRIVER_OURS, NULL};

/**
 * struct subject - a function that is named
 * @fn:     as it was before anything was done
 * @owners: whose its files were then
 */
struct subject {
	struct app_function fn;
	struct dev_owners owners;
};

static const char *or_none(const char *driver)
{
	return driver[0] ? driver : "no driver";
}

/* Return: enum app_exit */
static int read_one(const struct dev_options *opts, int i, struct subject *list)
{
	int rc = app_function_read(opts->machine, opts->args[i], &list[i].fn);

	if (rc == -EINVAL) {
		app_error("%s: is no PCI address; one is like 0000:01:10.0", opts->args[i]);
		return APP_EXIT_USAGE;
	}
	if (rc) {
		app_error("there is no PCI function %s: vfnet-dev status lists the 82576's, "
			  "vfnet-dev create makes virtual ones",
			  opts->args[i]);
		return APP_EXIT_FAILED;
	}
	for (int k = 0; k < i; k++) {
		if (!strcmp(list[k].fn.address, list[i].fn.address)) {
			app_error("%s: is named twice", list[i].fn.address);
			return APP_EXIT_USAGE;
		}
	}
	dev_owners_read(&list[i].fn, &list[i].owners);
	return APP_EXIT_OK;
}

/* all functions that are named; NULL after *@code was set */
static struct subject *read_all(const struct dev_options *opts, int *code)
{
	struct subject *list = calloc((size_t)opts->n_args, sizeof(*list));

	*code = list ? APP_EXIT_OK : APP_EXIT_FAILED;
	if (!list)
		app_error("out of memory");
	for (int i = 0; i < opts->n_args && !*code; i++)
		*code = read_one(opts, i, list);
	if (!*code)
		return list;
	free(list);
	return NULL;
}

/* ---- bind ---- */

/* Return: enum app_exit */
static int choose_driver(const struct dev_options *opts, const char **driver)
{
	int choice = 0;

	if (opts->driver)
		choice = app_parse_choice("--driver", opts->driver, drivers);
	else if (app_driver_is_loaded(opts->machine, APP_DRIVER_OURS))
		choice = 1;
	if (choice < 0)
		return APP_EXIT_USAGE;
	*driver = drivers[choice];
	if (app_driver_is_loaded(opts->machine, *driver))
		return APP_EXIT_OK;
	app_error("the kernel has no driver %s. As root: modprobe %s", *driver,
		  choice ? "uvfio" : APP_DRIVER_VFIO_PCI);
	return APP_EXIT_FAILED;
}

/* a name or, as chown takes them, a number. Return: enum app_exit */
static int find_user(const char *name, uid_t *user)
{
	const struct passwd *entry = getpwnam(name);
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	if (!entry && (*name < '0' || *name > '9' || *end || number >= (uid_t)-1)) {
		app_error("--user %s: must be a user of this machine", name);
		return APP_EXIT_USAGE;
	}
	*user = entry ? entry->pw_uid : (uid_t)number;
	return APP_EXIT_OK;
}

static bool is_refused(const struct dev_options *opts, const struct app_function *fn,
		       const char *driver)
{
	if (opts->force || (!strcmp(fn->driver, driver) && !opts->user))
		return false;
	return dev_driver_carries_traffic(fn) || dev_driver_in_use(opts->machine, fn);
}

static void tell_group(const struct app_machine *machine, const struct app_function *fn)
{
	struct app_member rivals[APP_MEMBERS_MAX];
	size_t n = app_rivals_read(machine, fn, rivals);

	for (size_t i = 0; i < n; i++)
		printf("%s: programs cannot use it while driver %s has %s, which is in the same "
		       "IOMMU group %d\n",
		       fn->address, rivals[i].driver, rivals[i].address, fn->group);
}

/* Return: 0; a negative errno */
static int bind_one(const struct dev_options *opts, const struct app_function *was,
		    const char *driver, const uid_t *user)
{
	struct app_function is = *was;
	int rc = 0;

	if (strcmp(was->driver, driver)) {
		rc = dev_driver_remember(opts->machine, was);
		if (!rc)
			rc = dev_driver_switch(opts->machine, was, driver, driver);
	}
	if (!rc && user)
		rc = dev_user_give(opts->machine, was->address, *user);
	if (rc)
		return rc;
	rc = app_function_read(opts->machine, was->address, &is);
	if (rc) {
		app_error("%s has gone", was->address);
		return rc;
	}
	printf("%s: %s -> %s, %s\n", is.address, or_none(was->driver), driver, is.node);
	tell_group(opts->machine, &is);
	return 0;
}

static void roll_back_one(const struct app_machine *machine, const struct subject *subject)
{
	const struct app_function *was = &subject->fn;
	struct app_function is;
	int rc = 0;

	if (app_function_read(machine, was->address, &is))
		return;
	if (strcmp(is.driver, was->driver) || strcmp(is.override, was->override)) {
		rc = dev_driver_switch(machine, &is, was->driver, was->override);
		if (!rc)
			printf("%s: back to %s\n", was->address, or_none(was->driver));
	}
	if (!app_driver_is_for_programs(was->driver))
		dev_driver_forget(machine, was->address);
	else if (!rc)
		dev_owners_set(machine, was->address, &subject->owners);
}

/* the first @n functions go back to where they were, the last one first */
static void roll_back(const struct app_machine *machine, const struct subject *list, int n)
{
	while (n-- > 0)
		roll_back_one(machine, &list[n]);
}

int dev_bind(const struct dev_options *opts)
{
	struct subject *list;
	const char *driver;
	uid_t user;
	int code = choose_driver(opts, &driver);

	if (!code && opts->user)
		code = find_user(opts->user, &user);
	if (code)
		return code;
	list = read_all(opts, &code);
	if (!list)
		return code;
	for (int i = 0; i < opts->n_args; i++)
		if (is_refused(opts, &list[i].fn, driver))
			code = APP_EXIT_FAILED;
	for (int i = 0; i < opts->n_args && !code; i++) {
		if (bind_one(opts, &list[i].fn, driver, opts->user ? &user : NULL)) {
			roll_back(opts->machine, list, i + 1);
			code = APP_EXIT_FAILED;
		}
	}
	free(list);
	return code;
}

/* ---- unbind ---- */

/* Return: 0; a negative errno */
static int unbind_one(const struct dev_options *opts, const struct app_function *fn)
{
	const struct app_machine *machine = opts->machine;
	char driver[APP_DRIVER_BYTES], override[APP_DRIVER_BYTES];
	int rc;

	dev_driver_recall(machine, fn->address, driver, override);
	if (!strcmp(driver, fn->driver)) { /* it is back there already, by other hands */
		driver[0] = '\0';
		override[0] = '\0';
	}
	if (driver[0] && !app_driver_is_loaded(machine, driver)) {
		printf("%s: its driver %s is not loaded any more\n", fn->address, driver);
		driver[0] = '\0';
	}
	rc = dev_driver_switch(machine, fn, driver, override);
	if (rc)
		return rc;
	printf("%s: %s -> %s\n", fn->address, or_none(fn->driver), or_none(driver));
	return 0;
}

static bool can_unbind(const struct dev_options *opts, const struct app_function *fn)
{
	if (!app_driver_is_for_programs(fn->driver)) {
		app_error("%s is with %s, not with a driver for programs: there is nothing to undo",
			  fn->address, or_none(fn->driver));
		return false;
	}
	return opts->force || !dev_driver_in_use(opts->machine, fn);
}

int dev_unbind(const struct dev_options *opts)
{
	struct subject *list;
	int code;

	list = read_all(opts, &code);
	if (!list)
		return code;
	for (int i = 0; i < opts->n_args; i++)
		if (!can_unbind(opts, &list[i].fn))
			code = APP_EXIT_FAILED;
	for (int i = 0; i < opts->n_args && !code; i++) {
		if (unbind_one(opts, &list[i].fn)) {
			roll_back(opts->machine, list, i + 1);
			code = APP_EXIT_FAILED;
		}
	}
	for (int i = 0; i < opts->n_args && !code; i++)
		dev_driver_forget(opts->machine, list[i].fn.address);
	free(list);
	return code;
}
