/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds of the user's view of capabilities for every device, however hostile.
 */
#ifndef VFNET_TESTS_UNIT_KMOD_CAPS_CHECK_H
#define VFNET_TESTS_UNIT_KMOD_CAPS_CHECK_H

#ifdef __cplusplus
extern "C" {
#endif

#include "kmod/vfio_pci_caps.h"

/**
 * caps_check() - look for a broken promise
 * @config: after vfio_config_add_caps() on an empty one
 *
 * Return: a sentence that names the first one; NULL if all are kept.
 */
const char *caps_check(const struct vfio_config *config);

#ifdef __cplusplus
}
#endif

#endif
