/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BASE_ERR_H
#define VFNET_BASE_ERR_H

#include <vfnet/err.h>

/**
 * vfnet_err_set() - fill the caller's struct vfnet_err and return the code
 * @err:  may be NULL
 * @code: negative errno
 * @fmt:  the sentence: what failed, on what, value seen, what to do
 *
 * Context: any thread, never a hot path.
 * Return: @code, so that a call can end with `return vfnet_err_set(...)`.
 */
__attribute__((format(printf, 3, 4))) int vfnet_err_set(struct vfnet_err *err, int code,
							const char *fmt, ...);

#endif
