/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_CHECKS_H
#define VFNET_APPS_CHECKS_H

/*
 * What must be there before a user can run vfnet on a PCI function: one table of checks for
 * `vfnet-dev doctor` and for the hints of other programs. Each check says what it sees, with
 * values, and if something is missing the one command that mends it. They are in the order in which
 * a person has to mend: what a check needs is looked at by one before it.
 *
 *   checks.c            the table, and whom it is asked about
 *   check_machine.c     tests of the machine: IOMMU, driver module, memory
 *   check_function.c    tests of one function: there, bound, alone in its group
 *   check_node.c        tests of device files
 *   check_link.c        tests of what a function hears and is called
 *
 * Nothing is opened, written or sent: looking disturbs no user of a function.
 */

#include <stddef.h>

#include "apps/common/functions.h"
#include "apps/common/links.h"
#include "apps/common/machine.h"
#include "apps/common/user.h"

/** APP_CHECK_BYTES - DMA memory to be had unless told: two ports with rings of 4096. */
#define APP_CHECK_BYTES (UINT64_C(64) << 20)

/** APP_EXAMPLES - where the examples for an administrator are. */
#define APP_EXAMPLES "(in dist, or share/doc/vfnet/examples)"

/** enum app_check_state - what a check comes to. */
enum app_check_state {
	APP_CHECK_OK,
	APP_CHECK_MISSING,
	APP_CHECK_UNNEEDED, /* nothing is wrong without it, or it cannot be seen from here */
	APP_CHECK_LATER,    /* cannot be told before something else is mended */
};

/** app_check_state_name() - "ok", "missing", "not needed", "later". */
const char *app_check_state_name(enum app_check_state state);

/**
 * struct app_finding - what one check found
 * @check:   its name, such as "hugepages"
 * @address: the function that was asked about; "" = the machine
 * @state:   what it comes to
 * @text:    what was seen, with values
 * @cure:    command for sh that mends it; "" = there is none
 * @as_root: @cure is root's, else the user's, in the shell that they use
 * @advice:  what to do where no command mends it, or how it stays mended; "" = nothing
 */
struct app_finding {
	const char *check;
	char address[APP_ADDRESS_BYTES];
	enum app_check_state state;
	char text[256];
	char cure[2 * APP_PATH_BYTES];
	bool as_root;
	char advice[384];
};

/**
 * struct app_check_opts - what checks look at
 * @machine:  where to look
 * @user:     who is to run
 * @bytes:    DMA memory to be had
 * @vf_infos: app_vf_infos_read(), or a test's; NULL = what a physical function says of its virtual
 *            ones is not asked
 */
struct app_check_opts {
	const struct app_machine *machine;
	const struct app_user *user;
	uint64_t bytes;
	int (*vf_infos)(const char *interface, unsigned int n, struct app_vf_info *infos);
};

/**
 * struct app_subject - what a check is asked about
 * @machine, @user, @bytes, @vf_infos: as above
 * @address: function in question; "" = none
 * @exists:  it does, and @fn describes it
 * @ours:    its door is, or would be, the kernel module of this tree, else vfio-pci
 */
struct app_subject {
	const struct app_machine *machine;
	const struct app_user *user;
	uint64_t bytes;
	int (*vf_infos)(const char *interface, unsigned int n, struct app_vf_info *infos);
	char address[APP_ADDRESS_BYTES];
	bool exists;
	struct app_function fn;
	bool ours;
};

/**
 * struct app_check - a row of the table
 * @name:     in a word
 * @what:     what has to be there, for people
 * @machine:  the same for all functions: asked once, about the first of them
 * @test:     sets all of the finding but @check and @address
 */
struct app_check {
	const char *name;
	const char *what;
	bool machine;
	void (*test)(const struct app_subject *subject, struct app_finding *finding);
};

/** app_checks - the table; its last row has no name. */
extern const struct app_check app_checks[];

/**
 * app_checks_run() - ask all checks
 * @addresses: functions, as vfnet_pci_parse() takes them, also with "pci:" before; none: the
 *             virtual functions that are bound to a program's driver, or else the first one, or
 *             else the first physical one
 * @out:       findings in the table's order; the caller frees it
 * @n_out:     how many
 *
 * Return: 0; -EINVAL an address is none; -ENOMEM; another errno when sysfs cannot be read.
 */
int app_checks_run(const struct app_check_opts *opts, char *const *addresses, size_t n_addresses,
		   struct app_finding **out, size_t *n_out);

/**
 * app_check_link() - what keeps frames from a function: its physical function or the cable
 *
 * Return: whether something does, and @finding says what.
 */
bool app_check_link(const struct app_machine *machine, const char *address,
		    struct app_finding *finding);

/* ---- for the tests: a finding is one of these, and then perhaps a cure and advice ---- */

__attribute__((format(printf, 2, 3))) void app_is_ok(struct app_finding *finding, const char *fmt,
						     ...);
__attribute__((format(printf, 2, 3))) void app_is_missing(struct app_finding *finding,
							  const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void app_is_unneeded(struct app_finding *finding,
							   const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void app_is_later(struct app_finding *finding,
							const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void app_root_mends(struct app_finding *finding,
							  const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void app_user_mends(struct app_finding *finding,
							  const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void app_advise(struct app_finding *finding, const char *fmt,
						      ...);

/**
 * app_by_iommufd() - whether the library opens a function of vfio-pci by iommufd: where the group
 * is not there or not the user's
 */
bool app_by_iommufd(const struct app_subject *subject);

/** app_is_vf() - it is about a virtual function that exists. */
bool app_is_vf(const struct app_subject *subject);

/* check_machine.c */
void app_test_iommu(const struct app_subject *subject, struct app_finding *finding);
void app_test_module(const struct app_subject *subject, struct app_finding *finding);
void app_test_interrupts(const struct app_subject *subject, struct app_finding *finding);
void app_test_hugepages(const struct app_subject *subject, struct app_finding *finding);
void app_test_memlock(const struct app_subject *subject, struct app_finding *finding);

/* check_function.c */
void app_test_function(const struct app_subject *subject, struct app_finding *finding);
void app_test_driver(const struct app_subject *subject, struct app_finding *finding);
void app_test_group(const struct app_subject *subject, struct app_finding *finding);

/* check_node.c */
void app_test_node(const struct app_subject *subject, struct app_finding *finding);
void app_test_domain(const struct app_subject *subject, struct app_finding *finding);

/* check_link.c */
void app_test_link(const struct app_subject *subject, struct app_finding *finding);
void app_test_mac(const struct app_subject *subject, struct app_finding *finding);

#endif
