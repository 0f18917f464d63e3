/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of wires, and how one is plugged in. */
#define VFNET_LOG_TAG "sim/wire"
#include "sim/wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/err.h"
#include "sim/card.h"

static const struct sim_wire_kind sim_wire_kinds[] = {
    {"gen", "gen[:size=N,...]", .open_source = sim_gen_open},
    {"sink", "sink", .open_sink = sim_sink_open},
    {"pcap-in", "pcap-in:FILE", .open_source = sim_pcap_in_open},
    {"pcap-out", "pcap-out:FILE", .open_sink = sim_pcap_out_open},
    {"tap", "tap:NAME", .open_both = sim_tap_open},
    {"packet", "packet:INTERFACE", .open_both = sim_packet_open},
    {"cable", "cable:CARD", .open_both = sim_cable_open},
    {"shm", "shm:NAME[,full=...]", .open_both = sim_shm_open},
};

static int unknown(const struct sim_card *card, const char *spec, struct vfnet_err *err)
{
	char known[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < VFNET_ARRAY_SIZE(sim_wire_kinds) && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
					 sim_wire_kinds[i].usage);
	return vfnet_err_set(err, -EINVAL, "card %u: there is no wire \"%s\"; there are: %s",
			     card->index, spec, known);
}

static int plug(struct sim_card *card, const struct sim_wire_kind *kind, const char *args,
		struct vfnet_err *err)
{
	int ret;

	if (!kind->open_sink && card->source)
		return vfnet_err_set(err, -EEXIST,
				     "card %u: \"%s\" does not fit: it has a source already",
				     card->index, kind->name);
	if (!kind->open_source && card->sink)
		return vfnet_err_set(err, -EEXIST,
				     "card %u: \"%s\" does not fit: it has a sink already",
				     card->index, kind->name);
	if (kind->open_sink)
		return kind->open_sink(card, args, &card->sink, err);
	ret = kind->open_source ? kind->open_source(card, args, &card->source, err)
				: kind->open_both(card, args, &card->source, &card->sink, err);
	return ret ? ret : sim_idle_watch(card, err);
}

int sim_wire_plug(struct sim_card *card, const char *spec, struct vfnet_err *err)
{
	size_t len = strcspn(spec, ":");

	if (card->open_vfs)
		return vfnet_err_set(err, -EBUSY,
				     "card %u: a device is open; plug wires before it is opened",
				     card->index);
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(sim_wire_kinds); i++) {
		const struct sim_wire_kind *kind = &sim_wire_kinds[i];

		if (strlen(kind->name) == len && strncmp(kind->name, spec, len) == 0)
			return plug(card, kind, spec[len] ? spec + len + 1 : NULL, err);
	}
	return unknown(card, spec, err);
}

void sim_wire_unplug(struct sim_card *card)
{
	if (card->sink && card->sink->ops->close)
		card->sink->ops->close(card->sink);
	if (card->source)
		card->source->ops->close(card->source);
	card->source = NULL;
	card->sink = NULL;
}
