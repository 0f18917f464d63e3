/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/err.h"

#include <stdarg.h>
#include <stdio.h>

int vfnet_err_set(struct vfnet_err *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}
