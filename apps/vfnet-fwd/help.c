/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "apps/vfnet-fwd/options.h"

static const char text[] =
    "vfnet-fwd [options] DEVICE ... - forward frames between ports, and account for each\n"
    "\n"
    "A DEVICE is pci:DDDD:BB:DD.F, an 82576 virtual function, or sim:CARD.VF, one of a\n"
    "software 82576. Ports are paired in order, 0 with 1, 2 with 3; an odd last one sends\n"
    "back what it receives.\n"
    "\n"
    "  --mode io|mac|swap  io: frames as they are; mac (default): source = the sending port's\n"
    "                      address; swap: source and destination exchanged\n"
    "  --peer PORT=MAC     destination of what port PORT (0 = first) sends, in mode mac\n"
    "  --peer auto         ... of what any port sends: the address of its partner\n"
    "  --prime N:SIZE      send N frames of SIZE bytes (with CRC) from port 0 at the start\n"
    "\n"
    "  --duration S        end after S seconds\n"
    "  --count N           end after N frames have been forwarded\n"
    "                      Without either: until Ctrl-C or the end of a capture\n"
    "\n"
    "  --burst N           most frames taken at a time, 1 to 256 (32)\n"
    "  --ring N            descriptors of each ring, 64 to 4096 in steps of 8 (512)\n"
    "  --mtu N             longest payload, 68 to 9710 bytes (1500)\n"
    "  --allmulti          receive the frames to any group\n"
    "  --vlan ID           receive and send in this VLAN too, 1 to 4094; may be repeated\n"
    "  --pool N            buffers (as many as the rings need)\n"
    "  --mem SIZE          DMA memory, such as 64M (as much as the buffers need)\n"
    "  --cores LIST        forward on the first; others are for the software cards\n"
    "\n"
    "  --wire N=SPEC       plug into software card N, once per side:\n"
    "                      gen[:size=N][,dst=MAC][,src=MAC][,count=N][,rate=PPS][,flows=N]\n"
    "                      pcap-in:FILE   sink   pcap-out:FILE\n"
    "  --card N=SPEC       its administrator's choice: promisc,nospoof,mac=VF:ADDR,\n"
    "                      vlan=VF:ID,trust=VF,stats=START,down,\n"
    "                      quirks=NAME[+NAME...]|qemu\n"
    "  --sim inline|thread who moves the software cards: the forwarding thread or another one\n"
    "\n"
    "  --interval S        a line of rates every S seconds\n"
    "  --json FILE         the result as JSON; - = standard output, and nothing else there\n"
    "  --log LEVEL         err, warn (default), info or debug, on standard error\n"
    "  --help, --version\n"
    "\n"
    "Exit: 0 fine, 1 something failed, 2 wrong command line, 3 frames unaccounted for.\n"
    "See vfnet-fwd(1).\n";

void fwd_help(void)
{
	fputs(text, stdout);
}
