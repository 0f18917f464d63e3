/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/hint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/checks.h"

/* '#' is the card's number. A kind of loss without an entry has no cure on this side. */
static const char *const missed_cure[VFNET_MISSED_COUNT] = {
    [VFNET_MISSED_no_descriptor] =
	"frames came faster than the program took them; a source with rate=PPS, or "
	"pcap-in, which waits, loses none; --ring 4096 rides out short pauses",
    [VFNET_MISSED_no_filter_match] =
	"the frames were addressed to nobody here, or to a VLAN that no port has: add "
	"promisc to the card, --card #=promisc, let the source send to the port's address, "
	"or give the ports the VLAN, --vlan ID",
    [VFNET_MISSED_link_down] = "bring the link up, on both ends",
    [VFNET_MISSED_not_enabled] =
	"frames came before the port was open, during a reset, or after it was closed; "
	"start the source last",
    [VFNET_MISSED_oversize] = "raise --mtu: a frame of SIZE bytes with CRC needs SIZE - 18",
    [VFNET_MISSED_dma_fault] = "this is a fault of the program or of vfnet: please report it",
    [VFNET_MISSED_wire_full] =
	"another program sent faster than this one took frames off the wire; with full=wait on "
	"its shm wire it waits",
    [VFNET_MISSED_bad_chain] = "this is a fault of the card or of vfnet: please report it",
};

static const char *const drops_cure[VFNET_DROPS_COUNT] = {
    [VFNET_DROPS_tx_full] =
	"the way out is slower than the way in; a larger --ring rides out bursts only",
    [VFNET_DROPS_tx_down] = "its physical function was reset or down, or the function is gone",
    [VFNET_DROPS_spoof] =
	"an 82576 drops foreign source addresses, and tags of VLANs that the port does not "
	"have: use --mode mac and --vlan ID, or take the check off with --card #=nospoof",
    [VFNET_DROPS_tx_oversize] = "send shorter frames, or raise --mtu",
    [VFNET_DROPS_tx_dma_fault] = "this is a fault of the program or of vfnet: please report it",
    [VFNET_DROPS_wire_refused] =
	"bring the interface at the other end of the wire up (ip link set NAME up), with an "
	"MTU like that of --mtu",
    [VFNET_DROPS_reset_unknown] = "a reset came while frames were on their way; they may have left",
};

static_assert(VFNET_MISSED_COUNT + VFNET_DROPS_COUNT <= 32, "one bit of said for each");

static void print_cure(const char *port, const char *name, const char *cure, FILE *out)
{
	unsigned long card = 0;

	if (!strncmp(port, "sim:", 4))
		card = strtoul(port + 4, NULL, 10);
	fprintf(out, "hint: %s, %s: ", port, name);
	for (; *cure; cure++) {
		if (*cure == '#')
			fprintf(out, "%lu", card);
		else
			fputc(*cure, out);
	}
	fputc('\n', out);
}

void app_hint_print(const char *port, const struct vfnet_counters *counters, unsigned int *said,
		    FILE *out)
{
	for (unsigned int i = 0; i < VFNET_MISSED_COUNT + VFNET_DROPS_COUNT; i++) {
		unsigned int drop = i - VFNET_MISSED_COUNT;
		int missed = i < VFNET_MISSED_COUNT;
		const char *cure = missed ? missed_cure[i] : drops_cure[drop];

		if (!cure || *said & 1u << i ||
		    !(missed ? counters->missed[i] : counters->drops[drop]))
			continue;
		*said |= 1u << i;
		print_cure(port, missed ? vfnet_missed_name(i) : vfnet_drops_name(drop), cure, out);
	}
}

const char *app_hint_quiet(bool software)
{
	if (software)
		return "hint: no frame for 3 s: give a software card a source, as in --wire "
		       "0=gen:size=64";
	return "hint: no frame for 3 s: a port gets what is sent to its own address, and "
	       "broadcasts; see that the sender uses that address and that the link is up";
}

/* the address in "pci:ADDRESS" or "pci:ADDRESS,OPTION..."; Return: it is one of a PCI function */
static bool pci_address(const char *device, char address[APP_ADDRESS_BYTES])
{
	size_t len = strcspn(device, ",");

	if (strncmp(device, "pci:", 4) || len - 4 >= APP_ADDRESS_BYTES)
		return false;
	memcpy(address, device + 4, len - 4);
	address[len - 4] = '\0';
	return true;
}

bool app_hint_link(const struct app_machine *machine, const char *device, FILE *out)
{
	char address[APP_ADDRESS_BYTES];
	struct app_finding finding;

	if (!pci_address(device, address) || !app_check_link(machine, address, &finding))
		return false;
	fprintf(out, "hint: no frame for 3 s: pci:%s: %s%s%s\n", address, finding.text,
		finding.cure[0] ? "; as root: " : "; ",
		finding.cure[0] ? finding.cure : finding.advice);
	return true;
}

void app_hint_open(const char *device, FILE *out)
{
	char address[APP_ADDRESS_BYTES];

	if (pci_address(device, address))
		fprintf(out, "hint: vfnet-dev doctor %s looks for all that is missing\n", address);
}
