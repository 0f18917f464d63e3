/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "packet:INTERFACE": the other end of the wire is a network interface of this machine, through a
 * packet socket: the card receives what arrives there, whoever it is addressed to, and what the
 * card sends leaves there. What the machine itself sends through the interface the card does not
 * see, and what arrives the machine gets as well: give the interface no IP address.
 *
 * The kernel keeps a frame's tag and, between virtual interfaces, the work of its checksum apart
 * from its bytes; both are put back here. It may also join frames, or hand over what a sender left
 * to be cut: such frames are too long for a card (missed.oversize), and ethtool switches that off.
 */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "sim/packet"
#include "sim/wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/frame/bytes.h"
#include "lib/frame/checksum.h"
#include "sim/card.h"
#include "sim/wire/slots.h"

#define MACS_BYTES   (2 * VFNET_MAC_BYTES)
#define BUFFER_BYTES (4 << 20) /* of frames that the kernel holds for us */

/* What the kernel tells beside a frame's bytes. */
union aux {
	struct cmsghdr header; /* aligns it */
	uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

/** struct packet - both halves; @failed was said in the log. */
struct packet {
	struct sim_source source;
	struct sim_sink sink;
	const struct vfnet_log *log;
	int fd;
	bool failed;
	char name[IFNAMSIZ];
	struct sim_slots slots;
	struct mmsghdr msg[SIM_BATCH];
	struct iovec iov[SIM_BATCH];
	union aux aux[SIM_BATCH];
};

static struct packet *packet_of(struct sim_source *source)
{
	return VFNET_CONTAINER_OF(source, struct packet, source);
}

static const struct tpacket_auxdata *aux_of(struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	if (!cmsg || cmsg->cmsg_level != SOL_PACKET || cmsg->cmsg_type != PACKET_AUXDATA)
		return NULL;
	return (const struct tpacket_auxdata *)CMSG_DATA(cmsg);
}

/* The sender left the checksum to its interface, which passed the frame on without it. */
static void complete_checksum(const struct sim_frame *at)
{
	uint8_t *data = (uint8_t *)at->data;
	struct vfnet_frame frame;
	int checksum;

	if (vfnet_frame_parse(data, at->len, &frame))
		return;
	checksum = vfnet_frame_l4_checksum(data, &frame);
	if (checksum >= 0)
		vfnet_checksum_store(data + vfnet_frame_l4_checksum_off(&frame),
				     (uint16_t)checksum);
}

/* @slot has room for a tag in front of the frame */
static struct sim_frame frame_as_sent(uint8_t *slot, uint32_t len, struct msghdr *msg)
{
	struct sim_frame frame = {slot + VFNET_FRAME_VLAN_BYTES, len};
	const struct tpacket_auxdata *aux = aux_of(msg);

	if (!aux)
		return frame;
	if ((aux->tp_status & TP_STATUS_VLAN_VALID) && len >= MACS_BYTES) {
		memmove(slot, slot + VFNET_FRAME_VLAN_BYTES, MACS_BYTES);
		vfnet_put_be16(slot + MACS_BYTES, aux->tp_status & TP_STATUS_VLAN_TPID_VALID
						      ? aux->tp_vlan_tpid
						      : VFNET_ETHERTYPE_VLAN);
		vfnet_put_be16(slot + MACS_BYTES + 2, aux->tp_vlan_tci);
		frame = (struct sim_frame){slot, len + VFNET_FRAME_VLAN_BYTES};
	}
	if (aux->tp_status & TP_STATUS_CSUMNOTREADY)
		complete_checksum(&frame);
	return frame;
}

static void say_failed(struct packet *packet)
{
	if (!packet->failed)
		vfnet_log(packet->log, WARN, "cannot receive from %s: %s", packet->name,
			  strerror(errno));
	packet->failed = true;
}

static void fill(struct packet *packet, unsigned int max)
{
	struct sim_slots *slots = &packet->slots;
	int n;

	for (unsigned int i = 0; i < max; i++) {
		packet->iov[i] = (struct iovec){sim_slot(slots, i) + VFNET_FRAME_VLAN_BYTES,
						SIM_SLOT_BYTES - VFNET_FRAME_VLAN_BYTES};
		packet->msg[i].msg_hdr = (struct msghdr){
		    .msg_iov = &packet->iov[i],
		    .msg_iovlen = 1,
		    .msg_control = &packet->aux[i],
		    .msg_controllen = sizeof(packet->aux[i]),
		};
	}
	n = recvmmsg(packet->fd, packet->msg, max, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN)
		say_failed(packet);
	slots->first = 0;
	for (; (int)slots->n < n; slots->n++) {
		struct mmsghdr *msg = &packet->msg[slots->n];

		slots->frame[slots->n] =
		    frame_as_sent(sim_slot(slots, slots->n), msg->msg_len, &msg->msg_hdr);
	}
}

static unsigned int packet_frames(struct sim_source *source, struct sim_frame *frames,
				  unsigned int max)
{
	struct packet *packet = packet_of(source);

	if (!packet->slots.n)
		fill(packet, max);
	return sim_slots_show(&packet->slots, frames, max);
}

static void packet_taken(struct sim_source *source, unsigned int n)
{
	sim_slots_taken(&packet_of(source)->slots, n);
}

static bool packet_ended(const struct sim_source *source)
{
	(void)source;
	return false;
}

static int packet_fd(struct sim_source *source)
{
	return packet_of(source)->fd;
}

static void packet_close(struct sim_source *source)
{
	struct packet *packet = packet_of(source);
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (!getsockopt(packet->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) && stats.tp_drops)
		vfnet_log(packet->log, WARN,
			  "%s: %u frames came faster than the card took them and were not offered "
			  "to it",
			  packet->name, stats.tp_drops);
	close(packet->fd);
	sim_slots_close(&packet->slots);
	free(packet);
}

static uint64_t packet_send(struct sim_sink *sink, const struct sim_frame *frames, unsigned int n)
{
	struct packet *packet = VFNET_CONTAINER_OF(sink, struct packet, sink);
	uint64_t refused = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		packet->iov[i] = (struct iovec){(void *)frames[i].data, frames[i].len};
		packet->msg[i].msg_hdr =
		    (struct msghdr){.msg_iov = &packet->iov[i], .msg_iovlen = 1};
	}
	for (i = 0; i < n;) {
		int sent = sendmmsg(packet->fd, packet->msg + i, n - i, MSG_DONTWAIT);

		if (sent < 0)
			refused |= UINT64_C(1) << i++;
		else
			i += (unsigned int)sent;
	}
	return refused;
}

static const struct sim_source_ops packet_source_ops = {.frames = packet_frames,
							.taken = packet_taken,
							.ended = packet_ended,
							.fd = packet_fd,
							.close = packet_close};
static const struct sim_sink_ops packet_sink_ops = {.frames = packet_send};

static int failed(const struct packet *packet, const char *what, struct vfnet_err *err)
{
	return vfnet_err_set(err, -errno, "packet:%s: %s: %s", packet->name, what, strerror(errno));
}

/* Nothing arrives before the socket is bound. */
static int set_options(struct packet *packet, int ifindex, struct vfnet_err *err)
{
	struct packet_mreq all = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
	int one = 1, bytes = BUFFER_BYTES;

	if (setsockopt(packet->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)))
		return failed(packet, "cannot leave out what this machine sends", err);
	if (setsockopt(packet->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)))
		return failed(packet, "cannot learn about VLAN tags", err);
	if (setsockopt(packet->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		return failed(packet, "cannot make it promiscuous", err);
	/* without the right to force it: as much as the system allows */
	if (setsockopt(packet->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) &&
	    setsockopt(packet->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
		return failed(packet, "cannot set the size of the buffer", err);
	return 0;
}

static int bind_to(struct packet *packet, int ifindex, struct vfnet_err *err)
{
	struct sockaddr_ll addr = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = ifindex};
	socklen_t len = sizeof(addr);

	if (bind(packet->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(packet->fd, (struct sockaddr *)&addr, &len))
		return failed(packet, "cannot listen there", err);
	if (addr.sll_hatype != ARPHRD_ETHER)
		return vfnet_err_set(err, -EINVAL, "packet:%s: this is no Ethernet interface",
				     packet->name);
	return 0;
}

static int open_socket(struct packet *packet, struct vfnet_err *err)
{
	int ifindex = (int)if_nametoindex(packet->name);
	int ret;

	if (!ifindex)
		return vfnet_err_set(err, -ENODEV,
				     "packet:%s: there is no such interface; \"ip link\" lists "
				     "those that there are",
				     packet->name);
	packet->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (packet->fd < 0 && errno == EPERM)
		return vfnet_err_set(err, -EPERM,
				     "packet:%s: not permitted to open a packet socket. Run the "
				     "program under \"unshare -Urn\" or as root, or as root once: "
				     "setcap cap_net_raw+ep PROGRAM",
				     packet->name);
	if (packet->fd < 0)
		return failed(packet, "cannot open a packet socket", err);
	ret = set_options(packet, ifindex, err);
	if (!ret)
		ret = bind_to(packet, ifindex, err);
	if (ret)
		close(packet->fd);
	return ret;
}

int sim_packet_open(struct sim_card *card, const char *args, struct sim_source **source,
		    struct sim_sink **sink, struct vfnet_err *err)
{
	struct packet *packet;
	int ret;

	if (!args || !*args || strlen(args) >= IFNAMSIZ)
		return vfnet_err_set(err, -EINVAL,
				     "packet: name an interface with 1 to %d letters: "
				     "packet:INTERFACE",
				     IFNAMSIZ - 1);
	packet = calloc(1, sizeof(*packet));
	if (!packet || !sim_slots_open(&packet->slots)) {
		ret = vfnet_err_set(err, -ENOMEM, "packet: no memory");
		goto err_free;
	}
	memcpy(packet->name, args, strlen(args));
	ret = open_socket(packet, err);
	if (ret)
		goto err_slots;
	packet->source.ops = &packet_source_ops;
	packet->source.greedy = true;
	packet->sink.ops = &packet_sink_ops;
	packet->log = &card->sim->log;
	*source = &packet->source;
	*sink = &packet->sink;
	return 0;

err_slots:
	sim_slots_close(&packet->slots);
err_free:
	free(packet);
	return ret;
}
