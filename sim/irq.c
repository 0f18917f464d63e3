/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of a function: a cause in VTEICR that VTEIMS enables becomes a message, here one more
 * in the eventfd of its vector. 82576-vf.md §2, §7. The mailbox is the only cause that a card has
 * yet, beside those that VTEICS makes.
 */
#define VFNET_LOG_TAG "sim/irq"
#include "sim/card.h"

#include <unistd.h>

static void send_messages(struct sim_vf *vf, uint32_t vectors)
{
	const uint64_t one = 1;

	for (unsigned int v = 0; v < IGBVF_VECTORS; v++) {
		uint32_t bit = VFNET_BIT(v);

		if (!(vectors & bit) || !vf->bus_master || vf->eventfd[v] < 0)
			continue;
		if (write(vf->eventfd[v], &one, sizeof(one)) < 0)
			vfnet_log(&vf->card->sim->log, DEBUG,
				  "%s: vector %u is lost, its "
				  "descriptor takes no more",
				  vf->dev.name, v);
		*sim_vf_reg(vf, IGBVF_VTEICR) &= ~(*sim_vf_reg(vf, IGBVF_VTEIAC) & bit);
		if (!sim_has(vf->card, SIM_QUIRK_NO_AUTO_MASK))
			*sim_vf_reg(vf, IGBVF_VTEIMS) &= ~(*sim_vf_reg(vf, IGBVF_VTEIAM) & bit);
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
