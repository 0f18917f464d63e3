/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/checks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/dev/pci/pci.h"

const struct app_check app_checks[] = {
    {"iommu", "an IOMMU that confines the function's DMA", true, app_test_iommu},
    {"function", "an 82576 virtual function", false, app_test_function},
    {"module", "the kernel module that gives functions to programs", true, app_test_module},
    {"interrupts", "an IOMMU that also checks interrupts", true, app_test_interrupts},
    {"driver", "the function is bound to that module", false, app_test_driver},
    {"group", "no other driver has a function of its IOMMU group", false, app_test_group},
    {"node", "its device file, open to this user", false, app_test_node},
    {"domain", "the device file of DMA domains, open to this user", true, app_test_domain},
    {"hugepages", "hugepages for the DMA memory", true, app_test_hugepages},
    {"memlock", "the right to lock that memory", true, app_test_memlock},
    {"link", "its physical function is up, with link", false, app_test_link},
    {"mac", "an address that stays", false, app_test_mac},
    {0},
};

const char *app_check_state_name(enum app_check_state state)
{
	static const char *const names[] = {"ok", "missing", "not needed", "later"};

	return names[state];
}

/* ---- findings ---- */

#define SET_TEXT(to, fmt)                                                                          \
	do {                                                                                       \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, fmt);                                                               \
		vsnprintf(to, sizeof(to), fmt, args);                                              \
		va_end(args);                                                                      \
	} while (0)

void app_is_ok(struct app_finding *finding, const char *fmt, ...)
{
	finding->state = APP_CHECK_OK;
	SET_TEXT(finding->text, fmt);
}

void app_is_missing(struct app_finding *finding, const char *fmt, ...)
{
	finding->state = APP_CHECK_MISSING;
	SET_TEXT(finding->text, fmt);
}

void app_is_unneeded(struct app_finding *finding, const char *fmt, ...)
{
	finding->state = APP_CHECK_UNNEEDED;
	SET_TEXT(finding->text, fmt);
}

void app_is_later(struct app_finding *finding, const char *fmt, ...)
{
	finding->state = APP_CHECK_LATER;
	SET_TEXT(finding->text, fmt);
}

void app_root_mends(struct app_finding *finding, const char *fmt, ...)
{
	finding->as_root = true;
	SET_TEXT(finding->cure, fmt);
}

void app_user_mends(struct app_finding *finding, const char *fmt, ...)
{
	finding->as_root = false;
	SET_TEXT(finding->cure, fmt);
}

void app_advise(struct app_finding *finding, const char *fmt, ...)
{
	SET_TEXT(finding->advice, fmt);
}

bool app_is_vf(const struct app_subject *subject)
{
	return subject->exists && subject->fn.kind == APP_VF;
}

/* ---- whom the checks are asked about ---- */

/* A function that is bound says which door it has; else ours, as somebody has loaded it. */
static bool is_ours(const struct app_machine *machine, const struct app_subject *subject)
{
	if (subject->exists && app_driver_is_for_programs(subject->fn.driver))
		return !strcmp(subject->fn.driver, APP_DRIVER_OURS);
	return app_driver_is_loaded(machine, APP_DRIVER_OURS);
}

static int ask_named(const struct app_machine *machine, const char *address,
		     struct app_subject *subject)
{
	const char *bare = strncmp(address, "pci:", 4) ? address : address + 4;
	int rc;

	if (vfnet_pci_parse(bare, subject->address))
		return -EINVAL;
	rc = app_function_read(machine, subject->address, &subject->fn);
	subject->exists = !rc;
	subject->ours = is_ours(machine, subject);
	return rc == -ENODEV ? 0 : rc;
}

/* the bound ones; else the first virtual one; else the first */
static size_t choose(const struct app_function *list, size_t n, const struct app_function **chosen)
{
	size_t n_chosen = 0;

	for (size_t i = 0; i < n; i++)
		if (list[i].kind == APP_VF && app_driver_is_for_programs(list[i].driver))
			chosen[n_chosen++] = &list[i];
	for (size_t i = 0; i < n && !n_chosen; i++)
		if (list[i].kind == APP_VF)
			chosen[n_chosen++] = &list[i];
	if (!n_chosen && n)
		chosen[n_chosen++] = &list[0];
	return n_chosen;
}

/* @subjects: one at least; without any function it is about none */
static int ask_found(const struct app_machine *machine, struct app_subject **subjects, size_t *n)
{
	const struct app_function **chosen;
	struct app_function *list;
	size_t n_list;
	int rc = app_functions_read(machine, &list, &n_list);

	if (rc)
		return rc;
	chosen = calloc(n_list + 1, sizeof(*chosen));
	*n = chosen ? choose(list, n_list, chosen) : 0;
	*subjects = calloc(*n + 1, sizeof(**subjects));
	if (!chosen || !*subjects)
		rc = -ENOMEM;
	for (size_t i = 0; !rc && i < *n; i++) {
		struct app_subject *subject = &(*subjects)[i];

		strcpy(subject->address, chosen[i]->address);
		subject->exists = true;
		subject->fn = *chosen[i];
		subject->ours = is_ours(machine, subject);
	}
	if (!rc && !*n)
		(*subjects)[(*n)++].ours = is_ours(machine, *subjects);
	free(chosen);
	free(list);
	return rc;
}

static int ask(const struct app_machine *machine, char *const *addresses, size_t n_addresses,
	       struct app_subject **subjects, size_t *n)
{
	int rc = 0;

	if (!n_addresses)
		return ask_found(machine, subjects, n);
	*n = n_addresses;
	*subjects = calloc(n_addresses, sizeof(**subjects));
	if (!*subjects)
		return -ENOMEM;
	for (size_t i = 0; !rc && i < n_addresses; i++)
		rc = ask_named(machine, addresses[i], &(*subjects)[i]);
	return rc;
}

/* ---- the table, from its first row to its last ---- */

static size_t test_all(const struct app_subject *subjects, size_t n, struct app_finding *findings)
{
	size_t n_findings = 0;

	for (const struct app_check *check = app_checks; check->name; check++) {
		for (size_t i = 0; i < (check->machine ? 1 : n); i++) {
			struct app_finding *finding = &findings[n_findings++];

			finding->check = check->name;
			if (!check->machine)
				strcpy(finding->address, subjects[i].address);
			check->test(&subjects[i], finding);
		}
	}
	return n_findings;
}

int app_checks_run(const struct app_check_opts *opts, char *const *addresses, size_t n_addresses,
		   struct app_finding **out, size_t *n_out)
{
	struct app_subject *subjects = NULL;
	struct app_finding *findings;
	size_t n;
	int rc = ask(opts->machine, addresses, n_addresses, &subjects, &n);

	if (rc)
		goto out_free;
	for (size_t i = 0; i < n; i++) {
		subjects[i].machine = opts->machine;
		subjects[i].user = opts->user;
		subjects[i].bytes = opts->bytes;
		subjects[i].vf_infos = opts->vf_infos;
	}
	findings = calloc(n * VFNET_ARRAY_SIZE(app_checks), sizeof(*findings));
	if (!findings) {
		rc = -ENOMEM;
		goto out_free;
	}
	*n_out = test_all(subjects, n, findings);
	*out = findings;
out_free:
	free(subjects);
	return rc;
}

bool app_check_link(const struct app_machine *machine, const char *address,
		    struct app_finding *finding)
{
	struct app_subject subject = {.machine = machine};

	if (ask_named(machine, address, &subject))
		return false;
	*finding = (struct app_finding){.check = "link"};
	strcpy(finding->address, subject.address);
	app_test_link(&subject, finding);
	return finding->state == APP_CHECK_MISSING;
}
