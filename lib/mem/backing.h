/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_BACKING_H
#define VFNET_MEM_BACKING_H

#include <stdint.h>

#include <vfnet/err.h>

#include "lib/mem/numa.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct vfnet_backing - the unnamed file whose pages are a region's memory
 * @fd:     the file, @bytes long
 * @bytes:  a multiple of @step
 * @step:   what is allocated at a time: a hugepage, or a chunk of ordinary pages
 * @page:   bytes of a page
 * @numa:   where the pages come from
 * @filled: ordinary pages: one byte per step that is allocated; NULL: all are
 */
struct vfnet_backing {
	int fd;
	uint64_t bytes;
	uint64_t step;
	uint64_t page;
	struct vfnet_numa numa;
	uint8_t *filled;
};

/**
 * vfnet_backing_open() - make the file; allocates all of it if it has hugepages
 * @root:    prefix of /proc and /sys
 * @backing: all but fd and filled are set by the caller
 *
 * Ordinary pages are allocated when they are handed out, by vfnet_backing_ensure(): 64 MiB of them
 * at once would take 18 ms [measured: Firecracker guest], the largest part of a program's start.
 *
 * Return: 0; -ENOMEM when the machine has less; -EPERM, -ENOTSUP ... with a sentence.
 */
int vfnet_backing_open(struct vfnet_backing *backing, const char *root, struct vfnet_err *err);

/**
 * vfnet_backing_ensure() - the @n bytes from @at on are allocated: touching them raises no SIGBUS
 *
 * Context: one thread at a time.
 * Return: 0; -ENOMEM, -EPERM with a sentence.
 */
int vfnet_backing_ensure(struct vfnet_backing *backing, uint64_t at, uint64_t n,
			 struct vfnet_err *err);

void vfnet_backing_close(struct vfnet_backing *backing);

#ifdef __cplusplus
}
#endif

#endif
