/* SPDX-License-Identifier: BSD-2-Clause */
/* Both ends of a ring of frames between two processes. */
#include "sim/wire/shm_ring.h"

#include <errno.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/io.h"

#define LEN_BYTES 4u

static uint32_t units_of(uint32_t len)
{
	return (len + LEN_BYTES + SIM_SHM_UNIT - 1) / SIM_SHM_UNIT;
}

static uint32_t place_of(uint32_t index)
{
	return index % SIM_SHM_UNITS * SIM_SHM_UNIT;
}

void sim_shm_out_open(struct sim_shm_out *out, struct sim_shm_words *words, uint8_t *data)
{
	*out = (struct sim_shm_out){
	    .words = words,
	    .data = data,
	    .head = vfnet_word_load(&words->head),
	    .tail = vfnet_word_load(&words->tail),
	    .lost = vfnet_word_load(&words->lost),
	};
	if (out->head - out->tail <= SIM_SHM_UNITS)
		return;
	out->head = out->tail;
	sim_shm_out_publish(out);
}

bool sim_shm_out_room(struct sim_shm_out *out, uint32_t len)
{
	uint32_t units = units_of(len);
	uint32_t tail;

	if (vfnet_likely(units <= SIM_SHM_UNITS - (out->head - out->tail)))
		return true;
	tail = vfnet_word_load(&out->words->tail);
	if (out->head - tail > SIM_SHM_UNITS)
		return false;
	out->tail = tail;
	return units <= SIM_SHM_UNITS - (out->head - tail);
}

void sim_shm_out_put(struct sim_shm_out *out, const uint8_t *frame, uint32_t len)
{
	uint32_t at = place_of(out->head);
	uint32_t first = SIM_SHM_RING_BYTES - at - LEN_BYTES;

	memcpy(out->data + at, &len, LEN_BYTES);
	if (vfnet_likely(len <= first)) {
		memcpy(out->data + at + LEN_BYTES, frame, len);
	} else {
		memcpy(out->data + at + LEN_BYTES, frame, first);
		memcpy(out->data, frame + first, len - first);
	}
	out->head += units_of(len);
}

void sim_shm_out_publish(struct sim_shm_out *out)
{
	/* pairs with the load in sim_shm_in_get(): the frames are there before */
	vfnet_word_store(&out->words->head, out->head);
}

void sim_shm_out_lose(struct sim_shm_out *out)
{
	vfnet_word_store(&out->words->lost, ++out->lost);
}

void sim_shm_in_open(struct sim_shm_in *in, struct sim_shm_words *words, const uint8_t *data)
{
	uint32_t head = vfnet_word_load(&words->head);

	*in = (struct sim_shm_in){
	    .words = words,
	    .data = data,
	    .tail = head,
	    .head = head,
	    .lost = vfnet_word_load(&words->lost),
	};
	sim_shm_in_done(in);
}

bool sim_shm_in_ready(const struct sim_shm_in *in)
{
	return vfnet_word_load(&in->words->head) != in->tail;
}

/* What is there cannot be read: begin again behind it. */
static int skip(struct sim_shm_in *in, uint32_t head)
{
	in->tail = head;
	in->head = head;
	return -EBADMSG;
}

int sim_shm_in_get(struct sim_shm_in *in, uint8_t *to)
{
	uint32_t first;
	uint32_t len;
	uint32_t at;

	if (in->head == in->tail) {
		/* pairs with sim_shm_out_publish() */
		uint32_t head = vfnet_word_load(&in->words->head);

		if (head == in->tail)
			return 0;
		if (head - in->tail > SIM_SHM_UNITS)
			return skip(in, head);
		in->head = head;
	}
	at = place_of(in->tail);
	/* read once: it may change under our hands */
	len = __atomic_load_n((const uint32_t *)(const void *)(in->data + at), __ATOMIC_RELAXED);
	if (!len || len > SIM_SHM_FRAME_MAX || units_of(len) > in->head - in->tail)
		return skip(in, in->head);
	first = SIM_SHM_RING_BYTES - at - LEN_BYTES;
	if (vfnet_likely(len <= first)) {
		memcpy(to, in->data + at + LEN_BYTES, len);
	} else {
		memcpy(to, in->data + at + LEN_BYTES, first);
		memcpy(to + first, in->data, len - first);
	}
	in->tail += units_of(len);
	return (int)len;
}

void sim_shm_in_done(struct sim_shm_in *in)
{
	/* pairs with the load in sim_shm_out_room(): the frames are read before */
	vfnet_word_store(&in->words->tail, in->tail);
}

uint32_t sim_shm_in_lost(struct sim_shm_in *in)
{
	uint32_t lost = vfnet_word_load(&in->words->lost);
	uint32_t n = lost - in->lost;

	in->lost = lost;
	return n;
}
