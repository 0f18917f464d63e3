/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misfortunes to order. Each is something that an 82576, its physical function or the wire does now
 * and then; here it is countable, so that a test meets it every time.
 */
#include "sim/faults.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/err.h"
#include "sim/card.h"
#include "sim/spec.h"
#include "sim/tx.h"

#define NS_PER_MS UINT64_C(1000000)

#define SET(field, key, usage, max)                                                                \
	int sim_fault_set_##field(void *orders, const char *value, struct vfnet_err *err)          \
	{                                                                                          \
		return sim_spec_number(key, value, 1, max,                                         \
				       &((struct sim_fault_orders *)orders)->field, err);          \
	}
SIM_FAULTS(SET)

#define ADD(field, key, usage, max)                                                                \
	if (orders->field)                                                                         \
		faults->orders.field = orders->field;

int sim_faults_add(struct sim_faults *faults, const struct sim_fault_orders *orders,
		   struct vfnet_err *err)
{
	if (orders->outage && !orders->reset && !faults->orders.reset)
		return vfnet_err_set(err, -EINVAL,
				     "outage=MS is how long each reset lasts; reset=MS goes before "
				     "it");
	SIM_FAULTS(ADD)
	faults->random[0] = (unsigned short)faults->orders.shuffle;
	faults->random[1] = (unsigned short)(faults->orders.shuffle >> 16);
	faults->timed = faults->orders.reset || faults->orders.vf_reset || faults->orders.flap;
	faults->counted =
	    faults->orders.reset_at || faults->orders.gone_at || faults->orders.request_at;
	return 0;
}

/* The @n-th, the 2 @n-th ... */
static bool is_its_turn(uint64_t *count, uint64_t n)
{
	return n && ++*count % n == 0;
}

static uint64_t later(uint64_t now_ns, uint64_t ms)
{
	return ms ? now_ns + ms * NS_PER_MS : UINT64_MAX;
}

static void begin(struct sim_faults *faults, uint64_t now_ns)
{
	faults->begun = true;
	faults->reset_ns = later(now_ns, faults->orders.reset);
	faults->vf_reset_ns = later(now_ns, faults->orders.vf_reset);
	faults->flap_ns = later(now_ns, faults->orders.flap);
}

/* No new ones. The wire is put back; an interface that is down comes up in its own time. */
static void end(struct sim_card *card)
{
	if (card->faults.begun && card->faults.orders.flap)
		sim_pf_link(card, true);
	card->faults.begun = false;
}

void sim_faults_step(struct sim_card *card)
{
	struct sim_faults *faults = &card->faults;
	uint64_t now_ns;

	if (!card->sim->started)
		return;
	now_ns = sim_now_ns(card->sim);
	if (faults->up_ns && now_ns >= faults->up_ns) {
		faults->up_ns = 0;
		sim_pf_up(card);
	}
	if (card->sim->stopped) {
		end(card);
		return;
	}
	if (!faults->begun)
		begin(faults, now_ns);
	if (now_ns >= faults->reset_ns) {
		sim_pf_down(card);
		faults->up_ns = now_ns + faults->orders.outage * NS_PER_MS;
		faults->reset_ns = later(faults->up_ns, faults->orders.reset);
	}
	if (now_ns >= faults->vf_reset_ns) {
		sim_vfs_reset(card);
		faults->vf_reset_ns = later(now_ns, faults->orders.vf_reset);
	}
	if (now_ns >= faults->flap_ns) {
		sim_pf_link(card, card->no_wire);
		faults->flap_ns = later(now_ns, faults->orders.flap);
	}
}

void sim_faults_access(struct sim_card *card)
{
	uint64_t n = ++card->faults.n_accesses;

	if (n == card->faults.orders.gone_at)
		sim_card_gone(card);
	if (n == card->faults.orders.request_at)
		sim_card_request(card);
	if (n != card->faults.orders.reset_at)
		return;
	sim_pf_down(card);
	sim_pf_up(card);
}

bool sim_faults_late(struct sim_vf *vf)
{
	if (vf->late++ < vf->card->faults.orders.late_reply)
		return true;
	vf->late = 0;
	return false;
}

bool sim_faults_lose_reply(struct sim_card *card)
{
	return is_its_turn(&card->faults.n_replies, card->faults.orders.lose_reply);
}

bool sim_faults_ping(struct sim_card *card)
{
	return is_its_turn(&card->faults.n_requests, card->faults.orders.ping);
}

bool sim_faults_lose_irq(struct sim_card *card)
{
	if (vfnet_unlikely(card->faults.lose_next_irq)) {
		card->faults.lose_next_irq = false;
		return true;
	}
	return is_its_turn(&card->faults.n_irqs, card->faults.orders.lose_irq);
}

bool sim_faults_garble(struct sim_card *card)
{
	return is_its_turn(&card->faults.n_garbled, card->faults.orders.garble);
}

uint32_t sim_faults_random(struct sim_card *card)
{
	return (uint32_t)jrand48(card->faults.random);
}

bool sim_faults_lag(struct sim_vf *vf)
{
	if (!vf->lag)
		return false;
	vf->lag--;
	vf->card->slow = true;
	return true;
}

static void write_back(struct sim_vf *vf, struct sim_txq *q)
{
	uint32_t n_rs = 0;

	for (; q->done != q->done_next; q->done = sim_txq_next(q, q->done)) {
		if (!(q->ring[q->done].data.cmd & IGBVF_TXD_RS))
			continue;
		n_rs++;
		if (!q->head_wb)
			vfnet_io_store_dd(&q->ring[q->done].wb.status, IGBVF_TXD_DD);
	}
	if (n_rs && q->head_wb)
		sim_tx_report_head(vf, q, q->done);
	if (n_rs)
		vf->irq.due |= SIM_IRQ_TX(q - vf->txq);
}

void sim_faults_complete(struct sim_vf *vf, struct sim_txq *q)
{
	if (q->due && --q->due == 0)
		write_back(vf, q);
	if (q->due || q->done == q->head)
		return;
	q->done_next = q->head;
	q->due = vf->card->faults.orders.slow;
}
