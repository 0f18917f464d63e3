/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev doctor: what is missing for this user to run, and the command that mends each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/checks.h"
#include "apps/common/json.h"
#include "apps/vfnet-dev/dev.h"
#include "apps/vfnet-dev/doctor.h"

/* room for the widest state and the widest name */
#define STATE_COLS (-11)
#define CHECK_COLS (-11)

static void tell_line(const char *state, const char *check, const char *address, const char *text,
		      FILE *out)
{
	fprintf(out, "%*s%*s%s%s%s\n", STATE_COLS, state, CHECK_COLS, check, address,
		address[0] ? ": " : "", text);
}

static void tell(const struct app_finding *finding, FILE *out)
{
	tell_line(app_check_state_name(finding->state), finding->check, finding->address,
		  finding->text, out);
	if (finding->cure[0])
		tell_line("", finding->as_root ? "as root:" : "do:", "", finding->cure, out);
	if (finding->advice[0])
		tell_line("", finding->cure[0] ? "and:" : "advice:", "", finding->advice, out);
}

static size_t count_missing(const struct app_finding *findings, size_t n)
{
	size_t missing = 0;

	for (size_t i = 0; i < n; i++)
		missing += findings[i].state == APP_CHECK_MISSING;
	return missing;
}

static void tell_all(const struct app_finding *findings, size_t n, const struct app_user *user,
		     FILE *out)
{
	size_t missing = count_missing(findings, n);

	for (size_t i = 0; i < n; i++)
		tell(&findings[i], out);
	if (user->root)
		fputs("\nAsked as root, whom neither files nor limits stop: ask again as the user "
		      "who is to run.\n",
		      out);
	if (missing)
		fprintf(out, "\n%zu missing. Mend the first, then ask again.\n", missing);
	else
		fputs("\nNothing is missing.\n", out);
}

cJSON *dev_doctor_json(const struct app_finding *findings, size_t n)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list;

	cJSON_AddBoolToObject(root, "ok", !count_missing(findings, n));
	list = cJSON_AddArrayToObject(root, "checks");
	for (size_t i = 0; i < n; i++) {
		cJSON *check = cJSON_CreateObject();

		cJSON_AddItemToArray(list, check);
		cJSON_AddStringToObject(check, "check", findings[i].check);
		app_json_text(check, "address", findings[i].address);
		cJSON_AddStringToObject(check, "state", app_check_state_name(findings[i].state));
		cJSON_AddStringToObject(check, "text", findings[i].text);
		app_json_text(check, "cure", findings[i].cure);
		cJSON_AddBoolToObject(check, "as_root", findings[i].as_root);
		app_json_text(check, "advice", findings[i].advice);
	}
	return root;
}

static int fail(const struct dev_options *opts, int rc)
{
	if (rc == -EINVAL) {
		app_error("doctor: each ADDRESS must be a PCI address, such as 0000:01:10.0 "
			  "(lspci -D lists them)");
		return APP_EXIT_USAGE;
	}
	app_error("cannot look at %s/bus/pci: %s", opts->machine->sysfs, strerror(-rc));
	return APP_EXIT_FAILED;
}

int dev_doctor(const struct dev_options *opts)
{
	struct app_user user;
	struct app_check_opts check_opts = {
	    .machine = opts->machine,
	    .user = &user,
	    .bytes = APP_CHECK_BYTES,
	    .vf_infos = app_vf_infos_read,
	};
	struct app_finding *findings;
	size_t n;
	int rc;

	if (opts->mem &&
	    app_parse_bytes("--mem", opts->mem, 1, UINT64_C(1) << 40, &check_opts.bytes))
		return APP_EXIT_USAGE;
	app_user_read(&user);
	rc = app_checks_run(&check_opts, opts->args, (size_t)opts->n_args, &findings, &n);
	if (rc)
		return fail(opts, rc);
	tell_all(findings, n, &user, app_json_to_stdout(opts->json) ? stderr : stdout);
	if (opts->json)
		rc = app_json_write(dev_doctor_json(findings, n), opts->json);
	if (!rc && count_missing(findings, n))
		rc = APP_EXIT_FAILED;
	free(findings);
	return rc ? APP_EXIT_FAILED : APP_EXIT_OK;
}
