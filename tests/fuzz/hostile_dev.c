/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/fuzz/hostile_dev.h"

#include <time.h>

#include "lib/base/bits.h"
#include "lib/base/io.h"

#define SANE	  0xf4u /* bytes of input below it: nothing odd happens */
#define LOOK_NS	  5000000u
#define STATUS_UP (IGBVF_STATUS_FD | IGBVF_STATUS_LU)

/* A look at the clock takes 5 ms and sleep takes none, so that waits end soon. */
uint64_t __wrap_vfnet_monotonic_ns(void);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

uint64_t __wrap_vfnet_monotonic_ns(void)
{
	static uint64_t now_ns;

	return now_ns += LOOK_NS;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0;
}

static struct hostile *of(struct vfnet_dev *dev)
{
	return VFNET_CONTAINER_OF(dev, struct hostile, dev);
}

static uint32_t *reg(struct hostile *h, uint32_t offset)
{
	must(offset < IGBVF_BAR_BYTES && offset % 4 == 0);
	return &h->regs[offset / 4];
}

static uint32_t sane_read(struct hostile *h, uint32_t offset)
{
	uint32_t bits = h->mailbox;

	if (offset == IGBVF_STATUS)
		return STATUS_UP;
	if (offset != IGBVF_V2PMAILBOX)
		return *reg(h, offset);
	h->mailbox &= ~IGBVF_V2PMAILBOX_R2C;
	return bits;
}

static uint32_t hostile_read32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset)
{
	struct hostile *h = of(dev);
	uint8_t how = input_u8(&h->in);
	uint32_t val;

	h->calls++;
	must(bar == 0 && h->is_open);
	val = h->gone ? IGBVF_GONE : sane_read(h, offset);
	if (h->gone || how < SANE)
		return val;
	switch (how - SANE) {
	case 0:
		h->gone = true;
		return IGBVF_GONE;
	case 1:
		return IGBVF_GONE;
	case 2:
		return 0;
	case 3:
		return input_u32(&h->in);
	case 4:
		return val ^ 1u << input_u8(&h->in) % 32;
	case 5: /* from now on, until the function is reset */
		h->mailbox |= input_u8(&h->in);
		return val;
	case 6:
		*reg(h, offset) ^= input_u32(&h->in);
		h->forged = true;
		return val;
	default:
		return val ^ IGBVF_RXDCTL_ENABLE;
	}
}

/* The physical function's answer to what stands in the mailbox. */
static void answer(struct hostile *h)
{
	uint32_t *word = reg(h, IGBVF_VMBMEM);
	uint32_t type = VFNET_FIELD_GET(IGBVF_MSG_TYPE, *word);
	uint8_t how = input_u8(&h->in);

	h->mailbox |= IGBVF_V2PMAILBOX_PFACK | IGBVF_V2PMAILBOX_PFSTS;
	*word |= type == IGBVF_MSG_RESET ? IGBVF_MSG_NACK : IGBVF_MSG_ACK | IGBVF_MSG_CTS;
	if (type == IGBVF_MSG_RESET && (how & 1)) {
		*word ^= IGBVF_MSG_NACK | IGBVF_MSG_ACK;
		input_bytes(&h->in, word + 1, 2 * sizeof(*word));
	}
	if (how < SANE)
		return;
	if (how & 1)
		h->mailbox &= ~IGBVF_V2PMAILBOX_PFSTS;
	if (how & 2)
		*word ^= input_u32(&h->in);
	if (how & 4)
		h->mailbox |= IGBVF_V2PMAILBOX_PFU;
}

static void hostile_write32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset, uint32_t val)
{
	struct hostile *h = of(dev);

	h->calls++;
	must(bar == 0 && h->is_open);
	*reg(h, offset) = val;
	if (offset == IGBVF_VTCTRL && (val & IGBVF_VTCTRL_RST)) {
		memset(h->regs, 0, sizeof(h->regs));
		/* now and then the physical function is down */
		h->mailbox = input_u8(&h->in) < SANE ? 0 : IGBVF_V2PMAILBOX_RSTI;
	}
	if (offset == IGBVF_RXDCTL)
		h->rx_head = 0;
	if (offset == IGBVF_TXDCTL)
		h->tx_head = 0;
	if (offset != IGBVF_V2PMAILBOX)
		return;
	h->mailbox = (h->mailbox & ~IGBVF_V2PMAILBOX_VFU) | (val & IGBVF_V2PMAILBOX_VFU);
	if (val & IGBVF_V2PMAILBOX_REQ)
		answer(h);
}

static uint32_t *hostile_doorbell(struct vfnet_dev *dev, unsigned int bar, uint32_t offset)
{
	struct hostile *h = of(dev);

	must(bar == 0);
	return input_u8(&h->in) & 1 ? NULL : reg(h, offset);
}

/* The ring whose registers begin at @low, NULL while its queue is off. */
static void *ring_of(struct hostile *h, uint32_t low, uint32_t ctl, uint32_t *n_desc)
{
	uint64_t iova = (uint64_t)*reg(h, low + 4) << 32 | *reg(h, low);
	uint32_t bytes = *reg(h, low + 8);

	if (!(*reg(h, ctl) & IGBVF_RXDCTL_ENABLE) || !bytes)
		return NULL;
	iova -= VFNET_IOVA_BASE;
	/* an input that changed these registers by itself */
	if (iova > h->bytes || bytes > h->bytes - iova || (iova | bytes) % IGBVF_RING_ALIGN)
		return NULL;
	*n_desc = bytes / 16;
	return h->mem + iova;
}

static void receive(struct hostile *h)
{
	uint8_t count = input_u8(&h->in);
	union igbvf_rx_desc *ring;
	uint32_t n_desc;

	ring = ring_of(h, IGBVF_RDBAL, IGBVF_RXDCTL, &n_desc);
	for (uint32_t i = 0; ring && i < (count & 63u); i++) {
		union igbvf_rx_desc *desc = &ring[h->rx_head % n_desc];
		uint8_t how = input_u8(&h->in);

		/* what is not posted belongs to the driver, which may not look at it either */
		if (h->rx_head % n_desc == *reg(h, IGBVF_RDT) % n_desc && !(how & 0x10))
			break;
		desc->wb.types = how & 8 ? input_u32(&h->in) : 0;
		desc->wb.hash = 0;
		desc->wb.len = how & 4 ? input_u16(&h->in) & 2047 : 1024;
		desc->wb.vlan = how;
		vfnet_io_store_dd(&desc->wb.status, IGBVF_RXD_DD | (how & 1 ? 0 : IGBVF_RXD_EOP) |
							(how & 2 ? input_u32(&h->in) : 0));
		h->rx_head++;
	}
}

static void send(struct hostile *h)
{
	union igbvf_tx_desc *ring;
	uint32_t n_desc;

	ring = ring_of(h, IGBVF_TDBAL, IGBVF_TXDCTL, &n_desc);
	for (; ring && h->tx_head % n_desc != *reg(h, IGBVF_TDT) % n_desc; h->tx_head++) {
		union igbvf_tx_desc *desc = &ring[h->tx_head % n_desc];

		if (!h->forged &&
		    VFNET_FIELD_GET(IGBVF_TXD_DTYP, desc->ctx.types) == IGBVF_TXD_DTYP_CTX) {
			must(VFNET_FIELD_GET(IGBVF_TXC_MACLEN, desc->ctx.vlan_l2_l3) >= 14);
			continue;
		}
		/* all that the driver hands over lies in its region */
		must(h->forged || desc->data.addr - VFNET_IOVA_BASE < h->bytes);
		if (desc->data.cmd & IGBVF_TXD_RS)
			vfnet_io_store_dd(&desc->wb.status, IGBVF_TXD_DD);
	}
}

/* Any bytes anywhere in a ring. */
static void scribble(struct hostile *h)
{
	uint8_t how = input_u8(&h->in);
	uint32_t n_desc;
	uint8_t *ring;

	ring = how & 1 ? ring_of(h, IGBVF_RDBAL, IGBVF_RXDCTL, &n_desc)
		       : ring_of(h, IGBVF_TDBAL, IGBVF_TXDCTL, &n_desc);
	h->forged = true;
	if (ring)
		input_bytes(&h->in, ring + (how >> 1) % n_desc * 16, 16);
}

static void hostile_progress(struct vfnet_dev *dev)
{
	struct hostile *h = of(dev);
	uint8_t how = input_u8(&h->in);

	h->calls++;
	if (h->gone)
		return;
	if (how & 0x40)
		receive(h);
	if (how & 0x20)
		send(h);
	if (how >= SANE)
		scribble(h);
}

static int hostile_attach(struct vfnet_dev *dev, struct vfnet_dma *dma, struct vfnet_err *err)
{
	(void)err;
	must(dma == &of(dev)->dma);
	return 0;
}

static void hostile_detach(struct vfnet_dev *dev)
{
	of(dev)->gone = true;
}

static int hostile_reset(struct vfnet_dev *dev, struct vfnet_err *err)
{
	(void)dev;
	(void)err;
	return 0;
}

static int hostile_bus_master(struct vfnet_dev *dev, bool on, struct vfnet_err *err)
{
	(void)dev;
	(void)on;
	(void)err;
	return 0;
}

static int hostile_irq_set(struct vfnet_dev *dev, unsigned int n, const int *eventfd,
			   struct vfnet_err *err)
{
	(void)dev;
	(void)n;
	(void)eventfd;
	(void)err;
	return 0;
}

static void hostile_close(struct vfnet_dev *dev)
{
	of(dev)->is_open = false;
}

static const struct vfnet_dev_ops dev_ops = {
    .attach = hostile_attach,
    .detach = hostile_detach,
    .read32 = hostile_read32,
    .write32 = hostile_write32,
    .doorbell = hostile_doorbell,
    .reset = hostile_reset,
    .bus_master = hostile_bus_master,
    .irq_set = hostile_irq_set,
    .close = hostile_close,
    .progress = hostile_progress,
};

static int hostile_open(struct vfnet_bus *bus, const char *name, const struct vfnet_log *log,
			struct vfnet_dev **out, struct vfnet_err *err)
{
	struct hostile *h = VFNET_CONTAINER_OF(bus, struct hostile, bus);

	(void)name;
	(void)log;
	(void)err;
	must(!h->is_open);
	h->is_open = true;
	*out = &h->dev;
	return 0;
}

static int hostile_dma_open(struct vfnet_bus *bus, struct vfnet_dma **out, struct vfnet_err *err)
{
	(void)err;
	*out = &VFNET_CONTAINER_OF(bus, struct hostile, bus)->dma;
	return 0;
}

static int hostile_dma_map(struct vfnet_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
			   struct vfnet_err *err)
{
	struct hostile *h = VFNET_CONTAINER_OF(dma, struct hostile, dma);

	(void)err;
	must(iova == VFNET_IOVA_BASE);
	h->mem = vaddr;
	h->bytes = bytes;
	return 0;
}

static void hostile_dma_unmap(struct vfnet_dma *dma, uint64_t iova, uint64_t bytes)
{
	(void)dma;
	(void)iova;
	(void)bytes;
}

static void hostile_dma_close(struct vfnet_dma *dma)
{
	(void)dma;
}

static const struct vfnet_bus_ops bus_ops = {
    .open = hostile_open,
    .dma_open = hostile_dma_open,
    .dma_map = hostile_dma_map,
    .dma_unmap = hostile_dma_unmap,
    .dma_close = hostile_dma_close,
};

void hostile_init(struct hostile *h)
{
	memset(h, 0, sizeof(*h));
	h->bus.ops = &bus_ops;
	h->dev = (struct vfnet_dev){
	    .ops = &dev_ops,
	    .bus = &h->bus,
	    .name = "hostile:0",
	    .vendor = IGBVF_VENDOR,
	    .device = IGBVF_DEVICE,
	    .numa_node = -1,
	};
}

void hostile_restart(struct hostile *h, struct input in)
{
	must(!h->is_open);
	h->in = in;
	h->mailbox = 0;
	h->rx_head = 0;
	h->tx_head = 0;
	h->gone = false;
	h->forged = false;
	memset(h->regs, 0, sizeof(h->regs));
}
