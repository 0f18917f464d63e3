/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_IGBVF_RINGS_H
#define VFNET_IGBVF_RINGS_H

/* The queues, and the calls between the files that work on them. */

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/chip/82576_desc.h"
#include "lib/dev/dev.h"
#include "lib/net/driver.h"

#ifdef __cplusplus
extern "C" {
#endif

struct igbvf_hw;
struct igbvf_port;

/** IGBVF_BLOCK - descriptors between two RS marks; a ring is refilled in multiples. */
#define IGBVF_BLOCK ((uint32_t)VFNET_POOL_BLOCK)

/**
 * struct igbvf_rxq - a receive queue
 *
 * A burst uses two lines. It only reads the first, which service writes when the port goes down;
 * it writes the second, where other threads read the counts. What is rare stands in the third.
 *
 * @handle:    by descriptor, the buffer that is posted there
 * @tail:      doorbell; NULL = by a register call
 * @iova:      I/O address of the first data byte of a buffer at place 0
 * @room:      bytes that the card may write to a buffer
 * @off:       of the data in a fresh buffer
 * @chain_max: buffers of the port's longest frame
 * @next:      descriptor to look at next
 * @fill:      descriptor to post next
 * @posted:    from @next to @fill: only these may be read, the others hold stale DD bits
 * @skipping:  the rest of an endless chain is being dropped
 * @refill_at: so many descriptors without buffer get some
 */
struct igbvf_rxq {
	alignas(64) struct vfnet_rxq rxq;
	union igbvf_rx_desc *ring;
	uint32_t *handle;
	uint32_t *tail;

	alignas(64) uint64_t iova;
	uint32_t room;
	uint16_t off;
	uint16_t chain_max;
	uint32_t next;
	uint32_t fill;
	uint32_t posted;
	bool skipping;
	uint16_t refill_at;
	uint64_t packets;
	uint64_t bytes;
	struct vfnet_dev *dev;

	alignas(64) uint64_t bad_chain;
	uint64_t bad_frame;
	uint64_t not_drained;
	struct vfnet_region *region;
};

static_assert(offsetof(struct igbvf_rxq, iova) == 64, "what a burst only reads is one line");
static_assert(offsetof(struct igbvf_rxq, bad_chain) == 128, "what a burst writes is one line");

/**
 * struct igbvf_tx_mark - how much had been handed over, when a descriptor with RS shows DD
 * @desc:    that descriptor
 * @handles: buffers, of the queue's whole life, as the others
 * @frames:  frames
 * @bytes:   their bytes on the wire, without CRC
 */
struct igbvf_tx_mark {
	uint32_t desc;
	uint32_t handles;
	uint32_t frames;
	uint32_t bytes;
};

/** struct igbvf_context - a context descriptor; types 0 = none */
struct igbvf_context {
	uint32_t vlan_l2_l3;
	uint32_t types;
	uint32_t mss_l4;
};

/**
 * struct igbvf_offload - how a frame that is not simple is sent
 * @pad:         bytes to add
 * @bytes:       of all frames that it becomes on the wire, without CRC
 * @cmd, @info:  of its first data descriptor, beside what all have
 * @context:     that it needs, if @new_context
 */
struct igbvf_offload {
	uint32_t pad;
	uint32_t bytes;
	uint32_t cmd;
	uint32_t info;
	struct igbvf_context context;
	bool new_context;
};

/**
 * struct igbvf_tx_kind - frames of one buffer that need the same of the card
 * @mask:    bits of a value's second half that tell
 * @asks:    what they are
 * @cmd:     of the descriptor, beside the length; 0 = there are no such frames
 * @info:    of its last word, beside PAYLEN
 * @len_min: bytes
 * @len_max: bytes
 * @extra:   bytes that the card adds
 */
struct igbvf_tx_kind {
	uint64_t mask;
	uint64_t asks;
	uint32_t cmd;
	uint32_t info;
	uint16_t len_min;
	uint16_t len_max;
	uint32_t extra;
};

/**
 * struct igbvf_txq - a transmit queue
 *
 * Lines as in struct igbvf_rxq. Buffers in flight are a ring of their own, because padding takes a
 * descriptor and no buffer; so are the marks. Each has as many entries as the ring: nothing in
 * them has less than a descriptor of its own. Totals are of the queue's whole life and wrap;
 * @packets and @bytes are those of the last mark that came back, with 64 bits.
 *
 * @handle:    buffers in flight, oldest first
 * @mark:      marks in flight, oldest first
 * @tail:      doorbell; NULL = by a register call
 * @next:      descriptor to write next
 * @free:      descriptors that may be written; one always stays unused
 * @handle_in: entry of @handle to write next
 * @mark_in:   entry of @mark to write next
 * @n_marks:   marks in flight
 * @total_handles, @total_frames, @total_bytes: handed over
 * @done_handles: buffers that came back
 * @block_marks: of the oldest marks, as many as have 32 buffers between them; 0 = not known
 * @block_desc: the descriptor of the last of these
 * @iova_zero: I/O address of bytes to pad with
 * @context:   the last that the card was given; it stays until another one comes
 * @kind:      frames that need no other context than that
 */
struct igbvf_txq {
	alignas(64) struct vfnet_txq txq;
	union igbvf_tx_desc *ring;
	uint32_t *handle;
	struct igbvf_tx_mark *mark;

	alignas(64) uint32_t *tail;
	uint32_t next;
	uint32_t free;
	uint32_t handle_in;
	uint32_t mark_in;
	uint32_t n_marks;
	uint32_t total_handles;
	uint32_t total_frames;
	uint32_t total_bytes;
	uint32_t done_handles;
	uint16_t block_marks;
	uint16_t block_desc;
	uint64_t packets;
	uint64_t bytes;

	alignas(64) struct igbvf_tx_kind kind;
	uint64_t oversize;
	uint64_t unsupported;
	uint64_t invalid;
	alignas(64) uint64_t reset_unknown;
	uint64_t iova_zero;
	struct vfnet_dev *dev;
	struct vfnet_region *region;
	void *zero;
	struct igbvf_context context;
};

static_assert(offsetof(struct igbvf_txq, tail) == 64, "what a burst only reads is one line");
static_assert(offsetof(struct igbvf_txq, kind) == 128, "what a burst writes is one line");

/* rxq.c and txq.c: as in struct vfnet_driver. They need @port->hw and the port's mtu, no mailbox.
 */
int igbvf_rxq_open(struct vfnet_port *port, const struct vfnet_queue *common,
		   struct vfnet_rxq **out, struct vfnet_err *err);
void igbvf_rxq_close(struct vfnet_port *port, struct vfnet_rxq *rxq);
void igbvf_rxq_count(const struct vfnet_rxq *rxq, struct vfnet_counters *sum);
/* Registers of the ring, empty, and ENABLE; the queue is off. Touches nothing of its owner's. */
void igbvf_rxq_program(const struct igbvf_rxq *q, const struct igbvf_hw *hw);
/*
 * The owner, whose call got @rc from vfnet_queue_begin(): if the ring was set up anew, count what
 * was in it and give the buffers back. Return: whether the call goes on.
 */
bool igbvf_rxq_resume(struct igbvf_rxq *q, int rc);
int igbvf_txq_open(struct vfnet_port *port, const struct vfnet_queue *common,
		   struct vfnet_txq **out, struct vfnet_err *err);
void igbvf_txq_close(struct vfnet_port *port, struct vfnet_txq *txq);
void igbvf_txq_count(const struct vfnet_txq *txq, struct vfnet_counters *sum);
void igbvf_txq_program(const struct igbvf_txq *q, const struct igbvf_hw *hw);
bool igbvf_txq_resume(struct igbvf_txq *q, int rc);
uint32_t igbvf_txq_reclaim(struct vfnet_txq *txq);

/* As vfnet_rx_burst() and vfnet_tx_burst(). */
typedef int igbvf_rx_burst_fn(struct vfnet_rxq *rxq, struct vfnet_pkt *pkt, unsigned int n);
typedef int igbvf_tx_burst_fn(struct vfnet_txq *txq, const struct vfnet_pkt *pkt, unsigned int n);

/* simd.c */
igbvf_rx_burst_fn *igbvf_rx_burst_of(enum vfnet_simd simd);
igbvf_tx_burst_fn *igbvf_tx_burst_of(enum vfnet_simd simd);

/* rx_scalar.c, rx_avx2.c, rx_avx512.c */
igbvf_rx_burst_fn igbvf_rx_burst_scalar;
igbvf_rx_burst_fn igbvf_rx_burst_avx2;
igbvf_rx_burst_fn igbvf_rx_burst_avx512;
bool igbvf_rx_ready(const struct vfnet_rxq *rxq);
/* What a burst does, without state word, progress and refill. */
unsigned int igbvf_rx_take(struct igbvf_rxq *q, struct vfnet_pkt *pkt, unsigned int n);
/* Post buffers to @n descriptors or as many as the cache has. Return: how many; no doorbell. */
uint32_t igbvf_rx_post(struct igbvf_rxq *q, uint32_t n);

/* tx_scalar.c, tx_avx2.c, tx_avx512.c */
igbvf_tx_burst_fn igbvf_tx_burst_scalar;
igbvf_tx_burst_fn igbvf_tx_burst_avx2;
igbvf_tx_burst_fn igbvf_tx_burst_avx512;
/* Give back what the card has finished. Return: frames. */
uint32_t igbvf_tx_clean(struct igbvf_txq *q);
/* Give back the oldest @n buffers in flight. */
void igbvf_tx_put(struct igbvf_txq *q, uint32_t n);

/* offload.c */
/*
 * What the frame of @len bytes at @pkt asks for. @o: pad, bytes and info as for a frame without.
 * Return: NULL; the counter that it is dropped under.
 */
uint64_t *igbvf_offload_plan(struct igbvf_txq *q, const struct vfnet_pkt *pkt, uint32_t len,
			     struct igbvf_offload *o);
/* Write @o->context to @desc, and remember it. */
void igbvf_offload_context(struct igbvf_txq *q, const struct igbvf_offload *o,
			   union igbvf_tx_desc *desc);

/* q->kind: frames of one buffer that ask for what the one at @pkt does, which is no segments. */
void igbvf_offload_kind(struct igbvf_txq *q, const struct vfnet_pkt *pkt,
			const struct igbvf_offload *o);

/* The I/O address of a byte of the region, behind an IOMMU. */
static inline uint64_t igbvf_iova(const struct vfnet_region *region, const void *ptr)
{
	return VFNET_IOVA_BASE + (uint64_t)((const uint8_t *)ptr - region->base);
}

#ifdef __cplusplus
}
#endif

#endif
