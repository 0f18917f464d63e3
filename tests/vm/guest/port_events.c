/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port_events DEVICE [hold]: opens a port and sleeps on vfnet_port_fd(), without a look at the
 * card, until the physical function or the kernel has something to say; then tells what
 * service made of it. Exit: 0 when it was woken; hold: never, the port stays open.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vfnet/vfnet.h>

#define PATIENCE_MS 20000

static const char *const states[] = {
    [VFNET_PORT_RUNNING] = "running",
    [VFNET_PORT_RESETTING] = "resetting",
    [VFNET_PORT_GONE] = "gone",
};

/* Waking for nothing is allowed, a ping, say. Return: whether service found something */
static bool is_news(struct vfnet_port *port, const struct vfnet_link *before,
		    struct vfnet_link *now)
{
	vfnet_port_service(port, 0);
	vfnet_port_get_link(port, now);
	return vfnet_port_state(port) != VFNET_PORT_RUNNING || now->up != before->up;
}

/* Return: 0; 1: nothing came */
static int wait_for_event(struct vfnet_port *port, int fd)
{
	struct pollfd event = {.fd = fd, .events = POLLIN};
	struct vfnet_link before, now;

	/* what is in the mailbox since the port was opened */
	vfnet_port_service(port, 0);
	vfnet_port_get_link(port, &before);
	puts("waiting");
	fflush(stdout);
	do {
		if (poll(&event, 1, PATIENCE_MS) != 1) {
			printf("nothing in %d ms\n", PATIENCE_MS);
			return 1;
		}
	} while (!is_news(port, &before, &now));
	printf("woken: %s, link %s\n", states[vfnet_port_state(port)], now.up ? "up" : "down");
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	struct vfnet_opts opts = {.size = sizeof(opts), .region_bytes = 1 << 20};
	struct vfnet_port *port = NULL;
	struct vfnet *v = NULL;
	struct vfnet_err err;
	int fd, rc = 1;

	if (argc != 2 && (argc != 3 || strcmp(argv[2], "hold")))
		return 2;
	if (vfnet_open(&opts, &v, &err) || vfnet_port_open(v, argv[1], NULL, &port, &err) ||
	    (fd = vfnet_port_fd(port, &err)) < 0)
		fprintf(stderr, "%s\n", err.text);
	else
		rc = wait_for_event(port, fd);
	if (!rc && argc == 3)
		pause();
	vfnet_port_close(port);
	vfnet_close(v);
	return rc;
}
