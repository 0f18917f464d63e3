/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring of a shm hub while another process writes into it what it likes: heads, tails, lengths
 * and bytes, between any two calls of either end. The memory is exactly as long as it must be, so
 * that a byte beside it is found.
 */
#include "sim/wire/shm_ring.h"
#include "tests/fuzz/fuzz.h"

struct ring {
	struct sim_shm_words words;
	struct sim_shm_out out;
	struct sim_shm_in in;
	uint8_t *data;
	uint8_t *frame;
};

static void put(struct ring *ring, struct input *in)
{
	uint32_t len = 1 + input_u16(in) % SIM_SHM_FRAME_MAX;

	memset(ring->frame, input_u8(in), len);
	if (sim_shm_out_room(&ring->out, len))
		sim_shm_out_put(&ring->out, ring->frame, len);
	else
		sim_shm_out_lose(&ring->out);
	sim_shm_out_publish(&ring->out);
}

static void get(struct ring *ring)
{
	/* each call takes a unit or empties the ring, so it comes to an end */
	for (uint32_t i = 0; i <= SIM_SHM_UNITS; i++) {
		int len = sim_shm_in_get(&ring->in, ring->frame);

		must(len <= (int)SIM_SHM_FRAME_MAX);
		if (len <= 0) {
			sim_shm_in_done(&ring->in);
			return;
		}
	}
	abort();
}

static void write_anything(struct ring *ring, struct input *in)
{
	uint32_t unit = input_u16(in) % SIM_SHM_UNITS;

	switch (input_u8(in) % 4) {
	case 0:
		ring->words.head = input_u32(in);
		break;
	case 1:
		ring->words.tail = input_u32(in);
		break;
	case 2:
		ring->words.lost = input_u32(in);
		break;
	default:
		/* where a length is, or the middle of a frame */
		input_bytes(in, ring->data + unit * SIM_SHM_UNIT, sizeof(uint32_t));
		break;
	}
}

static void one(struct ring *ring, struct input *in)
{
	switch (input_u8(in) % 8) {
	case 0:
	case 1:
	case 2:
		put(ring, in);
		break;
	case 3:
		get(ring);
		break;
	case 4:
		sim_shm_out_open(&ring->out, &ring->words, ring->data);
		break;
	case 5:
		sim_shm_in_open(&ring->in, &ring->words, ring->data);
		break;
	case 6:
		(void)sim_shm_in_lost(&ring->in);
		break;
	default:
		write_anything(ring, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct ring ring = {.data = calloc(1, SIM_SHM_RING_BYTES),
			    .frame = malloc(SIM_SHM_FRAME_MAX)};

	must(ring.data && ring.frame);
	ring.words.head = input_u32(&in);
	ring.words.tail = ring.words.head;
	sim_shm_out_open(&ring.out, &ring.words, ring.data);
	sim_shm_in_open(&ring.in, &ring.words, ring.data);
	while (in.left)
		one(&ring, &in);
	get(&ring);
	free(ring.data);
	free(ring.frame);
	return 0;
}
