/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_CHIP_82576_MBOX_H
#define VFNET_CHIP_82576_MBOX_H

/*
 * What a virtual function and Linux's igb, the physical function's driver, write into the 16
 * mailbox words. All of it from [L] igb_main.c igb_rcv_msg_from_vf and [D]. Word 0:
 *
 *       31   30   29   28..24   23..16   15..0
 *     +----+----+----+--------+--------+--------+
 *     |ACK |NACK|CTS |   0    |  info  |  type  |
 *     +----+----+----+--------+--------+--------+
 */

#include "lib/base/bits.h"

#define IGBVF_MBOX_WORDS 16u

/* clang-format off */
#define IGBVF_MSG_ACK            VFNET_BIT(31)      /* reply: done */
#define IGBVF_MSG_NACK           VFNET_BIT(30)      /* reply: refused */
#define IGBVF_MSG_CTS            VFNET_BIT(29)      /* the function was reset since the physical one was */
#define IGBVF_MSG_INFO           VFNET_BITS(23, 16)
#define IGBVF_MSG_TYPE           VFNET_BITS(15, 0)

#define IGBVF_MSG_RESET          0x01u              /* reply: 3 words, 1 and 2 are the address; NACK = done, no address */
#define IGBVF_MSG_SET_MAC        0x02u              /* words 1 and 2: the address, bytes in memory order */
#define IGBVF_MSG_SET_MULTICAST  0x03u              /* info: count; 16-bit hashes from word 1 on */
#define IGBVF_MSG_SET_VLAN       0x04u              /* info: 1 add, 0 remove; word 1: identifier */
#define IGBVF_MSG_SET_LPE        0x05u              /* word 1: longest frame in bytes, with CRC and VLAN tag */
#define IGBVF_MSG_SET_PROMISC    0x06u              /* info: below */
#define IGBVF_MSG_PF_CONTROL     0x0100u            /* from the physical function: link changed; without CTS: reset */

#define IGBVF_MAC_FILTER_CLEAR   0x01u              /* info of SET_MAC: drop all further addresses */
#define IGBVF_MAC_FILTER_ADD     0x02u              /* one further address */
#define IGBVF_MULTICAST_MAX      30u                /* hashes in one message */
#define IGBVF_MULTICAST_OVERFLOW 0x80u              /* info of SET_MULTICAST: there are more [D] */
#define IGBVF_PROMISC_UNICAST    0x01u              /* igb refuses it */
#define IGBVF_PROMISC_MULTICAST  0x02u
/* clang-format on */

/** IGBVF_LPE_MAX - longest frame in bytes, with CRC and VLAN tag, that igb grants by SET_LPE. */
#define IGBVF_LPE_MAX 0x2600u

#endif
