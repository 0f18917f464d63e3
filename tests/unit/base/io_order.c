/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access each, for tests that look at what the compiler makes of it. An array, so that a
 * compiler which moves the address while it accesses has a reason to.
 */
#include "lib/base/io.h"

#ifdef LOAD_DD
uint32_t access(const uint32_t *word)
{
	return vfnet_io_load_dd(word);
}
#endif

#ifdef STORE_TAIL
void access(uint32_t *tail, uint32_t val)
{
	vfnet_io_store_tail(tail, val);
}
#endif

#ifdef READ_REGISTERS
uint32_t access(const volatile uint32_t *reg, unsigned int n)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < n; i++)
		sum += vfnet_io_read32(reg++);
	return sum;
}
#endif

#ifdef WRITE_REGISTERS
void access(volatile uint32_t *reg, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		vfnet_io_write32(reg++, n);
}
#endif
