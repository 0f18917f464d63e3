/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, doors and registers of a function: 82576-vf.md §2, §3. */
#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint32_t kEnable = IGBVF_RXDCTL_ENABLE;

int OpenName(Machine &m, const char *name, vfnet_err *err, vfnet_dev **dev)
{
	return m.bus->ops->open(m.bus, name, nullptr, dev, err);
}

TEST(Device, BadNamesAreRefusedWithASentence)
{
	Machine m;
	vfnet_err err = {};
	vfnet_dev *dev = nullptr;

	for (const char *name : {"", "0", "0.", ".0", "a.b", "0.0x", "0.0.0", "-1.0", " 0.0",
				 "0. 1", "000.0", "+1.2"}) {
		EXPECT_EQ(OpenName(m, name, &err, &dev), -EINVAL) << name;
		EXPECT_NE(std::string(err.text).find("sim:CARD.VF"), std::string::npos);
	}
	for (const char *name : {"16.0", "99.0", "0.7", "15.9"})
		EXPECT_EQ(OpenName(m, name, &err, &dev), -ENODEV) << name;
	EXPECT_EQ(dev, nullptr);
}

TEST(Device, SaysWhatItIs)
{
	Machine m;
	Function f(m, "15.6");

	EXPECT_STREQ(f.dev->name, "sim:15.6");
	EXPECT_EQ(f.dev->vendor, IGBVF_VENDOR);
	EXPECT_EQ(f.dev->device, IGBVF_DEVICE);
	EXPECT_EQ(f.dev->n_vectors, 3u);
	EXPECT_EQ(f.dev->bus, m.bus);
}

TEST(Device, OpensOnceAndAgainAfterClose)
{
	Machine m;
	vfnet_err err = {};
	vfnet_dev *dev = nullptr;

	for (int i = 0; i < 10; i++) {
		Function f(m, "0.0");

		EXPECT_EQ(OpenName(m, "0.0", &err, &dev), -EBUSY);
		EXPECT_EQ(vfnet_sim_close(m.sim), -EBUSY);
		EXPECT_EQ(vfnet_sim_card(m.sim, 0, "down", &err), -EBUSY);
		EXPECT_EQ(vfnet_sim_wire(m.sim, 0, "sink", &err), -EBUSY);
	}
}

TEST(Device, HasNoRegistersUntilItIsAttached)
{
	Machine m;
	vfnet_err err = {};
	vfnet_dev *dev = nullptr;

	ASSERT_EQ(OpenName(m, "0.0", &err, &dev), 0);
	EXPECT_EQ(vfnet_dev_read32(dev, IGBVF_STATUS), 0xffffffffu);
	ASSERT_EQ(dev->ops->attach(dev, m.dma, &err), 0);
	EXPECT_NE(vfnet_dev_read32(dev, IGBVF_STATUS), 0xffffffffu);
	EXPECT_EQ(dev->ops->attach(dev, m.dma, &err), -EBUSY);
	EXPECT_EQ(dev->ops->read32(dev, 3, 0), 0xffffffffu);
	EXPECT_EQ(vfnet_dev_read32(dev, IGBVF_BAR_BYTES), 0xffffffffu);
	dev->ops->detach(dev);
	EXPECT_EQ(vfnet_dev_read32(dev, IGBVF_STATUS), 0xffffffffu);
	dev->ops->close(dev);
}

TEST(Device, ARingStaysWhereItWasWhenItCameOn)
{
	Machine m;
	Function f(m, "0.0");

	f.Up(kMacA);
	f.Wr(IGBVF_RDBAL, f.Rd(IGBVF_RDBAL) + 1);
	f.Wr(IGBVF_TDBAL, f.Rd(IGBVF_TDBAL) + 1);
	f.dev->ops->bus_master(f.dev, false, nullptr);
	f.dev->ops->bus_master(f.dev, true, nullptr);
	uint32_t at = f.Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_TRUE(f.Sent(at));
}

TEST(Device, DoesNotShareTheAddressesOfAnotherBus)
{
	Machine one;
	Machine two;
	vfnet_err err = {};
	vfnet_dev *dev = nullptr;

	ASSERT_EQ(OpenName(one, "0.0", &err, &dev), 0);
	EXPECT_EQ(dev->ops->attach(dev, two.dma, &err), -EXDEV);
	dev->ops->close(dev);
}

TEST(Registers, StatusShowsLinkSpeedAndVirtualisation)
{
	Machine m;
	Function f(m, "0.0");
	uint32_t status = f.Rd(IGBVF_STATUS);

	EXPECT_TRUE(status & IGBVF_STATUS_LU);
	EXPECT_TRUE(status & IGBVF_STATUS_FD);
	EXPECT_EQ(status >> 6 & 3, 2u);
	f.Wr(IGBVF_STATUS, 0);
	EXPECT_EQ(f.Rd(IGBVF_STATUS), status);
}

TEST(Registers, QueueZeroComesUpEnabledAndWithoutARing)
{
	Machine m;
	Function f(m, "0.0");

	EXPECT_EQ(f.Rd(IGBVF_RXDCTL), 0x02010000u);
	EXPECT_EQ(f.Rd(IGBVF_TXDCTL), 0x02000000u);
	EXPECT_EQ(f.Rd(IGBVF_SRRCTL), 0x400u);
	EXPECT_EQ(f.Rd(IGBVF_SRRCTL + 0x100), 0x80000400u);
	EXPECT_EQ(f.Rd(IGBVF_TXCTL), 0x2a00u);
	EXPECT_EQ(f.Rd(IGBVF_RXDCTL + 0x100) & kEnable, 0u);
	EXPECT_TRUE(f.Enable(IGBVF_RXDCTL, false));
}

TEST(Registers, QueueOneComesOnByItself)
{
	Machine m;
	Function f(m, "0.0");

	f.Wr(IGBVF_SRRCTL + 0x100, 2 | 1u << 25);
	f.Ring(IGBVF_RDBAL + 0x100, m.Alloc(128), 128);
	f.Ring(IGBVF_TDBAL + 0x100, m.Alloc(256), 256);
	for (uint32_t ctl : {IGBVF_RXDCTL, IGBVF_TXDCTL}) {
		f.Enable(ctl, false);
		EXPECT_TRUE(f.Enable(ctl + 0x100, true));
		EXPECT_EQ(f.Rd(ctl) & kEnable, 0u);
	}
	f.Wr(IGBVF_TDT + 0x100, 3);
	EXPECT_EQ(f.Rd(IGBVF_TDT + 0x100), 3u);
	EXPECT_EQ(f.Rd(IGBVF_TDT), 0u);
	f.Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	for (uint32_t ctl : {IGBVF_RXDCTL, IGBVF_TXDCTL})
		EXPECT_EQ(f.Rd(ctl + 0x100) & kEnable, 0u);
}

TEST(Registers, EnableLagsByAStep)
{
	Machine m;
	Function f(m, "0.0");

	f.Enable(IGBVF_RXDCTL, false);
	f.Ring(IGBVF_RDBAL, m.Alloc(128), 128);
	f.Wr(IGBVF_SRRCTL, 2 | 1u << 25);
	f.Wr(IGBVF_RXDCTL, kEnable);
	EXPECT_EQ(f.Rd(IGBVF_RXDCTL) & kEnable, 0u);
	m.Step();
	EXPECT_EQ(f.Rd(IGBVF_RXDCTL) & kEnable, kEnable);
	f.Wr(IGBVF_RXDCTL, 0);
	EXPECT_EQ(f.Rd(IGBVF_RXDCTL) & kEnable, kEnable);
	m.Step();
	EXPECT_EQ(f.Rd(IGBVF_RXDCTL) & kEnable, 0u);
}

TEST(Registers, RingsAgainstTheRulesDoNotComeOn)
{
	Machine m;
	Function f(m, "0.0");
	uint8_t *ring = m.Alloc(1 << 20);

	for (uint32_t low : {uint32_t{IGBVF_RDBAL}, uint32_t{IGBVF_TDBAL}}) {
		uint32_t ctl = low + 0x28;

		f.Wr(IGBVF_SRRCTL, 2 | 1u << 25);
		f.Enable(ctl, false);
		f.Ring(low, ring + 16, 128);
		EXPECT_FALSE(f.Enable(ctl, true));
		for (uint32_t bytes : {0u, 16u, 127u, 129u, 0x80080u}) {
			f.Ring(low, ring, bytes);
			EXPECT_FALSE(f.Enable(ctl, true)) << bytes;
		}
		f.Ring(low, ring, 128);
		EXPECT_TRUE(f.Enable(ctl, true));
		f.Enable(ctl, false);
		f.Ring(low, ring, 0x80000);
		EXPECT_TRUE(f.Enable(ctl, true));
	}
	EXPECT_EQ(m.log.Count("multiples of 128"), 12u);
}

TEST(Registers, OnlyOneBufferDescriptors)
{
	Machine m;
	Function f(m, "0.0");

	f.Enable(IGBVF_RXDCTL, false);
	f.Ring(IGBVF_RDBAL, m.Alloc(128), 128);
	f.Wr(IGBVF_SRRCTL, 2 | 5u << 25);
	EXPECT_FALSE(f.Enable(IGBVF_RXDCTL, true));
	EXPECT_EQ(m.log.Count("DESCTYPE is 5"), 1u);
}

TEST(Registers, TailsAreLostWhileTheQueueIsOff)
{
	for (bool call : {false, true}) {
		Machine m(VFNET_SIM_MANUAL, call);
		Function f(m, "0.0");

		EXPECT_EQ(f.rdt == nullptr, call);
		f.Enable(IGBVF_RXDCTL, false);
		f.Enable(IGBVF_TXDCTL, false);
		f.Ring(IGBVF_RDBAL, m.Alloc(256), 256);
		f.Ring(IGBVF_TDBAL, m.Alloc(256), 256);
		f.Wr(IGBVF_SRRCTL, 2 | 1u << 25);
		f.Tail(IGBVF_RDT, f.rdt, 7);
		f.Tail(IGBVF_TDT, f.tdt, 7);
		if (call) {
			EXPECT_EQ(f.Rd(IGBVF_RDT), 0u);
			EXPECT_EQ(f.Rd(IGBVF_TDT), 0u);
		}
		ASSERT_TRUE(f.Enable(IGBVF_RXDCTL, true));
		ASSERT_TRUE(f.Enable(IGBVF_TXDCTL, true));
		EXPECT_EQ(f.Rd(IGBVF_RDT), 0u);
		EXPECT_EQ(f.Rd(IGBVF_TDT), 0u);
		EXPECT_EQ(f.Rd(IGBVF_TDH), 0u);
		f.Tail(IGBVF_RDT, f.rdt, 7);
		EXPECT_EQ(f.Rd(IGBVF_RDT), 7u);
	}
}

TEST(Registers, HeadsCannotBeWritten)
{
	Machine m;
	Function f(m, "0.0");

	f.Wr(IGBVF_RDH, 5);
	f.Wr(IGBVF_TDH, 5);
	EXPECT_EQ(f.Rd(IGBVF_RDH), 0u);
	EXPECT_EQ(f.Rd(IGBVF_TDH), 0u);
}

TEST(Registers, VectorsAreSetAndClearedByOnes)
{
	Machine m;
	Function f(m, "0.0");

	f.Wr(IGBVF_VTEIMS, 0xf5);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 5u);
	f.Wr(IGBVF_VTEIMS, 2);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 7u);
	f.Wr(IGBVF_VTEIMC, 1);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 6u);
	f.Wr(IGBVF_VTEICS, 7);
	f.Wr(IGBVF_VTEICR, 2);
	EXPECT_EQ(f.Rd(IGBVF_VTEICR), 5u);
	EXPECT_EQ(f.Rd(IGBVF_VTEICR), 0u);
}

TEST(Registers, WhatIsNotThereReadsZeroAndTakesNothing)
{
	Machine m;
	Function f(m, "0.0");

	f.Wr(0x0100, 0x55); /* RCTL is the physical function's */
	EXPECT_EQ(f.Rd(0x0100), 0u);
	f.Wr(IGBVF_VFGPRC, 0x55);
	EXPECT_EQ(f.Rd(IGBVF_VFGPRC), 0u);
	f.Wr(IGBVF_PSRTYPE, 0x55);
	EXPECT_EQ(f.Rd(IGBVF_PSRTYPE), 0x55u);
	EXPECT_EQ(f.Rd(IGBVF_STATUS + 1), 0xffffffffu);
}

TEST(Registers, ResetClearsAllButStatistics)
{
	Machine m;
	Function f(m, "0.0");

	f.Reset();
	inside_set_reg(f.dev, IGBVF_VFGPRC, 77);
	f.Wr(IGBVF_VTIVAR, 0x80);
	f.Wr(IGBVF_VTEIMS, 7);
	f.Wr(IGBVF_RDLEN, 1024);
	f.Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	EXPECT_EQ(f.Rd(IGBVF_VTCTRL), 0u);
	EXPECT_EQ(f.Rd(IGBVF_VTIVAR), 0u);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 0u);
	EXPECT_EQ(f.Rd(IGBVF_RDLEN), 0u);
	EXPECT_EQ(f.Rd(IGBVF_VFGPRC), 77u);
	f.Wr(IGBVF_VTIVAR, 0x80);
	ASSERT_EQ(f.dev->ops->reset(f.dev, nullptr), 0);
	EXPECT_EQ(f.Rd(IGBVF_VTIVAR), 0u);
	/* the alias of VTCTRL */
	f.Wr(IGBVF_VTIVAR, 0x80);
	f.Wr(0x0004, IGBVF_VTCTRL_RST);
	EXPECT_EQ(f.Rd(IGBVF_VTIVAR), 0u);
}

TEST(Registers, StatisticsWrapAndAreNotClearedByReading)
{
	Machine m;
	Function a(m, "0.0");
	Function b(m, "0.1");

	a.Up(kMacA);
	b.Up(kMacB);
	inside_set_reg(a.dev, IGBVF_VFGPTC, 0xffffffff);
	inside_set_reg(a.dev, IGBVF_VFGOTC, 0xffffffc0);
	inside_set_reg(b.dev, IGBVF_VFGPRC, 0xfffffffe);
	inside_set_reg(b.dev, IGBVF_VFGORC, 0xffffff00);
	for (int i = 0; i < 3; i++)
		a.Send(Frame(kMacB, kMacA, 96));
	m.Step();
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(a.Rd(IGBVF_VFGPTC), 2u);
		EXPECT_EQ(a.Rd(IGBVF_VFGOTC), 3u * 100 - 64);
		EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 1u);
		EXPECT_EQ(b.Rd(IGBVF_VFGORC), 3u * 100 - 256);
	}
}

} // namespace
