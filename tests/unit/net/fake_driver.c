/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/net/fake_driver.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/net/driver.h"

struct fake_driver fake_driver;

static bool match(uint16_t vendor, uint16_t device)
{
	return vendor == 0x8086 && device == 0x10ca;
}

static int open_port(struct vfnet_dev *dev, const struct vfnet_log *log,
		     const struct vfnet_port_opts *opts, struct vfnet_port **out,
		     struct vfnet_err *err)
{
	struct vfnet_port *port;

	(void)log;
	if (fake_driver.open_rc)
		return vfnet_err_set(err, fake_driver.open_rc, "fake driver: %s", dev->name);
	port = calloc(1, sizeof(*port));
	memcpy(port->mac, opts->mac, sizeof(port->mac));
	port->mtu = opts->mtu;
	port->simd = opts->simd;
	port->link_word = VFNET_LINK_WORD_UP | VFNET_LINK_WORD_DUPLEX | 1000;
	fake_driver.n_ports++;
	*out = port;
	return 0;
}

static void close_port(struct vfnet_port *port)
{
	if (fake_driver.during_close)
		fake_driver.during_close(port);
	fake_driver.n_ports--;
	free(port);
}

static int rx_burst(struct vfnet_rxq *q, struct vfnet_pkt *pkt, unsigned int n)
{
	(void)q;
	(void)pkt;
	return (int)n;
}

static int tx_burst(struct vfnet_txq *q, const struct vfnet_pkt *pkt, unsigned int n)
{
	(void)q;
	(void)pkt;
	return (int)n;
}

static int rxq_open(struct vfnet_port *port, const struct vfnet_queue *common,
		    struct vfnet_rxq **out, struct vfnet_err *err)
{
	if (fake_driver.during_open)
		fake_driver.during_open(port);
	if (fake_driver.queue_rc)
		return vfnet_err_set(err, fake_driver.queue_rc, "fake rxq: %s", port->dev->name);
	*out = calloc(1, sizeof(**out));
	(*out)->burst = rx_burst;
	(*out)->common = *common;
	fake_driver.n_queues++;
	return 0;
}

static int txq_open(struct vfnet_port *port, const struct vfnet_queue *common,
		    struct vfnet_txq **out, struct vfnet_err *err)
{
	if (fake_driver.queue_rc)
		return vfnet_err_set(err, fake_driver.queue_rc, "fake txq: %s", port->dev->name);
	*out = calloc(1, sizeof(**out));
	(*out)->burst = tx_burst;
	(*out)->common = *common;
	fake_driver.n_queues++;
	return 0;
}

static void rxq_count(const struct vfnet_rxq *q, struct vfnet_counters *sum)
{
	(void)q;
	sum->rx_packets += fake_driver.rx_packets;
}

static void txq_count(const struct vfnet_txq *q, struct vfnet_counters *sum)
{
	(void)q;
	sum->tx_packets += fake_driver.tx_packets;
	sum->tx_bytes += fake_driver.tx_bytes;
}

static void rxq_close(struct vfnet_port *port, struct vfnet_rxq *q)
{
	rxq_count(q, &port->base);
	fake_driver.n_queues--;
	free(q);
}

static void txq_close(struct vfnet_port *port, struct vfnet_txq *q)
{
	txq_count(q, &port->base);
	fake_driver.n_queues--;
	free(q);
}

static uint32_t txq_reclaim(struct vfnet_txq *q)
{
	return q->common.n_desc;
}

static uint64_t service(struct vfnet_port *port, uint64_t now_ns)
{
	__atomic_fetch_add(&fake_driver.n_services, 1, __ATOMIC_RELEASE);
	fake_driver.serviced_at = now_ns;
	vfnet_word_store(&port->state, fake_driver.service_state);
	return now_ns + VFNET_SERVICE_PERIOD_NS;
}

static void give_back(struct vfnet_port *port)
{
	(void)port;
	fake_driver.n_give_backs++;
	fake_driver.service_state = VFNET_PORT_GONE;
}

static int events(struct vfnet_port *port, int fd, struct vfnet_err *err)
{
	if (fake_driver.events_rc)
		return vfnet_err_set(err, fake_driver.events_rc, "fake: %s", port->dev->name);
	fake_driver.event_fd = fd;
	return 0;
}

static int rxq_irq(struct vfnet_port *port, struct vfnet_rxq *q, int fd, struct vfnet_err *err)
{
	(void)q;
	if (fake_driver.irq_rc)
		return vfnet_err_set(err, fake_driver.irq_rc, "fake irq: %s", port->dev->name);
	fake_driver.irq_fd = fd;
	return 0;
}

static bool rxq_ready(const struct vfnet_rxq *q)
{
	(void)q;
	return __atomic_load_n(&fake_driver.ready, __ATOMIC_ACQUIRE);
}

static int rxq_arm(struct vfnet_rxq *q)
{
	__atomic_fetch_add(&fake_driver.n_armed, 1, __ATOMIC_RELEASE);
	return fake_driver.arm_rc ? fake_driver.arm_rc : rxq_ready(q);
}

static void rxq_disarm(struct vfnet_rxq *q)
{
	(void)q;
	__atomic_fetch_add(&fake_driver.n_disarmed, 1, __ATOMIC_RELEASE);
}

static int filter(struct vfnet_port *port, const struct vfnet_filter *filter, struct vfnet_err *err)
{
	/* service, which only tries, would find the lock taken */
	fake_driver.filter_locked = pthread_mutex_trylock(&port->lock) != 0;
	fake_driver.filter = *filter;
	fake_driver.n_filters++;
	if (fake_driver.filter_rc)
		return vfnet_err_set(err, fake_driver.filter_rc, "fake: %s", port->dev->name);
	return 0;
}

static const struct vfnet_driver driver = {
    .name = "fake",
    .max_rx_queues = 1,
    .max_tx_queues = 2,
    .max_mtu = 9710,
    .match = match,
    .open = open_port,
    .close = close_port,
    .rxq_open = rxq_open,
    .txq_open = txq_open,
    .rxq_close = rxq_close,
    .txq_close = txq_close,
    .rxq_count = rxq_count,
    .txq_count = txq_count,
    .txq_reclaim = txq_reclaim,
    .service = service,
    .give_back = give_back,
    .events = events,
    .rxq_irq = rxq_irq,
    .rxq_ready = rxq_ready,
    .rxq_arm = rxq_arm,
    .rxq_disarm = rxq_disarm,
    .filter = filter,
};

const struct vfnet_driver *const vfnet_drivers[] = {&driver, NULL};
