/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of quirks, by name; each is done where the card does it right otherwise. */
#define VFNET_LOG_TAG "sim/quirks"
#include "sim/card.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "lib/base/err.h"

#define ROW_OF(id, name, row, what) {name, row, what},

static_assert(SIM_QUIRK_COUNT <= 32, "one word holds all");

static const struct {
	const char *name;
	unsigned int row;
	const char *what;
} rows[] = {SIM_QUIRKS(ROW_OF)};

static int unknown(const char *text, size_t len, struct vfnet_err *err)
{
	char known[512] = "qemu";
	size_t used = strlen(known);

	for (size_t i = 0; i < VFNET_ARRAY_SIZE(rows) && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, ", %s", rows[i].name);
	return vfnet_err_set(err, -EINVAL, "quirks: there is no \"%.*s\"; there are %s", (int)len,
			     text, known);
}

int sim_quirks_parse(const char *text, uint32_t *quirks, struct vfnet_err *err)
{
	size_t len;

	for (;; text += len + 1) {
		size_t i = 0;

		len = strcspn(text, "+");
		if (len == 4 && strncmp(text, "qemu", len) == 0) {
			*quirks |= (uint32_t)((UINT64_C(1) << SIM_QUIRK_COUNT) - 1);
		} else {
			while (
			    i < VFNET_ARRAY_SIZE(rows) &&
			    (strlen(rows[i].name) != len || strncmp(text, rows[i].name, len) != 0))
				i++;
			if (i == VFNET_ARRAY_SIZE(rows))
				return unknown(text, len, err);
			*quirks |= 1u << i;
		}
		if (!text[len])
			return 0;
	}
}

void sim_quirks_say(const struct sim_card *card)
{
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(rows); i++)
		if (card->quirks & 1u << i)
			vfnet_log(&card->sim->log, INFO, "card %u: %s (row %u): %s", card->index,
				  rows[i].name, rows[i].row, rows[i].what);
}

void sim_quirk_half_reset(struct sim_vf *vf)
{
	for (unsigned int i = 0; i < SIM_QUEUES; i++) {
		*sim_vf_reg(vf, IGBVF_AT(RXDCTL, i)) &= ~IGBVF_RXDCTL_ENABLE;
		*sim_vf_reg(vf, IGBVF_AT(TXDCTL, i)) &= ~IGBVF_TXDCTL_ENABLE;
		vf->rxq[i].enabled = false;
		vf->txq[i].enabled = false;
	}
	vf->switched = 0;
}
