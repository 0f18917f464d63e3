/* SPDX-License-Identifier: BSD-2-Clause */
/* A program of somebody else: opens a port of a software card through the installed libraries. */
#include <stdio.h>

#include <vfnet/sim.h>
#include <vfnet/vfnet.h>

int main(void)
{
	struct vfnet_port *port = NULL;
	struct vfnet_sim *sim = NULL;
	struct vfnet *v = NULL;
	struct vfnet_err err = {0};
	struct vfnet_port_info info;
	int rc;

	rc = vfnet_sim_open(NULL, &sim, &err);
	if (!rc)
		rc = vfnet_open(NULL, &v, &err);
	if (!rc)
		rc = vfnet_add_bus(v, "sim", vfnet_sim_bus(sim), &err);
	if (!rc)
		rc = vfnet_port_open(v, "sim:0.0", NULL, &port, &err);
	if (rc) {
		fprintf(stderr, "consumer: %s\n", err.text);
		return 1;
	}
	vfnet_port_get_info(port, &info);
	printf("%s is open, driver %s\n", info.name, info.driver);
	rc = vfnet_port_close(port);
	if (!rc)
		rc = vfnet_close(v);
	if (!rc)
		rc = vfnet_sim_close(sim);
	return rc ? 1 : 0;
}
