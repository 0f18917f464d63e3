/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "shm": a hub that cards of several processes are plugged into. A member sends to the one that
 * its destination was heard from, and to all where nobody knows; what comes from the others is
 * copied out of their rings before anything looks at it.
 */
#define VFNET_LOG_TAG "sim/shm"
#include "sim/wire/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"
#include "sim/card.h"
#include "sim/wire/shm_hub.h"
#include "sim/wire/shm_learn.h"
#include "sim/wire/shm_opts.h"

#define NS_PER_MS    UINT64_C(1000000)
#define LOOK_CALLS   256u		 /* the clock is read so rarely */
#define LOOK_NS	     (100 * NS_PER_MS)	 /* ... and the dead are looked for */
#define EPOCH_NS     (60000 * NS_PER_MS) /* five of them: an address is forgotten */
#define PATIENCE_NS  (10000 * NS_PER_MS) /* for a member that lives and makes no room */
#define LATE_NS	     (10 * NS_PER_MS)	 /* a late frame that nothing follows */
#define STAGE_BYTES  65536u		 /* of a batch; one frame may go over */
#define STAGE_FRAMES (SIM_BATCH + 2)	 /* a last frame that comes twice, and a late one */

/**
 * struct shm_peer - what is kept of another member
 * @number:   frames of its ring so far
 * @since_ns: when the ring to it had no room for a frame, and has taken none since; 0 = it has
 * @late_len: bytes of the frame that is held back; 0 = none
 * @late_ns:  since when
 * @late:     that frame
 */
struct shm_peer {
	uint64_t number;
	uint32_t late_len;
	uint64_t since_ns;
	uint64_t late_ns;
	uint8_t *late;
};

/**
 * struct shm - a member of a hub
 * @listen:  bits: rings that may have frames, also of members that have gone
 * @dirty:   bits: rings with frames to publish
 * @turn:    ring that is looked at first
 * @armed:   the hub was armed since frames were last asked for
 * @said:    a damaged ring has been told of
 * @calls:   since the clock was last read
 * @looked_ns, @epoch_ns: when the dead were last looked for, when the epoch began
 * @first, @n_staged, @used: frames that are copied out and not yet taken, and their bytes
 */
struct shm {
	struct sim_source source;
	struct sim_sink sink;
	struct sim_card *card;
	struct sim_shm_hub hub;
	struct sim_shm_opts opts;
	uint32_t listen;
	uint32_t dirty;
	unsigned int turn;
	bool armed;
	bool said;
	unsigned int calls;
	uint64_t looked_ns;
	uint64_t epoch_ns;
	unsigned int first;
	unsigned int n_staged;
	uint32_t used;
	struct sim_frame staged[STAGE_FRAMES];
	struct shm_peer peers[SIM_SHM_MEMBERS];
	struct sim_shm_learn learn;
	uint8_t *bytes;
};

static struct shm *of_source(struct sim_source *source)
{
	return VFNET_CONTAINER_OF(source, struct shm, source);
}

static struct shm *of_sink(struct sim_sink *sink)
{
	return VFNET_CONTAINER_OF(sink, struct shm, sink);
}

/* Members came or went. Nothing is lost between two; among more, one must not hold up the rest. */
static void follow(struct shm *shm)
{
	uint32_t changed = sim_shm_hub_read(&shm->hub);
	bool few = !(shm->hub.live & (shm->hub.live - 1));

	for (; changed; changed &= changed - 1)
		sim_shm_learn_forget(&shm->learn, (uint32_t)__builtin_ctz(changed));
	shm->listen |= shm->hub.live;
	shm->source.waits =
	    shm->opts.full == SIM_SHM_WAIT || (shm->opts.full == SIM_SHM_AUTO && few);
	shm->source.greedy = !shm->source.waits;
}

static void look_around(struct shm *shm, uint64_t now)
{
	unsigned int n;

	shm->calls = 0;
	if (now - shm->epoch_ns >= EPOCH_NS) {
		shm->learn.epoch += (uint32_t)((now - shm->epoch_ns) / EPOCH_NS);
		shm->epoch_ns = now;
	}
	if (now - shm->looked_ns < LOOK_NS)
		return;
	shm->looked_ns = now;
	n = sim_shm_hub_reap(&shm->hub);
	if (n)
		vfnet_log(&shm->card->sim->log, INFO,
			  "card %u: %u member(s) of %s died and left their places",
			  shm->card->index, n, shm->hub.path);
	if (sim_shm_hub_changed(&shm->hub))
		follow(shm);
}

static void stage(struct shm *shm, uint32_t len)
{
	shm->staged[shm->n_staged++] = (struct sim_frame){shm->bytes + shm->used, len};
	shm->used += (uint32_t)vfnet_align_up(len, SIM_SHM_UNIT);
}

static void stage_late(struct shm *shm, struct shm_peer *peer)
{
	memcpy(shm->bytes + shm->used, peer->late, peer->late_len);
	stage(shm, peer->late_len);
	peer->late_len = 0;
}

/* A frame that has been copied to where the next staged one goes. */
static void arrive(struct shm *shm, unsigned int from, uint32_t len)
{
	const uint8_t *frame = shm->bytes + shm->used;
	struct shm_peer *peer = &shm->peers[from];
	unsigned int luck = sim_shm_luck(&shm->opts.chance, from, peer->number++);

	if (vfnet_likely(len >= SIM_HEADER_BYTES))
		sim_shm_learn_from(&shm->learn, sim_mac_load(frame + VFNET_MAC_BYTES), from);
	if (luck & SIM_SHM_LOST) {
		sim_count_wire_loss(shm->card, VFNET_MISSED_wire_lost, 1);
		return;
	}
	if (luck & SIM_SHM_LATE && !peer->late_len) {
		memcpy(peer->late, frame, len);
		peer->late_len = len;
		peer->late_ns = sim_now_ns(shm->card->sim);
		return;
	}
	stage(shm, len);
	if (luck & SIM_SHM_TWICE) {
		shm->staged[shm->n_staged] = shm->staged[shm->n_staged - 1];
		shm->n_staged++;
	}
	if (peer->late_len)
		stage_late(shm, peer);
}

static void say_damaged(struct shm *shm, unsigned int from)
{
	sim_count_wire_loss(shm->card, VFNET_MISSED_wire_lost, 1);
	if (shm->said)
		return;
	shm->said = true;
	vfnet_log(&shm->card->sim->log, WARN,
		  "card %u: member %u of %s wrote something that is no frame; what lay in its ring "
		  "is lost (missed.wire_lost)",
		  shm->card->index, from, shm->hub.path);
}

static void take_ring(struct shm *shm, unsigned int from)
{
	struct sim_shm_in *in = &shm->hub.in[from];
	struct shm_peer *peer = &shm->peers[from];
	uint32_t before = in->tail;
	int len = 1;

	while (shm->n_staged < SIM_BATCH && shm->used < STAGE_BYTES) {
		len = sim_shm_in_get(in, shm->bytes + shm->used);
		if (len <= 0)
			break;
		arrive(shm, from, (uint32_t)len);
	}
	if (in->tail != before)
		sim_shm_in_done(in);
	if (vfnet_unlikely(len < 0))
		say_damaged(shm, from);
	if (len)
		return;
	if (vfnet_unlikely(peer->late_len) && sim_now_ns(shm->card->sim) - peer->late_ns >= LATE_NS)
		stage_late(shm, peer);
	if (vfnet_unlikely(!(shm->hub.live & 1u << from)) && !peer->late_len)
		shm->listen &= ~(1u << from);
}

static void refill(struct shm *shm)
{
	uint32_t upper;

	if (vfnet_unlikely(shm->armed)) {
		shm->armed = false;
		sim_shm_hub_disarm(&shm->hub);
	}
	if (++shm->calls >= LOOK_CALLS)
		look_around(shm, sim_now_ns(shm->card->sim));
	if (vfnet_unlikely(sim_shm_hub_changed(&shm->hub)))
		follow(shm);
	shm->first = 0;
	shm->n_staged = 0;
	shm->used = 0;
	/* in turn, so that a busy ring does not starve those behind it */
	shm->turn = (shm->turn + 1) % SIM_SHM_MEMBERS;
	upper = UINT32_MAX << shm->turn;
	for (unsigned int half = 0; half < 2; half++) {
		uint32_t left = shm->listen & (half ? ~upper : upper);

		for (; left; left &= left - 1) {
			unsigned int from = (unsigned int)__builtin_ctz(left);
			uint32_t lost = sim_shm_in_lost(&shm->hub.in[from]);

			if (vfnet_unlikely(lost))
				sim_count_wire_loss(shm->card, VFNET_MISSED_wire_full, lost);
			take_ring(shm, from);
		}
	}
}

static unsigned int shm_frames(struct sim_source *source, struct sim_frame *frames,
			       unsigned int max)
{
	struct shm *shm = of_source(source);
	unsigned int n;

	if (shm->first == shm->n_staged)
		refill(shm);
	n = shm->n_staged - shm->first;
	n = n < max ? n : max;
	memcpy(frames, shm->staged + shm->first, n * sizeof(*frames));
	return n;
}

static void shm_taken(struct sim_source *source, unsigned int n)
{
	of_source(source)->first += n;
}

/* The others may always send more. */
static bool shm_ended(const struct sim_source *source)
{
	(void)source;
	return false;
}

static int shm_fd(struct sim_source *source)
{
	return of_source(source)->hub.bell;
}

static bool shm_arm(struct sim_source *source)
{
	struct shm *shm = of_source(source);

	if (shm->first != shm->n_staged)
		return false;
	shm->armed = true;
	sim_shm_hub_arm(&shm->hub);
	if (sim_shm_hub_changed(&shm->hub))
		return false;
	for (uint32_t left = shm->listen; left; left &= left - 1) {
		unsigned int from = (unsigned int)__builtin_ctz(left);

		if (shm->peers[from].late_len || sim_shm_in_ready(&shm->hub.in[from]))
			return false;
	}
	return true;
}

static void release(struct shm *shm)
{
	free(shm->peers[0].late);
	free(shm->bytes);
	free(shm);
}

static void shm_close(struct sim_source *source)
{
	struct shm *shm = of_source(source);

	sim_shm_hub_leave(&shm->hub);
	release(shm);
}

static const struct sim_source_ops source_ops = {.frames = shm_frames,
						 .taken = shm_taken,
						 .ended = shm_ended,
						 .fd = shm_fd,
						 .arm = shm_arm,
						 .close = shm_close};

static uint32_t receivers(const struct shm *shm, const uint8_t *frame)
{
	uint32_t member = sim_shm_learn_find(&shm->learn, sim_mac_load(frame));
	uint32_t live = shm->hub.live;

	return member == SIM_SHM_NOBODY ? live : live & 1u << member;
}

/*
 * There is no room in the ring to @to. Who is dead has its place taken away, who lives and makes
 * no room for long gets nothing until it does. That it moves its tail does not count: to move it
 * back and forth costs nothing.
 */
static bool has_patience(struct shm *shm, unsigned int to)
{
	struct shm_peer *peer = &shm->peers[to];
	uint64_t now = sim_now_ns(shm->card->sim);

	look_around(shm, now);
	if (!(shm->hub.live & 1u << to))
		return false;
	if (!peer->since_ns)
		peer->since_ns = now;
	return now - peer->since_ns < PATIENCE_NS;
}

static bool shm_take(struct sim_sink *sink, const struct sim_frame *frame)
{
	struct shm *shm = of_sink(sink);
	bool wait = false;
	uint32_t to;

	if (vfnet_unlikely(sim_shm_hub_changed(&shm->hub)))
		follow(shm);
	to = receivers(shm, frame->data);
	for (uint32_t left = shm->source.waits ? to : 0; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);

		if (vfnet_unlikely(!sim_shm_out_room(&shm->hub.out[i], frame->len)))
			wait |= has_patience(shm, i); /* of all at one time */
	}
	if (vfnet_unlikely(wait))
		return false;
	for (; to; to &= to - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(to);
		struct sim_shm_out *out = &shm->hub.out[i];

		if (vfnet_likely(sim_shm_out_room(out, frame->len))) {
			sim_shm_out_put(out, frame->data, frame->len);
			shm->dirty |= 1u << i;
			if (vfnet_unlikely(shm->peers[i].since_ns))
				shm->peers[i].since_ns = 0;
		} else {
			sim_shm_out_lose(out);
		}
	}
	return true;
}

/* They were put by shm_take(). */
static uint64_t shm_publish(struct sim_sink *sink, const struct sim_frame *frames, unsigned int n)
{
	struct shm *shm = of_sink(sink);

	(void)frames;
	(void)n;
	for (uint32_t left = shm->dirty; left; left &= left - 1)
		sim_shm_out_publish(&shm->hub.out[__builtin_ctz(left)]);
	sim_shm_hub_wake(&shm->hub, shm->dirty);
	shm->dirty = 0;
	return 0;
}

static const struct sim_sink_ops sink_ops = {.take = shm_take, .frames = shm_publish};

static int prepare(struct shm *shm, const char *args, struct vfnet_err *err)
{
	int ret = sim_shm_opts_parse(args, &shm->opts, err);

	if (ret)
		return ret;
	shm->bytes = malloc(STAGE_BYTES + 3 * vfnet_align_up(SIM_SHM_FRAME_MAX, SIM_SHM_UNIT));
	shm->peers[0].late = malloc(SIM_SHM_MEMBERS * SIM_SHM_FRAME_MAX);
	if (!shm->bytes || !shm->peers[0].late)
		return vfnet_err_set(err, -ENOMEM, "shm: no memory");
	for (unsigned int i = 1; i < SIM_SHM_MEMBERS; i++)
		shm->peers[i].late = shm->peers[0].late + i * SIM_SHM_FRAME_MAX;
	return sim_shm_hub_join(&shm->hub, shm->opts.name, err);
}

int sim_shm_open(struct sim_card *card, const char *args, struct sim_source **source,
		 struct sim_sink **sink, struct vfnet_err *err)
{
	struct shm *shm = calloc(1, sizeof(*shm));
	int ret;

	if (!shm)
		return vfnet_err_set(err, -ENOMEM, "shm: no memory");
	shm->source.ops = &source_ops;
	shm->sink.ops = &sink_ops;
	shm->card = card;
	ret = prepare(shm, args, err);
	if (ret) {
		release(shm);
		return ret;
	}
	follow(shm);
	shm->epoch_ns = sim_now_ns(card->sim);
	vfnet_log(&card->sim->log, INFO, "card %u: member %u of %s, with %d other(s)", card->index,
		  shm->hub.self, shm->hub.path, __builtin_popcount(shm->hub.live));
	*source = &shm->source;
	*sink = &shm->sink;
	return 0;
}
