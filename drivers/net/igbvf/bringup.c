/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * From a reset of the function to queues that run: section 3 of the sheet. A sequence of steps, of
 * which none waits: open goes through them with a pause in between, recovery with each call of
 * service. A step that fails ends the sequence, and who called begins again or gives up.
 */

#define VFNET_LOG_TAG "igbvf/bringup"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"

#define NS_PER_US UINT64_C(1000)
/* A look costs about 1 us on hardware: the first few follow each other, then less and less often.
 */
#define LOOKS_AWAKE 8u
#define LOOK_NS	    (20 * NS_PER_US)
#define LOOKS_MAX   (LOOKS_AWAKE + 9) /* 10 ms */
/* queues of both kinds, by number */
#define QUEUES (2u * VFNET_PORT_QUEUES)

static void enter(struct igbvf_bringup *up, enum igbvf_step step, uint64_t now_ns, uint64_t most_us)
{
	up->step = step;
	up->looks = 0;
	up->next_ns = now_ns;
	up->end_ns = now_ns + most_us * NS_PER_US;
}

/* Nothing to see yet. Return: -EINPROGRESS; @timeout when it has taken too long. */
static int look_again(struct igbvf_bringup *up, uint64_t now_ns, int timeout)
{
	if (now_ns >= up->end_ns)
		return timeout;
	if (up->looks < LOOKS_MAX)
		up->looks++;
	up->next_ns = now_ns + (up->looks > LOOKS_AWAKE ? LOOK_NS << (up->looks - LOOKS_AWAKE) : 0);
	return -EINPROGRESS;
}

void igbvf_bringup_start(struct igbvf_port *port, uint64_t when_ns)
{
	enter(&port->up, IGBVF_STEP_RESET, when_ns, 0);
}

static int step_reset(struct igbvf_port *port, uint64_t now_ns, struct vfnet_err *err)
{
	struct igbvf_hw *hw = &port->hw;

	if (igbvf_gone(hw))
		return igbvf_err_gone(hw, err);
	igbvf_wr(hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
	igbvf_wr(hw, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	hw->mbx_saved = 0;
	enter(&port->up, IGBVF_STEP_RESET_DONE, now_ns, IGBVF_RESET_US);
	/* what was under way may still land in a ring */
	if (vfnet_port_has_queue(&port->port))
		port->up.next_ns += IGBVF_SETTLE_US * NS_PER_US;
	return -EINPROGRESS;
}

/* RSTI stays for as long as the physical function is down; a read clears RSTD [L] [live] */
static int step_reset_done(struct igbvf_port *port, uint64_t now_ns, struct vfnet_err *err)
{
	uint32_t val = igbvf_rd(&port->hw, IGBVF_V2PMAILBOX);
	int rc;

	if (val == IGBVF_GONE)
		return igbvf_err_gone(&port->hw, err);
	if (!(val & (IGBVF_V2PMAILBOX_RSTI | IGBVF_V2PMAILBOX_RSTD))) {
		port->up.k = 0;
		enter(&port->up, IGBVF_STEP_ASK, now_ns, IGBVF_MBX_LOCK_US);
		return -EINPROGRESS;
	}
	rc = look_again(&port->up, now_ns, -ENETDOWN);
	if (rc != -ENETDOWN)
		return rc;
	return vfnet_err_set(err, rc,
			     "%s: the physical function is down or in reset (RSTI stays in "
			     "V2PMAILBOX for %u ms); bring its interface up with "
			     "'ip link set dev PF up' and try again",
			     port->hw.dev->name, IGBVF_RESET_US / 1000);
}

/* The @k-th message of all: the reset's first. Return: words; 0 = all is said. */
static unsigned int message(const struct igbvf_port *port, unsigned int k, uint32_t *word)
{
	if (k)
		return igbvf_soft_message(&port->soft, k - 1, word);
	word[0] = IGBVF_MSG_RESET;
	return 1;
}

static int err_reset(const struct igbvf_port *port, struct vfnet_err *err)
{
	return vfnet_err_set(err, -ENETDOWN,
			     "%s: the physical function went into reset while it was asked "
			     "for something (message %u); try again when its interface is up",
			     port->hw.dev->name, port->up.type);
}

static int err_silent(struct igbvf_port *port, uint32_t type, struct vfnet_err *err)
{
	return vfnet_err_set(err, -ETIMEDOUT,
			     "%s: the physical function does not answer mailbox message %u "
			     "within %u ms, or keeps the mailbox (V2PMAILBOX %08x); see whether "
			     "its driver is loaded and its interface up, then try again",
			     port->hw.dev->name, type, IGBVF_REPLY_US / 1000,
			     igbvf_mbx_look(&port->hw));
}

/* None of the bits is surely 0 after a reset: the sheet's section 2, reset values. */
static void queues_off(struct igbvf_port *port, uint64_t now_ns)
{
	for (uint32_t q = 0; q < IGBVF_QUEUES; q++) {
		igbvf_wr(&port->hw, IGBVF_AT(RXDCTL, q), 0);
		igbvf_wr(&port->hw, IGBVF_AT(TXDCTL, q), 0);
	}
	enter(&port->up, IGBVF_STEP_OFF, now_ns, IGBVF_SWITCH_US);
}

static int step_ask(struct igbvf_port *port, uint64_t now_ns, struct vfnet_err *err)
{
	uint32_t word[IGBVF_MBOX_WORDS];
	unsigned int n = message(port, port->up.k, word);
	int rc;

	if (!n) {
		queues_off(port, now_ns);
		return -EINPROGRESS;
	}
	rc = igbvf_mbx_send(&port->hw, word, n);
	if (rc == -EAGAIN) {
		rc = look_again(&port->up, now_ns, -ETIMEDOUT);
		return rc == -ETIMEDOUT ? err_silent(port, *word, err) : rc;
	}
	port->up.type = VFNET_FIELD_GET(IGBVF_MSG_TYPE, *word);
	enter(&port->up, IGBVF_STEP_ANSWER, now_ns, IGBVF_REPLY_US);
	return -EINPROGRESS;
}

static int random_mac(uint8_t *mac, struct vfnet_err *err)
{
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return vfnet_err_set(err, -EIO,
				     "no random numbers for an address: %s; "
				     "give the port one in its options",
				     strerror(errno));
	vfnet_mac_random(bits, mac);
	return 0;
}

/*
 * The reply to VF_RESET has the address that the physical function knows. A refusal says only that
 * there is none: igb's default; older ones grant zeros [L]. Ours, once there is one, stays ours.
 */
static int settle_mac(struct igbvf_soft *soft, const uint32_t *reply, struct vfnet_err *err)
{
	const uint8_t *theirs = (const uint8_t *)&reply[1];
	bool have = (reply[0] & IGBVF_MSG_ACK) && vfnet_mac_is_valid_unicast(theirs);

	if (!vfnet_mac_is_valid_unicast(soft->mac)) {
		if (!have) {
			soft->mac_given = false;
			return random_mac(soft->mac, err);
		}
		vfnet_mac_copy(soft->mac, theirs);
	}
	soft->mac_given = have && vfnet_mac_equal(theirs, soft->mac);
	return 0;
}

/*
 * The administrator's mind has changed, or other functions were faster. Address and frame size stay
 * as they are in force; what was asked for on top is taken back. Return: 0; -EPROTO, from open.
 */
static int on_refusal(struct igbvf_port *port, struct vfnet_err *err)
{
	const char *name = port->hw.dev->name;
	uint32_t word[IGBVF_MBOX_WORDS];
	struct vfnet_err why;

	message(port, port->up.k, word);
	if (!port->opened)
		return igbvf_soft_refused(name, word, err);
	igbvf_soft_refused(name, word, &why);
	vfnet_log(port->hw.log, WARN, "after a reset %s", why.text);
	if (igbvf_soft_drop(&port->soft, port->up.k - 1))
		vfnet_count_add(&port->port.base.filters_lost, 1);
	else
		port->up.k++;
	return 0;
}

/* Return: 0, on with message k; as on_refusal(). */
static int on_reply(struct igbvf_port *port, const uint32_t *reply, struct vfnet_err *err)
{
	bool is_reset = port->up.type == IGBVF_MSG_RESET;

	if (!is_reset && !(reply[0] & IGBVF_MSG_ACK))
		return on_refusal(port, err);
	port->up.k++;
	return is_reset ? settle_mac(&port->soft, reply, err) : 0;
}

static int step_answer(struct igbvf_port *port, uint64_t now_ns, struct vfnet_err *err)
{
	struct igbvf_bringup *up = &port->up;
	uint32_t n = up->type == IGBVF_MSG_RESET ? IGBVF_RESET_REPLY_WORDS : 1;
	uint32_t reply[IGBVF_RESET_REPLY_WORDS];
	int rc = igbvf_mbx_receive(&port->hw, up->type, reply, n);

	/* a message that came instead may have taken the request's place, or its reply's */
	if (rc == -EBUSY && up->end_ns > now_ns + IGBVF_PINGED_US * NS_PER_US)
		up->end_ns = now_ns + IGBVF_PINGED_US * NS_PER_US;
	if (rc == -EAGAIN || rc == -EBUSY)
		rc = look_again(up, now_ns, -ETIMEDOUT);
	/* all replies but the reset's carry CTS, unless it was reset since and forgot us */
	if (!rc && up->type != IGBVF_MSG_RESET && !(reply[0] & IGBVF_MSG_CTS))
		rc = -ENETDOWN;
	if (rc == -EINPROGRESS)
		return rc;
	if (rc && igbvf_gone(&port->hw))
		return igbvf_err_gone(&port->hw, err);
	if (rc == -ENETDOWN)
		return err_reset(port, err);
	if (rc)
		return err_silent(port, up->type, err);
	rc = on_reply(port, reply, err);
	if (rc)
		return rc;
	enter(up, IGBVF_STEP_ASK, now_ns, IGBVF_MBX_LOCK_US);
	return -EINPROGRESS;
}

static uint32_t control_of(unsigned int i)
{
	if (i < IGBVF_QUEUES)
		return IGBVF_AT(RXDCTL, i);
	return IGBVF_AT(TXDCTL, i - IGBVF_QUEUES);
}

static_assert(IGBVF_QUEUES == VFNET_PORT_QUEUES, "a queue's number is the same on both sides");

static bool is_open(const struct igbvf_port *port, unsigned int i)
{
	if (i < VFNET_PORT_QUEUES)
		return port->port.rxqs[i] != NULL;
	return port->port.txqs[i - VFNET_PORT_QUEUES] != NULL;
}

static uint32_t base_of(unsigned int i)
{
	if (i < IGBVF_QUEUES)
		return IGBVF_AT(RDBAH, i);
	return IGBVF_AT(TDBAH, i - IGBVF_QUEUES);
}

static_assert(VFNET_IOVA_BASE >> 32, "the high half of no ring's address is 0");

/*
 * A reset of this function alone shows nowhere in its mailbox. On QEMU it clears ENABLE and keeps
 * the addresses [live]; on silicon queue 0 comes up enabled, with an address of 0 [N].
 */
bool igbvf_rings_lost(const struct igbvf_port *port)
{
	for (unsigned int i = 0; i < QUEUES; i++)
		if (is_open(port, i) &&
		    (!(igbvf_rd(&port->hw, control_of(i)) & IGBVF_RXDCTL_ENABLE) ||
		     !igbvf_rd(&port->hw, base_of(i))))
			return true;
	return false;
}

/* Until all queues are off, or all open ones on. */
static int wait_queues(struct igbvf_port *port, bool on, uint64_t now_ns, struct vfnet_err *err)
{
	for (unsigned int i = 0; i < QUEUES; i++) {
		uint32_t val;
		int rc;

		if (on && !is_open(port, i))
			continue;
		val = igbvf_rd(&port->hw, control_of(i));
		if (val == IGBVF_GONE)
			return igbvf_err_gone(&port->hw, err);
		if (!!(val & IGBVF_RXDCTL_ENABLE) == on)
			continue;
		if (!igbvf_mbx_service(&port->hw))
			return err_reset(port, err);
		rc = look_again(&port->up, now_ns, -ETIMEDOUT);
		return rc == -ETIMEDOUT ? igbvf_err_switch(&port->hw, control_of(i), on, err) : rc;
	}
	return 0;
}

static int step_off(struct igbvf_port *port, uint64_t now_ns, struct vfnet_err *err)
{
	int rc = wait_queues(port, false, now_ns, err);

	if (!rc && port->opened)
		rc = igbvf_irq_restore(&port->hw, err);
	if (rc)
		return rc;
	igbvf_irq_init(&port->hw);
	port->up.k = 0;
	enter(&port->up, IGBVF_STEP_RINGS, now_ns, 0);
	return -EINPROGRESS;
}

/* One queue at a time, so that a call does not take long. The rings are empty. */
static int step_rings(struct igbvf_port *port, uint64_t now_ns)
{
	unsigned int i = port->up.k++;

	if (i == QUEUES)
		enter(&port->up, IGBVF_STEP_ON, now_ns, IGBVF_SWITCH_US);
	else if (!is_open(port, i))
		return -EINPROGRESS;
	else if (i < VFNET_PORT_QUEUES)
		igbvf_rxq_program((const struct igbvf_rxq *)port->port.rxqs[i], &port->hw);
	else
		igbvf_txq_program((const struct igbvf_txq *)port->port.txqs[i - VFNET_PORT_QUEUES],
				  &port->hw);
	return -EINPROGRESS;
}

int igbvf_bringup_step(struct igbvf_port *port, uint64_t now_ns, struct vfnet_err *err)
{
	if (now_ns < port->up.next_ns)
		return -EINPROGRESS;
	switch (port->up.step) {
	case IGBVF_STEP_RESET:
		return step_reset(port, now_ns, err);
	case IGBVF_STEP_RESET_DONE:
		return step_reset_done(port, now_ns, err);
	case IGBVF_STEP_ASK:
		return step_ask(port, now_ns, err);
	case IGBVF_STEP_ANSWER:
		return step_answer(port, now_ns, err);
	case IGBVF_STEP_OFF:
		return step_off(port, now_ns, err);
	case IGBVF_STEP_RINGS:
		return step_rings(port, now_ns);
	case IGBVF_STEP_ON:
		break;
	}
	return wait_queues(port, true, now_ns, err);
}
