/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of frames that a function's registers do not tell about. */
#include "sim/card.h"

void sim_count_missed(struct sim_vf *vf, enum vfnet_missed why)
{
	if (vf)
		vf->missed[why]++;
}

void sim_count_wire_loss(struct sim_card *card, enum vfnet_missed why, uint64_t n)
{
	struct sim_vf *vf = sim_card_first_open(card);

	card->wire.in_packets += n;
	if (vf)
		vf->missed[why] += n;
}

void sim_count_drop(struct sim_vf *vf, enum vfnet_drops why, uint64_t bytes)
{
	vf->drops[why]++;
	vf->tx_lost_bytes += bytes;
}

void sim_count_unread(struct sim_vf *vf)
{
	uint32_t *unread = sim_vf_reg(vf, IGBVF_RQDPC);

	vf->missed[VFNET_MISSED_no_descriptor] += *unread;
	*unread = 0;
}

void sim_count_truth(const struct sim_vf *vf, struct vfnet_counters *sum, uint64_t *tx_lost_bytes)
{
	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
		sum->missed[i] += vf->missed[i];
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		sum->drops[i] += vf->drops[i];
	*tx_lost_bytes += vf->tx_lost_bytes;
}

bool sim_say_once(struct sim_vf *vf, enum sim_said what)
{
	bool first = !(vf->said & 1u << what);

	vf->said |= 1u << what;
	return first;
}
