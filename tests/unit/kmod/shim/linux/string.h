/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's header of this name, for a program. */
#include <string.h>
