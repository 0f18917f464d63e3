/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_VFNET_DEV_PATIENT_H
#define VFNET_TESTS_VFNET_DEV_PATIENT_H

#include <string>
#include <vector>

#include "tests/unit/vfnet_dev/machine.h"

extern "C" {
#include "apps/common/checks.h"
}

/* A machine that is well: VF 0 is bound to vfio-pci and in the hands of alice. A test takes
 * something away. */
class Patient : public Machine
{
      public:
	Patient();

	void unbind(const std::string &address);

	/* all findings, or the one of a check, about @addresses */
	std::vector<struct app_finding> ask(const std::vector<std::string> &addresses = {});
	struct app_finding ask(const std::string &check,
			       const std::vector<std::string> &addresses = {});
	/* the command of a finding, with ROOT in place of the folder */
	std::string cure(const struct app_finding &finding) const;

	struct app_user user = {};
};

#endif
