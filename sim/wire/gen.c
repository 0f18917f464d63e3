/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "gen": a source of equal UDP frames. They are built once, into a few slots; what changes per
 * frame is its number, 8 bytes big-endian at the beginning of the payload, and with flows= the
 * source port. The UDP checksum is left out, as IPv4 allows.
 */
#include "sim/wire/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/frame/bytes.h"
#include "lib/frame/frame.h"
#include "sim/card.h"
#include "sim/spec.h"

#define PORT_OFF    34u /* UDP source port */
#define NUMBER_OFF  42u /* UDP payload */
#define SLOT_ALIGN  64u
#define SLOTS_BYTES 16384u /* stay in the first-level cache */
#define SLOTS_MIN   4u
#define FIRST_PORT  49152u
#define MAX_FLOWS   16384u
#define MAX_RATE    UINT64_C(1000000000)
#define MAX_LATE    256u
#define NS_PER_S    1000000000u

/**
 * struct gen - the source
 * @bytes:   of a frame, without CRC
 * @count:   frames to send; UINT64_MAX = no end
 * @sent:    frames so far
 * @skipped: frames that @rate allowed and that came too late
 * @rate:    frames per second, 0 = as many as are taken
 * @begin_ns: when the first frame was asked for; valid if @begun
 * @flow:    of the next frame
 * @generation: of the card's filters, when dst was last looked up
 * @slots:   @n_slots frames, @stride bytes apart
 */
struct gen {
	struct sim_source base;
	struct sim_card *card;
	uint64_t bytes;
	uint64_t count;
	uint64_t sent;
	uint64_t skipped;
	uint64_t rate;
	uint64_t flows;
	uint64_t begin_ns;
	bool begun;
	bool have_dst;
	bool own_dst;
	uint32_t generation;
	uint32_t stride;
	unsigned int n_slots;
	uint8_t dst[VFNET_MAC_BYTES];
	uint8_t src[VFNET_MAC_BYTES];
	uint8_t *slots;
};

static struct gen *gen_of(struct sim_source *source)
{
	return VFNET_CONTAINER_OF(source, struct gen, base);
}

/* Without dst= frames go to the card's first open function, at the address that it has now. */
static bool find_dst(struct gen *gen)
{
	const struct sim_vf *vf;

	if (gen->own_dst || gen->generation == gen->card->filter_generation)
		return gen->have_dst;
	gen->generation = gen->card->filter_generation;
	vf = sim_card_first_open(gen->card);
	if (!vf || vf->pf.mac == SIM_NO_MAC)
		return gen->have_dst;
	memcpy(gen->dst, &vf->pf.mac, sizeof(gen->dst));
	for (unsigned int i = 0; i < gen->n_slots; i++)
		vfnet_mac_copy(gen->slots + i * gen->stride, gen->dst);
	gen->have_dst = true;
	return true;
}

/*
 * How many frames the clock allows by now. A source that was held up, because nobody stepped the
 * card, hurries a little afterwards; frames that are later than that are never sent, as a burst of
 * all of them would drown a receiver that keeps up with the rate.
 */
static uint64_t due(struct gen *gen)
{
	uint64_t now = sim_now_ns(gen->card->sim);
	uint64_t n;

	if (!gen->begun) {
		gen->begun = true;
		gen->begin_ns = now;
	}
	now -= gen->begin_ns;
	n = now / NS_PER_S * gen->rate + now % NS_PER_S * gen->rate / NS_PER_S + 1;
	n -= gen->sent + gen->skipped;
	if (n > MAX_LATE) {
		gen->skipped += n - MAX_LATE;
		n = MAX_LATE;
	}
	return n;
}

static unsigned int gen_frames(struct sim_source *source, struct sim_frame *frames,
			       unsigned int max)
{
	struct gen *gen = gen_of(source);
	uint64_t n = gen->count - gen->sent;

	if (!find_dst(gen))
		return 0;
	n = n < max ? n : max;
	n = n < gen->n_slots ? n : gen->n_slots;
	if (gen->rate && n) {
		uint64_t allowed = due(gen);

		n = n < allowed ? n : allowed;
	}
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *slot = gen->slots + i * gen->stride;
		uint64_t number = htobe64(gen->sent + i);

		memcpy(slot + NUMBER_OFF, &number, sizeof(number));
		if (gen->flows > 1)
			vfnet_put_be16(slot + PORT_OFF,
				       (uint16_t)(FIRST_PORT + (gen->sent + i) % gen->flows));
		frames[i] = (struct sim_frame){slot, (uint32_t)gen->bytes};
	}
	return (unsigned int)n;
}

static void gen_taken(struct sim_source *source, unsigned int n)
{
	gen_of(source)->sent += n;
}

static bool gen_ended(const struct sim_source *source)
{
	const struct gen *gen = (const struct gen *)source;

	return gen->sent == gen->count;
}

/* Before it has begun, and without a rate: now. */
static uint64_t gen_due_ns(const struct sim_source *source)
{
	const struct gen *gen = (const struct gen *)source;
	uint64_t n = gen->sent + gen->skipped;

	if (!gen->rate || !gen->begun)
		return 0;
	return gen->begin_ns + n / gen->rate * NS_PER_S +
	       (n % gen->rate * NS_PER_S + gen->rate - 1) / gen->rate;
}

static void gen_close(struct sim_source *source)
{
	free(gen_of(source)->slots);
	free(gen_of(source));
}

static const struct sim_source_ops gen_ops = {
    .frames = gen_frames,
    .taken = gen_taken,
    .ended = gen_ended,
    .due_ns = gen_due_ns,
    .close = gen_close,
};

static int set_size(void *user, const char *value, struct vfnet_err *err)
{
	struct gen *gen = user;
	uint64_t size;
	int ret = sim_spec_number("size", value, VFNET_FRAME_MIN + SIM_CRC_BYTES,
				  IGBVF_FRAME_MAX + SIM_CRC_BYTES, &size, err);

	if (!ret)
		gen->bytes = size - SIM_CRC_BYTES;
	return ret;
}

static int set_dst(void *user, const char *value, struct vfnet_err *err)
{
	struct gen *gen = user;

	gen->own_dst = true;
	gen->have_dst = true;
	return sim_spec_mac("dst", value, gen->dst, err);
}

static int set_src(void *user, const char *value, struct vfnet_err *err)
{
	struct gen *gen = user;

	return sim_spec_mac("src", value, gen->src, err);
}

static int set_count(void *user, const char *value, struct vfnet_err *err)
{
	struct gen *gen = user;

	return sim_spec_number("count", value, 1, UINT64_MAX - 1, &gen->count, err);
}

static int set_rate(void *user, const char *value, struct vfnet_err *err)
{
	struct gen *gen = user;

	return sim_spec_number("rate", value, 1, MAX_RATE, &gen->rate, err);
}

static int set_flows(void *user, const char *value, struct vfnet_err *err)
{
	struct gen *gen = user;

	return sim_spec_number("flows", value, 1, MAX_FLOWS, &gen->flows, err);
}

static const struct sim_spec_key gen_keys[] = {
    {"size", "size=64..9728", false, set_size},
    {"dst", "dst=MAC", false, set_dst},
    {"src", "src=MAC", false, set_src},
    {"count", "count=N", false, set_count},
    {"rate", "rate=PPS", false, set_rate},
    {"flows", "flows=1..16384", false, set_flows},
    {0},
};

/* Addresses of the range that is set aside for benchmarks, and the discard port. */
static int build(struct gen *gen, struct vfnet_err *err)
{
	struct vfnet_frame_udp udp = {
	    .src_ip = {198, 18, 0, 1},
	    .dst_ip = {198, 19, 0, 1},
	    .src_port = FIRST_PORT,
	    .dst_port = 9,
	    .no_sum = true,
	};

	vfnet_mac_copy(udp.dst, gen->dst);
	vfnet_mac_copy(udp.src, gen->src);
	gen->stride = (uint32_t)vfnet_align_up(gen->bytes, SLOT_ALIGN);
	gen->n_slots = SLOTS_BYTES / gen->stride;
	gen->n_slots = gen->n_slots < SLOTS_MIN ? SLOTS_MIN : gen->n_slots;
	gen->n_slots = gen->n_slots > SIM_BATCH ? SIM_BATCH : gen->n_slots;
	gen->slots = aligned_alloc(SLOT_ALIGN, (size_t)gen->n_slots * gen->stride);
	if (!gen->slots)
		return vfnet_err_set(err, -ENOMEM, "gen: no memory");
	for (unsigned int i = 0; i < gen->n_slots; i++) {
		uint8_t *slot = gen->slots + i * gen->stride;

		for (uint32_t k = 0; k < gen->stride; k++)
			slot[k] = (uint8_t)k;
		vfnet_frame_build_udp(slot, gen->bytes, &udp);
	}
	return 0;
}

int sim_gen_open(struct sim_card *card, const char *args, struct sim_source **out,
		 struct vfnet_err *err)
{
	static const uint8_t src[VFNET_MAC_BYTES] = {0x02, 'v', 'f', 'n', 'e', 't'};
	struct gen *gen = calloc(1, sizeof(*gen));
	int ret;

	if (!gen)
		return vfnet_err_set(err, -ENOMEM, "gen: no memory");
	gen->base.ops = &gen_ops;
	gen->card = card;
	gen->bytes = VFNET_FRAME_MIN;
	gen->count = UINT64_MAX;
	gen->flows = 1;
	vfnet_mac_copy(gen->src, src);
	ret = sim_spec_parse("gen", args, gen_keys, gen, err);
	if (!ret)
		ret = build(gen, err);
	if (ret) {
		free(gen);
		return ret;
	}
	gen->base.greedy = gen->rate == 0;
	*out = &gen->base;
	return 0;
}
