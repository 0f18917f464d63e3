/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/base/bits_cases.h"

#include "lib/base/bits.h"

#define LOW    VFNET_BITS(2, 0)
#define MIDDLE VFNET_BITS(27, 25)
#define BIT    VFNET_BIT(9)
#define HIGH   VFNET_BITS(31, 20)
#define WHOLE  VFNET_BITS(31, 0)

const uint32_t field_ones[5] = {
    VFNET_FIELD_PREP(LOW, 1),  VFNET_FIELD_PREP(MIDDLE, 1), VFNET_FIELD_PREP(BIT, 1),
    VFNET_FIELD_PREP(HIGH, 1), VFNET_FIELD_PREP(WHOLE, 1),
};

uint32_t field_mask(enum field field)
{
	static const uint32_t mask[] = {LOW, MIDDLE, BIT, HIGH, WHOLE};

	return mask[field];
}

uint32_t field_prep(enum field field, uint32_t val)
{
	switch (field) {
	case FIELD_LOW:
		return VFNET_FIELD_PREP(LOW, val);
	case FIELD_MIDDLE:
		return VFNET_FIELD_PREP(MIDDLE, val);
	case FIELD_BIT:
		return VFNET_FIELD_PREP(BIT, val);
	case FIELD_HIGH:
		return VFNET_FIELD_PREP(HIGH, val);
	default:
		return VFNET_FIELD_PREP(WHOLE, val);
	}
}

uint32_t field_get(enum field field, uint32_t reg)
{
	switch (field) {
	case FIELD_LOW:
		return VFNET_FIELD_GET(LOW, reg);
	case FIELD_MIDDLE:
		return VFNET_FIELD_GET(MIDDLE, reg);
	case FIELD_BIT:
		return VFNET_FIELD_GET(BIT, reg);
	case FIELD_HIGH:
		return VFNET_FIELD_GET(HIGH, reg);
	default:
		return VFNET_FIELD_GET(WHOLE, reg);
	}
}
