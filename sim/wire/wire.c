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
    {"gen", "gen[:size=N,...]", sim_gen_open, NULL},
    {"sink", "sink", NULL, sim_sink_open},
    {"pcap-in", "pcap-in:FILE", sim_pcap_in_open, NULL},
    {"pcap-out", "pcap-out:FILE", NULL, sim_pcap_out_open},
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
	if (kind->open_source && card->source)
		return vfnet_err_set(err, -EEXIST,
				     "card %u: \"%s\" does not fit: it has a source already",
				     card->index, kind->name);
	if (kind->open_sink && card->sink)
		return vfnet_err_set(err, -EEXIST,
				     "card %u: \"%s\" does not fit: it has a sink already",
				     card->index, kind->name);
	if (kind->open_source) {
		int ret = kind->open_source(card, args, &card->source, err);

		return ret ? ret : sim_idle_watch(card, err);
	}
	return kind->open_sink(card, args, &card->sink, err);
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
	if (card->source)
		card->source->ops->close(card->source);
	if (card->sink)
		card->sink->ops->close(card->sink);
	card->source = NULL;
	card->sink = NULL;
}
