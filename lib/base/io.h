/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BASE_IO_H
#define VFNET_BASE_IO_H

/*
 * Words that a device and the processor, or two threads, share. Atomic accesses give the same
 * machine code as volatile accesses on x86-64 and tell ThreadSanitizer what the software 82576,
 * which may run on another thread, and the driver say to each other.
 *
 * C11 orders what threads see, and on arm64 these are the processors of the inner shareable
 * domain. A device is outside of it: there the barriers are those of the outer one, as Linux gives
 * them to its drivers, and what stands beside them has no order of its own. With one it would wait:
 * an acquire load follows a release store only when that has reached the device. ThreadSanitizer
 * sees accesses and no barriers, so its builds are as on other architectures.
 */

#include <stdint.h>

#if defined(__aarch64__) && !defined(__SANITIZE_THREAD__)
#define VFNET_IO_DMB(kind) __asm__ volatile("dmb " #kind ::: "memory")
#endif

/*
 * Descriptors and data written so far are visible to the device before a doorbell that follows, and
 * what was read of a buffer is read before the doorbell that gives it away: not oshst, which orders
 * stores only. x86 keeps the order of loads, of stores to write-back memory and of those to an
 * uncached register by itself; the fence keeps the compiler and other architectures in order.
 */
static inline void vfnet_io_wmb(void)
{
#ifdef VFNET_IO_DMB
	VFNET_IO_DMB(osh);
#else
	__atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

/* Reads of the device's writes are not moved before a register read that precedes. */
static inline void vfnet_io_rmb(void)
{
#ifdef VFNET_IO_DMB
	VFNET_IO_DMB(oshld);
#else
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

/* A register in a mapped BAR: exactly one 32-bit access, in program order. */
static inline uint32_t vfnet_io_read32(const volatile void *addr)
{
	uint32_t val;

#ifdef VFNET_IO_DMB
	/* Q: a plain address. KVM cannot emulate an access that also moves the address register;
	 * clang makes such of a volatile word in a loop [measured]. */
	__asm__ volatile("ldr %w0, %1" : "=r"(val) : "Q"(*(const volatile uint32_t *)addr));
#else
	val = *(const volatile uint32_t *)addr;
#endif
	vfnet_io_rmb();
	return val;
}

static inline void vfnet_io_write32(volatile void *addr, uint32_t val)
{
	vfnet_io_wmb();
#ifdef VFNET_IO_DMB
	__asm__ volatile("str %w1, %0" : "=Q"(*(volatile uint32_t *)addr) : "r"(val));
#else
	*(volatile uint32_t *)addr = val;
#endif
}

/* A descriptor's word that the device writes last (DD): what follows is not read before it. */
static inline uint32_t vfnet_io_load_dd(const uint32_t *word)
{
#ifdef VFNET_IO_DMB
	uint32_t val = __atomic_load_n(word, __ATOMIC_RELAXED);

	vfnet_io_rmb();
	return val;
#else
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
#endif
}

/* The device's side of the same word. */
static inline void vfnet_io_store_dd(uint32_t *word, uint32_t val)
{
	__atomic_store_n(word, val, __ATOMIC_RELEASE);
}

/*
 * The doorbell: one 32-bit store, after all that vfnet_io_wmb() says. @tail may be a register in a
 * mapped BAR.
 */
static inline void vfnet_io_store_tail(uint32_t *tail, uint32_t val)
{
#ifdef VFNET_IO_DMB
	vfnet_io_write32(tail, val);
#else
	__atomic_store_n(tail, val, __ATOMIC_RELEASE);
#endif
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

#endif
