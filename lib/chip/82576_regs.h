/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_CHIP_82576_REGS_H
#define VFNET_CHIP_82576_REGS_H

/*
 * Registers of the 82576's virtual function, BAR 0, as the function sees them. One table: the
 * driver takes its offsets from it, the software card its address map, the tools their names. What
 * only the physical function has stands in sim/. Source tags are those of the fact sheet: [L] Linux
 * 6.12 igbvf, [Q] QEMU 10.0.2, [D] DPDK, [N] the NOVA model, [S] a sibling's datasheet.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/base/bits.h"

#ifdef __cplusplus
extern "C" {
#endif

/** enum igbvf_access - what reading and writing a register does. */
enum igbvf_access {
	IGBVF_RO,
	IGBVF_RW,
	IGBVF_WO,
	IGBVF_RC,     /* a read clears bits, perhaps not all: a dump leaves it alone */
	IGBVF_W1S,    /* writing 1 sets, 0 is ignored */
	IGBVF_WRAP32, /* counts, wraps at 2^32, neither read nor VF reset clears it */
};

/* clang-format off */
/*        name         offset  n  stride access  source      meaning */
#define IGBVF_REGS(_)                                                                              \
	_(VTCTRL,      0x0000, 1,  0,     RW,     "[L][Q]",   "function control")                   \
	_(STATUS,      0x0008, 1,  0,     RO,     "[L][Q]",   "state of the port")                  \
	_(VMBMEM,      0x0800, 16, 4,     RW,     "[L][Q]",   "mailbox words")                      \
	_(V2PMAILBOX,  0x0c40, 1,  0,     RC,     "[L][Q]",   "mailbox control")                    \
	_(PBACL,       0x0f04, 1,  0,     RW,     "[S]",      "clear pending MSI-X bits")           \
	_(PSRTYPE,     0x0f0c, 1,  0,     RW,     "[L][D]",   "headers to split at")                \
	_(VFGPRC,      0x0f10, 1,  0,     WRAP32, "[L][D]",   "frames received")                    \
	_(VFGPTC,      0x0f14, 1,  0,     WRAP32, "[L][D]",   "frames sent")                        \
	_(VFGORC,      0x0f18, 1,  0,     WRAP32, "[L][D]",   "bytes received, with CRC")           \
	_(VFGOTC,      0x0f34, 1,  0,     WRAP32, "[L][D]",   "bytes sent, with CRC")               \
	_(VFMPRC,      0x0f3c, 1,  0,     WRAP32, "[L][D]",   "multicast frames received")          \
	_(VFGPRLBC,    0x0f40, 1,  0,     WRAP32, "[L][D]",   "frames received from the switch")    \
	_(VFGPTLBC,    0x0f44, 1,  0,     WRAP32, "[L][D]",   "frames sent to the switch")          \
	_(VFGORLBC,    0x0f48, 1,  0,     WRAP32, "[L][D]",   "bytes received from the switch")     \
	_(VFGOTLBC,    0x0f50, 1,  0,     WRAP32, "[L][D]",   "bytes sent to the switch")           \
	_(VTFRTIMER,   0x1048, 1,  0,     RO,     "[L]",      "free running timer")                 \
	_(VTEICS,      0x1520, 1,  0,     WO,     "[L][Q]",   "set causes")                         \
	_(VTEIMS,      0x1524, 1,  0,     W1S,    "[L][Q]",   "enable vectors")                     \
	_(VTEIMC,      0x1528, 1,  0,     WO,     "[L][Q]",   "disable vectors")                    \
	_(VTEIAC,      0x152c, 1,  0,     RW,     "[L][Q]",   "sending a vector clears its cause")  \
	_(VTEIAM,      0x1530, 1,  0,     RW,     "[L][Q]",   "sending a vector disables it")       \
	_(VTEICR,      0x1580, 1,  0,     RC,     "[N][Q]",   "causes; writing 1 clears")           \
	_(EITR,        0x1680, 3,  4,     RW,     "[L][Q]",   "throttle of a vector")               \
	_(VTIVAR,      0x1700, 1,  0,     RW,     "[L][N]",   "vectors of the queues")              \
	_(VTIVAR_MISC, 0x1740, 1,  0,     RW,     "[L][Q]",   "vector of the mailbox")              \
	_(PBRWAC,      0x24e8, 1,  0,     RO,     "[L]",      "receive packet buffer wraps")        \
	_(RDBAL,       0x2800, 2,  0x100, RW,     "[L][S]",   "receive ring address 31:7")          \
	_(RDBAH,       0x2804, 2,  0x100, RW,     "[L]",      "receive ring address 63:32")         \
	_(RDLEN,       0x2808, 2,  0x100, RW,     "[L][S]",   "receive ring bytes")                 \
	_(SRRCTL,      0x280c, 2,  0x100, RW,     "[L][Q]",   "receive buffers and descriptors")    \
	_(RDH,         0x2810, 2,  0x100, RO,     "[S]",      "receive head")                       \
	_(RXCTL,       0x2814, 2,  0x100, RW,     "[L]",      "receive DMA hints")                  \
	_(RDT,         0x2818, 2,  0x100, RW,     "[L][S]",   "receive tail")                       \
	_(RXDCTL,      0x2828, 2,  0x100, RW,     "[L][Q]",   "receive queue control")              \
	_(RQDPC,       0x2830, 2,  0x100, RC,     "[S]",      "frames that found no descriptor")    \
	_(PBTWAC,      0x34e8, 1,  0,     RO,     "[L]",      "transmit packet buffer wraps")       \
	_(TDBAL,       0x3800, 2,  0x100, RW,     "[L][S]",   "transmit ring address 31:7")         \
	_(TDBAH,       0x3804, 2,  0x100, RW,     "[L]",      "transmit ring address 63:32")        \
	_(TDLEN,       0x3808, 2,  0x100, RW,     "[L][S]",   "transmit ring bytes")                \
	_(TDH,         0x3810, 2,  0x100, RO,     "[S]",      "transmit head")                      \
	_(TXCTL,       0x3814, 2,  0x100, RW,     "[L][Q]",   "transmit DMA hints")                 \
	_(TDT,         0x3818, 2,  0x100, RW,     "[L]",      "transmit tail")                      \
	_(TXDCTL,      0x3828, 2,  0x100, RW,     "[L][Q]",   "transmit queue control")             \
	_(TDWBAL,      0x3838, 2,  0x100, RW,     "[S][Q]",   "head write-back address 31:2")       \
	_(TDWBAH,      0x383c, 2,  0x100, RW,     "[S][Q]",   "head write-back address 63:32")
/* clang-format on */

/* IGBVF_RDT, IGBVF_RDT_N, IGBVF_RDT_STRIDE ... */
#define IGBVF_REG_ENUM(name, offset, n, stride, access, source, meaning)                           \
	IGBVF_##name = (offset), IGBVF_##name##_N = (n), IGBVF_##name##_STRIDE = (stride),
enum { IGBVF_REGS(IGBVF_REG_ENUM) };

/** IGBVF_AT() - offset of instance @i of a register: IGBVF_AT(RDT, 1). */
#define IGBVF_AT(name, i) ((uint32_t)IGBVF_##name + (uint32_t)(i)*IGBVF_##name##_STRIDE)

/** IGBVF_BAR_BYTES - size of BAR 0. */
#define IGBVF_BAR_BYTES 0x4000
/** IGBVF_VENDOR, IGBVF_DEVICE - PCI identity, from the physical function's SR-IOV capability. */
#define IGBVF_VENDOR 0x8086
#define IGBVF_DEVICE 0x10ca
/** IGBVF_GONE - what every register of a removed function reads. */
#define IGBVF_GONE 0xffffffffu

/* clang-format off */
#define IGBVF_VTCTRL_RST          VFNET_BIT(26)      /* reset this function; clears itself */

#define IGBVF_STATUS_FD           VFNET_BIT(0)       /* full duplex */
#define IGBVF_STATUS_LU           VFNET_BIT(1)       /* link up */
#define IGBVF_STATUS_TXOFF        VFNET_BIT(4)       /* paused by the peer */
#define IGBVF_STATUS_SPEED        VFNET_BITS(7, 6)   /* 0 10, 1 100, 2 and 3 1000 Mb/s */
#define IGBVF_STATUS_NUM_VFS      VFNET_BITS(17, 14)
#define IGBVF_STATUS_IOV          VFNET_BIT(18)

#define IGBVF_V2PMAILBOX_REQ      VFNET_BIT(0)       /* WO: message written */
#define IGBVF_V2PMAILBOX_ACK      VFNET_BIT(1)       /* WO: message read */
#define IGBVF_V2PMAILBOX_VFU      VFNET_BIT(2)       /* we own the words; every write without it releases them */
#define IGBVF_V2PMAILBOX_PFU      VFNET_BIT(3)       /* RO: the physical function owns them */
#define IGBVF_V2PMAILBOX_PFSTS    VFNET_BIT(4)       /* RC: it wrote a message */
#define IGBVF_V2PMAILBOX_PFACK    VFNET_BIT(5)       /* RC: it read ours */
#define IGBVF_V2PMAILBOX_RSTI     VFNET_BIT(6)       /* RO: it is in reset */
#define IGBVF_V2PMAILBOX_RSTD     VFNET_BIT(7)       /* RC: it was reset */
#define IGBVF_V2PMAILBOX_R2C      (IGBVF_V2PMAILBOX_PFSTS | IGBVF_V2PMAILBOX_PFACK | IGBVF_V2PMAILBOX_RSTD)

#define IGBVF_VECTORS             3u                 /* in the function */
#define IGBVF_VECTORS_ALL         VFNET_BITS(2, 0)   /* in VTEICS, VTEIMS, VTEIMC, VTEIAC, VTEIAM, VTEICR, PBACL */

#define IGBVF_EITR_INTERVAL       VFNET_BITS(14, 2)  /* about 1 us each; 0 = off */
#define IGBVF_EITR_CNT_IGNR       VFNET_BIT(31)      /* keep the counter */

#define IGBVF_VTIVAR_RX0          VFNET_BITS(1, 0)
#define IGBVF_VTIVAR_RX0_VALID    VFNET_BIT(7)
#define IGBVF_VTIVAR_TX0          VFNET_BITS(9, 8)
#define IGBVF_VTIVAR_TX0_VALID    VFNET_BIT(15)
#define IGBVF_VTIVAR_RX1          VFNET_BITS(17, 16)
#define IGBVF_VTIVAR_RX1_VALID    VFNET_BIT(23)
#define IGBVF_VTIVAR_TX1          VFNET_BITS(25, 24)
#define IGBVF_VTIVAR_TX1_VALID    VFNET_BIT(31)
#define IGBVF_VTIVAR_MISC_VEC     VFNET_BITS(1, 0)
#define IGBVF_VTIVAR_MISC_VALID   VFNET_BIT(7)

#define IGBVF_SRRCTL_BSIZEPKT     VFNET_BITS(6, 0)   /* KiB that the card may write to a buffer */
#define IGBVF_SRRCTL_BSIZEHDR     VFNET_BITS(11, 8)  /* 64-byte units */
#define IGBVF_SRRCTL_RDMTS        VFNET_BITS(24, 20)
#define IGBVF_SRRCTL_DESCTYPE     VFNET_BITS(27, 25) /* 1 = advanced, one buffer */
#define IGBVF_SRRCTL_DROP_EN      VFNET_BIT(31)      /* drop when dry, do not stall the port */

#define IGBVF_RXDCTL_PTHRESH      VFNET_BITS(4, 0)   /* descriptors, as the next two */
#define IGBVF_RXDCTL_HTHRESH      VFNET_BITS(12, 8)
#define IGBVF_RXDCTL_WTHRESH      VFNET_BITS(20, 16)
#define IGBVF_RXDCTL_ENABLE       VFNET_BIT(25)
#define IGBVF_RXDCTL_SWFLSH       VFNET_BIT(26)

#define IGBVF_TXDCTL_PTHRESH      VFNET_BITS(4, 0)
#define IGBVF_TXDCTL_HTHRESH      VFNET_BITS(12, 8)
#define IGBVF_TXDCTL_WTHRESH      VFNET_BITS(20, 16)
#define IGBVF_TXDCTL_ENABLE       VFNET_BIT(25)
#define IGBVF_TXDCTL_SWFLSH       VFNET_BIT(26)
#define IGBVF_TXDCTL_PRIORITY     VFNET_BIT(27)

#define IGBVF_TXCTL_WB_RELAXED    VFNET_BIT(11)      /* write-back may overtake: must be off for head write-back */

#define IGBVF_TDWBAL_ENABLE       VFNET_BIT(0)
#define IGBVF_TDWBAL_ON_EITR      VFNET_BIT(1)

/* Each field above, once more, for decoding.  register, field */
#define IGBVF_FIELDS(_)                                                                            \
	_(VTCTRL, RST)                                                                             \
	_(STATUS, FD) _(STATUS, LU) _(STATUS, TXOFF) _(STATUS, SPEED) _(STATUS, NUM_VFS)           \
	_(STATUS, IOV)                                                                             \
	_(V2PMAILBOX, REQ) _(V2PMAILBOX, ACK) _(V2PMAILBOX, VFU) _(V2PMAILBOX, PFU)                \
	_(V2PMAILBOX, PFSTS) _(V2PMAILBOX, PFACK) _(V2PMAILBOX, RSTI) _(V2PMAILBOX, RSTD)          \
	_(EITR, INTERVAL) _(EITR, CNT_IGNR)                                                        \
	_(VTIVAR, RX0) _(VTIVAR, RX0_VALID) _(VTIVAR, TX0) _(VTIVAR, TX0_VALID)                    \
	_(VTIVAR, RX1) _(VTIVAR, RX1_VALID) _(VTIVAR, TX1) _(VTIVAR, TX1_VALID)                    \
	_(VTIVAR_MISC, VEC) _(VTIVAR_MISC, VALID)                                                  \
	_(SRRCTL, BSIZEPKT) _(SRRCTL, BSIZEHDR) _(SRRCTL, RDMTS) _(SRRCTL, DESCTYPE)               \
	_(SRRCTL, DROP_EN)                                                                         \
	_(RXDCTL, PTHRESH) _(RXDCTL, HTHRESH) _(RXDCTL, WTHRESH) _(RXDCTL, ENABLE)                 \
	_(RXDCTL, SWFLSH)                                                                          \
	_(TXDCTL, PTHRESH) _(TXDCTL, HTHRESH) _(TXDCTL, WTHRESH) _(TXDCTL, ENABLE)                 \
	_(TXDCTL, SWFLSH) _(TXDCTL, PRIORITY)                                                      \
	_(TXCTL, WB_RELAXED)                                                                       \
	_(TDWBAL, ENABLE) _(TDWBAL, ON_EITR)
/* clang-format on */

/**
 * struct igbvf_reg - a row of the table
 * @name:    as in the fact sheet
 * @offset:  of the first instance
 * @n:       instances
 * @stride:  bytes from one to the next; 0 if there is one
 * @access:  what a read or a write does
 * @source:  who says so
 * @meaning: in a few words
 */
struct igbvf_reg {
	const char *name;
	uint32_t offset;
	uint32_t n;
	uint32_t stride;
	enum igbvf_access access;
	const char *source;
	const char *meaning;
};

/** IGBVF_REG_TEXT_BYTES - enough for any text below. */
#define IGBVF_REG_TEXT_BYTES 256

/**
 * igbvf_reg_at() - walk the table
 * @i: 0, 1 ...
 *
 * Return: row @i; NULL after the last.
 */
const struct igbvf_reg *igbvf_reg_at(size_t i);

/**
 * igbvf_reg_find() - the register at an offset
 * @offset: in BAR 0
 * @index:  which instance of it; untouched if there is none; may be NULL
 *
 * Return: its row; NULL if the table has nothing there.
 */
const struct igbvf_reg *igbvf_reg_find(uint32_t offset, uint32_t *index);

/**
 * igbvf_reg_name() - "STATUS", "RDT(1)", or "0x01234" where the table has nothing
 * @offset: in BAR 0
 * @text:   @bytes bytes; cut if longer, always ended
 *
 * Return: @text.
 */
char *igbvf_reg_name(uint32_t offset, char *text, size_t bytes);

/**
 * igbvf_reg_decode() - a value with the fields that are not 0: "STATUS 00000083 FD LU SPEED=2"
 * @offset: in BAR 0
 * @val:    its value
 * @text:   @bytes bytes; cut if longer, always ended
 *
 * Return: @text.
 */
char *igbvf_reg_decode(uint32_t offset, uint32_t val, char *text, size_t bytes);

/**
 * igbvf_reg_diff() - what changed: "RXDCTL(0) 00010000 -> 02010000 ENABLE 0->1"
 * @offset: in BAR 0
 * @was:    its value before
 * @is:     its value now
 * @text:   @bytes bytes; cut if longer, always ended; empty if nothing changed
 *
 * Return: @text.
 */
char *igbvf_reg_diff(uint32_t offset, uint32_t was, uint32_t is, char *text, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
