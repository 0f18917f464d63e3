// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that a user-level driver cannot see in its device, told by generic netlink: removal, PCI
 * error recovery, suspend and resume.
 *
 * A program registers for the events of a device that it holds open (or is allowed to administer)
 * and is told by unicast to the socket that it registered with. Some events are questions; for the
 * answers we wait a bounded time, and with nothing locked. An answer counts only if it comes from a
 * socket that was asked, and carries the sequence number of the question, so that a late one cannot
 * answer the next question.
 *
 * Suspend is a matter of the whole system and is asked before processes are frozen, because a
 * frozen process would not answer.
 */
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <net/genetlink.h>

#include "vfio_private.h"

#define VFIO_LISTENERS_MAX 16 /* of one device */
#define VFIO_ERROR_TIMEOUT (3 * HZ)
#define VFIO_SUSPEND_TIMEOUT (5 * HZ)

#define VFIO_EVENTS GENMASK_ULL(VFIO_MSG_PM_RESUME, VFIO_MSG_REMOVE)

/**
 * struct vfio_question - what listeners have been asked; lives on the stack of who asks
 * @seq:     sequence number of the messages
 * @waiting: how many have not yet answered
 * @done:    they all have, or will not
 * @answer:  put together from theirs
 */
struct vfio_question {
	u32 seq;
	unsigned int waiting;
	struct completion done;
	u32 answer;
};

enum vfio_topic { VFIO_TOPIC_ERROR, VFIO_TOPIC_SUSPEND, VFIO_TOPICS };

/**
 * struct vfio_listener - a socket that wants to hear of a device
 * @link:       in vfio_listeners
 * @vdev:       the device; remove() takes its listeners away, so it needs no reference
 * @net:        name space of the socket; the socket's end takes the listener away
 * @portid:     the socket
 * @events:     (1 << command) for each event wanted
 * @privileged: may listen without holding the device open
 * @asked:      what it still has to answer, or NULL
 */
struct vfio_listener {
	struct list_head link;
	struct vfio_dev *vdev;
	struct net *net;
	u32 portid;
	u64 events;
	bool privileged;
	struct vfio_question *asked[VFIO_TOPICS];
};

/* Protects all of this file, and is never held for longer than a few messages take. */
static DEFINE_MUTEX(vfio_listeners_lock);
static LIST_HEAD(vfio_listeners);
static u32 vfio_seq;

static struct genl_family vfio_genl;

static void vfio_listener_settle(struct vfio_listener *listener, enum vfio_topic topic)
{
	struct vfio_question *question = listener->asked[topic];

	listener->asked[topic] = NULL;
	if (question && !--question->waiting)
		complete(&question->done);
}

static void vfio_listener_drop(struct vfio_listener *listener)
{
	enum vfio_topic topic;

	for (topic = 0; topic < VFIO_TOPICS; topic++)
		vfio_listener_settle(listener, topic);
	list_del(&listener->link);
	kfree(listener);
}

static bool vfio_fill(struct sk_buff *skb, struct vfio_dev *vdev, u8 command, u32 seq, u32 state)
{
	struct pci_dev *pdev = vdev->pdev;
	void *header = genlmsg_put(skb, 0, seq, &vfio_genl, 0, command);

	if (!header || nla_put_u32(skb, VFIO_ATTR_PCI_DOMAIN, pci_domain_nr(pdev->bus)) ||
	    nla_put_u16(skb, VFIO_ATTR_PCI_BUS, pdev->bus->number) ||
	    nla_put_u8(skb, VFIO_ATTR_PCI_SLOT, PCI_SLOT(pdev->devfn)) ||
	    nla_put_u8(skb, VFIO_ATTR_PCI_FUNC, PCI_FUNC(pdev->devfn)) ||
	    (command == VFIO_MSG_ERROR_DETECTED &&
	     nla_put_u32(skb, VFIO_ATTR_CHANNEL_STATE, state)))
		return false;
	genlmsg_end(skb, header);
	return true;
}

/* Never waits for the receiver: what does not fit into its socket is lost. */
static bool vfio_send(struct vfio_listener *listener, u8 command, u32 seq, u32 state)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return false;
	if (!vfio_fill(skb, listener->vdev, command, seq, state)) {
		nlmsg_free(skb);
		return false;
	}
	return genlmsg_unicast(listener->net, skb, listener->portid) == 0;
}

/* Tells the listeners of @vdev, or of all devices if it is NULL. */
static void vfio_tell(struct vfio_dev *vdev, u8 command)
{
	struct vfio_listener *listener;

	mutex_lock(&vfio_listeners_lock);
	list_for_each_entry(listener, &vfio_listeners, link) {
		if ((!vdev || listener->vdev == vdev) && (listener->events & BIT_ULL(command)))
			vfio_send(listener, command, ++vfio_seq, 0);
	}
	mutex_unlock(&vfio_listeners_lock);
}

/* Asks likewise, waits, and returns what the answers come to; @none if there are none. */
static u32 vfio_ask(struct vfio_dev *vdev, u8 command, u32 state, u32 none)
{
	enum vfio_topic topic = command == VFIO_MSG_PM_SUSPEND ? VFIO_TOPIC_SUSPEND :
								 VFIO_TOPIC_ERROR;
	struct vfio_question question = { .answer = none };
	struct vfio_listener *listener;

	init_completion(&question.done);
	mutex_lock(&vfio_listeners_lock);
	question.seq = ++vfio_seq;
	list_for_each_entry(listener, &vfio_listeners, link) {
		if ((vdev && listener->vdev != vdev) || !(listener->events & BIT_ULL(command)))
			continue;
		vfio_listener_settle(listener, topic);
		if (vfio_send(listener, command, question.seq, state)) {
			listener->asked[topic] = &question;
			question.waiting++;
		}
	}
	if (!question.waiting)
		complete(&question.done);
	mutex_unlock(&vfio_listeners_lock);

	wait_for_completion_timeout(&question.done, topic == VFIO_TOPIC_SUSPEND ?
					VFIO_SUSPEND_TIMEOUT : VFIO_ERROR_TIMEOUT);

	mutex_lock(&vfio_listeners_lock);
	list_for_each_entry(listener, &vfio_listeners, link) {
		if (listener->asked[topic] == &question)
			vfio_listener_settle(listener, topic);
	}
	mutex_unlock(&vfio_listeners_lock);
	return question.answer;
}

/* --------------------------------------------------------------------------------------------
 * What users send.
 */

static const struct nla_policy vfio_policy[VFIO_NL_ATTR_MAX + 1] = {
	[VFIO_ATTR_MSGCAP] = { .type = NLA_U64 },
	[VFIO_ATTR_PCI_DOMAIN] = { .type = NLA_U32 },
	[VFIO_ATTR_PCI_BUS] = NLA_POLICY_MAX(NLA_U16, 255),
	[VFIO_ATTR_PCI_SLOT] = NLA_POLICY_MAX(NLA_U8, 31),
	[VFIO_ATTR_PCI_FUNC] = NLA_POLICY_MAX(NLA_U8, 7),
	[VFIO_ATTR_ERROR_HANDLING_REPLY] =
		NLA_POLICY_RANGE(NLA_U32, (__force s16)PCI_ERS_RESULT_NONE,
				 (__force s16)PCI_ERS_RESULT_RECOVERED),
	[VFIO_ATTR_PM_SUSPEND_REPLY] = NLA_POLICY_MAX(NLA_U32, MAX_ERRNO),
};

static struct vfio_dev *vfio_named_dev(struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct vfio_dev *vdev;
	struct pci_dev *pdev;

	if (GENL_REQ_ATTR_CHECK(info, VFIO_ATTR_PCI_DOMAIN) ||
	    GENL_REQ_ATTR_CHECK(info, VFIO_ATTR_PCI_BUS) ||
	    GENL_REQ_ATTR_CHECK(info, VFIO_ATTR_PCI_SLOT) ||
	    GENL_REQ_ATTR_CHECK(info, VFIO_ATTR_PCI_FUNC))
		return ERR_PTR(-EINVAL);
	pdev = pci_get_domain_bus_and_slot(nla_get_u32(attrs[VFIO_ATTR_PCI_DOMAIN]),
					   nla_get_u16(attrs[VFIO_ATTR_PCI_BUS]),
					   PCI_DEVFN(nla_get_u8(attrs[VFIO_ATTR_PCI_SLOT]),
						     nla_get_u8(attrs[VFIO_ATTR_PCI_FUNC])));
	vdev = pdev ? vfio_dev_find(pdev) : NULL;
	pci_dev_put(pdev);
	return vdev ?: ERR_PTR(-ENODEV);
}

/* The device of a message whose sender may speak about it, with a reference. */
static struct vfio_dev *vfio_permitted_dev(struct sk_buff *skb, struct genl_info *info,
					   bool *privileged)
{
	struct vfio_dev *vdev = vfio_named_dev(info);

	if (IS_ERR(vdev))
		return vdev;
	/* In the first user name space, that is: anyone can make others. */
	*privileged = netlink_capable(skb, CAP_NET_ADMIN);
	if (*privileged || vfio_dev_held_by_current(vdev))
		return vdev;
	NL_SET_ERR_MSG(info->extack, "open the device first, or have CAP_NET_ADMIN");
	put_device(&vdev->dev);
	return ERR_PTR(-EPERM);
}

static struct vfio_listener *vfio_listener_find(struct vfio_dev *vdev, struct genl_info *info,
						unsigned int *n)
{
	struct vfio_listener *listener;

	*n = 0;
	list_for_each_entry(listener, &vfio_listeners, link) {
		if (listener->vdev != vdev)
			continue;
		++*n;
		if (listener->portid == info->snd_portid &&
		    net_eq(listener->net, genl_info_net(info)))
			return listener;
	}
	return NULL;
}

/* A registration that exists is changed; one without any event is withdrawn. */
static int vfio_listener_set(struct vfio_dev *vdev, struct genl_info *info, u64 events,
			     bool privileged)
{
	struct vfio_listener *listener;
	unsigned int n;

	listener = vfio_listener_find(vdev, info, &n);
	if (!events) {
		if (listener)
			vfio_listener_drop(listener);
		return 0;
	}
	if (vdev->silent)
		return -ENODEV;
	if (!listener) {
		if (n >= VFIO_LISTENERS_MAX)
			return -ENOSPC;
		listener = kzalloc(sizeof(*listener), GFP_KERNEL_ACCOUNT);
		if (!listener)
			return -ENOMEM;
		listener->vdev = vdev;
		listener->net = genl_info_net(info);
		listener->portid = info->snd_portid;
		list_add_tail(&listener->link, &vfio_listeners);
	}
	listener->events = events;
	listener->privileged = privileged;
	return 0;
}

static int vfio_do_register(struct sk_buff *skb, struct genl_info *info)
{
	struct vfio_dev *vdev;
	bool privileged;
	u64 events;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, VFIO_ATTR_MSGCAP))
		return -EINVAL;
	events = nla_get_u64(info->attrs[VFIO_ATTR_MSGCAP]) & VFIO_EVENTS;
	vdev = vfio_permitted_dev(skb, info, &privileged);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	mutex_lock(&vfio_listeners_lock);
	ret = vfio_listener_set(vdev, info, events, privileged);
	mutex_unlock(&vfio_listeners_lock);
	put_device(&vdev->dev);
	return ret;
}

/* How bad an opinion is: they are numbered so, but for RECOVERED, which is next to no opinion. */
static u32 vfio_badness(u32 opinion)
{
	const u32 none = (__force u32)PCI_ERS_RESULT_NONE;

	return opinion == (__force u32)PCI_ERS_RESULT_RECOVERED ? 2 * none + 1 : 2 * opinion;
}

static int vfio_answer(struct vfio_dev *vdev, struct genl_info *info, enum vfio_topic topic,
		       u32 answer)
{
	struct vfio_listener *listener;
	struct vfio_question *question;
	unsigned int n;

	listener = vfio_listener_find(vdev, info, &n);
	question = listener ? listener->asked[topic] : NULL;
	if (!question || question->seq != info->snd_seq) {
		NL_SET_ERR_MSG(info->extack, "this is not the answer to a question that was asked");
		return -EINVAL;
	}
	if (topic == VFIO_TOPIC_SUSPEND ? !question->answer :
					  vfio_badness(answer) > vfio_badness(question->answer))
		question->answer = answer;
	vfio_listener_settle(listener, topic);
	return 0;
}

static int vfio_do_reply(struct sk_buff *skb, struct genl_info *info)
{
	bool error = info->genlhdr->cmd == VFIO_MSG_ERROR_HANDLING_REPLY;
	int attr = error ? VFIO_ATTR_ERROR_HANDLING_REPLY : VFIO_ATTR_PM_SUSPEND_REPLY;
	struct vfio_dev *vdev;
	bool privileged;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, attr))
		return -EINVAL;
	vdev = vfio_permitted_dev(skb, info, &privileged);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	mutex_lock(&vfio_listeners_lock);
	ret = vfio_answer(vdev, info, error ? VFIO_TOPIC_ERROR : VFIO_TOPIC_SUSPEND,
			  nla_get_u32(info->attrs[attr]));
	mutex_unlock(&vfio_listeners_lock);
	put_device(&vdev->dev);
	return ret;
}

static const struct genl_small_ops vfio_ops[] = {
	{ .cmd = VFIO_MSG_REGISTER, .doit = vfio_do_register },
	{ .cmd = VFIO_MSG_ERROR_HANDLING_REPLY, .doit = vfio_do_reply },
	{ .cmd = VFIO_MSG_PM_SUSPEND_REPLY, .doit = vfio_do_reply },
};

/* Programs of 2010 do not care what the reserved parts of a header contain: nor do we. */
static struct genl_family vfio_genl = {
	.name = VFIO_GENL_NAME,
	.version = VFIO_GENL_VERSION,
	.maxattr = VFIO_NL_ATTR_MAX,
	.policy = vfio_policy,
	.small_ops = vfio_ops,
	.n_small_ops = ARRAY_SIZE(vfio_ops),
	.resv_start_op = VFIO_MSG_PM_SUSPEND_REPLY + 1,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
};

/* --------------------------------------------------------------------------------------------
 * What happens.
 */

/* A socket is being closed: its number may soon be another's. */
static int vfio_netlink_notify(struct notifier_block *block, unsigned long event, void *data)
{
	struct vfio_listener *listener, *next;
	struct netlink_notify *notify = data;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	mutex_lock(&vfio_listeners_lock);
	list_for_each_entry_safe(listener, next, &vfio_listeners, link) {
		if (listener->portid == notify->portid && net_eq(listener->net, notify->net))
			vfio_listener_drop(listener);
	}
	mutex_unlock(&vfio_listeners_lock);
	return NOTIFY_DONE;
}

static int vfio_pm_notify(struct notifier_block *block, unsigned long event, void *data)
{
	int veto;

	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		veto = vfio_ask(NULL, VFIO_MSG_PM_SUSPEND, 0, 0);
		/* Those who agreed will not hear of it otherwise. */
		if (veto)
			vfio_tell(NULL, VFIO_MSG_PM_RESUME);
		return notifier_from_errno(-veto);
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
		vfio_tell(NULL, VFIO_MSG_PM_RESUME);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block vfio_netlink_block = { .notifier_call = vfio_netlink_notify };
static struct notifier_block vfio_pm_block = { .notifier_call = vfio_pm_notify };

/**
 * vfio_netlink_error() - tell of a PCI error, and ask how to go on
 * @vdev:    the device
 * @command: VFIO_MSG_ERROR_DETECTED, _MMIO_ENABLED, _LINK_RESET or _SLOT_RESET, which ask, or
 *           VFIO_MSG_ERROR_RESUME, which does not
 * @state:   pci_channel_state_t, told with VFIO_MSG_ERROR_DETECTED
 *
 * May wait for 3 s: none of our locks may be held.
 *
 * Return: the worst of the answers; PCI_ERS_RESULT_NONE, no opinion, if there are none.
 */
pci_ers_result_t vfio_netlink_error(struct vfio_dev *vdev, u8 command, u32 state)
{
	if (command == VFIO_MSG_ERROR_RESUME) {
		vfio_tell(vdev, command);
		return PCI_ERS_RESULT_NONE;
	}
	return (__force pci_ers_result_t)vfio_ask(vdev, command, state,
						  (__force u32)PCI_ERS_RESULT_NONE);
}

/* Takes away the listeners of @vdev; @all: also those that may listen without holding it open. */
static void vfio_forget(struct vfio_dev *vdev, bool all)
{
	struct vfio_listener *listener, *next;

	lockdep_assert_held(&vfio_listeners_lock);
	list_for_each_entry_safe(listener, next, &vfio_listeners, link) {
		if (listener->vdev == vdev && (all || !listener->privileged))
			vfio_listener_drop(listener);
	}
}

/**
 * vfio_netlink_close() - the last descriptor of a device is being closed
 * @vdev: the device
 *
 * Its user's registrations go, or they could fill all places before the next user comes.
 */
void vfio_netlink_close(struct vfio_dev *vdev)
{
	mutex_lock(&vfio_listeners_lock);
	vfio_forget(vdev, false);
	mutex_unlock(&vfio_listeners_lock);
}

/**
 * vfio_netlink_remove() - tell that a device goes, and take its listeners away
 * @vdev: the device; nobody can register for it any more
 */
void vfio_netlink_remove(struct vfio_dev *vdev)
{
	vfio_tell(vdev, VFIO_MSG_REMOVE);
	mutex_lock(&vfio_listeners_lock);
	vdev->silent = true;
	vfio_forget(vdev, true);
	mutex_unlock(&vfio_listeners_lock);
}

/**
 * vfio_netlink_init() - when the module is loaded, before there are devices
 *
 * Return: 0 or a negative errno.
 */
int vfio_netlink_init(void)
{
	int ret;

	ret = netlink_register_notifier(&vfio_netlink_block);
	if (ret)
		return ret;
	ret = register_pm_notifier(&vfio_pm_block);
	if (ret)
		goto no_pm;
	ret = genl_register_family(&vfio_genl);
	if (ret)
		goto no_family;
	return 0;

no_family:
	unregister_pm_notifier(&vfio_pm_block);
no_pm:
	netlink_unregister_notifier(&vfio_netlink_block);
	return ret;
}

/**
 * vfio_netlink_exit() - when the module goes; there are no devices any more
 */
void vfio_netlink_exit(void)
{
	genl_unregister_family(&vfio_genl);
	unregister_pm_notifier(&vfio_pm_block);
	netlink_unregister_notifier(&vfio_netlink_block);
}
