/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the configuration space of a device that the kernel module is bound to. The first
 * byte chooses: a device that keeps to what it says, or one that goes on in the input with each
 * question.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/kmod/caps_check.h"

static u32 fixed_read(void *device, unsigned int pos, unsigned int size)
{
	struct input in = *(struct input *)device;
	u8 bytes[4];

	must(pos % size == 0 && pos + size <= VFIO_CONFIG_SIZE);
	pos = pos < in.left ? pos : (unsigned int)in.left;
	in.at += pos;
	in.left -= pos;
	input_bytes(&in, bytes, size);
	return vfio_config_get(bytes, size);
}

static u32 fickle_read(void *device, unsigned int pos, unsigned int size)
{
	u8 bytes[4];

	must(pos % size == 0 && pos + size <= VFIO_CONFIG_SIZE);
	input_bytes(device, bytes, size);
	return vfio_config_get(bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vfio_config config;
	struct input in = {data, size};
	struct vfio_config_source source = {.device = &in};
	u8 choice = input_u8(&in);

	memset(&config, 0, sizeof(config));
	config.size = choice & 2 ? 256 : VFIO_CONFIG_SIZE;
	source.read = choice & 1 ? fickle_read : fixed_read;
	vfio_config_add_caps(&config, &source);
	must(caps_check(&config) == NULL);
	return 0;
}
