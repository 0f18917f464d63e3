/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/vm/kmod/device.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kmod
{

namespace
{

int descriptor_or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

struct vfio_dma_map dma_map(const void *data, uint64_t size, uint64_t flags, uint64_t iova)
{
	struct vfio_dma_map map = {};

	map.vaddr = reinterpret_cast<uintptr_t>(data);
	map.dmaaddr = iova;
	map.size = size;
	map.flags = flags;
	return map;
}

} // namespace

std::string address_of(const std::string &name)
{
	const char *value = getenv(("VFNET_" + name).c_str());

	return value ? value : "";
}

std::string node_of(const std::string &address)
{
	std::filesystem::path folder = "/sys/bus/pci/drivers/vfio/" + address + "/vfio";
	std::error_code error;

	if (address.empty())
		return "";
	for (const auto &entry : std::filesystem::directory_iterator(folder, error))
		if (entry.path().filename().string().rfind("vfio", 0) == 0)
			return "/dev/" + entry.path().filename().string();
	return "";
}

std::vector<uint8_t> hardware_config(const std::string &address)
{
	std::ifstream file("/sys/bus/pci/devices/" + address + "/config", std::ios::binary);

	return std::vector<uint8_t>(std::istreambuf_iterator<char>(file),
				    std::istreambuf_iterator<char>());
}

uint16_t hardware_config16(const std::string &address, unsigned int at)
{
	std::vector<uint8_t> bytes = hardware_config(address);

	if (bytes.size() < at + 2)
		return 0xffff;
	return static_cast<uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

int sysfs_write(const std::string &path, const std::string &text)
{
	Fd fd(::open(path.c_str(), O_WRONLY));

	if (fd.get() < 0 || ::write(fd.get(), text.data(), text.size()) < 0)
		return -errno;
	return 0;
}

/* A function that was just plugged in cannot be bound for a moment, or is bound by itself. */
int bind_device(const std::string &address)
{
	int rc = sysfs_write("/sys/bus/pci/devices/" + address + "/driver_override", "vfio");

	for (int i = 0; rc == 0 && i < 100; i++) {
		rc = sysfs_write("/sys/bus/pci/drivers_probe", address);
		if (rc == 0 && !node_of(address).empty())
			return 0;
		usleep(20000);
	}
	return rc ? rc : -ENODEV;
}

int unbind_device(const std::string &address)
{
	return sysfs_write("/sys/bus/pci/devices/" + address + "/driver/unbind", address);
}

int grant_device(const std::string &address)
{
	std::string user = address_of("USER_ID");
	uid_t uid = user.empty() ? 1000 : static_cast<uid_t>(std::stoul(user));

	return chown(node_of(address).c_str(), uid, uid) ? -errno : 0;
}

int Device::open(const std::string &address)
{
	std::string node = node_of(address);
	int fd;

	if (node.empty())
		return -ENODEV;
	fd = descriptor_or_errno(::open(node.c_str(), O_RDWR | O_CLOEXEC));
	if (fd < 0)
		return fd;
	address_ = address;
	fd_.reset(fd);
	return 0;
}

void Device::close()
{
	fd_.reset();
}

int Device::map_anywhere(const void *data, uint64_t size, uint64_t flags, uint64_t *iova) const
{
	struct vfio_dma_map map = dma_map(data, size, flags, 0);
	int rc = call(VFIO_DMA_MAP_ANYWHERE, &map);

	if (rc == 0)
		*iova = map.dmaaddr;
	return rc;
}

int Device::map_iova(const void *data, uint64_t size, uint64_t flags, uint64_t iova) const
{
	struct vfio_dma_map map = dma_map(data, size, flags, iova);

	return call(VFIO_DMA_MAP_IOVA, &map);
}

int Device::unmap(const void *data, uint64_t size, uint64_t iova) const
{
	struct vfio_dma_map map = dma_map(data, size, 0, iova);

	return call(VFIO_DMA_UNMAP, &map);
}

int Device::dma_mask(uint64_t mask) const
{
	return call(VFIO_DMA_MASK, &mask);
}

ssize_t Device::read(int space, uint64_t at, void *data, size_t n) const
{
	off_t offset = static_cast<off_t>(vfio_pci_space_to_offset(space) + at);
	ssize_t rc = pread(fd(), data, n, offset);

	return rc < 0 ? -errno : rc;
}

ssize_t Device::write(int space, uint64_t at, const void *data, size_t n) const
{
	off_t offset = static_cast<off_t>(vfio_pci_space_to_offset(space) + at);
	ssize_t rc = pwrite(fd(), data, n, offset);

	return rc < 0 ? -errno : rc;
}

/* All ones, as from hardware that is not there, when the call fails. */
uint8_t Device::config8(unsigned int at) const
{
	uint8_t value = 0xff;

	return read(VFIO_PCI_CONFIG_RESOURCE, at, &value, 1) == 1 ? value : 0xff;
}

uint16_t Device::config16(unsigned int at) const
{
	uint16_t value = 0xffff;

	return read(VFIO_PCI_CONFIG_RESOURCE, at, &value, 2) == 2 ? value : 0xffff;
}

uint32_t Device::config32(unsigned int at) const
{
	uint32_t value = 0xffffffff;

	return read(VFIO_PCI_CONFIG_RESOURCE, at, &value, 4) == 4 ? value : 0xffffffff;
}

ssize_t Device::config_write8(unsigned int at, uint8_t value) const
{
	return write(VFIO_PCI_CONFIG_RESOURCE, at, &value, 1);
}

ssize_t Device::config_write16(unsigned int at, uint16_t value) const
{
	return write(VFIO_PCI_CONFIG_RESOURCE, at, &value, 2);
}

ssize_t Device::config_write32(unsigned int at, uint32_t value) const
{
	return write(VFIO_PCI_CONFIG_RESOURCE, at, &value, 4);
}

int Device::set_command(uint16_t set, uint16_t clear) const
{
	uint16_t old = config16(PCI_COMMAND);
	ssize_t rc = config_write16(PCI_COMMAND, static_cast<uint16_t>((old | set) & ~clear));

	return rc == 2 ? 0 : rc < 0 ? static_cast<int>(rc) : -EIO;
}

unsigned int Device::capability(uint8_t id) const
{
	unsigned int at = config8(PCI_CAPABILITIES) & 0xfcu;

	for (int i = 0; i < 48 && at; i++) {
		if (config8(at) == id)
			return at;
		at = config8(at + 1) & 0xfcu;
	}
	return 0;
}

int64_t Device::bar_len(unsigned int bar) const
{
	uint32_t length = bar;
	int rc = call(VFIO_BAR_LEN, &length);

	return rc ? rc : static_cast<int64_t>(length);
}

Pages Device::map_bar(unsigned int bar, uint64_t at, uint64_t size) const
{
	return Pages(size, MAP_SHARED, fd(), vfio_pci_space_to_offset(static_cast<int>(bar)) + at);
}

Pages Device::map_bar(unsigned int bar) const
{
	int64_t length = bar_len(bar);

	return length > 0 ? map_bar(bar, 0, static_cast<uint64_t>(length)) : Pages();
}

int Device::intx(int eventfd) const
{
	return call(VFIO_EVENTFD_IRQ, &eventfd);
}

int Device::msi(int eventfd) const
{
	return call(VFIO_EVENTFD_MSI, &eventfd);
}

int Device::vectors(unsigned long command, const std::vector<int> &eventfds) const
{
	std::vector<int> argument(1, static_cast<int>(eventfds.size()));

	argument.insert(argument.end(), eventfds.begin(), eventfds.end());
	return call(command, argument.data());
}

int Device::msis(const std::vector<int> &eventfds) const
{
	return vectors(VFIO_EVENTFDS_MSI, eventfds);
}

int Device::msix(const std::vector<int> &eventfds) const
{
	return vectors(VFIO_EVENTFDS_MSIX, eventfds);
}

int Device::eoi() const
{
	return call(VFIO_IRQ_EOI);
}

int Device::eoi_eventfd(int eventfd) const
{
	return call(VFIO_IRQ_EOI_EVENTFD, &eventfd);
}

int Domain::open()
{
	int fd = descriptor_or_errno(::open("/dev/uiommu", O_RDONLY | O_CLOEXEC));

	if (fd < 0)
		return fd;
	fd_.reset(fd);
	return 0;
}

int Domain::add(const Device &device) const
{
	int descriptor = fd();

	return device.call(VFIO_DOMAIN_SET, &descriptor);
}

int Domain::map_iova(const void *data, uint64_t size, uint64_t flags, uint64_t iova) const
{
	struct vfio_dma_map map = dma_map(data, size, flags, iova);

	return call(fd(), VFIO_DMA_MAP_IOVA, &map);
}

int Domain::unmap(const void *data, uint64_t size, uint64_t iova) const
{
	struct vfio_dma_map map = dma_map(data, size, 0, iova);

	return call(fd(), VFIO_DMA_UNMAP, &map);
}

} // namespace kmod
