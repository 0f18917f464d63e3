/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BASE_BITS_H
#define VFNET_BASE_BITS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** VFNET_BITS() - mask of the register bits @hi down to @lo, both included. */
#define VFNET_BITS(hi, lo) ((0xffffffffu >> (31 - (hi))) & (0xffffffffu << (lo)))
/** VFNET_BIT() - mask of one register bit. */
#define VFNET_BIT(n) (1u << (n))

/* 0, usable in a constant expression; does not compile when @cond is false */
#define VFNET_CHECK_ZERO(cond, text)                                                               \
	(0 * sizeof(struct {                                                                       \
		 static_assert(cond, text);                                                        \
		 int dummy;                                                                        \
	 }))

#define VFNET_MASK_OK(mask)                                                                        \
	((mask) != 0 && ((((mask) / ((mask) & -(mask))) + 1) & ((mask) / ((mask) & -(mask)))) == 0)

/* 1 for an integer constant expression (a null pointer constant takes the type of the other
 * pointer, any other void pointer does not), else 0; @x is not evaluated */
#define VFNET_IS_CONST(x) (sizeof(*(1 ? (void *)((long)(x)*0l) : (int *)1)) == sizeof(int))
#define VFNET_FIELD_FITS(mask, val)                                                                \
	(((uint64_t) __builtin_choose_expr(VFNET_IS_CONST(val), (val), 0) &                        \
	  ~(uint64_t)((mask) / ((mask) & -(mask)))) == 0)

/**
 * VFNET_FIELD_PREP() - a value in the place of a register field
 * @mask: the field: one contiguous run of bits, a constant
 * @val:  must fit: checked at compile time where it is a constant, else cut to the field
 */
#define VFNET_FIELD_PREP(mask, val)                                                                \
	((uint32_t)VFNET_CHECK_ZERO(VFNET_MASK_OK(mask), "the mask must be contiguous") +          \
	 (uint32_t)VFNET_CHECK_ZERO(VFNET_FIELD_FITS(mask, val), "the value must fit the mask") +  \
	 (((uint32_t)(val) * ((mask) & -(mask))) & (mask)))
/** VFNET_FIELD_GET() - the value of the field @mask of register value @reg. */
#define VFNET_FIELD_GET(mask, reg)                                                                 \
	((uint32_t)VFNET_CHECK_ZERO(VFNET_MASK_OK(mask), "the mask must be contiguous") +          \
	 (((uint32_t)(reg) & (mask)) / ((mask) & -(mask))))

#define VFNET_ARRAY_SIZE(a)		      (sizeof(a) / sizeof((a)[0]))
#define VFNET_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define vfnet_likely(x)	  __builtin_expect(!!(x), 1)
#define vfnet_unlikely(x) __builtin_expect(!!(x), 0)

static inline bool vfnet_is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/* @align: a power of two */
static inline uint64_t vfnet_align_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

#endif
