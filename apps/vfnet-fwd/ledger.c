/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/vfnet-fwd/ledger.h"

#include <inttypes.h>
#include <string.h>

static void add_port(const struct vfnet_counters *counters, struct fwd_ledger *ledger)
{
	ledger->rx_packets += counters->rx_packets;
	ledger->rx_bytes += counters->rx_bytes;
	ledger->tx_packets += counters->tx_packets;
	ledger->tx_bytes += counters->tx_bytes;
	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++) {
		ledger->missed[i] += counters->missed[i];
		ledger->n_missed += counters->missed[i];
	}
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++) {
		ledger->drops[i] += counters->drops[i];
		ledger->n_drops += counters->drops[i];
	}
	ledger->offered_known = ledger->offered_known && counters->offered_known;
}

void fwd_ledger_sum(const struct fwd *fwd, struct fwd_ledger *ledger)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->offered_known = true;
	for (unsigned int i = 0; i < fwd->n_open; i++)
		add_port(&fwd->ports[i].counters, ledger);
	ledger->created = fwd->result.created;
	ledger->offered =
	    fwd->result.wire_known ? fwd->result.wire_in : ledger->rx_packets + ledger->n_missed;
}

static bool equal(const char *left, uint64_t a, const char *right, uint64_t b, FILE *out)
{
	if (a == b)
		return true;
	fprintf(out,
		"LEDGER DOES NOT BALANCE: %s is %" PRIu64 ", %s is %" PRIu64 ": %" PRIu64
		" too %s on the right\n",
		left, a, right, b, a > b ? a - b : b - a, a > b ? "few" : "many");
	return false;
}

/* What was in a card when it was reset may have left. */
static bool wire_fine(const struct fwd_result *result, const struct fwd_ledger *ledger, FILE *out)
{
	uint64_t unknown = ledger->drops[VFNET_DROPS_reset_unknown];

	if (result->wire_out > ledger->tx_packets &&
	    result->wire_out - ledger->tx_packets <= unknown)
		return true;
	return equal("on the wire", result->wire_out, "sent", ledger->tx_packets, out);
}

bool fwd_ledger_check(const struct fwd *fwd, const struct fwd_ledger *ledger, FILE *out)
{
	const struct fwd_result *result = &fwd->result;
	bool fine;

	fine = equal("offered", ledger->offered, "received + missed",
		     ledger->rx_packets + ledger->n_missed, out);
	fine &= equal("received + created", ledger->rx_packets + ledger->created, "sent + dropped",
		      ledger->tx_packets + ledger->n_drops, out);
	if (result->wire_known)
		fine &= wire_fine(result, ledger, out);
	fine &= equal("pool at the start", result->pool_free_at_start, "pool at the end",
		      result->pool_free_at_end, out);
	if (fine)
		fprintf(out,
			"ledger: balanced: %" PRIu64 " offered = %" PRIu64 " received + %" PRIu64
			" missed; %" PRIu64 " received + %" PRIu64 " created = %" PRIu64
			" sent + %" PRIu64 " dropped\n",
			ledger->offered, ledger->rx_packets, ledger->n_missed, ledger->rx_packets,
			ledger->created, ledger->tx_packets, ledger->n_drops);
	return fine;
}
