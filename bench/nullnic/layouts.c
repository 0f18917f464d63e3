/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/nullnic/nullnic.h"
#include "lib/chip/82576_regs.h"

const struct nullnic_layout nullnic_82576_vf = {
    .name = "82576 VF",
    .vendor = IGBVF_VENDOR,
    .device = IGBVF_DEVICE,
    .bar_bytes = IGBVF_BAR_BYTES,
    .rdba = IGBVF_RDBAL,
    .rdlen = IGBVF_RDLEN,
    .rdh = IGBVF_RDH,
    .rdt = IGBVF_RDT,
    .srrctl = IGBVF_SRRCTL,
    .tdba = IGBVF_TDBAL,
    .tdlen = IGBVF_TDLEN,
    .tdh = IGBVF_TDH,
    .tdt = IGBVF_TDT,
    .gprc = IGBVF_VFGPRC,
    .gptc = IGBVF_VFGPTC,
    .mailbox = IGBVF_V2PMAILBOX,
    .words = IGBVF_VMBMEM,
};

/* Only for DPDK's driver of that card, whose headers say where these are [D]. */
const struct nullnic_layout nullnic_82599_vf = {
    .name = "82599 VF",
    .vendor = 0x8086,
    .device = 0x10ed,
    .bar_bytes = 0x4000,
    .rdba = 0x1000,
    .rdlen = 0x1008,
    .rdh = 0x1010,
    .rdt = 0x1018,
    .srrctl = 0x1014,
    .tdba = 0x2000,
    .tdlen = 0x2008,
    .tdh = 0x2010,
    .tdt = 0x2018,
    .gprc = 0x101c,
    .gptc = 0x201c,
    .mailbox = 0x02fc,
    .words = 0x0200,
};
