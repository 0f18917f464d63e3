/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/nullnic/nullnic.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/io.h"
#include "lib/chip/82576_desc.h"
#include "lib/chip/82576_regs.h"

#define KIB 1024u

/* The number of a frame that no driver should have passed on. */
#define BAD_NUMBER UINT64_MAX

/* Behind the headers of a UDP frame. */
#define NUMBER_AT (VFNET_FRAME_ETH_BYTES + VFNET_FRAME_IP4_BYTES + VFNET_FRAME_UDP_BYTES)

static_assert(NUMBER_AT + sizeof(uint64_t) <= VFNET_FRAME_MIN, "the number fits all frames");
static_assert(NULLNIC_FRAME_MAX == IGBVF_FRAME_MAX, "what the header says");

/**
 * struct ring - one of the card's rings, as its registers say
 * @desc: descriptors of either kind
 * @n:    descriptors; 0 = there is no ring
 */
struct ring {
	uint8_t *desc;
	uint32_t n;
	uint32_t head;
	uint32_t tail;
};

static uint32_t rd(const struct nullnic *nic, uint32_t reg)
{
	return vfnet_io_load_tail(&nic->bar[reg / sizeof(nic->bar[0])]);
}

static void wr(struct nullnic *nic, uint32_t reg, uint32_t val)
{
	vfnet_io_store_tail(&nic->bar[reg / sizeof(nic->bar[0])], val);
}

/* NULL, and a fault, when the card does not reach all of it. */
static uint8_t *reach(struct nullnic *nic, uint64_t iova, uint64_t bytes)
{
	uint64_t off = iova - nic->iova;

	if (off <= nic->bytes && bytes <= nic->bytes - off)
		return nic->base + off;
	nic->counts.faults++;
	return NULL;
}

static struct ring ring_at(struct nullnic *nic, uint32_t base, uint32_t len, uint32_t head,
			   uint32_t tail)
{
	uint64_t iova = rd(nic, base) | (uint64_t)rd(nic, base + 4) << 32;
	uint32_t bytes = rd(nic, len);
	struct ring ring = {.head = rd(nic, head), .tail = rd(nic, tail)};

	if (!bytes)
		return ring;
	ring.desc = reach(nic, iova, bytes);
	if (!ring.desc)
		return ring;
	ring.n = bytes / (uint32_t)sizeof(union igbvf_rx_desc);
	if (ring.head < ring.n && ring.tail < ring.n)
		return ring;
	nic->counts.faults++;
	return (struct ring){0};
}

static uint32_t after(const struct ring *ring, uint32_t i)
{
	return i + 1 < ring->n ? i + 1 : 0;
}

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int nullnic_init(struct nullnic *nic, const struct nullnic_layout *layout, uint32_t *bar,
		 const struct nullnic_traffic *traffic)
{
	static const struct vfnet_frame_udp udp = {
	    .dst = {0x02, 0, 0, 0, 0, 0x01},
	    .src = {0x02, 0, 0, 0, 0, 0x02},
	    .src_ip = {192, 0, 2, 1},
	    .dst_ip = {192, 0, 2, 2},
	    .src_port = 9,
	    .dst_port = 9,
	    .no_sum = true,
	};

	if (traffic->frame_bytes < VFNET_FRAME_MIN || traffic->frame_bytes > NULLNIC_FRAME_MAX)
		return -EINVAL;
	memset(nic, 0, sizeof(*nic));
	nic->layout = layout;
	nic->bar = bar;
	nic->traffic = *traffic;
	nic->to_bad = traffic->bad_every;
	vfnet_frame_build_udp(nic->frame, traffic->frame_bytes, &udp);
	nullnic_swapped(nic, false);
	return 0;
}

void nullnic_map(struct nullnic *nic, uint64_t iova, uint8_t *base, uint64_t bytes)
{
	nic->iova = iova;
	nic->base = base;
	nic->bytes = bytes;
}

void nullnic_swapped(struct nullnic *nic, bool swapped)
{
	memcpy(nic->expected, nic->frame, sizeof(nic->expected));
	nic->swapped = swapped;
	if (!swapped)
		return;
	vfnet_mac_copy(nic->expected, nic->frame + VFNET_MAC_BYTES);
	vfnet_mac_copy(nic->expected + VFNET_MAC_BYTES, nic->frame);
}

static void write_back(const struct nullnic *nic, union igbvf_rx_desc *desc, uint32_t len,
		       uint32_t status)
{
	bool last = status & IGBVF_RXD_EOP;

	desc->wb.types = last ? nic->traffic.types : 0;
	desc->wb.hash = last ? nic->traffic.hash : 0;
	desc->wb.len = (uint16_t)len;
	desc->wb.vlan = last ? nic->traffic.vlan : 0;
	vfnet_io_store_dd(&desc->wb.status, status);
}

/* One frame into as many buffers as it needs. Return: the head after it; @ring->n = too few. */
static uint32_t deliver(struct nullnic *nic, const struct ring *ring, uint64_t number,
			uint32_t status)
{
	uint32_t room = KIB * VFNET_FIELD_GET(IGBVF_SRRCTL_BSIZEPKT, rd(nic, nic->layout->srrctl));
	uint32_t left = nic->traffic.frame_bytes, head = ring->head;
	uint32_t n_bufs = room ? (left + room - 1) / room : UINT32_MAX;
	uint32_t posted = ring->tail + (ring->tail < head ? ring->n : 0) - head;

	if (n_bufs > posted)
		return ring->n;
	memcpy(nic->frame + NUMBER_AT, &number, sizeof(number));
	for (const uint8_t *from = nic->frame; left; head = after(ring, head)) {
		union igbvf_rx_desc *desc = (union igbvf_rx_desc *)ring->desc + head;
		uint32_t len = min(left, room);
		uint8_t *to = reach(nic, desc->read.addr, len);

		if (!to)
			return ring->n;
		memcpy(to, from, len);
		from += len;
		left -= len;
		write_back(nic, desc, len, IGBVF_RXD_DD | (left ? 0 : IGBVF_RXD_EOP | status));
	}
	return head;
}

/* The next frame is given. */
static void count_given(struct nullnic *nic, bool bad)
{
	if (bad) {
		nic->counts.bad_given++;
		nic->bad_left--;
		return;
	}
	nic->counts.given++;
	if (nic->to_bad && !--nic->to_bad) {
		nic->to_bad = nic->traffic.bad_every;
		nic->bad_left = nic->traffic.bad_run;
	}
}

uint32_t nullnic_receive(struct nullnic *nic, uint32_t n)
{
	const struct nullnic_layout *at = nic->layout;
	struct ring ring = ring_at(nic, at->rdba, at->rdlen, at->rdh, at->rdt);
	uint64_t end = nic->counts.given + n;
	uint32_t frames = 0;

	while (ring.n && (nic->counts.given < end || nic->bad_left)) {
		bool bad = nic->bad_left > 0;
		uint32_t head = deliver(nic, &ring, bad ? BAD_NUMBER : nic->counts.given,
					bad ? IGBVF_RXD_CE : nic->traffic.status);

		if (head == ring.n) {
			nic->counts.dry++;
			break;
		}
		ring.head = head;
		count_given(nic, bad);
		frames++;
	}
	wr(nic, at->rdh, ring.head);
	wr(nic, at->gprc, (uint32_t)nic->counts.given);
	return frames;
}

/* What is sent, up to now: its beginning, and its length. */
struct sent {
	uint8_t head[VFNET_FRAME_MIN];
	uint32_t len;
};

static void gather(struct sent *sent, const uint8_t *data, uint32_t len)
{
	if (sent->len < sizeof(sent->head))
		memcpy(sent->head + sent->len, data,
		       min(len, (uint32_t)sizeof(sent->head) - sent->len));
	sent->len += len;
}

static void check(struct nullnic *nic, const struct sent *sent)
{
	const uint8_t *end = sent->head + NUMBER_AT + sizeof(uint64_t);
	const uint8_t *end_expected = nic->expected + NUMBER_AT + sizeof(uint64_t);
	uint64_t number;

	memcpy(&number, sent->head + NUMBER_AT, sizeof(number));
	if (number == BAD_NUMBER) {
		nic->counts.bad_sent++;
		return;
	}
	nic->counts.wrong +=
	    number != nic->counts.sent || sent->len != nic->traffic.frame_bytes ||
	    memcmp(sent->head, nic->expected, NUMBER_AT) != 0 ||
	    memcmp(end, end_expected, sizeof(sent->head) - NUMBER_AT - sizeof(number)) != 0;
	nic->counts.sent++;
}

static bool is_data(uint32_t cmd)
{
	return VFNET_FIELD_GET(IGBVF_TXD_DTYP, cmd) == IGBVF_TXD_DTYP_DATA;
}

uint32_t nullnic_send(struct nullnic *nic)
{
	const struct nullnic_layout *at = nic->layout;
	struct ring ring = ring_at(nic, at->tdba, at->tdlen, at->tdh, at->tdt);
	struct sent sent = {.len = 0};
	uint32_t frames = 0;

	for (; ring.n && ring.head != ring.tail; ring.head = after(&ring, ring.head)) {
		union igbvf_tx_desc *desc = (union igbvf_tx_desc *)ring.desc + ring.head;
		uint32_t cmd = desc->data.cmd;
		uint32_t len = is_data(cmd) ? cmd & IGBVF_TXD_DTALEN : 0;
		const uint8_t *data = len ? reach(nic, desc->data.addr, len) : NULL;

		if (data)
			gather(&sent, data, len);
		if (cmd & IGBVF_TXD_RS)
			vfnet_io_store_dd(&desc->wb.status, IGBVF_TXD_DD);
		if (!is_data(cmd) || !(cmd & IGBVF_TXD_EOP))
			continue;
		check(nic, &sent);
		sent.len = 0;
		frames++;
	}
	wr(nic, at->tdh, ring.head);
	wr(nic, at->gptc, (uint32_t)(nic->counts.sent + nic->counts.bad_sent));
	return frames;
}
