/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/peers/contender.h"
#include "lib/base/bits.h"

#define HUGEPAGE (UINT64_C(2) << 20)
#define PAGE	 UINT64_C(4096)

#ifndef MADV_COLLAPSE /* Linux 6.1; Debian 12's headers do not have it */
#define MADV_COLLAPSE 25
#endif

/* @end - @begin bytes of address space, aligned to a hugepage; NULL = none left */
static uint8_t *reserve(uint64_t bytes)
{
	uint8_t *space = mmap(NULL, bytes + HUGEPAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t skip;

	if (space == MAP_FAILED)
		return NULL;
	skip = vfnet_align_up((uintptr_t)space, HUGEPAGE) - (uintptr_t)space;
	if (skip)
		munmap(space, skip);
	munmap(space + skip + bytes, HUGEPAGE - skip);
	return space + skip;
}

/* What is not there yet is not read, because that would allocate it. */
static void copy_resident(uint8_t *to, uint8_t *from, uint64_t bytes)
{
	unsigned char there;

	for (uint64_t at = 0; at < bytes; at += PAGE)
		if (!mincore(from + at, PAGE, &there) && (there & 1))
			memcpy(to + at, from + at, PAGE);
}

/*
 * Other memory in the place of what is there: a file that does not begin on a hugepage can never be
 * in one, and one that does only where the system says so.
 */
static void replace(uint8_t *begin, uint64_t bytes)
{
	uint8_t *other = reserve(bytes);

	if (!other)
		return;
	madvise(other, bytes, MADV_HUGEPAGE);
	copy_resident(other, begin, bytes);
	if (mremap(other, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, begin) == MAP_FAILED)
		munmap(other, bytes);
}

void contender_collapse(void *base, uint64_t bytes)
{
	uint8_t *begin = base, *end = begin + bytes;

	begin += vfnet_align_up((uintptr_t)begin, HUGEPAGE) - (uintptr_t)begin;
	end -= (uintptr_t)end % HUGEPAGE;
	if (begin < end)
		replace(begin, (uint64_t)(end - begin));
	/* where the system gives no such pages by itself; nothing to do where nothing is yet */
	for (; begin < end; begin += HUGEPAGE)
		madvise(begin, HUGEPAGE, MADV_COLLAPSE);
}

void contender_pages(const void *base, uint64_t bytes, uint64_t *resident, uint64_t *huge)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	uint64_t begin = (uintptr_t)base, from, to, kib;
	bool inside = false;
	char line[256];

	*resident = 0;
	*huge = 0;
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2)
			inside = from >= begin && to <= begin + bytes;
		else if (!inside)
			continue;
		else if (sscanf(line, "Rss: %" SCNu64, &kib) == 1)
			*resident += kib << 10;
		else if (sscanf(line, "AnonHugePages: %" SCNu64, &kib) == 1 ||
			 sscanf(line, "ShmemPmdMapped: %" SCNu64, &kib) == 1)
			*huge += kib << 10;
	}
	if (maps)
		fclose(maps);
}

/* xorshift64: any sequence will do, the same for all */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

void contender_shuffle(void *entries, uint32_t n, uint32_t size)
{
	uint64_t state = 88172645463325252u, entry;
	uint8_t *at = (uint8_t *)entries;

	for (uint32_t i = n; i > 1; i--) {
		uint8_t *a = at + (uint64_t)(i - 1) * size;
		uint8_t *b = at + next(&state) % i * size;

		memcpy(&entry, a, size);
		memcpy(a, b, size);
		memcpy(b, &entry, size);
	}
}
