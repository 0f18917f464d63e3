/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_PORT_H
#define VFNET_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfnet/counters.h>
#include <vfnet/ctx.h>
#include <vfnet/err.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct vfnet_port;

/** VFNET_BURST_MAX - the most packets of one burst call. */
#define VFNET_BURST_MAX 256

/**
 * enum vfnet_port_state - what a port can do
 *
 * A reset of the physical function, by its administrator or its driver, makes a port RESETTING;
 * its link is down then. So does a reset of this function by another tool, which is found while a
 * queue is open. vfnet_port_service() brings it back, however long the interface is down,
 * once each of its queues has been called or parked by its thread. The address, frame size and
 * queues are those from before; what was in the rings is lost and counted (drops.not_drained,
 * drops.reset_unknown).
 *
 * A port is GONE when its device was unplugged, or when the kernel wants the function back, because
 * it is unbound from its driver or removed. The kernel then waits until it is closed: the call of
 * vfnet_port_service() that finds out does that, however long the program holds port and queues,
 * unless a queue, or another port of the context, is being opened or closed: then one soon after.
 * Copies of the port's descriptors keep the kernel waiting, too: in a child of fork() without
 * execve(), and with whoever handed them in.
 * What is in the rings is counted, and returns to the pool, when they are closed.
 */
enum vfnet_port_state {
	VFNET_PORT_RUNNING,
	VFNET_PORT_RESETTING, /* bursts say -ENETDOWN until it runs again */
	VFNET_PORT_GONE,      /* for good: bursts say -ENODEV, only close helps */
};

/**
 * enum vfnet_simd - the instructions that a port's bursts use; what they do is the same
 *
 * Each has its inner loop for four frames or more, and scalar code for what is left. AVX2 and
 * AVX512 (F, BW, DQ and VL) exist on x86-64, and not in builds with ThreadSanitizer.
 */
enum vfnet_simd {
	VFNET_SIMD_AUTO, /* the widest that CPU, kernel and build have */
	VFNET_SIMD_SCALAR,
	VFNET_SIMD_AVX2,
	VFNET_SIMD_AVX512,
};

/**
 * struct vfnet_port_opts - how to open a port; zero means the default
 * @size:           sizeof(struct vfnet_port_opts)
 * @mtu:            largest payload of an Ethernet frame, 68..9710 bytes; 0 = 1500. The longest
 *                  frame is @mtu + 14 (+ 4 for a VLAN tag), without CRC
 * @mac:            the address to ask for; all zero = the one that the administrator gave, else
 *                  a random locally administered one
 * @service_thread: a thread of the port's own calls vfnet_port_service(), until the port closes
 * @simd:           to compare, or to work around a fault
 */
struct vfnet_port_opts {
	size_t size;
	uint32_t mtu;
	uint8_t mac[6];
	bool service_thread;
	enum vfnet_simd simd;
};

/**
 * struct vfnet_port_info - what a port is
 * @name:       as it was opened, such as "pci:0000:01:10.0"
 * @driver:     "igbvf"
 * @mac:        the address in force
 * @mtu:        bytes
 * @max_frame:  longest frame without CRC, with a VLAN tag: mtu + 18
 * @max_rx_queues: receive queues that it can open
 * @max_tx_queues: transmit queues
 * @numa_node:  -1 = unknown
 * @simd:       in use; never AUTO
 */
struct vfnet_port_info {
	char name[64];
	const char *driver;
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t max_frame;
	uint32_t max_rx_queues;
	uint32_t max_tx_queues;
	int numa_node;
	enum vfnet_simd simd;
};

/**
 * struct vfnet_link - the state of the link
 * @up:          frames can pass
 * @speed_mbps:  10, 100 or 1000; what an 82576 VF reports may be stale [L]
 * @full_duplex: as reported
 */
struct vfnet_link {
	bool up;
	uint32_t speed_mbps;
	bool full_duplex;
};

/**
 * vfnet_port_open() - open a device and bring it up: DMA domain, reset, bus master, mailbox, MAC
 * @v:    the context
 * @name: "sim:CARD.VF", "pci:DDDD:BB:DD.F" or "pci:DDDD:BB:DD.F,dev=FD,dma=FD", see vfnet/dev.h
 * @opts: NULL = all defaults
 * @out:  the port; the caller closes it before the context
 * @err:  may be NULL
 *
 * Context: any thread; blocks up to 5 s on a sick device.
 * Return: 0; -EINVAL for a name or an option out of range; -EBADF a descriptor that is handed in is
 * not open; -ENODEV no such device; -EBUSY open already; -EPERM; -ENOMEM (also RLIMIT_MEMLOCK);
 * -ENETDOWN the physical function is down; -EPROTO it refuses the address asked for; -ETIMEDOUT;
 * -ENOTSUP no driver for it, or instructions that this CPU or build does not have; -EAGAIN the
 * service thread cannot be started.
 */
int vfnet_port_open(struct vfnet *v, const char *name, const struct vfnet_port_opts *opts,
		    struct vfnet_port **out, struct vfnet_err *err);

/**
 * vfnet_port_close() - stop the device, undo all that open did
 * @port: the port; NULL does nothing
 *
 * Context: any thread; 10 ms, with our kernel module 300 ms, seconds on a sick card.
 * Return: 0; -EBUSY while a queue is open (nothing happens).
 * Guarantees: when it returns 0 the device writes no more memory.
 */
int vfnet_port_close(struct vfnet_port *port);

/** vfnet_simd_name() - "scalar", "avx2", "avx512" or "auto"; NULL for a number that is none. */
const char *vfnet_simd_name(enum vfnet_simd simd);

/** vfnet_port_get_info() - copy what the port is. Context: any thread. */
void vfnet_port_get_info(const struct vfnet_port *port, struct vfnet_port_info *info);

/** vfnet_port_state() - the state as the last service call found it. Context: any thread. */
enum vfnet_port_state vfnet_port_state(const struct vfnet_port *port);

/** vfnet_port_get_link() - the link as the last service call found it. Context: any thread. */
void vfnet_port_get_link(const struct vfnet_port *port, struct vfnet_link *link);

/**
 * vfnet_port_get_counters() - copy the counters
 * @port: the port
 * @out:  filled
 *
 * What the hardware counts is as fresh as the last service call; what a queue counts is read
 * while its thread runs, and is exact once that thread is outside burst calls.
 *
 * Context: any thread.
 */
void vfnet_port_get_counters(struct vfnet_port *port, struct vfnet_counters *out);

/** VFNET_SERVICE_PERIOD_NS - call vfnet_port_service() at least this often: 100 ms. */
#define VFNET_SERVICE_PERIOD_NS UINT64_C(100000000)

/**
 * vfnet_port_service() - do the port's slow work: mailbox, link, counters, reset
 * @port:   the port
 * @now_ns: CLOCK_MONOTONIC
 *
 * A state machine: it does what can be done now. Octet counters wrap in 34 s at 1 Gb/s, so it
 * must run at least every 10 s. A reset of the physical function is noticed here, and the port
 * comes back by these calls: tens of milliseconds after the interface is up, if they come at the
 * deadlines. A port with a service thread does not need the call; it does no harm.
 *
 * Context: one thread at a time; 50 us at most, but for two rare calls. The one that makes the port
 * GONE takes some milliseconds: the kernel closes the device. One that brings the port back may be
 * held up for 100 ms, by a kernel that resets the function just then. While another thread opens
 * or closes a queue it does nothing and asks to run again in 1 ms.
 * Return: when it wants to run next, in the time of @now_ns.
 */
uint64_t vfnet_port_service(struct vfnet_port *port, uint64_t now_ns);

/**
 * vfnet_port_fd() - a descriptor that becomes readable when service should run early
 * @port: the port
 * @err:  may be NULL
 *
 * For poll() and its kin, beside whatever else a program waits for: the physical function wrote
 * a message, was reset, or its link changed; or the kernel wants the function back. Only a hint:
 * service also runs at the deadlines that it returns, because a card may forget to say something
 * (QEMU's does, when the physical function resets; none tells of a reset of this function by
 * another tool), and may find nothing to do. The first call switches the function's interrupt for
 * such events on; without it a port has none.
 *
 * Context: any thread, not in hot paths; while a queue is opened or closed it waits for that.
 * Return: the descriptor, always the same. It belongs to the port: vfnet_port_service() reads it,
 * vfnet_port_close() closes it. -ENOTSUP the device has no interrupts; -EBUSY the port's service
 * thread waits for it; -ENOSPC the machine has no interrupt vectors left; -EMFILE, -ENFILE,
 * -ENODEV.
 */
int vfnet_port_fd(struct vfnet_port *port, struct vfnet_err *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
