/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_CHIP_82576_DESC_H
#define VFNET_CHIP_82576_DESC_H

/*
 * The 82576's advanced descriptors: 16 bytes, four little-endian words d0 to d3.
 *
 *     receive, to the card    | d0 d1: buffer address        | d2 d3: header buffer address, 0  |
 *     receive, written back   | d0: types  | d1: RSS hash    | d2: status, errors | d3: VLAN,len |
 *     transmit data           | d0 d1: buffer address        | d2: command, len | d3: PAYLEN     |
 *     transmit, written back  |                              |                  | d3: DD         |
 *     transmit context        | d0: VLAN, L2, L3 lengths     | d2: types        | d3: MSS, L4    |
 *
 * Sources: [L] igbvf and igb, [D] igb_rxtx.c, [Q], [S] I210.
 */

#include <assert.h>
#include <stdint.h>

#include "lib/base/bits.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "descriptors are used as they lie");

/** union igbvf_rx_desc - advanced receive descriptor, one buffer. */
union igbvf_rx_desc {
	struct {
		uint64_t addr;
		uint64_t hdr_addr; /* its bit 0 becomes DD: always write 0 */
	} read;
	struct {
		uint32_t types;
		uint32_t hash;
		uint32_t status; /* the card writes it last */
		uint16_t len;
		uint16_t vlan;
	} wb;
};

/** union igbvf_tx_desc - advanced transmit descriptor: data, context, or written back. */
union igbvf_tx_desc {
	struct {
		uint64_t addr;
		uint32_t cmd;
		uint32_t paylen;
	} data;
	struct {
		uint32_t vlan_l2_l3;
		uint32_t zero;
		uint32_t types;
		uint32_t mss_l4;
	} ctx;
	struct {
		uint32_t unused[3];
		uint32_t status; /* the card writes it last */
	} wb;
};

static_assert(sizeof(union igbvf_rx_desc) == 16, "16 bytes each");
static_assert(sizeof(union igbvf_tx_desc) == 16, "16 bytes each");
static_assert(offsetof(union igbvf_rx_desc, wb.status) == 8, "d2");
static_assert(offsetof(union igbvf_rx_desc, wb.len) == 12, "d3");
static_assert(offsetof(union igbvf_tx_desc, data.cmd) == 8, "d2");
static_assert(offsetof(union igbvf_tx_desc, wb.status) == 12, "d3");

/** IGBVF_RING_ALIGN - ring bases and lengths in bytes are multiples of it [S]. */
#define IGBVF_RING_ALIGN 128u
/** IGBVF_FRAME_MIN - shortest frame that may be handed over, without CRC; the driver pads. */
#define IGBVF_FRAME_MIN 60u
/** IGBVF_FRAME_MAX - longest, without CRC: 9728 with it [S]. */
#define IGBVF_FRAME_MAX 9724u

/* clang-format off */
/* receive, wb.types */
#define IGBVF_RXD_RSS_TYPE    VFNET_BITS(3, 0)   /* 0 = no hash */
#define IGBVF_RXD_IP4         VFNET_BIT(4)
#define IGBVF_RXD_IP4_OPT     VFNET_BIT(5)
#define IGBVF_RXD_IP6         VFNET_BIT(6)
#define IGBVF_RXD_IP6_EXT     VFNET_BIT(7)
#define IGBVF_RXD_TCP         VFNET_BIT(8)
#define IGBVF_RXD_UDP         VFNET_BIT(9)
#define IGBVF_RXD_SCTP        VFNET_BIT(10)
#define IGBVF_RXD_ETQF        VFNET_BIT(15)      /* an EtherType filter matched: 14:4 say which */
#define IGBVF_RXD_HDR_LEN     VFNET_BITS(30, 21)
#define IGBVF_RXD_SPH         VFNET_BIT(31)

/* receive, wb.status; but for DD all of it only where EOP is set */
#define IGBVF_RXD_DD          VFNET_BIT(0)
#define IGBVF_RXD_EOP         VFNET_BIT(1)
#define IGBVF_RXD_VP          VFNET_BIT(3)       /* tag removed, in wb.vlan */
#define IGBVF_RXD_UDPCS       VFNET_BIT(4)
#define IGBVF_RXD_L4I         VFNET_BIT(5)       /* L4 checksum was checked */
#define IGBVF_RXD_IPCS        VFNET_BIT(6)       /* IPv4 header checksum was checked */
#define IGBVF_RXD_PIF         VFNET_BIT(7)
#define IGBVF_RXD_LB          VFNET_BIT(18)      /* from another function */
#define IGBVF_RXD_HBO         VFNET_BIT(23)
#define IGBVF_RXD_CE          VFNET_BIT(24)
#define IGBVF_RXD_SE          VFNET_BIT(25)
#define IGBVF_RXD_SEQ         VFNET_BIT(26)
#define IGBVF_RXD_CXE         VFNET_BIT(28)
#define IGBVF_RXD_L4E         VFNET_BIT(29)
#define IGBVF_RXD_IPE         VFNET_BIT(30)
#define IGBVF_RXD_RXE         VFNET_BIT(31)
/* the frame is damaged [L] */
#define IGBVF_RXD_BAD         (IGBVF_RXD_CE | IGBVF_RXD_SE | IGBVF_RXD_SEQ | IGBVF_RXD_CXE | IGBVF_RXD_RXE)

/* transmit, data.cmd; fields other than DTALEN, EOP and RS count in a frame's first one only [S] */
#define IGBVF_TXD_DTALEN      VFNET_BITS(15, 0)
#define IGBVF_TXD_DTYP        VFNET_BITS(23, 20) /* also in ctx.types */
#define IGBVF_TXD_DTYP_CTX    2u
#define IGBVF_TXD_DTYP_DATA   3u
#define IGBVF_TXD_EOP         VFNET_BIT(24)
#define IGBVF_TXD_IFCS        VFNET_BIT(25)      /* insert the CRC */
#define IGBVF_TXD_RS          VFNET_BIT(27)      /* write DD back */
#define IGBVF_TXD_DEXT        VFNET_BIT(29)      /* advanced; also in ctx.types */
#define IGBVF_TXD_VLE         VFNET_BIT(30)
#define IGBVF_TXD_TSE         VFNET_BIT(31)

/* transmit, data.paylen and wb.status */
#define IGBVF_TXD_DD          VFNET_BIT(0)
#define IGBVF_TXD_IDX         VFNET_BITS(6, 4)   /* also in ctx.mss_l4 */
#define IGBVF_TXD_CC          VFNET_BIT(7)
#define IGBVF_TXD_IXSM        VFNET_BIT(8)
#define IGBVF_TXD_TXSM        VFNET_BIT(9)
#define IGBVF_TXD_PAYLEN      VFNET_BITS(31, 14) /* whole frame without CRC; with TSE the L4 payload */

/* transmit context */
#define IGBVF_TXC_IPLEN       VFNET_BITS(8, 0)   /* ctx.vlan_l2_l3 */
#define IGBVF_TXC_MACLEN      VFNET_BITS(15, 9)
#define IGBVF_TXC_VLAN        VFNET_BITS(31, 16)
#define IGBVF_TXC_IP4         VFNET_BIT(10)      /* ctx.types */
#define IGBVF_TXC_L4T         VFNET_BITS(12, 11) /* 0 UDP, 1 TCP, 2 SCTP */
#define IGBVF_TXC_L4LEN       VFNET_BITS(15, 8)  /* ctx.mss_l4 */
#define IGBVF_TXC_MSS         VFNET_BITS(31, 16)
/* clang-format on */

#endif
