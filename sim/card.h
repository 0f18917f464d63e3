/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_CARD_H
#define SIM_CARD_H

/*
 * The software 82576, from the inside.
 *
 *     struct vfnet_sim ── sim_card 0..15 ─┬─ sim_vf 0..6 ─┬─ registers, mailbox   vf.c mbox.c
 *                                         │               ├─ writes under way     posted.c
 *                                         │               ├─ interrupts           irq.c
 *                                         │               ├─ receive rings        rx.c classify.c
 *                                         │               └─ transmit rings       tx.c segment.c
 *                                         │                                       rules.c
 *                                         ├─ physical function, as igb drives it  pf.c
 *                                         ├─ what it is asked to let through      pf_filter.c
 *                                         ├─ filters and internal switch          switch.c
 *                                         ├─ misfortunes that were ordered        faults.c
 *                                         └─ source and sink                      wire/
 *
 * One lock, in struct vfnet_sim, is held by whoever is in here: a register call, a step, a public
 * call. Without it a driver touches two kinds of words only: ring tails (sim_vf.regs, through
 * vfnet_io_store_tail()) and memory that is mapped for DMA, in the order that tails and DD give.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <vfnet/counters.h>
#include <vfnet/sim.h>

#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/chip/82576_desc.h"
#include "lib/chip/82576_regs.h"
#include "lib/dev/dev.h"
#include "lib/frame/bytes.h"
#include "lib/frame/frame.h"
#include "sim/faults.h"
#include "sim/iommu.h"
#include "sim/mbox.h"
#include "sim/quirks.h"
#include "sim/rules.h"
#include "sim/wire/wire.h"

#define SIM_CARDS	    16u
#define SIM_VFS		    7u	/* eight pools, one is the physical function's [L] */
#define SIM_QUEUES	    2u	/* pairs of a function */
#define SIM_BATCH	    64u /* frames that are looked at together; an inline step's budget */
#define SIM_CRC_BYTES	    4u
#define SIM_HEADER_BYTES    14u
#define SIM_TAG_OFF	    12u
#define SIM_TX_BUFFER_BYTES 32768u /* holds three of the longest frames */
#define SIM_FRAME_DEFAULT   1518u  /* longest with CRC, without SET_LPE; a tag adds 4 */
#define SIM_HASHES	    4096u  /* multicast hash is 12 bits */
#define SIM_NO_MAC	    0u
#define SIM_POSTED_MAX	    64u	     /* register writes of a function that are under way */
#define SIM_PAYLEN_MAX	    0x3ffffu /* what PAYLEN can say */
#define SIM_WHOLE_BYTES	    (SIM_PAYLEN_MAX + 1024u) /* and the longest headers of a context */
#define SIM_NO_TAIL	    UINT32_MAX
#define SIM_VLANS	    4096u /* identifiers have 12 bits */
#define SIM_VLVF	    32u	  /* entries of the port's VLAN filter [L] */
#define SIM_FREE_MACS	    13u	  /* receive addresses left for further ones (unverified) */

/* What causes an interrupt of a function's queues: its byte in VTIVAR. */
#define SIM_IRQ_RX(q) VFNET_BIT(2 * (q))
#define SIM_IRQ_TX(q) VFNET_BIT(2 * (q) + 1)

/** struct sim_rxq - a receive queue of a function. */
struct sim_rxq {
	union igbvf_rx_desc *ring; /* NULL: not in mapped memory */
	uint32_t n_desc;	   /* 0 = no ring */
	uint32_t head;
	uint32_t tail;	    /* last value seen of the tail word */
	uint32_t buf_bytes; /* of each buffer, from SRRCTL */
	bool drop;	    /* DROP_EN */
	bool enabled;	    /* what RXDCTL.ENABLE reads */
	bool live;	    /* frames may be put into the ring */
	uint32_t noticed;   /* tail that was found wrong; SIM_NO_TAIL = none */
	uint64_t iova;	    /* of the ring, as it came on */
};

/** struct sim_context - a context descriptor, as the card keeps it. */
struct sim_context {
	uint32_t vlan_l2_l3;
	uint32_t types;
	uint32_t mss_l4;
	bool set;
};

/** struct sim_txq - a transmit queue of a function. */
struct sim_txq {
	union igbvf_tx_desc *ring;
	uint32_t n_desc;
	uint32_t head;
	bool enabled;
	bool live;
	bool head_wb;	   /* the head is written to head_iova, and no DD */
	uint32_t seg_sent; /* segments of the frame at head that have left */
	bool seg_lost;	   /* the wire refused one of those, and it is counted */
	uint32_t no_rs;	   /* descriptors since the last with RS */
	uint32_t noticed;  /* tail that was found wrong; SIM_NO_TAIL = none */
	uint64_t iova;
	uint64_t head_iova;
	struct sim_context ctx[2];

	/* with slow=: written back so far, and up to where after @due steps */
	uint32_t done;
	uint32_t done_next;
	uint64_t due;
};

/** struct sim_irq - what VTEICR and its kin do not say of a function's interrupts. */
struct sim_irq {
	int eventfd[IGBVF_VECTORS];	 /* by vector; -1 = nobody listens */
	uint32_t map;			 /* vectors of the queues, as VTIVAR in force */
	uint32_t due;			 /* SIM_IRQ_*: descriptors written back in this step */
	uint32_t held;			 /* vectors with a message at the end of EITR's interval */
	uint64_t next_ns[IGBVF_VECTORS]; /* when the interval since the last message is over */
};

/** struct sim_posted - register writes that have not reached the card yet, oldest first. */
struct sim_posted {
	uint32_t first;
	uint32_t n;
	struct {
		uint32_t offset;
		uint32_t val;
		uint32_t due; /* sim->steps at which it arrives */
	} write[SIM_POSTED_MAX];
};

/** struct sim_pf_vf - what the physical function's driver keeps and programs for one function. */
struct sim_pf_vf {
	uint64_t mac;	      /* receive address, sim_mac_load(); SIM_NO_MAC = none */
	uint32_t max_frame;   /* longest frame received, with CRC */
	bool lpe;	      /* max_frame was asked for: a tag adds nothing */
	bool admin_mac;	      /* the administrator chose mac */
	bool reset;	      /* VFLRE: the function was reset, the driver has not looked yet */
	bool cts;	      /* clear to send: it did VF_RESET since */
	bool enabled;	      /* VFRE and VFTE */
	bool multi_promisc;   /* SET_PROMISC asked for all multicast */
	bool trusted;	      /* may change an address that the administrator set */
	bool vlan_strip;      /* VMOLR.STRVLAN: tags go into the receive descriptor */
	uint16_t admin_vlan;  /* the administrator's VLAN; 0 = none */
	bool replying;	      /* PFU is held and reply is to be written */
	uint32_t ping;	      /* control message that waits for the words; 0 = none */
	unsigned int n_reply; /* words */
	uint32_t reply[3];
	uint64_t last_nack_ns;
	unsigned int n_hashes; /* as asked for: above the limit means all multicast */
	uint16_t hashes[IGBVF_MULTICAST_MAX];
	unsigned int n_macs; /* further addresses */
	uint64_t macs[SIM_FREE_MACS];
};

/** enum sim_said - log lines of a function that are said once per open. */
enum sim_said { SIM_SAID_RING, SIM_SAID_RX, SIM_SAID_TX, SIM_SAID_DESC };

/** struct sim_vf - a virtual function. */
struct sim_vf {
	struct vfnet_dev dev;
	struct sim_card *card;
	unsigned int index;
	bool open;
	int request_fd; /* eventfd: its owner wants it back; while open */
	bool bus_master;
	struct sim_dma *dma; /* NULL: not attached */
	uint32_t generation; /* of dma, when the rings were looked up */
	uint32_t said;	     /* bits by enum sim_said */
	uint64_t lag;	     /* steps until ENABLE as written is looked at */
	uint64_t late;	     /* steps that a reply has waited */
	uint32_t mistaken;   /* bits by enum sim_rule */
	uint32_t switched;   /* RXDCTL or TXDCTL written since a reset, bits in vf.c */
	struct sim_irq irq;
	struct sim_posted posted;
	uint32_t eicr_written; /* what EICR_ECHO and EIMS_ECHO read */
	uint32_t eims_written;
	struct sim_rxq rxq[SIM_QUEUES];
	struct sim_txq txq[SIM_QUEUES];
	struct sim_pf_vf pf;
	struct sim_mbox mbox;

	/* lost frames that no register of the function counts, since it was opened */
	uint64_t missed[VFNET_MISSED_COUNT];
	uint64_t drops[VFNET_DROPS_COUNT];
	uint64_t tx_lost_bytes;

	/* registers that are no more than storage, counters and tail words, by offset / 4 */
	uint32_t regs[IGBVF_BAR_BYTES / 4];
};

/** struct sim_dest - who gets frames to one address; the result of a look-up is kept. */
struct sim_dest {
	uint64_t mac; /* UINT64_MAX: nothing kept */
	uint32_t vfs; /* bit n = function n */
	bool exact;   /* the address of a function: the frame does not leave the card */
};

/** struct sim_card - a card. */
struct sim_card {
	struct vfnet_sim *sim;
	unsigned int index;
	bool down;    /* the physical function's interface is not up: no link */
	bool no_wire; /* nothing is plugged in: no link */
	bool gone;    /* pulled out of its slot, for good */
	bool promisc; /* ROPE with all hash bits, MPME and every VLAN for all functions */
	bool spoof_check;
	uint32_t posted;	    /* steps that a register write is under way; 0 = none */
	uint32_t quirks;	    /* bits by enum sim_quirk */
	bool slow;		    /* a register was written: rings and mailbox want a look */
	uint32_t open_vfs;	    /* bit n = function n is open */
	uint32_t stall_vfs;	    /* receive queue runs without DROP_EN */
	unsigned int turn;	    /* queue of all functions that transmits first */
	uint32_t filter_generation; /* changes with every address */
	struct sim_dest rx_dest;    /* last look-up for the wire */
	struct sim_dest tx_dest;    /* last look-up for transmitters */
	bool hashed[SIM_HASHES];    /* MTA: one table for all functions */
	unsigned int n_macs;	    /* further addresses of all functions */
	unsigned int n_vlans;	    /* VLVF entries in use but for identifier 0's */
	uint32_t untagged_vfs;	    /* AUPE: bit n = function n gets frames without a tag */
	/* VLVF, by identifier: bit n = function n has it */
	uint8_t vlan_vfs[SIM_VLANS];
	struct sim_source *source;
	struct sim_sink *sink;
	struct vfnet_sim_wire_counters wire;
	struct sim_faults faults;
	uint64_t mistakes;			/* of drivers, rules.h */
	uint8_t padded[IGBVF_FRAME_MIN + 2];	/* a short frame from the wire */
	uint8_t untagged[IGBVF_FRAME_MAX];	/* a frame whose tag is stripped */
	uint8_t tx_buffer[SIM_TX_BUFFER_BYTES]; /* frames on their way to the wire */
	uint8_t whole[SIM_WHOLE_BYTES];		/* a frame that is cut into segments */
	struct sim_vf vfs[SIM_VFS];
};

/** struct vfnet_sim - all cards. */
struct vfnet_sim {
	struct vfnet_bus bus;
	struct vfnet_log log;
	enum vfnet_sim_mode mode; /* not AUTO */
	bool doorbell_call;
	bool started;
	bool stopped;
	uint64_t clock_skew_ns; /* tests let time pass with it */
	uint32_t steps;
	bool moved;	 /* something did in the last step */
	int idle_fd;	 /* epoll: wires that have frames, and timer_fd */
	int timer_fd;	 /* inline: when a sleeper should step the cards; -1 else */
	uint64_t cycles; /* written by whoever steps, atomic */
	unsigned int n_open;
	pthread_mutex_t lock;
	uint32_t waiting; /* threads that want the lock from a busy stepping thread, atomic */
	pthread_t thread;
	int wake_fd;   /* eventfd that ends the thread's sleep; -1 without one */
	uint32_t quit; /* atomic */
	struct sim_card *cards[SIM_CARDS]; /* NULL: not named yet */
};

/* Short frames are most of them, and libc's memcpy of an unknown size costs as much as the rest. */
static inline void sim_copy(uint8_t *to, const uint8_t *from, uint32_t len)
{
	if (vfnet_likely(len - 32 <= 32)) {
		memcpy(to, from, 32);
		memcpy(to + len - 32, from + len - 32, 32);
	} else {
		memcpy(to, from, len);
	}
}

/* An address as a number: first byte lowest. Reads 8 bytes: two of what follows it. */
static inline uint64_t sim_mac_load(const uint8_t *mac)
{
	uint64_t val;

	memcpy(&val, mac, sizeof(val));
	return val & UINT64_C(0xffffffffffff);
}

static inline bool sim_tagged(const uint8_t *frame)
{
	return vfnet_get_be16(frame + SIM_TAG_OFF) == VFNET_ETHERTYPE_VLAN;
}

static inline uint32_t *sim_vf_reg(struct sim_vf *vf, uint32_t offset)
{
	return &vf->regs[offset / 4];
}

static inline bool sim_card_has_link(const struct sim_card *card)
{
	return !card->down && !card->no_wire && !card->gone;
}

static inline bool sim_has(const struct sim_card *card, enum sim_quirk quirk)
{
	return card->quirks & 1u << quirk;
}

/*
 * Where a function's frames go: igb leaves VMOLR.RSSE of its functions off, so never to queue 1
 * [L].
 */
static inline struct sim_rxq *sim_vf_rxq(struct sim_vf *vf)
{
	return &vf->rxq[0];
}

/* The function that answers for frames that belong to none; NULL when all are closed. */
static inline struct sim_vf *sim_card_first_open(struct sim_card *card)
{
	return card->open_vfs ? &card->vfs[__builtin_ctz(card->open_vfs)] : NULL;
}

/* sim.c */
void sim_lock(struct vfnet_sim *sim);
void sim_unlock(struct vfnet_sim *sim);
uint64_t sim_now_ns(const struct vfnet_sim *sim);

/* step.c */
int sim_thread_start(struct vfnet_sim *sim, struct vfnet_err *err);
void sim_thread_stop(struct vfnet_sim *sim);
/** sim_progress() - an inline step: all cards, SIM_BATCH frames each way. */
void sim_progress(struct vfnet_sim *sim);

/* card.c; the card is made when it is first named */
int sim_card_get(struct vfnet_sim *sim, unsigned int index, struct sim_card **out,
		 struct vfnet_err *err);
int sim_card_configure(struct sim_card *card, const char *spec, struct vfnet_err *err);
/** sim_card_gone() - pull it out. */
void sim_card_gone(struct sim_card *card);
/** sim_card_request() - the kernel wants all functions that are open back. */
void sim_card_request(const struct sim_card *card);
/** sim_card_step() - Return: frames moved. */
unsigned int sim_card_step(struct sim_card *card, unsigned int budget);
void sim_card_free(struct sim_card *card);

/* bus.c */
void sim_bus_init(struct vfnet_sim *sim);
/** sim_dev_ops() - of all functions of @sim. */
const struct vfnet_dev_ops *sim_dev_ops(const struct vfnet_sim *sim);

/* vf.c: registers */
void sim_vf_init(struct sim_vf *vf, struct sim_card *card, unsigned int index);
uint32_t sim_vf_read(struct sim_vf *vf, uint32_t offset);
void sim_vf_write(struct sim_vf *vf, uint32_t offset, uint32_t val);
/** sim_vf_reset() - VTCTRL.RST, and the part of a function-level reset that is not PCI's. */
void sim_vf_reset(struct sim_vf *vf);
/** sim_vfs_reset() - that, of all functions of a card: somebody else does it. */
void sim_vfs_reset(struct sim_card *card);
/** sim_vf_card_reset() - a reset of the card: as that, and nothing outlives it. */
void sim_vf_card_reset(struct sim_vf *vf);
/** sim_vf_forget_config() - what a reset takes from configuration space: bus mastering, vectors. */
void sim_vf_forget_config(struct sim_vf *vf);

/* ring.c: a queue's way between enabled and not */
/** sim_ring_update() - act on RXDCTL and TXDCTL as last written. */
void sim_ring_update(struct sim_vf *vf);
/** sim_ring_refresh() - something that decides whether queues may move has changed. */
void sim_ring_refresh(struct sim_vf *vf);

/* pf.c */
void sim_pf_init(struct sim_card *card);
/** sim_pf_step() - the interrupt handler of the physical function. */
void sim_pf_step(struct sim_card *card);
/** sim_pf_down() - `ip link set dev PF down`: a reset that does not end. */
void sim_pf_down(struct sim_card *card);
/** sim_pf_up() - its end. */
void sim_pf_up(struct sim_card *card);
/** sim_pf_link() - the wire is plugged in or out: igb tells the functions that it knows. */
void sim_pf_link(struct sim_card *card, bool plugged);

/* pf_filter.c */
/** sim_pf_filter_forget() - all that a function asked for is gone, as after its reset. */
void sim_pf_filter_forget(struct sim_vf *vf);
/**
 * sim_pf_filter_serve() - a message about filters
 * @words:  the message
 * @answer: word 0 of the reply, as far as it is known
 *
 * Return: 0 = acknowledge, -1 = refuse.
 */
int sim_pf_filter_serve(struct sim_vf *vf, const uint32_t *words, uint32_t *answer);

/* irq.c */
/** sim_irq_cause() - add @vectors, bits, to VTEICR, and send those that are enabled. */
void sim_irq_cause(struct sim_vf *vf, uint32_t vectors);
/** sim_irq_enable() - add @vectors to VTEIMS, and send those that have a cause. */
void sim_irq_enable(struct sim_vf *vf, uint32_t vectors);
/** sim_irq_step() - send what the queues have caused, and what has waited for its interval. */
void sim_irq_step(struct sim_vf *vf);
/** sim_irq_map() - VTIVAR is written. */
void sim_irq_map(struct sim_vf *vf, uint32_t val);
/** sim_irq_throttle() - EITR of @vector is written. */
void sim_irq_throttle(struct sim_vf *vf, unsigned int vector, uint32_t val);
/** sim_irq_reset() - a reset of the function: nothing is caused, nothing held. */
void sim_irq_reset(struct sim_vf *vf);
/** sim_irq_misc() - the mailbox's cause: the vector that VTIVAR_MISC names. */
void sim_irq_misc(struct sim_vf *vf);

/* posted.c; only where card->posted */
/** sim_posted_write() - a register write sets out. */
void sim_posted_write(struct sim_vf *vf, uint32_t offset, uint32_t val);
/** sim_posted_step() - those arrive whose time has come. */
void sim_posted_step(struct sim_vf *vf);
/** sim_posted_flush() - all arrive: what a read of the function does. */
void sim_posted_flush(struct sim_vf *vf);

/* idle.c */
int sim_idle_open(struct vfnet_sim *sim, struct vfnet_err *err);
/** sim_idle_watch() - the card's source is new: its descriptor wakes whoever sleeps. */
int sim_idle_watch(struct sim_card *card, struct vfnet_err *err);
/**
 * sim_idle_arm() - let the wires' descriptors tell of their next frames
 *
 * Return: false: a wire has frames already, do not sleep.
 */
bool sim_idle_arm(struct vfnet_sim *sim);
/** sim_idle() - as dev.h's idle. */
int sim_idle(struct vfnet_sim *sim);
void sim_idle_close(struct vfnet_sim *sim);
/* Whether @mac is an address of the function. */
static inline bool sim_vf_owns(const struct sim_vf *vf, uint64_t mac)
{
	if (vfnet_likely(mac == vf->pf.mac))
		return mac != SIM_NO_MAC;
	for (unsigned int i = 0; i < vf->pf.n_macs; i++) {
		if (mac == vf->pf.macs[i])
			return true;
	}
	return false;
}

/* switch.c */
/** sim_switch_flush() - addresses changed: forget what look-ups found. */
void sim_switch_flush(struct sim_card *card);
/** sim_switch_find() - the slow half of sim_switch_dest(). */
void sim_switch_find(struct sim_card *card, uint64_t mac, struct sim_dest *dest);
/** sim_switch_vlan() - the functions whose VLAN filter a frame passes, as bits. */
uint32_t sim_switch_vlan(const struct sim_card *card, const uint8_t *frame);

/* @dest: the kept result, of rx_dest or tx_dest */
static inline const struct sim_dest *sim_switch_dest(struct sim_card *card, const uint8_t *frame,
						     struct sim_dest *dest)
{
	uint64_t mac = sim_mac_load(frame);

	if (vfnet_unlikely(mac != dest->mac))
		sim_switch_find(card, mac, dest);
	return dest;
}

/* classify.c */
/** struct sim_about - what a receive descriptor says about a frame: bits of d0 and d2. */
struct sim_about {
	uint32_t types;
	uint32_t status;
};
struct sim_about sim_classify(const uint8_t *data, uint32_t len);

/* rx.c */
/** sim_rx_must_wait() - whether descriptors that are still to come would let the frame in. */
bool sim_rx_must_wait(struct sim_vf *vf, const uint8_t *frame, uint32_t len);
/** sim_rx_put() - a frame has reached @vf: into its ring, or counted as missed. */
void sim_rx_put(struct sim_vf *vf, const uint8_t *frame, uint32_t len, bool looped);
/**
 * sim_rx_deliver() - a frame comes out of the wire, outside sim_rx_step()
 *
 * The card must have a source. Return: false: not taken, a ring without DROP_EN is dry.
 */
bool sim_rx_deliver(struct sim_card *card, const uint8_t *frame, uint32_t len);
/** sim_rx_step() - from the source. Return: frames. */
unsigned int sim_rx_step(struct sim_card *card, unsigned int budget);

/* tx.c */
/** sim_tx_step() - what functions transmit. Return: frames. */
unsigned int sim_tx_step(struct sim_card *card, unsigned int budget);

/* counters.c */
void sim_count_missed(struct sim_vf *vf, enum vfnet_missed why);
/** sim_count_wire_loss() - @n frames on their way to @card were lost on the wire. */
void sim_count_wire_loss(struct sim_card *card, enum vfnet_missed why, uint64_t n);
void sim_count_drop(struct sim_vf *vf, enum vfnet_drops why, uint64_t bytes);
/** sim_count_unread() - what a register would have told has to be told by the card now. */
void sim_count_unread(struct sim_vf *vf);
void sim_count_truth(const struct sim_vf *vf, struct vfnet_counters *sum, uint64_t *tx_lost_bytes);
/** sim_say_once() - whether @what was not said yet since the function was opened; now it is. */
bool sim_say_once(struct sim_vf *vf, enum sim_said what);

#endif
