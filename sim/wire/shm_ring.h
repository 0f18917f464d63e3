/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_SHM_RING_H
#define SIM_WIRE_SHM_RING_H

/*
 * A ring of frames in memory that two processes share, one sends and one receives. A frame is a
 * 32-bit length and its bytes, from the beginning of a 64-byte unit on, so that the shortest
 * takes one cache line; it goes round the end of the ring. It is that long because two processes on
 * one core change places every few milliseconds.
 *
 *     tail                      head            both count units and wrap at 2^32
 *      | len bytes... | len bytes |  free ...
 *
 * Neither side believes the other: each keeps its own index in private memory and writes it out
 * only, a frame is copied out before anybody looks at it, and lengths and the other's index are
 * checked. What a hostile process writes costs frames and nothing else; it can write to all rings.
 */

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#define SIM_SHM_UNIT	   64u
#define SIM_SHM_UNITS	   16384u /* a power of two */
#define SIM_SHM_RING_BYTES (SIM_SHM_UNITS * SIM_SHM_UNIT)
#define SIM_SHM_FRAME_MAX  9728u

/**
 * struct sim_shm_words - what the two tell each other
 * @head: sender: units written
 * @lost: sender: frames that found no room; wraps
 * @tail: receiver: units read
 */
struct sim_shm_words {
	alignas(128) uint32_t head;
	uint32_t lost;
	alignas(128) uint32_t tail;
};

/**
 * struct sim_shm_out - the sender's end
 * @head: with what is put and not yet published
 * @tail: as last seen, never more than a ring behind @head
 * @lost: as in @words
 */
struct sim_shm_out {
	struct sim_shm_words *words;
	uint8_t *data;
	uint32_t head;
	uint32_t tail;
	uint32_t lost;
};

/**
 * struct sim_shm_in - the receiver's end
 * @tail: next unit to read
 * @head: as last seen, never more than a ring before @tail
 * @lost: as last seen
 */
struct sim_shm_in {
	struct sim_shm_words *words;
	const uint8_t *data;
	uint32_t tail;
	uint32_t head;
	uint32_t lost;
};

/** sim_shm_out_open() - go on where the sender before stopped. */
void sim_shm_out_open(struct sim_shm_out *out, struct sim_shm_words *words, uint8_t *data);

/** sim_shm_out_room() - whether a frame of @len bytes, at most SIM_SHM_FRAME_MAX, fits now. */
bool sim_shm_out_room(struct sim_shm_out *out, uint32_t len);

/** sim_shm_out_put() - write a frame for which there is room. */
void sim_shm_out_put(struct sim_shm_out *out, const uint8_t *frame, uint32_t len);

/** sim_shm_out_publish() - let the receiver see what was put. */
void sim_shm_out_publish(struct sim_shm_out *out);

/** sim_shm_out_lose() - tell the receiver of a frame that it will not get. */
void sim_shm_out_lose(struct sim_shm_out *out);

/** sim_shm_in_open() - begin with the next frame that is published. */
void sim_shm_in_open(struct sim_shm_in *in, struct sim_shm_words *words, const uint8_t *data);

/** sim_shm_in_ready() - whether the sender has published more than was read. */
bool sim_shm_in_ready(const struct sim_shm_in *in);

/**
 * sim_shm_in_get() - copy the next frame out
 * @in: the ring
 * @to: SIM_SHM_FRAME_MAX bytes
 *
 * Return: its length; 0 = nothing there; -EBADMSG: what is there are no frames. The ring is empty
 * then.
 */
int sim_shm_in_get(struct sim_shm_in *in, uint8_t *to);

/** sim_shm_in_done() - let the sender use the room of what was read. */
void sim_shm_in_done(struct sim_shm_in *in);

/** sim_shm_in_lost() - frames that found no room since the last call, as the sender says. */
uint32_t sim_shm_in_lost(struct sim_shm_in *in);

#endif
