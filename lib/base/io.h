/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BASE_IO_H
#define VFNET_BASE_IO_H

/*
 * Words that a device and the processor, or two threads, share. Atomic accesses give the same
 * machine code as volatile accesses on x86-64 and tell ThreadSanitizer what the software 82576,
 * which may run on another thread, and the driver say to each other.
 */

#include <stdint.h>

/* A descriptor's word that the device writes last (DD): what follows is not read before it. */
static inline uint32_t vfnet_io_load_dd(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* The device's side of the same word. */
static inline void vfnet_io_store_dd(uint32_t *word, uint32_t val)
{
	__atomic_store_n(word, val, __ATOMIC_RELEASE);
}

/*
 * Descriptors and data written so far are visible to the device before a doorbell that follows.
 * x86 keeps the order of stores to write-back memory and an uncached register by itself; the
 * release store of vfnet_io_store_tail() keeps the compiler and other architectures in order.
 */
static inline void vfnet_io_wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* Reads of the device's writes are not moved before a register read that precedes. */
static inline void vfnet_io_rmb(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* The doorbell: one 32-bit store. @tail may be a register in a mapped BAR. */
static inline void vfnet_io_store_tail(uint32_t *tail, uint32_t val)
{
	__atomic_store_n(tail, val, __ATOMIC_RELEASE);
}

/* The device's side of a doorbell word. */
static inline uint32_t vfnet_io_load_tail(const uint32_t *tail)
{
	return __atomic_load_n(tail, __ATOMIC_ACQUIRE);
}

/* A word that one thread writes and others read: what was written before it is visible too. */
static inline uint32_t vfnet_word_load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void vfnet_word_store(uint32_t *word, uint32_t val)
{
	__atomic_store_n(word, val, __ATOMIC_RELEASE);
}

/* A counter that one thread raises and others read whenever they like. */
static inline uint64_t vfnet_count_load(const uint64_t *count)
{
	return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static inline void vfnet_count_add(uint64_t *count, uint64_t n)
{
	__atomic_store_n(count, *count + n, __ATOMIC_RELAXED);
}

/* A register in a mapped BAR: exactly one 32-bit access, in program order. */
static inline uint32_t vfnet_io_read32(const volatile void *addr)
{
	uint32_t val = *(const volatile uint32_t *)addr;

	vfnet_io_rmb();
	return val;
}

static inline void vfnet_io_write32(volatile void *addr, uint32_t val)
{
	vfnet_io_wmb();
	*(volatile uint32_t *)addr = val;
}

#endif
