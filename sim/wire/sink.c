/* SPDX-License-Identifier: BSD-2-Clause */
/* "sink": frames end here; the card has counted them. */
#include "sim/wire/wire.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/err.h"

static uint64_t sink_frames(struct sim_sink *sink, const struct sim_frame *frames, unsigned int n)
{
	(void)sink;
	(void)frames;
	(void)n;
	return 0;
}

static void sink_close(struct sim_sink *sink)
{
	free(sink);
}

static const struct sim_sink_ops sink_ops = {.frames = sink_frames, .close = sink_close};

int sim_sink_open(struct sim_card *card, const char *args, struct sim_sink **out,
		  struct vfnet_err *err)
{
	struct sim_sink *sink;

	(void)card;
	if (args)
		return vfnet_err_set(err, -EINVAL, "sink:%s: a sink has no options", args);
	sink = calloc(1, sizeof(*sink));
	if (!sink)
		return vfnet_err_set(err, -ENOMEM, "sink: no memory");
	sink->ops = &sink_ops;
	*out = sink;
	return 0;
}
