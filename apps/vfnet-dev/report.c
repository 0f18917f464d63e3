/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev report: what somebody with a card sends to the developers. No serial number, of a MAC
 * the vendor's half, of the kernel's command line what concerns devices and memory.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "apps/common/json.h"
#include "apps/vfnet-dev/caps.h"
#include "apps/vfnet-dev/dev.h"
#include "apps/vfnet-dev/doctor.h"
#include "apps/vfnet-dev/inventory.h"
#include "apps/vfnet-dev/regs.h"
#include "apps/vfnet-dev/results.h"
#include "lib/base/bits.h"
#include "lib/chip/82576_regs.h"

/* words of the kernel's command line that are told begin with one of these */
static const char *const told[] = {
    "intel_iommu=",
    "amd_iommu=",
    "iommu",
    "iomem=",
    "vfio",
    "uvfio",
    "pci",
    "hugepage",
    "isolcpus=",
    "nohz_full=",
    "lockdown",
    "mitigations=",
    "default_hugepagesz=",
};

static void add_line(cJSON *object, const char *key, const char *root, const char *file)
{
	char path[APP_PATH_BYTES], text[256];

	if (app_read_text(app_path(path, "%s%s", root, file), text, sizeof(text)))
		cJSON_AddNullToObject(object, key);
	else
		cJSON_AddStringToObject(object, key, text);
}

/* the value of the first line "NAME...: VALUE" or "NAME=VALUE" of a file */
static void add_value(cJSON *object, const char *key, const char *path, const char *name)
{
	char line[256];
	FILE *file = fopen(path, "re");
	const char *found = NULL;

	while (!found && file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)))
			continue;
		found = line + strcspn(line, ":=");
		found += *found != '\0';
		found += strspn(found, " \"");
		line[strlen(line) - strlen(found) + strcspn(found, "\"\n")] = '\0';
	}
	if (file)
		fclose(file);
	if (found)
		cJSON_AddStringToObject(object, key, found);
	else
		cJSON_AddNullToObject(object, key);
}

static bool is_told(const char *option)
{
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(told); i++)
		if (!strncmp(option, told[i], strlen(told[i])))
			return true;
	return false;
}

static void add_command_line(cJSON *object, const struct app_machine *machine)
{
	cJSON *list = cJSON_AddArrayToObject(object, "kernel_options");
	char path[APP_PATH_BYTES], text[4096];
	char *rest = text;

	app_read_text(app_path(path, "%s/cmdline", machine->proc), text, sizeof(text));
	for (char *at = strtok_r(text, " ", &rest); at; at = strtok_r(NULL, " ", &rest))
		if (is_told(at))
			cJSON_AddItemToArray(list, cJSON_CreateString(at));
}

static void add_machine(cJSON *root, const struct app_machine *machine)
{
	cJSON *object = cJSON_AddObjectToObject(root, "machine");
	char path[APP_PATH_BYTES];
	struct utsname name;

	if (!uname(&name)) {
		cJSON_AddStringToObject(object, "kernel", name.release);
		cJSON_AddStringToObject(object, "architecture", name.machine);
	}
	add_value(object, "system", "/etc/os-release", "PRETTY_NAME");
	add_value(object, "processor", app_path(path, "%s/cpuinfo", machine->proc), "model name");
	add_line(object, "vendor", machine->sysfs, "/class/dmi/id/sys_vendor");
	add_line(object, "product", machine->sysfs, "/class/dmi/id/product_name");
	add_line(object, "uvfio", machine->sysfs, "/module/uvfio/version");
	add_line(object, "lockdown", machine->sysfs, "/kernel/security/lockdown");
	add_command_line(object, machine);
}

/* the mailbox has addresses in it */
static void leave_out_mailbox(struct dev_regs *regs)
{
	size_t n = 0;

	for (size_t i = 0; i < regs->n; i++) {
		uint32_t index;
		const struct igbvf_reg *reg = igbvf_reg_find(regs->offset[i], &index);

		if (reg && reg->offset == IGBVF_VMBMEM)
			continue;
		regs->offset[n] = regs->offset[i];
		regs->val[n++] = regs->val[i];
	}
	regs->n = n;
}

static void add_registers(cJSON *object, const struct app_machine *machine,
			  const struct app_function *fn)
{
	struct dev_window window;
	struct vfnet_err err;
	struct dev_regs regs;

	if (dev_window_open(machine, fn->address, &window, &err)) {
		cJSON_AddStringToObject(object, "registers_missing", err.text);
		return;
	}
	dev_regs_read(&window, false, &regs);
	leave_out_mailbox(&regs);
	cJSON_AddStringToObject(object, "registers_read", window.how);
	cJSON_AddItemToObject(object, "registers", dev_regs_json(fn->address, &regs));
	dev_window_close(&window);
}

/* Without vf_infos no address of a function is told, and nobody's name or folder. */
static void add_doctor(cJSON *root, const struct app_machine *machine)
{
	struct app_user user;
	const struct app_check_opts opts = {
	    .machine = machine,
	    .user = &user,
	    .bytes = APP_CHECK_BYTES,
	};
	struct app_finding *findings = NULL;
	size_t n = 0;

	app_user_read(&user);
	strcpy(user.name, "USER");
	strcpy(user.program, "vfnet-dev");
	if (app_checks_run(&opts, NULL, 0, &findings, &n))
		n = 0;
	cJSON_AddItemToObject(root, "doctor", dev_doctor_json(findings, n));
	free(findings);
}

#define MAC_CHARS strlen("00:1b:21:aa:bb:cc")

/* as many characters at @at are an address, in one piece with what stands around it */
static bool is_mac(const char *at)
{
	for (size_t i = 0; i < MAC_CHARS; i++) {
		bool right = i % 3 == 2 ? (at[i] == ':' || at[i] == '-') && at[i] == at[2]
					: isxdigit((unsigned char)at[i]);

		if (!right)
			return false;
	}
	return !isxdigit((unsigned char)at[MAC_CHARS]);
}

/* Where systemd knows no better it names an interface by its address: enx001b21aabbcc. */
static bool is_name_of_mac(const char *at)
{
	return !strncmp(at, "enx", 3) && strspn(at + 3, "0123456789abcdef") >= 12;
}

static void mask_digits(char *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isxdigit((unsigned char)at[i]))
			at[i] = 'x';
}

static void mask_text(char *text)
{
	for (char *at = text; *at; at++) {
		if (is_name_of_mac(at))
			mask_digits(at + strlen("enx001b21"), strlen("aabbcc"));
		else if (is_mac(at))
			mask_digits(at + strlen("00:1b:21:"), strlen("aa:bb:cc"));
	}
}

static void mask_addresses(cJSON *item)
{
	if (item->valuestring)
		mask_text(item->valuestring);
	for (cJSON *child = item->child; child; child = child->next)
		mask_addresses(child);
}

static cJSON *make(const struct app_machine *machine, const struct dev_inventory *inv)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *functions;

	cJSON_AddStringToObject(root, "vfnet", VFNET_VERSION);
	add_machine(root, machine);
	cJSON_AddItemToObject(root, "status", dev_inventory_json(inv, true));
	add_doctor(root, machine);
	functions = cJSON_AddArrayToObject(root, "functions");
	for (size_t i = 0; i < inv->n_entries; i++) {
		const struct app_function *fn = &inv->entries[i].fn;
		cJSON *object = cJSON_CreateObject();

		cJSON_AddItemToArray(functions, object);
		cJSON_AddStringToObject(object, "address", fn->address);
		cJSON_AddItemToObject(object, "configuration", dev_caps_json(machine, fn->address));
		if (fn->kind == APP_VF)
			add_registers(object, machine, fn);
	}
	return root;
}

/* Two functions that are ready for the tests; without them words that say so. */
static void print_test_command(FILE *out, const struct dev_inventory *inv)
{
	const char *names[] = {"ADDRESS", "ADDRESS"};
	size_t n = 0;

	for (size_t i = 0; i < inv->n_entries && n < VFNET_ARRAY_SIZE(names); i++)
		if (app_driver_is_for_programs(inv->entries[i].fn.driver))
			names[n++] = inv->entries[i].fn.address;
	fprintf(out,
		"No results of tests are in it. To have them there, as the user who may open the "
		"functions:\n"
		"  VFNET_TEST_DEVICES=pci:%s,pci:%s tests/port/run\n"
		"and then this again, with --tests FOLDER, which tests/port/run names.\n",
		names[0], names[1]);
}

static void print_summary(const char *path, const struct dev_inventory *inv, int n_runs)
{
	FILE *out = app_json_to_stdout(path) ? stderr : stdout;

	if (out == stdout)
		printf("%s: kernel, system, processor and model of this machine; %zu functions "
		       "with their drivers, settings, configuration space and registers; runs of "
		       "the tests: %d. Serial numbers and the last three bytes of addresses are "
		       "left out. Read it before you send it.\n",
		       path, inv->n_entries, n_runs);
	if (n_runs == 0)
		print_test_command(out, inv);
}

/* @runs becomes part of the report */
static int write_report(const char *path, const struct dev_inventory *inv,
			const struct app_machine *machine, cJSON *runs)
{
	cJSON *root = make(machine, inv);
	int rc;

	cJSON_AddItemToObject(root, "tests", runs);
	if (root)
		mask_addresses(root);
	rc = app_json_save(root, path);
	if (rc)
		app_error("report %s: cannot write: %s", path, strerror(-rc));
	else
		print_summary(path, inv, cJSON_GetArraySize(runs));
	cJSON_Delete(root);
	return rc;
}

int dev_report(const struct dev_options *opts)
{
	cJSON *runs = cJSON_CreateArray();
	struct dev_inventory inv;
	int rc = opts->tests ? dev_results_load(opts->tests, runs) : 0;

	if (rc) {
		cJSON_Delete(runs);
		return APP_EXIT_FAILED;
	}
	rc = dev_inventory_read(opts->machine, &inv);
	if (rc) {
		app_error("cannot read %s/bus/pci/devices: %s", opts->machine->sysfs,
			  strerror(-rc));
		cJSON_Delete(runs);
		return APP_EXIT_FAILED;
	}
	rc = write_report(opts->n_args ? opts->args[0] : "-", &inv, opts->machine, runs);
	dev_inventory_free(&inv);
	return rc ? APP_EXIT_FAILED : APP_EXIT_OK;
}
