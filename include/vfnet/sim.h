/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_SIM_H
#define VFNET_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfnet/ctx.h>
#include <vfnet/dev.h>
#include <vfnet/err.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/**
 * struct vfnet_sim - software 82576 cards of one process
 *
 * Devices are "sim:CARD.VF", card 0..15, VF 0..6. A card comes into being when it is first named.
 */
struct vfnet_sim;

/** enum vfnet_sim_mode - who steps the cards; they move only then. */
enum vfnet_sim_mode {
	VFNET_SIM_AUTO,	  /* THREAD with three or more free cores, else INLINE */
	VFNET_SIM_INLINE, /* the driver's own calls: same input, same result */
	VFNET_SIM_THREAD, /* one thread for all cards of this struct vfnet_sim */
	VFNET_SIM_MANUAL, /* the caller, by vfnet_sim_step() */
};

/**
 * struct vfnet_sim_opts - how to make cards; zero means the default
 * @size:          sizeof(struct vfnet_sim_opts)
 * @mode:          who steps
 * @doorbell_call: tail registers are written by a call instead of a store
 * @log, @log_user, @log_level: as in struct vfnet_opts
 */
struct vfnet_sim_opts {
	size_t size;
	enum vfnet_sim_mode mode;
	bool doorbell_call;
	vfnet_log_fn log;
	void *log_user;
	enum vfnet_log_level log_level;
};

/**
 * vfnet_sim_open() - a set of cards, none made yet
 * @opts: NULL = all defaults
 * @out:  the caller closes it, after every context that knows its bus
 * @err:  may be NULL
 *
 * Context: any thread.
 * Return: 0; -EINVAL; -ENOMEM; -EAGAIN when a thread cannot be started.
 */
int vfnet_sim_open(const struct vfnet_sim_opts *opts, struct vfnet_sim **out,
		   struct vfnet_err *err);

/**
 * vfnet_sim_close() - pull the plugs
 * @sim: the cards; NULL does nothing
 *
 * Return: 0; -EBUSY while a device is open (nothing happens).
 */
int vfnet_sim_close(struct vfnet_sim *sim);

/** vfnet_sim_bus() - for vfnet_add_bus(v, "sim", ...); owned by @sim. */
struct vfnet_bus *vfnet_sim_bus(struct vfnet_sim *sim);

/** vfnet_sim_get_mode() - INLINE, THREAD or MANUAL: what AUTO became. */
enum vfnet_sim_mode vfnet_sim_get_mode(const struct vfnet_sim *sim);

/**
 * vfnet_sim_card() - what a card's administrator decides, before its first device is opened
 * @sim:  the cards
 * @card: 0..15
 * @spec: comma-separated: "promisc" (ROPE with all unicast hash bits, and multicast),
 *        "nospoof", "mac=VF:ADDR" (once per VF), "vlan=VF:ID" (once per VF; the VF is in this VLAN,
 *        1..4094, without knowing: the card adds the tag to what it sends, and the VF can have no
 *        other), "trust=VF" (it may change an address that was given by "mac=", and have further
 *        ones), "stats=START" (the counters of all functions begin there, 0..4294967295, so that
 *        they soon wrap), "down" (the physical function's interface is not up: no link, and a VF's
 *        reset never ends), "posted=N" (a register write, doorbells too, reaches the card N steps
 *        later, 1..1000, unless a read of the same function comes before: as on PCI Express),
 *        "quirks=NAME[+NAME...]" (what QEMU's card does and the chip does not; sim/README.md has
 *        the names, "qemu" is all of them)
 * @err:  may be NULL
 *
 * Without it a card is what Linux's igb makes of it: no address for a VF, spoof check on. Several
 * calls add up.
 *
 * What may go wrong on a card is ordered in the same way. By the cards' clock, from
 * vfnet_sim_start() to vfnet_sim_stop():
 * "reset=MS": the physical function is reset every MS milliseconds; "outage=MS": and stays down
 *        for so long each time; "vf-reset=MS": the virtual functions are, as by another tool, as by
 *        VFNET_SIM_VF_RESET; "flap=MS": the wire is pulled out, and put back, every MS
 *        milliseconds; it is put back at the end.
 * By number, from the beginning:
 * "reset-at=N": one reset, just before the Nth access to a register of the card's functions;
 *        "gone-at=N", "request-at=N": as by VFNET_SIM_GONE or VFNET_SIM_REQUEST, then;
 * "lose-reply=N": every Nth reply of the physical function is never written (opening a port takes
 *        three in a row); "late-reply=STEPS": replies are written that many steps late; "ping=N":
 *        every Nth request meets a control message, which takes its place; "lose-irq=N": every
 *        Nth interrupt is not sent;
 * "lag=STEPS": queues are switched that many steps late; "slow=STEPS": that a frame was
 *        sent is reported that many steps later;
 * "garble=N": every Nth frame is received with random words in its last descriptor, the length too,
 *        as no card does: what the port counts is then no longer what came;
 * "shuffle=SEED": each step moves random shares of the frames, in random turns; inline, the same
 *        seed gives the same run.
 *
 * Return: 0; -EINVAL for a bad card or option (the sentence names it); -EBUSY a device is open;
 * -ENOMEM.
 */
int vfnet_sim_card(struct vfnet_sim *sim, unsigned int card, const char *spec,
		   struct vfnet_err *err);

/**
 * vfnet_sim_wire() - plug something into a card's port, before its first device is opened
 * @sim:  the cards
 * @card: 0..15
 * @spec: one of
 *        "gen[:size=N][,dst=MAC][,src=MAC][,count=N][,rate=PPS][,flows=N]": a source of UDP
 *        frames, N bytes with CRC, 64..9728 (64), to the address of the card's lowest open VF or
 *        @dst; payload: the frame's number, 8 bytes big-endian. With a rate it is never more than
 *        256 frames behind the clock: later ones are not sent. Without, as fast as it can:
 *        what finds no descriptor is lost. Inline it keeps half of each ring free and then comes
 *        with one frame per step, because time stands still while nobody steps.
 *        "sink": counts and discards.
 *        "pcap-in:FILE": sends a capture once; a frame waits until its receivers have
 *        descriptors. The file is read through now, so a bad one is refused before anything is
 *        sent.
 *        "pcap-out:FILE": writes one; frame n has the time stamp n microseconds. Readable after
 *        vfnet_sim_stop().
 *        "tap:NAME": a TAP device, source and sink; made if it is not there, and then it goes
 *        away when the cards are closed.
 *        "packet:INTERFACE": a network interface of the machine, source and sink: a card gets
 *        all that arrives there and sends out of it.
 *        "cable:CARD": joins this card with another one, source and sink of both; named at one
 *        end. What one sends is in the other within the same step.
 *        "shm:NAME[,full=wait|drop][,loss=R][,dup=R][,reorder=R][,seed=N]": source and sink: a
 *        hub that up to 16 cards of one user's processes are plugged into. NAME: 1 to 32 of a-z,
 *        0-9, _ and -. Frames go to the card that their destination was last heard from, and to
 *        all where it was not heard for five minutes. @full says what happens to frames of this
 *        card when a ring to another one has no room: "wait": they stay in the transmit ring,
 *        and what comes in waits for descriptors; nothing is lost. A card that takes nothing for
 *        10 s is not waited for until it takes again; one whose process died is removed. "drop":
 *        they are lost, and the receiver counts them (missed.wire_full). By default a card waits
 *        while there is one other, and drops among more. Of the frames that come to this card
 *        the hub loses (missed.wire_lost), doubles and holds back behind the next one as many as
 *        @loss, @dup and @reorder say, R in parts of a million or with a per cent sign; which
 *        ones depends on @seed and on nothing else.
 *        The hub is the file $XDG_RUNTIME_DIR/vfnet/shm-NAME, or /dev/shm/vfnet-UID-NAME without
 *        that folder, of mode 0600, and a named pipe beside it for each card; two cards take 2
 *        MiB, 16 take 240. The last one to leave removes it. What another process writes there
 *        costs frames and nothing else, but who cuts the file short ends all who use it.
 * @err:  may be NULL
 *
 * One source and one sink per card; without a sink frames are counted and discarded. Frames of 14
 * to 59 bytes are padded with zeros to 60 on the way in. TAP and packet have no end of their own
 * and keep, inline, half of each ring free, as gen does. A frame that a wire does not take is
 * counted as drops.wire_refused: the interface is not up, full, or takes only shorter ones; of a
 * cable: a ring of the other card without DROP_EN has no descriptors.
 *
 * Return: 0; -EINVAL for a bad card or specification, a file that is no complete capture of
 * Ethernet, or an interface of another kind; -EEXIST that side is taken; -EBUSY a device is open,
 * or another program uses the TAP device; -EPERM not permitted to use interfaces; -ENODEV no such
 * interface; -ENOENT, -EACCES and the like for a file; -ENOMEM. For a hub also -EPERM: another
 * user's, or open to others; -EPROTONOSUPPORT: made by another version of vfnet; -EXDEV: from
 * another container; -EUSERS: it has 16 members; -ENOSPC; -ETIMEDOUT: somebody holds its lock for
 * seconds.
 */
int vfnet_sim_wire(struct vfnet_sim *sim, unsigned int card, const char *spec,
		   struct vfnet_err *err);

/**
 * vfnet_sim_start() - let the sources of all wires begin
 * @sim: the cards
 *
 * Until then the cards work but nothing arrives from a source, so that all ports can be opened
 * without a loss.
 */
void vfnet_sim_start(struct vfnet_sim *sim);

/** vfnet_sim_stop() - the sources end, captures are flushed; what is in the cards still moves. */
void vfnet_sim_stop(struct vfnet_sim *sim);

/**
 * vfnet_sim_sources_done() - whether every source has ended and sent its last frame
 * @sim: the cards
 *
 * Return: true when each source has come to its end (a capture read through, a count reached)
 * or was stopped; true without any source; false while one can still send.
 */
bool vfnet_sim_sources_done(struct vfnet_sim *sim);

/** enum vfnet_sim_event - what happens to a card while it is in use. */
enum vfnet_sim_event {
	VFNET_SIM_PF_DOWN,   /* the physical function's interface goes down: the card is reset */
	VFNET_SIM_PF_UP,     /* ... and comes up again: with the one before, a reset */
	VFNET_SIM_LINK_DOWN, /* the wire is pulled out */
	VFNET_SIM_LINK_UP,   /* ... and put back */
	VFNET_SIM_LOSE_IRQ,  /* the next interrupt of one of its functions does not arrive */
	VFNET_SIM_GONE,	     /* the card is pulled out: its registers read all ones, for good */
	VFNET_SIM_REQUEST,   /* the kernel wants its functions back, to unbind or to remove them */
	VFNET_SIM_VF_RESET,  /* somebody else resets each of its virtual functions */
	/* somebody resets the card under its driver, which only notices when its interface goes up:
	 * VFNET_SIM_PF_UP. Bus mastering and vectors of all functions are lost
	 */
	VFNET_SIM_CARD_RESET,
};

/**
 * vfnet_sim_trigger() - let something happen to a card
 * @sim:   the cards
 * @card:  0..15
 * @event: what; nothing happens where it is so already
 *
 * At once, in every mode. The physical function tells its virtual functions as igb does, by a
 * message in the mailbox; one whose function holds the mailbox gets it in a later step.
 *
 * Context: any thread.
 * Return: 0; -EINVAL no such event; -ENODEV no such card yet.
 */
int vfnet_sim_trigger(struct vfnet_sim *sim, unsigned int card, enum vfnet_sim_event event);

/**
 * vfnet_sim_step() - let all cards move once
 * @sim:    the cards
 * @budget: most frames per card and direction, 1 or more
 *
 * Context: MANUAL: any one thread. Not for the other modes.
 * Return: frames moved.
 */
unsigned int vfnet_sim_step(struct vfnet_sim *sim, unsigned int budget);

/** vfnet_sim_cycles() - time stamp counter cycles spent inside the cards; 0 unless INLINE. */
uint64_t vfnet_sim_cycles(const struct vfnet_sim *sim);

/**
 * vfnet_sim_mistakes() - how often drivers of a card's functions broke a rule of the 82576
 * @sim:  the cards
 * @card: 0..15
 *
 * Such as a ring off a multiple of 128, a doorbell within a frame, or lengths that are not the
 * frame's: silicon hangs where QEMU and this card go on. The first of each kind is said in the
 * log, with the value seen. Lengths of headers come from vfnet_pkt.txo, and so from the
 * application. For tests of drivers: a good one has 0.
 *
 * Context: any thread.
 * Return: since the card was made; 0 for a card that does not exist.
 */
uint64_t vfnet_sim_mistakes(struct vfnet_sim *sim, unsigned int card);

/**
 * struct vfnet_sim_wire_counters - what passed a card's connector
 * @in_packets:  frames that came out of the wire into the card
 * @out_packets: frames that the card put on the wire
 * @out_bytes:   their bytes without CRC
 */
struct vfnet_sim_wire_counters {
	uint64_t in_packets;
	uint64_t out_packets;
	uint64_t out_bytes;
};

/**
 * vfnet_sim_get_wire_counters() - read them
 * @sim:  the cards
 * @card: 0..15
 * @out:  filled
 *
 * Return: 0; -ENODEV no such card yet.
 */
int vfnet_sim_get_wire_counters(struct vfnet_sim *sim, unsigned int card,
				struct vfnet_sim_wire_counters *out);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
