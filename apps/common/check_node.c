/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of device files: that of the function, and that of DMA domains. A container often has
 * neither, though sysfs shows all of the machine.
 */
#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "apps/common/checks.h"

/* Where the kernel makes the files itself /dev is a devtmpfs; a container has one that was filled.
 */
static bool in_container(const struct app_machine *machine)
{
	char path[APP_PATH_BYTES];
	const struct mntent *entry;
	bool filled = false;
	FILE *mounts = setmntent(app_path(path, "%s/self/mounts", machine->proc), "re");

	while (mounts && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_dir, machine->dev)) /* the last one hides the others */
			filled = strcmp(entry->mnt_type, "devtmpfs") != 0;
	if (mounts)
		endmntent(mounts);
	return filled;
}

/* The kernel made a device and nobody made its file, or it was not passed into the container. */
static void say_no_node(const struct app_subject *subject, const char *node, const char *class,
			struct app_finding *finding)
{
	const struct app_machine *machine = subject->machine;
	const char *name = strrchr(node, '/') + 1;
	char path[APP_PATH_BYTES];
	char number[32];
	char *colon;

	app_is_missing(finding, "there is no %s", node);
	app_path(path, "%s/class/%s/%s/dev", machine->sysfs, class, name);
	if (in_container(machine)) {
		app_is_missing(finding, "there is no %s in this container", node);
		app_advise(finding, "start it with --device %s: container/README.md " APP_EXAMPLES,
			   node);
	} else if (!app_read_text(path, number, sizeof(number)) && (colon = strchr(number, ':'))) {
		*colon = ' ';
		app_root_mends(finding, "mkdir -p %.*s && mknod -m 600 %s c %s",
			       (int)(name - node - 1), node, node, number);
	} else {
		app_advise(finding, "the kernel knows no such device (no %s): see module above",
			   path);
	}
}

static void say_not_open(const struct app_subject *subject, const char *node,
			 struct app_finding *finding)
{
	const char *user = subject->user->name;

	app_is_missing(finding, "%s: %s may not open it", node, user);
	app_root_mends(finding, "chown %s %s", user, node);
	app_advise(finding, "for good: the udev rule 70-vfnet.rules " APP_EXAMPLES);
}

bool app_by_iommufd(const struct app_subject *subject)
{
	const struct app_function *fn = &subject->fn;

	if (!subject->exists || !fn->cdev[0] || subject->user->may_open(fn->node))
		return false;
	/* where the user may open neither, the group's file is the easier one to give */
	return subject->user->may_open(fn->cdev) || !app_exists(fn->node);
}

void app_test_node(const struct app_subject *subject, struct app_finding *finding)
{
	const char *node = app_by_iommufd(subject) ? subject->fn.cdev : subject->fn.node;

	if (!subject->exists || !node[0])
		app_is_later(finding, "when it is bound");
	else if (!app_exists(node))
		say_no_node(subject, node, subject->ours ? "uvfio" : "vfio", finding);
	else if (!subject->user->may_open(node))
		say_not_open(subject, node, finding);
	else
		app_is_ok(finding, "%s", node);
}

void app_test_domain(const struct app_subject *subject, struct app_finding *finding)
{
	bool iommufd = app_by_iommufd(subject);
	char node[APP_PATH_BYTES];

	app_path(node, "%s/%s", subject->machine->dev,
		 subject->ours ? "uiommu" : (iommufd ? "iommu" : "vfio/vfio"));
	if (!app_exists(node)) {
		if (subject->exists && subject->fn.node[0])
			say_no_node(subject, node, "misc", finding);
		else
			app_is_later(finding, "when the module is loaded and has a function");
	} else if (!subject->user->may_open(node) && iommufd) {
		say_not_open(subject, node, finding);
	} else if (!subject->user->may_open(node)) {
		app_is_missing(finding, "%s: %s may not open it", node, subject->user->name);
		/* as the kernel makes it: by itself it gives access to nothing */
		app_root_mends(finding, "chmod 666 %s", node);
	} else {
		app_is_ok(finding, "%s", node);
	}
}
