/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_IGBVF_H
#define VFNET_IGBVF_H

/*
 * The 82576 VF driver's own structs and the calls between its files. "The sheet" in its comments
 * is the fact sheet of the 82576's virtual function; tags in brackets are its sources.
 */

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include <vfnet/filter.h>

#include "drivers/net/igbvf/rings.h"
#include "lib/chip/82576_mbox.h"
#include "lib/chip/82576_regs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** IGBVF_QUEUES - queue pairs that the function has; all can send, and the first receives. */
#define IGBVF_QUEUES 2
/** IGBVF_MTU_MAX - so that the longest untagged frame is IGBVF_FRAME_MAX. */
#define IGBVF_MTU_MAX (IGBVF_FRAME_MAX - 14)

/* How long a thing may take. */
#define IGBVF_RESET_US	  500000u  /* the physical function's interface may be coming up */
#define IGBVF_REPLY_US	  1000000u /* [L] [D]; a healthy one takes microseconds */
#define IGBVF_SWITCH_US	  2000000u /* ENABLE to follow; a software card may wait for a core */
#define IGBVF_SETTLE_US	  10000u   /* write-backs to arrive after ENABLE fell [L] */
#define IGBVF_MBX_LOCK_US 10000u   /* for VFU to stick [L] [D] */
#define IGBVF_PINGED_US	  20000u   /* a reply after another message came in its place */

/**
 * struct igbvf_hw - the function's registers and its end of the mailbox
 * @dev:       the function
 * @log:       where to speak
 * @mbx_saved: bits of V2PMAILBOX that a read has cleared and nobody has consumed
 * @events:    vectors that tell of the mailbox; 0 = none, and @event_fd means nothing
 * @event_fd:  what they signal
 * @rx_irq:    the receive queue has its vector, which signals @rx_fd
 *
 * One owner at a time: open, then whoever calls service, then close.
 */
struct igbvf_hw {
	struct vfnet_dev *dev;
	const struct vfnet_log *log;
	uint32_t mbx_saved;
	uint32_t events;
	int event_fd;
	bool rx_irq;
	int rx_fd;
};

/** IGBVF_RESET_REPLY_WORDS - of the reply to VF_RESET; all others have one [L]. */
#define IGBVF_RESET_REPLY_WORDS 3u

/**
 * struct igbvf_soft - what the physical function is told after each reset, soft_state.c
 * @mac:       the address in force; zeros = not known yet
 * @mac_given: the physical function has it already
 * @max_frame: bytes with CRC and VLAN tag, for SET_LPE
 * @n_hashes:  groups, as asked for; above IGBVF_MULTICAST_MAX = all of them
 * @hashes:    of the first of them
 * @allmulti:  all groups, whatever @n_hashes says
 * @vlans:     @n_vlans of them
 * @macs:      @n_macs addresses beside the port's own
 */
struct igbvf_soft {
	uint8_t mac[6];
	bool mac_given;
	uint32_t max_frame;
	unsigned int n_hashes;
	uint16_t hashes[IGBVF_MULTICAST_MAX];
	bool allmulti;
	unsigned int n_vlans;
	uint16_t vlans[VFNET_VLANS_MAX];
	unsigned int n_macs;
	uint8_t macs[VFNET_MACS_MAX][6];
};

static_assert(VFNET_MULTICAST_MAX == IGBVF_MULTICAST_MAX, "what the header promises");

/* What bringup.c does next, in this order. */
enum igbvf_step {
	IGBVF_STEP_RESET,      /* write VTCTRL.RST */
	IGBVF_STEP_RESET_DONE, /* wait for the physical function */
	IGBVF_STEP_ASK,	       /* send a message: VF_RESET, then the soft state */
	IGBVF_STEP_ANSWER,     /* wait for its reply */
	IGBVF_STEP_OFF,	       /* wait for all queues to be off, map the vectors */
	IGBVF_STEP_RINGS,      /* program a queue and switch it on */
	IGBVF_STEP_ON,	       /* wait for all that are open to be on */
};

/**
 * struct igbvf_bringup - how far it is
 * @step:    what comes next
 * @k:       number of the message or of the queue
 * @type:    of the message that is out
 * @looks:   in vain in this step
 * @next_ns: not before that
 * @end_ns:  of the step's time
 */
struct igbvf_bringup {
	enum igbvf_step step;
	unsigned int k;
	uint32_t type;
	unsigned int looks;
	uint64_t next_ns;
	uint64_t end_ns;
};

/**
 * struct igbvf_recover - a port that is RESETTING
 * @parking:  queues were stopped and not all are PARKED
 * @pause_ns: between the last two tries; 0 = there was one
 * @now_ns:   of the last step, in the time of who calls service
 */
struct igbvf_recover {
	bool parking;
	uint64_t pause_ns;
	uint64_t now_ns;
};

/* Wrapping counters of the function, in the order of the table in counters.c. */
#define IGBVF_WRAP_COUNTERS 4

/**
 * struct igbvf_port - a port of this driver
 * @port: what lib/net knows
 * @hw:   registers
 * @opened:  open has ended
 * @soft:    what a reset makes the physical function forget
 * @up:      how far open or recovery is
 * @recover: while it is RESETTING
 * @wrap: last value read of each wrapping counter
 */
struct igbvf_port {
	struct vfnet_port port;
	struct igbvf_hw hw;
	bool opened;
	struct igbvf_soft soft;
	struct igbvf_bringup up;
	struct igbvf_recover recover;
	uint32_t wrap[IGBVF_WRAP_COUNTERS];
};

/* hw.c */
static inline uint32_t igbvf_rd(const struct igbvf_hw *hw, uint32_t reg)
{
	return vfnet_dev_read32(hw->dev, reg);
}

static inline void igbvf_wr(const struct igbvf_hw *hw, uint32_t reg, uint32_t val)
{
	vfnet_dev_write32(hw->dev, reg, val);
}

static inline bool igbvf_gone(const struct igbvf_hw *hw)
{
	return igbvf_rd(hw, IGBVF_STATUS) == IGBVF_GONE;
}

/**
 * struct igbvf_wait - a bounded wait: igbvf_wait_start(), then look, then while
 * igbvf_wait_more() look again
 */
struct igbvf_wait {
	uint64_t end_ns;
	uint32_t looks;
};

struct igbvf_wait igbvf_wait_start(uint32_t timeout_us);
/* Not longer than that from now on. */
void igbvf_wait_shorten(struct igbvf_wait *wait, uint32_t timeout_us);
/* Lets the device move and sleeps a little. Return: false when the time is over. */
bool igbvf_wait_more(const struct igbvf_hw *hw, struct igbvf_wait *wait);
void igbvf_sleep(const struct igbvf_hw *hw, uint32_t us);
/* Return: 0 when (@reg & @mask) == @want; -ETIMEDOUT; -ENODEV when it reads all ones. */
int igbvf_poll(const struct igbvf_hw *hw, uint32_t reg, uint32_t mask, uint32_t want,
	       uint32_t timeout_us);
/* Lets the device move, and sleeps a little if @sleep. */
void igbvf_pause(const struct igbvf_hw *hw, bool sleep);
/* The function writes no more memory. */
void igbvf_hw_stop(struct igbvf_hw *hw);
/* Wait until ENABLE in @reg, RXDCTL or TXDCTL of a queue, is @on. Return: 0; -ETIMEDOUT; -ENODEV.
 */
int igbvf_queue_wait(const struct igbvf_hw *hw, uint32_t reg, bool on, struct vfnet_err *err);
/* Clear ENABLE, beside @thresholds, and wait. */
int igbvf_queue_off(const struct igbvf_hw *hw, uint32_t reg, uint32_t thresholds,
		    struct vfnet_err *err);
/*
 * Take a queue off for good. One that does not stop takes the function with it: RESETTING.
 * Guarantees: it writes no more memory.
 */
void igbvf_queue_end(struct igbvf_port *port, uint32_t reg, uint32_t thresholds);
/* -ETIMEDOUT with its sentence: a queue is not switched @on, or off. */
int igbvf_err_switch(const struct igbvf_hw *hw, uint32_t reg, bool on, struct vfnet_err *err);
/* -ENODEV with its sentence. */
int igbvf_err_gone(const struct igbvf_hw *hw, struct vfnet_err *err);

/* bringup.c */
/* Begin, at @when_ns. The port's queues that are open stay so; their owners touch no ring. */
void igbvf_bringup_start(struct igbvf_port *port, uint64_t when_ns);
/*
 * One step, not before port->up.next_ns. Never waits; at most some 30 register accesses.
 * Return: 0 all is set up, rings are empty; -EINPROGRESS; with a sentence -ENETDOWN, -ETIMEDOUT,
 * -EPROTO (from open), -ENODEV, -EIO.
 */
int igbvf_bringup_step(struct igbvf_port *port, uint64_t now_ns, struct vfnet_err *err);
/* Whether the function, which runs, has forgotten a queue that is open: somebody has reset it. */
bool igbvf_rings_lost(const struct igbvf_port *port);

/* recover.c */
/* RESETTING, with all queues stopped; or again from the beginning. Says @why. */
void igbvf_recover_begin(struct igbvf_port *port, const char *why);
/* One step of a port that is RESETTING. Return: when to call again. */
uint64_t igbvf_recover_step(struct igbvf_port *port, uint64_t now_ns);
/*
 * If it is just telling the physical function what that has forgotten: to the end of that, or of
 * this try. Waits, a second for each message at most.
 * Return: whether more can be asked of it now; else it will be told in the next try.
 */
bool igbvf_recover_told(struct igbvf_port *port);
/* GONE, for good. Says so. */
void igbvf_port_gone(struct igbvf_port *port);
void igbvf_give_back(struct vfnet_port *pub);

/* filter.c */
int igbvf_filter(struct vfnet_port *port, const struct vfnet_filter *filter, struct vfnet_err *err);

/* soft_state.c. @word: a message, room for IGBVF_MBOX_WORDS. Return: its words. */
/* The @k-th of those, from 0, that tell all of it; 0 = there are no more. */
unsigned int igbvf_soft_message(const struct igbvf_soft *soft, unsigned int k, uint32_t *word);
unsigned int igbvf_soft_multicast(const struct igbvf_soft *soft, uint32_t *word);
unsigned int igbvf_soft_allmulti(bool on, uint32_t *word);
unsigned int igbvf_soft_vlan(uint16_t vid, bool on, uint32_t *word);
/* @info: 0, IGBVF_MAC_FILTER_ADD or IGBVF_MAC_FILTER_CLEAR */
unsigned int igbvf_soft_mac(const uint8_t *mac, uint32_t info, uint32_t *word);
/* 12 bits of a group address: what the card tells groups apart by. */
uint16_t igbvf_soft_hash(const uint8_t *mac);
/* What the @k-th message asks for is not wanted any more. Return: false = the port needs it. */
bool igbvf_soft_drop(struct igbvf_soft *soft, unsigned int k);
/* -EPROTO with its sentence: @word was refused. */
int igbvf_soft_refused(const char *name, const uint32_t *word, struct vfnet_err *err);

/* mbx.c; nothing of it waits */
/* V2PMAILBOX, with what its reads have cleared and nobody has consumed. */
uint32_t igbvf_mbx_look(struct igbvf_hw *hw);
/* Return: 0; -EAGAIN the physical function holds the words. */
int igbvf_mbx_send(struct igbvf_hw *hw, const uint32_t *word, uint32_t n);
/*
 * The reply to a request of @type.
 * Return: 0; -EAGAIN nothing yet; -EBUSY another message came; -ENETDOWN reset; -ENODEV.
 */
int igbvf_mbx_receive(struct igbvf_hw *hw, uint32_t type, uint32_t *word, uint32_t n);
/* Return: false when the physical function is or was in reset. */
bool igbvf_mbx_service(struct igbvf_hw *hw);

/* irq.c */
/* After a reset: vectors mapped, auto-cleared, auto-masked, and masked. */
void igbvf_irq_init(const struct igbvf_hw *hw);
/*
 * What a reset of the whole card took, bus mastering and vectors, if it did.
 * Return: 0; -ENODEV, or what irq_set said: the next call tries again.
 */
int igbvf_irq_restore(struct igbvf_hw *hw, struct vfnet_err *err);
int igbvf_irq_events(struct vfnet_port *port, int fd, struct vfnet_err *err);
/* Unmask what the last interrupt has masked. */
void igbvf_irq_rearm(const struct igbvf_hw *hw);
int igbvf_rxq_irq(struct vfnet_port *port, struct vfnet_rxq *rxq, int fd, struct vfnet_err *err);
int igbvf_rxq_arm(struct vfnet_rxq *rxq);
void igbvf_rxq_disarm(struct vfnet_rxq *rxq);

/* link.c */
void igbvf_link_update(struct igbvf_port *port, uint32_t status);

/* counters.c */
void igbvf_counters_start(struct igbvf_port *port);
void igbvf_counters_update(struct igbvf_port *port);
/* After a reset, which may have cleared them. */
void igbvf_counters_resume(struct igbvf_port *port);
/* What clears when it is read. */
void igbvf_counters_missed(struct igbvf_port *port);

/* igbvf.c */
extern const struct vfnet_driver igbvf_driver;

#ifdef __cplusplus
}
#endif

#endif
