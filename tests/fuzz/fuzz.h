/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_FUZZ_FUZZ_H
#define VFNET_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* what libFuzzer calls with each input */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* stops the fuzzer, which keeps the input */
static inline void must(int cond)
{
	if (!cond)
		abort();
}

/** struct input - what is left of the fuzzer's bytes; at the end of it there are zeros */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline void input_bytes(struct input *in, void *to, size_t n)
{
	size_t have = n < in->left ? n : in->left;

	memset(to, 0, n);
	memcpy(to, in->at, have);
	in->at += have;
	in->left -= have;
}

static inline uint8_t input_u8(struct input *in)
{
	uint8_t val;

	input_bytes(in, &val, sizeof(val));
	return val;
}

static inline uint16_t input_u16(struct input *in)
{
	uint16_t val;

	input_bytes(in, &val, sizeof(val));
	return val;
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t val;

	input_bytes(in, &val, sizeof(val));
	return val;
}

#endif
