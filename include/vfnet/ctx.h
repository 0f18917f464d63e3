/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_CTX_H
#define VFNET_CTX_H

#include <stddef.h>
#include <stdint.h>

#include <vfnet/err.h>
#include <vfnet/region.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct vfnet;

enum vfnet_log_level {
	VFNET_LOG_ERR,
	VFNET_LOG_WARN,
	VFNET_LOG_INFO,
	VFNET_LOG_DEBUG,
};

/**
 * typedef vfnet_log_fn - where log lines go
 * @user:  vfnet_opts.log_user
 * @level: how serious
 * @tag:   the part that speaks, such as "igbvf/mbx"
 * @text:  one line without a line feed, valid during the call only
 *
 * Called from whichever thread has something to say, never from a burst call. It must not call
 * into the struct vfnet.
 */
typedef void (*vfnet_log_fn)(void *user, enum vfnet_log_level level, const char *tag,
			     const char *text);

/**
 * struct vfnet_opts - how to open a struct vfnet; zero means the default everywhere
 * @size:         sizeof(struct vfnet_opts), so that the struct can grow
 * @region_bytes: DMA memory, rounded up to the page size or 64 KiB; 0 = 64 MiB, at most 128 GiB
 * @page_bytes:   0 = the largest hugepage of which enough are free, else ordinary pages;
 *                4096, 2 MiB or 1 GiB = exactly these or fail
 * @numa_node:    0 = the node of the calling thread; N + 1 = bind to node N
 * @log:          sink for log lines; NULL = silence
 * @log_user:     passed to @log
 * @log_level:    least serious level that reaches @log
 */
struct vfnet_opts {
	size_t size;
	uint64_t region_bytes;
	uint64_t page_bytes;
	int numa_node;
	vfnet_log_fn log;
	void *log_user;
	enum vfnet_log_level log_level;
};

/**
 * vfnet_open() - open a context: one region of DMA memory, the pci: bus, no device yet
 * @opts: NULL = all defaults
 * @out:  the context; the caller closes it
 * @err:  may be NULL
 *
 * Opens any number of times in one process; contexts share nothing. Starts no thread and installs
 * no signal handler.
 *
 * After fork() the child has neither the memory nor the registers of pci: devices, and descriptors
 * are closed by execve(). A child that ends or runs another program does no harm. One that does
 * neither holds copies of the descriptors: the kernel waits for it, as for the parent, when it
 * wants a function of vfio-pci back. One that calls the library with what it inherited dies by
 * SIGSEGV, and the parent's ports do not notice; but where BAR 0 could not be mapped, of which a
 * log line warns, it may have written the parent's registers before.
 *
 * Context: any thread; may block while memory is reserved.
 * Return: 0; -EINVAL for an option out of range; -ENOMEM when the machine does not have the
 * memory or the hugepages asked for.
 */
int vfnet_open(const struct vfnet_opts *opts, struct vfnet **out, struct vfnet_err *err);

/**
 * vfnet_close() - close a context and give its memory back
 * @v: the context; NULL does nothing
 *
 * Context: any thread, no other thread may be inside a call on @v.
 * Return: 0; -EBUSY while a port or a pool is open (nothing happens).
 */
int vfnet_close(struct vfnet *v);

/**
 * vfnet_get_region() - the DMA memory of a context
 * @v: the context
 *
 * Return: the region, owned by @v.
 */
struct vfnet_region *vfnet_get_region(struct vfnet *v);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
