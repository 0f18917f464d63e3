/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile driver: any register accesses, doorbells, ring contents, mappings and resets of two
 * functions of a card. The card touches no byte that is not mapped, which the sanitizer sees, and
 * every step ends. A few operations do what a sane driver does, so that the insane ones meet rings
 * that run.
 */
#include <sanitizer/asan_interface.h>

#include "sim/card.h"
#include "tests/fuzz/guest.h"

#define N_DEVS	   2u
#define N_RANGES   3u
#define RING_DESC  16u
#define RING_BYTES (RING_DESC * 16u)
#define OPS_MAX	   512u
/* bits that a descriptor's d2 has no use for */
#define ANY_INFO    VFNET_BIT(26)
#define ANY_CONTEXT VFNET_BIT(28)

static const struct {
	uint64_t iova;
	uint64_t bytes;
} layout[N_RANGES] = {
    {UINT64_C(1) << 32, 65536},
    {(UINT64_C(1) << 32) + 65536, 8192}, /* follows the first, elsewhere in memory */
    {UINT64_MAX - 4095, 4096},
};

struct driver {
	struct input in;
	struct vfnet_sim *sim;
	struct vfnet_bus *bus;
	struct vfnet_dma *dma;
	uint8_t *mem[N_RANGES];
	bool mapped[N_RANGES];
	struct vfnet_dev *dev[N_DEVS];
	bool attached[N_DEVS];
};

static void map(struct driver *d, unsigned int i)
{
	if (d->mapped[i])
		return;
	ASAN_UNPOISON_MEMORY_REGION(d->mem[i], layout[i].bytes);
	must(d->bus->ops->dma_map(d->dma, d->mem[i], layout[i].iova, layout[i].bytes, NULL) == 0);
	d->mapped[i] = true;
}

static void unmap(struct driver *d, unsigned int i)
{
	if (!d->mapped[i])
		return;
	d->bus->ops->dma_unmap(d->dma, layout[i].iova, layout[i].bytes);
	ASAN_POISON_MEMORY_REGION(d->mem[i], layout[i].bytes);
	d->mapped[i] = false;
}

/* Mostly an address in or near the mapped memory. */
static uint64_t any_addr(struct driver *d)
{
	uint8_t how = input_u8(&d->in);

	if (how < 0xc0)
		return layout[0].iova + input_u16(&d->in) + (how & 1 ? 8192 : 0);
	if (how < 0xe0)
		return layout[2].iova + input_u16(&d->in) % 4096;
	return (uint64_t)input_u32(&d->in) << 32 | input_u32(&d->in);
}

/* Mostly what a register may hold. */
static uint32_t any_value(struct driver *d)
{
	uint8_t how = input_u8(&d->in);

	if (how < 0x40)
		return how;
	if (how < 0x60)
		return UINT32_C(1) << (how & 31);
	if (how < 0x80)
		return (uint32_t)any_addr(d);
	if (how < 0xa0)
		return (uint32_t)(how & 31) * IGBVF_RING_ALIGN;
	return input_u32(&d->in);
}

/* Where the sane operations have a ring: receive at even, transmit at odd @i. */
static uint32_t ring_off(unsigned int dev, unsigned int i)
{
	return dev * 4096 + (i & 1) * 2048;
}

static void put_desc(struct driver *d, unsigned int dev)
{
	uint8_t at = input_u8(&d->in);
	union igbvf_tx_desc *desc;
	uint32_t flips;

	if (!d->mapped[0])
		return;
	desc = (union igbvf_tx_desc *)(d->mem[0] + ring_off(dev, at >> 7)) + at % RING_DESC;
	desc->data.addr = any_addr(d);
	desc->data.paylen = 0;
	desc->data.cmd = 0;
	if (!(at >> 7))
		return;
	flips = (uint32_t)input_u8(&d->in) << 24;
	desc->data.cmd = (IGBVF_TXD_DEXT | IGBVF_TXD_EOP | IGBVF_TXD_RS) ^ flips;
	desc->data.cmd |= VFNET_FIELD_PREP(IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_DATA);
	if (flips & ANY_INFO)
		desc->data.paylen = input_u32(&d->in);
	if (flips & ANY_CONTEXT) {
		desc->ctx.vlan_l2_l3 = input_u32(&d->in);
		desc->ctx.types ^= VFNET_FIELD_PREP(IGBVF_TXD_DTYP, 1);
	}
	desc->data.cmd |= (uint32_t)input_u16(&d->in) >> (flips >> 30);
}

static void put_bytes(struct driver *d)
{
	uint8_t how = input_u8(&d->in);
	uint32_t off = input_u16(&d->in);
	uint8_t bytes[16];

	input_bytes(&d->in, bytes, 1 + how % sizeof(bytes));
	if (d->mapped[0])
		memcpy(d->mem[0] + off % (layout[0].bytes - sizeof(bytes)), bytes,
		       1 + how % sizeof(bytes));
}

static void ask(struct driver *d, struct vfnet_dev *dev)
{
	uint8_t how = input_u8(&d->in);
	uint32_t words[IGBVF_MBOX_WORDS];
	unsigned int n = 1 + how % IGBVF_MBOX_WORDS;

	input_bytes(&d->in, words, n * sizeof(words[0]));
	if (how & 0x80)
		words[0] = (words[0] & ~IGBVF_MSG_TYPE) | (how >> 4 & 7u);
	guest_ask(d->sim, dev, words, n);
}

/* What a sane driver does to begin with; both rings of 16 descriptors. */
static void bring_up(struct driver *d, unsigned int i, uint32_t srrctl)
{
	const uint32_t reset = IGBVF_MSG_RESET;
	const uint32_t mac[3] = {IGBVF_MSG_SET_MAC, 2, UINT32_C(0x0100) << i};
	struct vfnet_dev *dev = d->dev[i];

	dev->ops->bus_master(dev, true, NULL);
	vfnet_dev_write32(dev, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	guest_ask(d->sim, dev, &reset, 1);
	guest_ask(d->sim, dev, mac, 3);
	vfnet_dev_write32(dev, IGBVF_SRRCTL, srrctl);
	guest_ring(d->sim, dev, IGBVF_RDBAL, IGBVF_RXDCTL, layout[0].iova + ring_off(i, 0),
		   RING_BYTES);
	guest_ring(d->sim, dev, IGBVF_TDBAL, IGBVF_TXDCTL, layout[0].iova + ring_off(i, 1),
		   RING_BYTES);
}

/* A ring that is anywhere and of any size, or nearly a sane one. */
static void move_ring(struct driver *d, struct vfnet_dev *dev)
{
	uint8_t how = input_u8(&d->in);
	uint64_t iova = any_addr(d);
	uint32_t bytes = any_value(d);

	if (how & 2)
		iova &= ~(uint64_t)(IGBVF_RING_ALIGN - 1);
	if (how & 4)
		vfnet_dev_write32(dev, how & 1 ? IGBVF_TDWBAL : IGBVF_SRRCTL, any_value(d));
	if (how & 1)
		guest_ring(d->sim, dev, IGBVF_TDBAL, IGBVF_TXDCTL, iova, bytes);
	else
		guest_ring(d->sim, dev, IGBVF_RDBAL, IGBVF_RXDCTL, iova, bytes);
}

static void ring_doorbell(struct driver *d, struct vfnet_dev *dev)
{
	uint8_t how = input_u8(&d->in);
	uint32_t reg = how & 0x80 ? IGBVF_TDT : IGBVF_RDT;
	uint32_t *word = dev->ops->doorbell(dev, 0, reg);
	uint32_t val = how & 0x40 ? any_value(d) : how & 0x1fu;

	if (word)
		vfnet_io_store_tail(word, val);
	else
		vfnet_dev_write32(dev, reg, val);
}

static void access_register(struct driver *d, struct vfnet_dev *dev)
{
	uint8_t how = input_u8(&d->in);
	const struct igbvf_reg *reg = igbvf_reg_at(how & 0x7f);
	uint32_t offset = input_u16(&d->in);

	if (reg)
		offset = reg->offset + offset % reg->n * reg->stride;
	if (how & 0x80)
		dev->ops->write32(dev, 0, offset, any_value(d));
	else
		dev->ops->read32(dev, reg ? 0 : how & 3, offset);
}

static void reopen(struct driver *d, unsigned int i)
{
	if (d->attached[i])
		d->dev[i]->ops->detach(d->dev[i]);
	d->dev[i]->ops->close(d->dev[i]);
	d->dev[i] = guest_open(d->sim, i ? "0.1" : "0.0", d->dma);
	d->attached[i] = true;
}

/* What the contract offers besides registers. */
static void call(struct driver *d, unsigned int i)
{
	static const int nobody[IGBVF_VECTORS] = {-1, -1, -1};
	struct vfnet_dev *dev = d->dev[i];
	uint8_t how = input_u8(&d->in);
	struct vfnet_counters sum = {0};
	uint64_t lost_bytes = 0;

	switch (how & 7) {
	case 0:
		must(dev->ops->reset(dev, NULL) == 0);
		break;
	case 1:
		must(dev->ops->bus_master(dev, how & 0x80, NULL) == 0);
		break;
	case 2:
		if (d->attached[i])
			dev->ops->detach(dev);
		d->attached[i] = false;
		break;
	case 3:
		must((dev->ops->attach(dev, d->dma, NULL) == 0) == !d->attached[i]);
		d->attached[i] = true;
		break;
	case 4:
		map(d, (how >> 3) % N_RANGES);
		break;
	case 5:
		unmap(d, (how >> 3) % N_RANGES);
		break;
	case 6:
		dev->ops->truth(dev, &sum, &lost_bytes);
		must((dev->ops->irq_set(dev, how >> 4, nobody, NULL) == 0) ==
		     (how >> 4 <= IGBVF_VECTORS));
		break;
	default:
		reopen(d, i);
	}
}

static void step(struct driver *d)
{
	uint8_t how = input_u8(&d->in);

	if (how & 0x80)
		d->sim->clock_skew_ns += (uint64_t)input_u16(&d->in) << 16;
	if (d->dev[0]->ops->progress)
		d->dev[0]->ops->progress(d->dev[0]);
	else
		vfnet_sim_step(d->sim, how & 0x7f);
}

static void operate(struct driver *d)
{
	uint8_t op = input_u8(&d->in);
	unsigned int i = op >> 7;

	switch (op & 7) {
	case 0:
		step(d);
		break;
	case 1:
		access_register(d, d->dev[i]);
		break;
	case 2:
		ring_doorbell(d, d->dev[i]);
		break;
	case 3:
		put_desc(d, i);
		break;
	case 4:
		put_bytes(d);
		break;
	case 5:
		ask(d, d->dev[i]);
		break;
	case 6:
		if (op & 0x10)
			move_ring(d, d->dev[i]);
		else
			bring_up(d, i, GUEST_SRRCTL | (op & 8 ? 0 : IGBVF_SRRCTL_DROP_EN));
		break;
	default:
		call(d, i);
	}
}

static void hear(void *user, enum vfnet_log_level level, const char *tag, const char *text)
{
	(void)user;
	must(level <= VFNET_LOG_DEBUG && *tag && *text);
}

static void open_all(struct driver *d)
{
	static const char *const wires[4] = {"gen", "gen:size=9728,flows=3", "gen:rate=9", "sink"};
	uint8_t how = input_u8(&d->in);
	const struct vfnet_sim_opts opts = {
	    .size = sizeof(opts),
	    .mode = how & 1 ? VFNET_SIM_INLINE : VFNET_SIM_MANUAL,
	    .doorbell_call = how & 2,
	    .log = hear,
	    .log_level = VFNET_LOG_DEBUG,
	};

	d->sim = guest_sim(&opts);
	d->bus = vfnet_sim_bus(d->sim);
	must(vfnet_sim_wire(d->sim, 0, wires[how >> 2 & 3], NULL) == 0);
	if (how & 0x10)
		must(vfnet_sim_card(d->sim, 0, "promisc", NULL) == 0);
	if (how & 0x20)
		must(vfnet_sim_card(d->sim, 0, "nospoof,mac=0:02:00:00:00:00:01", NULL) == 0);
	if (how & 0x40)
		must(vfnet_sim_card(d->sim, 0, "quirks=qemu", NULL) == 0);
	must(d->bus->ops->dma_open(d->bus, &d->dma, NULL) == 0);
	for (unsigned int i = 0; i < N_RANGES; i++) {
		d->mem[i] = aligned_alloc(4096, layout[i].bytes);
		must(d->mem[i] != NULL);
		memset(d->mem[i], 0, layout[i].bytes);
		map(d, i);
	}
	for (unsigned int i = 0; i < N_DEVS; i++) {
		d->dev[i] = guest_open(d->sim, i ? "0.1" : "0.0", d->dma);
		d->attached[i] = true;
	}
	vfnet_sim_start(d->sim);
}

static void close_all(struct driver *d)
{
	for (unsigned int i = 0; i < N_DEVS; i++) {
		if (d->attached[i])
			d->dev[i]->ops->detach(d->dev[i]);
		d->dev[i]->ops->close(d->dev[i]);
	}
	for (unsigned int i = 0; i < N_RANGES; i++) {
		unmap(d, i);
		ASAN_UNPOISON_MEMORY_REGION(d->mem[i], layout[i].bytes);
		free(d->mem[i]);
	}
	vfnet_sim_step(d->sim, 64);
	d->bus->ops->dma_close(d->dma);
	must(vfnet_sim_close(d->sim) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct driver d = {.in = {data, size}};

	open_all(&d);
	for (unsigned int i = 0; i < OPS_MAX && d.in.left; i++)
		operate(&d);
	close_all(&d);
	return 0;
}
