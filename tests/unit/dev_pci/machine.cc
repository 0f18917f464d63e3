/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dev_pci/machine.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace
{

constexpr off_t COMMAND = VFIO_PCI_CONFIG_REGION_INDEX * REGION_STRIDE + 4;

Machine *current;

int fake_open(const char *path, int flags)
{
	return current->do_open(path, flags);
}

int fake_ioctl(int fd, unsigned long request, void *arg)
{
	return current->do_ioctl(fd, request, arg);
}

void *fake_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	return current->must_fail("mmap") ? MAP_FAILED : mmap(addr, bytes, prot, flags, fd, offset);
}

ssize_t fake_pread(int fd, void *data, size_t bytes, off_t offset)
{
	return current->must_fail("pread") ? -1 : pread(fd, data, bytes, offset);
}

ssize_t fake_pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
	return current->must_fail("pwrite") ? -1 : pwrite(fd, data, bytes, offset);
}

} // namespace

Machine::Machine()
{
	char dir[] = "/tmp/vfnet-pci-XXXXXX";

	root = mkdtemp(dir);
	fs::create_directories(root + "/sys/bus/pci/devices");
	fs::create_directories(root + "/dev/vfio");
	write("dev/vfio/vfio", "");
	registers_ = memfd_create("registers", MFD_CLOEXEC);
	if (ftruncate(registers_, VFIO_PCI_NUM_REGIONS * REGION_STRIDE))
		abort();
	sysfs_ = root + "/sys";
	dev_ = root + "/dev";
	host = {sysfs_.c_str(), dev_.c_str(), fake_open,  fake_ioctl,
		fake_mmap,	fake_pread,   fake_pwrite};
	current = this;
}

Machine::~Machine()
{
	close(registers_);
	fs::remove_all(root);
	current = nullptr;
}

std::string Machine::device_dir(const std::string &name) const
{
	return "sys/bus/pci/devices/" + name;
}

void Machine::write(const std::string &file, const std::string &text)
{
	fs::create_directories(fs::path(root + "/" + file).parent_path());
	std::ofstream(root + "/" + file) << text;
}

void Machine::remove(const std::string &file)
{
	fs::remove_all(root + "/" + file);
}

void Machine::bind(const std::string &name, const std::string &driver)
{
	const std::string link = root + "/" + device_dir(name) + "/driver";

	fs::remove(link);
	if (driver.empty())
		return;
	fs::create_directories(root + "/sys/bus/pci/drivers/" + driver);
	fs::create_symlink("../../drivers/" + driver, link);
}

void Machine::add_function(const std::string &name, unsigned int group, const std::string &driver)
{
	const std::string dir = device_dir(name);
	const std::string number = std::to_string(group);
	const std::string members = root + "/sys/kernel/iommu_groups/" + number + "/devices";

	write(dir + "/vendor", "0x8086\n");
	write(dir + "/device", "0x10ca\n");
	write(dir + "/numa_node", "-1\n");
	fs::create_directories(members);
	fs::create_symlink("../../../../bus/pci/devices/" + name, members + "/" + name);
	fs::create_symlink("../../../../kernel/iommu_groups/" + number,
			   root + "/" + dir + "/iommu_group");
	bind(name, driver);
	write("dev/vfio/" + number, "");
	group_of_[name] = group;
}

void Machine::fail(const std::string &call, int errnum, unsigned int nth)
{
	fail_call_ = call;
	fail_errno_ = errnum;
	fail_nth_ = nth;
}

bool Machine::must_fail(const char *call)
{
	calls.emplace_back(call);
	if (!fail_errno_ || calls.back().rfind(fail_call_, 0) != 0)
		return false;
	if (fail_nth_-- > 0)
		return false;
	errno = fail_errno_;
	fail_errno_ = 0;
	return true;
}

std::vector<std::string> Machine::calls_since(size_t from) const
{
	return {calls.begin() + static_cast<std::ptrdiff_t>(from), calls.end()};
}

unsigned int Machine::n_open_as(const std::string &target) const
{
	unsigned int n = 0;

	for (const auto &entry : fs::directory_iterator("/proc/self/fd")) {
		std::error_code gone; /* the iterator's own descriptor */
		const std::string link = fs::read_symlink(entry.path(), gone).string();

		n += link.rfind(target, 0) == 0;
	}
	return n;
}

unsigned int Machine::n_open() const
{
	return n_open_as(root) + n_open_as("/memfd:registers") - 1;
}

unsigned int Machine::n_mapped() const
{
	std::ifstream maps("/proc/self/maps");
	std::string line;
	unsigned int n = 0;

	while (std::getline(maps, line))
		n += line.find("/memfd:registers") != std::string::npos;
	return n;
}

uint32_t Machine::bar0(uint32_t offset) const
{
	uint32_t val = 0;

	return pread(registers_, &val, sizeof(val), offset) == sizeof(val) ? val : 0;
}

void Machine::set_bar0(uint32_t offset, uint32_t val)
{
	if (pwrite(registers_, &val, sizeof(val), offset) != sizeof(val))
		abort();
}

uint16_t Machine::command() const
{
	uint16_t val = 0;

	return pread(registers_, &val, sizeof(val), COMMAND) == sizeof(val) ? val : 0;
}

void Machine::set_command(uint16_t val)
{
	if (pwrite(registers_, &val, sizeof(val), COMMAND) != sizeof(val))
		abort();
}

Bus::Bus(const Machine &machine)
{
	if (vfnet_pci_bus_open(&machine.host, &bus, &err))
		abort();
}

Bus::~Bus()
{
	vfnet_pci_bus_close(bus);
}

int Bus::open(const char *name, struct vfnet_dev **out)
{
	return bus->ops->open(bus, name, nullptr, out, &err);
}

int Bus::open_dma(struct vfnet_dma **out)
{
	return bus->ops->dma_open(bus, out, &err);
}

int Bus::map(struct vfnet_dma *dma, uint64_t iova, uint64_t bytes)
{
	return bus->ops->dma_map(dma, reinterpret_cast<void *>(0x10000), iova, bytes, &err);
}

Attached::Attached(Machine &machine, const char *name) : bus(machine)
{
	if (bus.open(name, &dev) || bus.open_dma(&dma))
		abort();
	rc = dev->ops->attach(dev, dma, &err);
}

Attached::~Attached()
{
	dev->ops->detach(dev);
	dev->ops->close(dev);
	bus.bus->ops->dma_close(dma);
}
