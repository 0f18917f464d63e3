/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FRAME_BYTES_H
#define VFNET_FRAME_BYTES_H

/* Big-endian numbers in bytes of any alignment; each is one load or store and a byte swap. */

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t vfnet_get_be16(const void *from)
{
	uint16_t val;

	memcpy(&val, from, sizeof(val));
	return be16toh(val);
}

static inline uint32_t vfnet_get_be32(const void *from)
{
	uint32_t val;

	memcpy(&val, from, sizeof(val));
	return be32toh(val);
}

static inline void vfnet_put_be16(void *to, uint16_t val)
{
	val = htobe16(val);
	memcpy(to, &val, sizeof(val));
}

static inline void vfnet_put_be32(void *to, uint32_t val)
{
	val = htobe32(val);
	memcpy(to, &val, sizeof(val));
}

#endif
