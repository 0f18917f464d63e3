/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include <vfnet/ctx.h>
#include <vfnet/sim.h>

#include "apps/vfnet-dev/window.h"
#include "lib/dev/dev.h"

#define REGION_BYTES (UINT64_C(2) << 20) /* the least: no ring is set up */

int dev_window_sim_open(const char *name, struct dev_window *out, struct vfnet_err *err)
{
	const struct vfnet_sim_opts sim_opts = {.size = sizeof(sim_opts), .mode = VFNET_SIM_INLINE};
	const struct vfnet_opts opts = {
	    .size = sizeof(opts), .region_bytes = REGION_BYTES, .page_bytes = 4096};
	int rc = vfnet_sim_open(&sim_opts, &out->sim, err);

	if (!rc)
		rc = vfnet_open(&opts, &out->v, err);
	if (!rc)
		rc = vfnet_add_bus(out->v, "sim", vfnet_sim_bus(out->sim), err);
	if (!rc)
		rc = vfnet_dev_open(out->v, name, &out->dev, err);
	if (rc) {
		dev_window_sim_close(out);
		return rc;
	}
	snprintf(out->name, sizeof(out->name), "%s", name);
	out->how = "a software card's, fresh from its reset";
	return 0;
}

void dev_window_sim_close(struct dev_window *window)
{
	if (window->dev)
		vfnet_dev_close(window->v, window->dev);
	vfnet_close(window->v);
	vfnet_sim_close(window->sim);
}
