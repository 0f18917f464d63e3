/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of what a function hears, and of the address that it is called by: both are its physical
 * function's choice.
 */
#include <stdlib.h>
#include <string.h>

#include "apps/common/checks.h"
#include "lib/frame/mac.h"

static void say_link(const struct app_subject *subject, const struct app_function *pf,
		     struct app_finding *finding)
{
	if (!pf->driver[0]) {
		app_is_missing(finding, "no driver has its physical function %s", pf->address);
		app_root_mends(finding, "modprobe igb; echo %s > %s/bus/pci/drivers_probe",
			       pf->address, subject->machine->sysfs);
	} else if (!pf->netdev[0]) {
		app_is_unneeded(finding,
				"cannot be seen: the interface of %s is in another "
				"network name space",
				pf->address);
	} else if (!pf->netdev_up) {
		app_is_missing(finding, "%s, its physical function, is down", pf->netdev);
		app_root_mends(finding, "ip link set dev %s up", pf->netdev);
	} else if (!pf->carrier) {
		app_is_missing(finding, "%s, its physical function, is up and has no link",
			       pf->netdev);
		app_advise(finding, "it takes up to 3 s after it was set up; then: plug the cable "
				    "in, or set the other end up");
	} else {
		app_is_ok(finding, "%s, its physical function, is up with link", pf->netdev);
	}
}

void app_test_link(const struct app_subject *subject, struct app_finding *finding)
{
	struct app_function pf;

	if (!app_is_vf(subject)) {
		app_is_later(finding, "when there is a virtual function");
	} else if (!subject->fn.pf[0] || app_function_read(subject->machine, subject->fn.pf, &pf)) {
		app_is_unneeded(finding, "cannot be seen: its physical function is another "
					 "machine's");
	} else {
		say_link(subject, &pf, finding);
	}
}

/* what its physical function says of it; Return: it does say something */
static bool read_info(const struct app_subject *subject, const struct app_function *pf,
		      struct app_vf_info *info)
{
	unsigned int vf = (unsigned int)subject->fn.vf;
	struct app_vf_info *infos;

	if (!subject->vf_infos || !pf->netdev[0] || subject->fn.vf < 0 || vf >= pf->n_vfs)
		return false;
	infos = calloc(pf->n_vfs, sizeof(*infos));
	if (!infos || subject->vf_infos(pf->netdev, pf->n_vfs, infos)) {
		free(infos);
		return false;
	}
	*info = infos[vf];
	free(infos);
	return info->known;
}

void app_test_mac(const struct app_subject *subject, struct app_finding *finding)
{
	static const uint8_t none[VFNET_MAC_BYTES];
	const struct app_function *fn = &subject->fn;
	char mac[VFNET_MAC_TEXT_BYTES];
	struct app_vf_info info;
	struct app_function pf;

	if (!app_is_vf(subject)) {
		app_is_later(finding, "when there is a virtual function");
	} else if (!fn->pf[0] || app_function_read(subject->machine, fn->pf, &pf) ||
		   !read_info(subject, &pf, &info)) {
		app_is_unneeded(finding, "cannot be seen from here");
	} else if (!memcmp(info.mac, none, sizeof(none))) {
		app_is_unneeded(finding, "none is fixed, so the driver makes one up at each start");
		app_advise(finding, "to fix one, as root: ip link set dev %s vf %d mac 02:...",
			   pf.netdev, fn->vf);
	} else {
		vfnet_mac_format(info.mac, mac);
		app_is_ok(finding, "%s", mac);
	}
}
