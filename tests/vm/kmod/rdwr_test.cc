/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read() and write() on the descriptor: offsets, widths, ends, buffers.
 */
#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/functions.h"

namespace
{

using namespace kmod;

const int CONFIG = VFIO_PCI_CONFIG_RESOURCE;

class Access : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(edu_.open(address_of("EDU0")), 0) << "VFNET_EDU0";
		ASSERT_EQ(vf_.open(address_of("VF0")), 0) << "VFNET_VF0";
	}

	static ssize_t read_at(const Device &device, uint64_t offset)
	{
		uint32_t word;
		ssize_t rc = pread(device.fd(), &word, 4, static_cast<off_t>(offset));

		return rc < 0 ? -errno : rc;
	}

	Device edu_, vf_;
	uint8_t data_[8192] = {};
};

TEST_F(Access, OffsetsBeyondTheSpacesAreRefused)
{
	for (unsigned int bit = 36; bit < 64; bit++) {
		EXPECT_EQ(read_at(edu_, VFIO_PCI_CONFIG_OFF | 1ull << bit), -EINVAL) << bit;
		EXPECT_EQ(read_at(edu_, 1ull << bit), -EINVAL) << bit;
	}
}

TEST_F(Access, SpacesThatDoNotExistAreRefused)
{
	for (int space = 1; space < 15; space++) {
		EXPECT_EQ(edu_.read(space, 0, data_, 4), -EINVAL) << space;
		EXPECT_EQ(edu_.write(space, 0, data_, 4), -EINVAL) << space;
	}
}

TEST_F(Access, NoBytesAreNoAccess)
{
	EXPECT_EQ(edu_.read(CONFIG, 0, data_, 0), 0);
	EXPECT_EQ(edu_.write(CONFIG, 0, data_, 0), 0);
	EXPECT_EQ(edu_.read(0, 0, data_, 0), 0);
}

TEST_F(Access, ConfigurationSpaceEnds)
{
	const std::pair<const Device *, uint64_t> spaces[] = {{&edu_, 256}, {&vf_, 4096}};

	for (const auto &space : spaces) {
		const Device &device = *space.first;
		uint64_t end = space.second;

		EXPECT_EQ(device.read(CONFIG, 0, data_, sizeof(data_)), static_cast<ssize_t>(end));
		EXPECT_EQ(device.read(CONFIG, end - 2, data_, 4), 2);
		EXPECT_EQ(device.read(CONFIG, end, data_, 4), 0);
		EXPECT_EQ(device.read(CONFIG, 0xffffffff, data_, 4), 0);
		EXPECT_EQ(device.write(CONFIG, end - 1, data_, 4), 1);
		EXPECT_EQ(device.write(CONFIG, end, data_, 4), -EINVAL);
	}
}

TEST_F(Access, PiecesOfConfigurationSpaceMakeTheWhole)
{
	uint8_t whole[64], piece[64];

	ASSERT_EQ(edu_.read(CONFIG, 0, whole, 64), 64);
	for (size_t from = 0; from < 8; from++) {
		for (size_t n = 1; n + from <= 64; n++) {
			ASSERT_EQ(edu_.read(CONFIG, from, piece, n), static_cast<ssize_t>(n));
			ASSERT_EQ(memcmp(piece, whole + from, n), 0) << from << ", " << n;
		}
	}
}

TEST_F(Access, BarEndsAndDoesNotRunIntoTheNext)
{
	int64_t length = vf_.bar_len(0);
	uint64_t end = static_cast<uint64_t>(length);

	ASSERT_EQ(length, 16384);
	EXPECT_EQ(vf_.read(0, end - 16, data_, 64), 16);
	EXPECT_EQ(vf_.read(0, end, data_, 4), 0);
	EXPECT_EQ(vf_.read(0, 0xfffffffc, data_, 64), 0);
	EXPECT_EQ(vf_.write(0, end, data_, 4), -EINVAL);
}

/* The file's own position counts as well. */
TEST_F(Access, SequentialReadsGoOn)
{
	uint16_t vendor = 0, device = 0;

	ASSERT_GE(lseek(edu_.fd(), static_cast<off_t>(VFIO_PCI_CONFIG_OFF), SEEK_SET), 0);
	ASSERT_EQ(::read(edu_.fd(), &vendor, 2), 2);
	ASSERT_EQ(::read(edu_.fd(), &device, 2), 2);
	EXPECT_EQ(vendor, 0x1234);
	EXPECT_EQ(device, 0x11e8);
}

/* The device answers accesses of four bytes, any other is one to nowhere. */
TEST_F(Access, BarIsReadInNaturallyAlignedPiecesOfAtMostFourBytes)
{
	const uint32_t identity = 0x010000ed;
	uint32_t value = 0x12345678, words[2] = {};
	uint16_t halves[3] = {};

	ASSERT_EQ(edu_.write(0, Edu::LIVENESS, &value, 4), 4);
	EXPECT_EQ(edu_.read(0, 0, words, 8), 8);
	EXPECT_EQ(words[0], identity);
	EXPECT_EQ(words[1], ~value);
	EXPECT_EQ(edu_.read(0, 0, halves, 2), 2);
	EXPECT_NE(halves[0], identity & 0xffff) << "a read of two bytes became one of four";
	EXPECT_EQ(edu_.read(0, 2, halves, 6), 6);
	EXPECT_NE(halves[0], identity >> 16);
	EXPECT_EQ(halves[1] | halves[2] << 16, static_cast<int>(~value));
	EXPECT_EQ(edu_.read(0, 3, data_, 1), 1);
	EXPECT_NE(data_[0], identity >> 24);
}

TEST_F(Access, BarIsWrittenInNaturallyAlignedPiecesOfAtMostFourBytes)
{
	uint32_t value = 0x12345678, other = 0, words[2] = {0, 0xcafe0001};

	ASSERT_EQ(edu_.write(0, Edu::LIVENESS, &value, 4), 4);
	EXPECT_EQ(edu_.write(0, Edu::LIVENESS, &other, 2), 2) << "the device ignores it";
	ASSERT_EQ(edu_.read(0, Edu::LIVENESS, &other, 4), 4);
	EXPECT_EQ(other, ~value);
	EXPECT_EQ(edu_.write(0, 0, words, 8), 8) << "the first word is read-only";
	ASSERT_EQ(edu_.read(0, Edu::LIVENESS, &other, 4), 4);
	EXPECT_EQ(other, ~words[1]);
}

TEST_F(Access, BufferThatEndsEarlyCutsTheCall)
{
	Pages pages = Pages::anonymous(2 * PAGE);
	uint8_t *end = pages.data() + PAGE;

	ASSERT_EQ(munmap(end, PAGE), 0);
	EXPECT_EQ(vf_.read(CONFIG, 0, end, 4), -EFAULT);
	EXPECT_EQ(vf_.write(CONFIG, 0, end, 4), -EFAULT);
	EXPECT_EQ(vf_.read(CONFIG, 0, end - 256, 512), 256);
	EXPECT_EQ(vf_.write(CONFIG, 256, end - 256, 512), 256);
	EXPECT_EQ(vf_.read(0, 0, end - 512, 1024), 512);
	ASSERT_EQ(mmap(end, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), end);
}

TEST_F(Access, ReadOnlyDescriptorCannotWrite)
{
	Fd fd(::open(node_of(edu_.address()).c_str(), O_RDONLY | O_CLOEXEC));

	ASSERT_GE(fd.get(), 0);
	EXPECT_EQ(pread(fd.get(), data_, 2, static_cast<off_t>(VFIO_PCI_CONFIG_OFF)), 2);
	EXPECT_EQ(pwrite(fd.get(), data_, 2, static_cast<off_t>(VFIO_PCI_CONFIG_OFF)), -1);
	EXPECT_EQ(errno, EBADF);
}

TEST_F(Access, MsixTableCanBeReadAndNeitherWrittenNorMapped)
{
	const int bar = Vf::MSIX_BAR;
	const size_t table = 16 * Vf::N_VECTORS;
	uint8_t before[table], after[table];
	Pages pages = vf_.map_bar(bar);

	EXPECT_EQ(pages.error(), -EPERM);
	memset(data_, 0x5e, sizeof(data_));
	ASSERT_EQ(vf_.read(bar, 0, before, table), static_cast<ssize_t>(table));
	for (size_t at = 0; at < table; at++)
		EXPECT_EQ(vf_.write(bar, at, data_, 1), -EPERM) << at;
	EXPECT_EQ(vf_.write(bar, 0, data_, 4096), -EPERM);
	ASSERT_EQ(vf_.read(bar, 0, after, table), static_cast<ssize_t>(table));
	EXPECT_EQ(memcmp(before, after, table), 0);
	EXPECT_EQ(vf_.write(bar, table, data_, 4), 4) << "behind the table";
}

TEST_F(Access, BarBringsADomain)
{
	Domain domain;
	uint32_t word;

	if (iommu() == "none")
		return;
	ASSERT_EQ(domain.open(), 0);
	ASSERT_EQ(edu_.read(0, 0, &word, 4), 4);
	EXPECT_EQ(domain.add(edu_), -EBUSY);
}

/* The scratch register of a 16550. */
TEST(Ports, AreReadAndWrittenAndNotMapped)
{
	uint8_t byte = 0x5a, other = 0;
	Device device;

	ASSERT_EQ(device.open(serial_port()), 0);
	ASSERT_EQ(device.bar_len(0), 8);
	EXPECT_EQ(device.write(0, 7, &byte, 1), 1);
	EXPECT_EQ(device.read(0, 7, &other, 1), 1);
	EXPECT_EQ(other, byte);
	EXPECT_EQ(device.read(0, 8, &other, 1), 0);
	EXPECT_EQ(device.map_bar(0, 0, PAGE).error(), -EINVAL);
}

TEST(Rom, IsReadAndNeitherWrittenNorMapped)
{
	uint8_t byte[2] = {};
	Device device;

	ASSERT_EQ(device.open(e1000e()), 0);
	ASSERT_GT(device.bar_len(VFIO_PCI_ROM_RESOURCE), 2);
	EXPECT_EQ(device.read(VFIO_PCI_ROM_RESOURCE, 0, byte, 2), 2);
	EXPECT_EQ(byte[0], 0x55);
	EXPECT_EQ(byte[1], 0xaa);
	EXPECT_EQ(hardware_config16(device.address(), 0x30) & 1, 0) << "it is still on";
	EXPECT_EQ(device.write(VFIO_PCI_ROM_RESOURCE, 0, byte, 2), -EINVAL);
	EXPECT_EQ(device.map_bar(VFIO_PCI_ROM_RESOURCE, 0, PAGE).error(), -EINVAL);
}

/* A user has no use for the address, but sizes the ROM as any BAR; only reads switch it on. */
TEST(Rom, EnableBitIsTheUsersOwn)
{
	Device device;
	uint32_t length, old;

	ASSERT_EQ(device.open(e1000e()), 0);
	length = static_cast<uint32_t>(device.bar_len(VFIO_PCI_ROM_RESOURCE));
	old = device.config32(0x30);
	ASSERT_EQ(device.config_write32(0x30, ~0u), 4);
	EXPECT_EQ(device.config32(0x30), (~(length - 1) & ~0x7ffu) | 1);
	EXPECT_EQ(hardware_config16(device.address(), 0x30) & 1, 0);
	EXPECT_EQ(device.config_write32(0x30, old), 4);
	EXPECT_EQ(device.config32(0x30), old);
}

} // namespace
