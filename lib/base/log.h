/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BASE_LOG_H
#define VFNET_BASE_LOG_H

#include <vfnet/ctx.h>

/**
 * struct vfnet_log - a sink for log lines; it belongs to whoever opened the context or the sim
 * @fn:    NULL = silence
 * @user:  passed to @fn
 * @level: least serious level that reaches @fn
 */
struct vfnet_log {
	vfnet_log_fn fn;
	void *user;
	enum vfnet_log_level level;
};

/**
 * vfnet_log_write() - one line to the sink; called through the macro vfnet_log()
 *
 * Context: any thread, never a hot path.
 */
__attribute__((format(printf, 4, 5))) void vfnet_log_write(const struct vfnet_log *log,
							   enum vfnet_log_level level,
							   const char *tag, const char *fmt, ...);

/**
 * vfnet_log() - log with the file's tag: `#define VFNET_LOG_TAG "igbvf/mbx"` above the includes
 * @log: const struct vfnet_log *, may be NULL
 * @lvl: ERR, WARN, INFO or DEBUG
 */
#define vfnet_log(log, lvl, ...) vfnet_log_write(log, VFNET_LOG_##lvl, VFNET_LOG_TAG, __VA_ARGS__)

#endif
