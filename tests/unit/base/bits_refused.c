/* SPDX-License-Identifier: BSD-2-Clause */
/* Each case is a mistake that the field macros must refuse to compile (see CMakeLists.txt). */
#include "lib/base/bits.h"

uint32_t refused(uint32_t reg);

uint32_t refused(uint32_t reg)
{
#if defined(PREP_GAP)
	return VFNET_FIELD_PREP(0x5u, reg);
#elif defined(PREP_EMPTY)
	return VFNET_FIELD_PREP(0u, reg);
#elif defined(PREP_LARGE)
	return reg | VFNET_FIELD_PREP(VFNET_BITS(7, 4), 16);
#elif defined(PREP_NEGATIVE)
	return reg | VFNET_FIELD_PREP(VFNET_BITS(7, 4), -1);
#elif defined(GET_GAP)
	return VFNET_FIELD_GET(0x5u, reg);
#else
	return VFNET_FIELD_PREP(VFNET_BITS(7, 4), 15) | VFNET_FIELD_GET(VFNET_BITS(7, 4), reg);
#endif
}
