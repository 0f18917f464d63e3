/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_BASE_BITS_CASES_H
#define VFNET_TESTS_UNIT_BASE_BITS_CASES_H

/* The field macros are C only: bits_cases.c calls them for bits_test.cc. */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* a field from bit 0, one in the middle, one bit, one up to bit 31, a whole register */
enum field {
	FIELD_LOW,
	FIELD_MIDDLE,
	FIELD_BIT,
	FIELD_HIGH,
	FIELD_WHOLE,
};

uint32_t field_mask(enum field field);
uint32_t field_prep(enum field field, uint32_t val);
uint32_t field_get(enum field field, uint32_t reg);

/* what a constant initialiser of each field with the value 1 gave */
extern const uint32_t field_ones[5];

#ifdef __cplusplus
}
#endif

#endif
