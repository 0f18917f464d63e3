/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of a function: a cause in VTEICR that VTEIMS enables becomes a message, here one more
 * in the eventfd of its vector. 82576-vf.md §2, §7. Causes are descriptors that were written back,
 * by VTIVAR, at the end of the step; the mailbox, by VTIVAR_MISC; and VTEICS.
 *
 * EITR keeps messages of a vector apart: one that comes too early waits, and goes when the interval
 * is over if its cause is still there and enabled.
 */
#define VFNET_LOG_TAG "sim/irq"
#include "sim/card.h"

#include <unistd.h>

#define NS_PER_INTERVAL	 UINT64_C(1000)
#define QEMU_NS_PER_UNIT UINT64_C(1024) /* of EITR as written: four units are an interval */
#define VTIVAR_VALID	 0x80u
#define VTIVAR_VECTOR	 0x03u
#define VTIVAR_MASK	 0x83838383u /* vector and valid of each byte [N] */
#define VTIVAR_QUEUE_0	 0x0000ffffu

static void send(struct sim_vf *vf, unsigned int v)
{
	const uint64_t one = 1;
	uint32_t bit = VFNET_BIT(v);

	if (!sim_faults_lose_irq(vf->card) && write(vf->irq.eventfd[v], &one, sizeof(one)) < 0)
		vfnet_log(&vf->card->sim->log, DEBUG,
			  "%s: vector %u is lost, its descriptor takes no more", vf->dev.name, v);
	*sim_vf_reg(vf, IGBVF_VTEICR) &= ~(*sim_vf_reg(vf, IGBVF_VTEIAC) & bit);
	if (!sim_has(vf->card, SIM_QUIRK_NO_AUTO_MASK))
		*sim_vf_reg(vf, IGBVF_VTEIMS) &= ~(*sim_vf_reg(vf, IGBVF_VTEIAM) & bit);
}

static bool is_heard(const struct sim_vf *vf, unsigned int v)
{
	return vf->bus_master && vf->irq.eventfd[v] >= 0;
}

static uint64_t interval_ns(struct sim_vf *vf, unsigned int v)
{
	uint32_t eitr = *sim_vf_reg(vf, IGBVF_AT(EITR, v));

	return sim_has(vf->card, SIM_QUIRK_LONG_EITR)
		   ? eitr * QEMU_NS_PER_UNIT
		   : VFNET_FIELD_GET(IGBVF_EITR_INTERVAL, eitr) * NS_PER_INTERVAL;
}

/* Return: false = the interval since the last message is not over */
static bool may_send(struct sim_vf *vf, unsigned int v)
{
	uint64_t interval = interval_ns(vf, v);
	uint64_t now;

	if (!interval)
		return true;
	now = sim_now_ns(vf->card->sim);
	if (now < vf->irq.next_ns[v])
		return false;
	vf->irq.next_ns[v] = now + interval;
	if (sim_has(vf->card, SIM_QUIRK_EITR_ECHO))
		vf->irq.held |= VFNET_BIT(v);
	return true;
}

static void send_messages(struct sim_vf *vf, uint32_t vectors)
{
	for (; vectors; vectors &= vectors - 1) {
		unsigned int v = (unsigned int)__builtin_ctz(vectors);

		if (!is_heard(vf, v))
			continue;
		if (may_send(vf, v))
			send(vf, v);
		else
			vf->irq.held |= VFNET_BIT(v);
	}
}

/* A cause that is there already, and enabled, says nothing again. */
void sim_irq_cause(struct sim_vf *vf, uint32_t vectors)
{
	uint32_t *causes = sim_vf_reg(vf, IGBVF_VTEICR);
	uint32_t news = vectors & ~*causes;

	*causes |= vectors;
	send_messages(vf, news & *sim_vf_reg(vf, IGBVF_VTEIMS));
}

/* What came while a vector was masked is sent now. */
void sim_irq_enable(struct sim_vf *vf, uint32_t vectors)
{
	uint32_t *enabled = sim_vf_reg(vf, IGBVF_VTEIMS);
	uint32_t news = vectors & ~*enabled;

	*enabled |= vectors;
	send_messages(vf, news & *sim_vf_reg(vf, IGBVF_VTEICR));
}

void sim_irq_misc(struct sim_vf *vf)
{
	uint32_t map = *sim_vf_reg(vf, IGBVF_VTIVAR_MISC);
	uint32_t vector = VFNET_FIELD_GET(IGBVF_VTIVAR_MISC_VEC, map);

	if (!sim_has(vf->card, SIM_QUIRK_MISC_MASK))
		vector = VFNET_BIT(vector);
	if (map & IGBVF_VTIVAR_MISC_VALID)
		sim_irq_cause(vf, vector & IGBVF_VECTORS_ALL);
}

static void queue_causes(struct sim_vf *vf)
{
	uint32_t vectors = 0;

	for (uint32_t due = vf->irq.due; due; due &= due - 1) {
		uint32_t entry = vf->irq.map >> 8 * __builtin_ctz(due);

		if (entry & VTIVAR_VALID)
			vectors |= VFNET_BIT(entry & VTIVAR_VECTOR);
	}
	vf->irq.due = 0;
	sim_irq_cause(vf, vectors & IGBVF_VECTORS_ALL);
}

/* What EITR_ECHO sends: the end of QEMU's timer looks at neither cause nor mask. */
static void send_echoes(struct sim_vf *vf)
{
	uint64_t now = sim_now_ns(vf->card->sim);

	for (uint32_t held = vf->irq.held; held; held &= held - 1) {
		unsigned int v = (unsigned int)__builtin_ctz(held);

		if (now < vf->irq.next_ns[v])
			continue;
		vf->irq.held &= ~VFNET_BIT(v);
		if (is_heard(vf, v))
			send(vf, v);
	}
}

static void send_held(struct sim_vf *vf)
{
	uint32_t held = vf->irq.held;

	if (sim_has(vf->card, SIM_QUIRK_EITR_ECHO)) {
		send_echoes(vf);
		return;
	}
	vf->irq.held = 0;
	send_messages(vf, held & *sim_vf_reg(vf, IGBVF_VTEICR) & *sim_vf_reg(vf, IGBVF_VTEIMS));
}

void sim_irq_step(struct sim_vf *vf)
{
	if (vfnet_unlikely(vf->irq.held))
		send_held(vf);
	if (vf->irq.due)
		queue_causes(vf);
}

void sim_irq_map(struct sim_vf *vf, uint32_t val)
{
	val &= VTIVAR_MASK;
	*sim_vf_reg(vf, IGBVF_VTIVAR) = val;
	if (sim_has(vf->card, SIM_QUIRK_QUEUE_1_MUTE))
		val &= VTIVAR_QUEUE_0;
	if (sim_has(vf->card, SIM_QUIRK_IVAR_STICKS))
		val |= vf->irq.map;
	vf->irq.map = val;
}

void sim_irq_throttle(struct sim_vf *vf, unsigned int vector, uint32_t val)
{
	*sim_vf_reg(vf, IGBVF_AT(EITR, vector)) = val & IGBVF_EITR_INTERVAL;
	if (!(val & IGBVF_EITR_CNT_IGNR))
		vf->irq.next_ns[vector] = 0;
}

void sim_irq_reset(struct sim_vf *vf)
{
	vf->irq.map = 0;
	vf->irq.due = 0;
	vf->irq.held = 0;
	memset(vf->irq.next_ns, 0, sizeof(vf->irq.next_ns));
}
