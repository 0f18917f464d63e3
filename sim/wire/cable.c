/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "cable:CARD": joins the ports of two cards of one struct vfnet_sim. A frame that one card sends
 * is in the other one at once, within the same step: a cable holds no frames, so nothing waits in
 * it and no card gets more per step than the other one's budget. What the receiving card has no
 * descriptor for it counts as missed, as on any wire.
 */
#include "sim/wire/wire.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/err.h"
#include "sim/card.h"
#include "sim/spec.h"

struct cable;

/** struct cable_end - the half of a cable that is in @card; NULL: pulled out for good. */
struct cable_end {
	struct sim_source source; /* never has a frame of its own: the other end delivers */
	struct sim_sink sink;
	struct sim_card *card;
	struct cable_end *other;
	struct cable *cable;
};

struct cable {
	struct cable_end end[2];
};

static unsigned int cable_frames(struct sim_source *source, struct sim_frame *frames,
				 unsigned int max)
{
	(void)source;
	(void)frames;
	(void)max;
	return 0;
}

static void cable_taken(struct sim_source *source, unsigned int n)
{
	(void)source;
	(void)n;
}

static bool cable_ended(const struct sim_source *source)
{
	(void)source;
	return true;
}

static void cable_close(struct sim_source *source)
{
	struct cable_end *end = VFNET_CONTAINER_OF(source, struct cable_end, source);

	end->card = NULL;
	if (!end->other->card)
		free(end->cable);
}

static uint64_t cable_send(struct sim_sink *sink, const struct sim_frame *frames, unsigned int n)
{
	const struct cable_end *end = VFNET_CONTAINER_OF(sink, struct cable_end, sink);
	uint64_t refused = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (!sim_rx_deliver(end->other->card, frames[i].data, frames[i].len))
			refused |= UINT64_C(1) << i;
	}
	return refused;
}

static const struct sim_source_ops cable_source_ops = {
    .frames = cable_frames, .taken = cable_taken, .ended = cable_ended, .close = cable_close};
static const struct sim_sink_ops cable_sink_ops = {.frames = cable_send};

static void join(struct cable *cable, unsigned int i, struct sim_card *card)
{
	cable->end[i] = (struct cable_end){
	    .source.ops = &cable_source_ops,
	    .sink.ops = &cable_sink_ops,
	    .card = card,
	    .other = &cable->end[1 - i],
	    .cable = cable,
	};
}

static int find_peer(struct sim_card *card, const char *args, struct sim_card **peer,
		     struct vfnet_err *err)
{
	uint64_t index;
	int ret = sim_spec_number("cable:CARD", args ? args : "", 0, SIM_CARDS - 1, &index, err);

	if (ret)
		return ret;
	if (index == card->index)
		return vfnet_err_set(err, -EINVAL,
				     "cable:%u: this is card %u itself; name another one",
				     card->index, card->index);
	ret = sim_card_get(card->sim, (unsigned int)index, peer, err);
	if (ret)
		return ret;
	if ((*peer)->source || (*peer)->sink)
		return vfnet_err_set(err, -EEXIST,
				     "cable:%u: something is plugged into card %u already; a cable "
				     "is named once, at one of its ends",
				     (*peer)->index, (*peer)->index);
	if ((*peer)->open_vfs)
		return vfnet_err_set(err, -EBUSY,
				     "cable:%u: a device of card %u is open; plug wires before it "
				     "is opened",
				     (*peer)->index, (*peer)->index);
	return 0;
}

int sim_cable_open(struct sim_card *card, const char *args, struct sim_source **source,
		   struct sim_sink **sink, struct vfnet_err *err)
{
	struct sim_card *peer;
	struct cable *cable;
	int ret = find_peer(card, args, &peer, err);

	if (ret)
		return ret;
	cable = malloc(sizeof(*cable));
	if (!cable)
		return vfnet_err_set(err, -ENOMEM, "cable: no memory");
	join(cable, 0, card);
	join(cable, 1, peer);
	*source = &cable->end[0].source;
	*sink = &cable->end[0].sink;
	peer->source = &cable->end[1].source;
	peer->sink = &cable->end[1].sink;
	return 0;
}
