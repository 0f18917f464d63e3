/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver list of these tests: one driver without hardware, told what to do by `fake_driver`. */
#ifndef VFNET_TESTS_FAKE_DRIVER_H
#define VFNET_TESTS_FAKE_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/net/driver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * open_rc, queue_rc:   what open and the queue calls return when not 0
 * rx_packets ...:      what every open queue counts
 * service_state:       the port's state after service
 * n_ports, n_queues:   open now
 * serviced_at:         the time that service last got
 * during_open:         called while a receive queue is being opened
 * during_close:        called while a port is being closed
 * events_rc:           what the call for events returns
 * event_fd:            what it was given last
 * n_services:          calls of service, atomic
 * n_give_backs:        calls of give_back, which also sets service_state
 * irq_rc:              what the call for a queue's interrupt returns
 * irq_fd:              what it was given last
 * arm_rc:              what arming returns
 * n_armed, n_disarmed: calls, atomic
 * ready:               whether frames are there, atomic
 * filter_rc:           what the call for filters returns
 * filter:              what it was given last; its addresses are the caller's
 * n_filters:           how often
 * filter_locked:       the port was locked then
 */
struct fake_driver {
	int open_rc;
	int queue_rc;
	uint64_t rx_packets;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint32_t service_state;
	int n_ports;
	int n_queues;
	uint64_t serviced_at;
	void (*during_open)(struct vfnet_port *port);
	void (*during_close)(struct vfnet_port *port);
	int events_rc;
	int event_fd;
	uint32_t n_services;
	uint32_t n_give_backs;
	int irq_rc;
	int irq_fd;
	int arm_rc;
	uint32_t n_armed;
	uint32_t n_disarmed;
	bool ready;
	int filter_rc;
	struct vfnet_filter filter;
	unsigned int n_filters;
	bool filter_locked;
};

extern struct fake_driver fake_driver;

#ifdef __cplusplus
}
#endif

#endif
