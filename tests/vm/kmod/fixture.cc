/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/vm/kmod/fixture.h"

#include <fstream>

namespace kmod
{

namespace
{

void say_expected(const std::string &address)
{
	std::ofstream("/dev/kmsg") << "vfnet: faults expected of " << address << std::endl;
}

/* what is behind a bridge to conventional PCI faults under the bridge's address */
std::string requester(const std::string &address)
{
	if (address == address_of("EDU2") || address == address_of("EDU3"))
		return address_of("EDU_BRIDGE");
	return address;
}

} // namespace

ExpectFaults::ExpectFaults(const std::string &address)
{
	say_expected(requester(address));
}

ExpectFaults::~ExpectFaults()
{
	usleep(200000); /* the kernel reports from a thread */
	say_expected("none");
}

std::string iommu()
{
	return address_of("IOMMU");
}

/* The device's buffer can be filled and seen only through memory that it can reach: probe_. */
bool EduTest::load(uint8_t byte)
{
	if (!probe_.data()) {
		probe_ = Pages::anonymous(PAGE);
		EXPECT_EQ(device_.map_anywhere(probe_.data(), PAGE, VFIO_FLAG_WRITE, &probe_iova_),
			  0);
	}
	probe_.fill(byte);
	return edu_.from_memory(probe_iova_);
}

bool EduTest::store()
{
	probe_.fill(0x22);
	return edu_.to_memory(probe_iova_);
}

bool EduTest::reads(uint64_t iova, const Pages &view, uint64_t at)
{
	if (!load(0x11))
		return false;
	memset(view.data() + at, 0x5e, PAGE);
	return edu_.from_memory(iova) && store() && probe_.all(0x5e);
}

bool EduTest::writes(uint64_t iova, const Pages &view, uint64_t at)
{
	if (!load(0xb6))
		return false;
	memset(view.data() + at, 0x5e, PAGE);
	return edu_.to_memory(iova) && view.all(0xb6, at, PAGE);
}

void EduTest::expect_write_cut(uint64_t iova, const Pages &view, uint64_t at)
{
	if (!faults_)
		faults_ = std::make_unique<ExpectFaults>(device_.address());
	ASSERT_TRUE(load(0xb6));
	if (view.data())
		memset(view.data() + at, 0x5e, PAGE);
	ASSERT_TRUE(edu_.to_memory(iova));
	if (view.data()) {
		EXPECT_TRUE(view.all(0x5e, at, PAGE)) << "the device wrote into it";
	}
}

void EduTest::expect_cut(uint64_t iova, const Pages &view, uint64_t at)
{
	expect_write_cut(iova, view, at);
	ASSERT_TRUE(load(0x11));
	ASSERT_TRUE(edu_.from_memory(iova));
	ASSERT_TRUE(store());
	for (uint64_t i = 0; i < PAGE; i++)
		ASSERT_NE(probe_.data()[i], 0x5e) << "the device read it";
}

} // namespace kmod
