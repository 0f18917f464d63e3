/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card on a hub where another process writes what it likes: the table of members, the words of
 * the rings, and their bytes. The card sends, receives, looks for the dead and sleeps meanwhile.
 */
#include <stdio.h>
#include <unistd.h>

#include "sim/card.h"
#include "sim/wire/shm_hub.h"
#include "tests/fuzz/guest.h"

#define OPS_MAX 256u

struct side {
	struct input in;
	struct vfnet_sim *sim;
	struct sim_card *card;
	struct sim_shm_hub other;
};

static void send_one(struct side *side)
{
	uint8_t frame[2048];
	uint32_t len = 60 + input_u8(&side->in) * 7u;
	struct sim_frame shown = {frame, len};

	input_bytes(&side->in, frame, 12);
	if (side->card->sink->ops->take(side->card->sink, &shown))
		side->card->sink->ops->frames(side->card->sink, &shown, 1);
}

static void receive(struct side *side)
{
	struct sim_source *source = side->card->source;
	struct sim_frame frames[SIM_BATCH];
	unsigned int n = source->ops->frames(source, frames, SIM_BATCH);
	volatile uint8_t sum = 0;

	must(n <= SIM_BATCH);
	for (unsigned int i = 0; i < n; i++) {
		must(frames[i].len && frames[i].len <= SIM_SHM_FRAME_MAX);
		for (uint32_t k = 0; k < frames[i].len; k++)
			sum = (uint8_t)(sum + frames[i].data[k]);
	}
	source->ops->taken(source, n);
}

static void write_anything(struct side *side)
{
	struct sim_shm_page *page = side->other.page;
	unsigned int member = input_u8(&side->in) % SIM_SHM_MEMBERS;
	unsigned int other = input_u8(&side->in) % SIM_SHM_MEMBERS;

	switch (input_u8(&side->in) % 5) {
	case 0:
		input_bytes(&side->in, &page->members[member], sizeof(page->members[member]));
		break;
	case 1:
		input_bytes(&side->in, &page->rings[member][other], sizeof(page->rings[0][0]));
		break;
	case 2:
		page->members[member].armed = input_u8(&side->in);
		break;
	case 3:
		/* the two rings that have memory */
		input_bytes(&side->in,
			    (uint8_t *)page + SIM_SHM_DATA_OFF +
				(member & 1 ? 1 : SIM_SHM_MEMBERS) * SIM_SHM_RING_BYTES +
				other * SIM_SHM_UNIT,
			    SIM_SHM_UNIT);
		break;
	default:
		page->generation = input_u32(&side->in);
		break;
	}
}

static void one(struct side *side)
{
	switch (input_u8(&side->in) % 6) {
	case 0:
		send_one(side);
		break;
	case 1:
		receive(side);
		break;
	case 2:
		side->card->source->ops->arm(side->card->source);
		break;
	case 3:
		/* past the time after which the dead are looked for, or patience ends */
		side->sim->clock_skew_ns += (uint64_t)input_u8(&side->in) * 100000000;
		for (unsigned int i = 0; i < 256; i++)
			receive(side);
		break;
	default:
		write_anything(side);
		break;
	}
}

/* What an intruder wrote may keep a hub from being removed. */
static void remove_hub(const char *path)
{
	char bell[SIM_SHM_PATH_BYTES + 4];

	unlink(path);
	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++) {
		snprintf(bell, sizeof(bell), "%s.%u", path, i);
		unlink(bell);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vfnet_sim_opts opts = {.size = sizeof(opts), .mode = VFNET_SIM_MANUAL};
	struct side side = {.in = {data, size}};
	char path[SIM_SHM_PATH_BYTES];
	char spec[64];

	snprintf(spec, sizeof(spec), "shm:fuzz-%ld", (long)getpid());
	must(sim_shm_file_path(spec + 4, path, NULL) == 0);
	side.sim = guest_sim(&opts);
	must(vfnet_sim_wire(side.sim, 0, spec, NULL) == 0);
	must(sim_shm_hub_join(&side.other, spec + 4, NULL) == 0);
	side.card = side.sim->cards[0];
	for (unsigned int i = 0; side.in.left && i < OPS_MAX; i++)
		one(&side);
	must(vfnet_sim_close(side.sim) == 0);
	sim_shm_hub_leave(&side.other);
	remove_hub(path);
	return 0;
}
