/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/log.h"

#include <stdarg.h>
#include <stdio.h>

void vfnet_log_write(const struct vfnet_log *log, enum vfnet_log_level level, const char *tag,
		     const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!log || !log->fn || level > log->level)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log->fn(log->user, level, tag, text);
}
