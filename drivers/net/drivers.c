/* SPDX-License-Identifier: BSD-2-Clause */

/* Every driver there is: the one list that points upward, from lib/net to what it knows by name. */

#include <stddef.h>

#include "drivers/net/igbvf/igbvf.h"

const struct vfnet_driver *const vfnet_drivers[] = {&igbvf_driver, NULL};
