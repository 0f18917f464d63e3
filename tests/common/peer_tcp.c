/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sender's side of TCP, as little as will do: no data comes back, what is lost is sent again
 * from there on, and the window is not scaled.
 */
#include "tests/common/peer.h"

#include <inttypes.h>

#define TCP_BYTES  20u
#define PART_MOST  60000u
#define PART_LEAST 30000u
#define FIRST_SEQ  0xfff80000u /* numbers wrap soon */
#define STAMPS	   0x0101080au /* the option, behind two bytes of padding */
#define MSS_1460   0x020405b4u

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/*
 * struct stream - a connection to Linux. Numbers count from FIRST_SEQ: SYN is 0, the file begins
 * at 1 and ends with FIN.
 */
struct stream {
	const struct way *way;
	const uint8_t *file;
	uint32_t bytes;
	uint32_t mss;
	bool stamps;
	uint32_t acked; /* up to here */
	uint32_t next;	/* to be sent */
	uint32_t window;
	uint32_t part_least; /* to be sent at once */
	uint32_t peer_next;  /* of Linux's numbers */
	uint32_t peer_stamp;
	bool peer_ended;
	uint64_t patience; /* until then something must be acknowledged */
	uint32_t parts;
	uint32_t repeats;
};

static void send_part(struct peer *peer, struct stream *s, uint8_t flags, uint32_t bytes)
{
	const uint32_t head = TCP_BYTES + (flags & SYN ? 4 : 0) + (s->stamps ? 12 : 0);
	uint8_t *tcp = peer_headers(peer, s->way, IS_TCP, head + bytes);
	uint8_t *option = tcp + TCP_BYTES;

	memset(tcp, 0, TCP_BYTES);
	put16(tcp, MY_PORT);
	put16(tcp + 2, SINK_PORT);
	put32(tcp + 4, FIRST_SEQ + s->next);
	put32(tcp + 8, s->peer_next);
	tcp[12] = (uint8_t)(head / 4 << 4);
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	if (flags & SYN) {
		put32(option, MSS_1460);
		option += 4;
	}
	if (s->stamps) {
		put32(option, STAMPS);
		put32(option + 4, (uint32_t)(now_ns() / 1000000));
		put32(option + 8, s->peer_stamp);
	}
	if (bytes)
		memcpy(tcp + head, s->file + s->next - 1, bytes);
	peer_send(peer, s->way, tcp + head + bytes, head, bytes ? s->mss : 0);
	s->next += bytes + (flags & (SYN | FIN) ? 1 : 0);
	s->parts++;
}

static void take_ack(struct peer *peer, const struct vfnet_pkt *pkt, void *what)
{
	struct stream *s = (struct stream *)what;
	const uint8_t *tcp = peer_l4(peer, s->way, pkt, IS_TCP);
	uint32_t acked;

	if (!tcp || get16(tcp) != SINK_PORT)
		return;
	if (tcp[13] & RST)
		peer_complain(peer, s->way, "the connection was reset at", s->acked);
	acked = get32(tcp + 8) - FIRST_SEQ;
	if (tcp[13] & SYN)
		s->peer_next = get32(tcp + 4) + 1;
	if ((tcp[13] & FIN) && get32(tcp + 4) == s->peer_next) {
		s->peer_next++;
		s->peer_ended = true;
	}
	for (const uint8_t *at = tcp + TCP_BYTES; at + 12 <= tcp + (tcp[12] >> 4) * 4; at += 4)
		if (get32(at) == STAMPS)
			s->peer_stamp = get32(at + 4);
	s->window = get16(tcp + 14);
	if (acked <= s->acked || acked > s->bytes + 2)
		return;
	s->acked = acked;
	s->next = s->next < acked ? acked : s->next; /* it was under way when we began again */
	s->part_least = PART_LEAST;
	s->patience = now_ns() + AGAIN_NS;
}

/* What may be sent now; all again from what was acknowledged, if that was long ago. */
static void send_more(struct peer *peer, struct stream *s)
{
	uint32_t part = least(s->bytes + 1 - s->next, PART_MOST);
	uint32_t room = s->window - least(s->next - s->acked, s->window);

	if (now_ns() >= s->patience) {
		s->repeats += s->next != s->acked;
		s->next = s->acked;
		s->part_least = 1;
		s->patience = now_ns() + AGAIN_NS;
	} else if (s->next == 0) {
		send_part(peer, s, SYN, 0);
	} else if (s->acked == 0 || s->next == s->bytes + 2) {
		return;
	} else if (s->next == s->bytes + 1) {
		send_part(peer, s, FIN | ACK, 0);
	} else if (room >= least(part, s->part_least)) {
		send_part(peer, s, PSH | ACK, least(part, room));
	}
}

void run_tcp(struct peer *peer, const struct way *way, const uint8_t *file, uint32_t bytes)
{
	const uint64_t end = now_ns() + PATIENCE_NS;
	struct stream s = {.way = way, .file = file, .bytes = bytes, .stamps = !way->ip6};

	s.mss = 1500 - ip_bytes(way) - TCP_BYTES - (s.stamps ? 12 : 0);
	s.patience = now_ns() + AGAIN_NS;
	while (!(s.acked == bytes + 2 && s.peer_ended) && !peer->wrong) {
		if (now_ns() > end)
			peer_complain(peer, way, "too slow; acknowledged", s.acked);
		send_more(peer, &s);
		peer_receive(peer, take_ack, &s);
	}
	send_part(peer, &s, ACK, 0);
	if (s.parts > bytes / s.mss / 8)
		peer_complain(peer, way, "the card had little to cut; parts", s.parts);
	if (!peer->wrong)
		printf("%s: %" PRIu32 " bytes in %" PRIu32 " parts, %" PRIu32 " times again\n",
		       way->name, bytes, s.parts, s.repeats);
}
