/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dev_pci/machine.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
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
	if (current->must_fail("mmap"))
		return MAP_FAILED;
	if (!current->mappable) { /* our module is asked, vfio-pci says so beforehand */
		errno = EINVAL;
		return MAP_FAILED;
	}
	return mmap(addr, bytes, prot, flags, fd, offset);
}

ssize_t fake_pread(int fd, void *data, size_t bytes, off_t offset)
{
	return current->must_fail("pread") ? -1 : pread(fd, data, bytes, offset);
}

ssize_t fake_pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
	return current->must_fail("pwrite") ? -1 : pwrite(fd, data, bytes, offset);
}

int fake_fstat(int fd, struct stat *stat)
{
	return current->must_fail("fstat") ? -1 : current->do_fstat(fd, stat);
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
	write("dev/uiommu", "");
	if (ftruncate(registers_, MODULE_CONFIG + 256))
		abort();
	/* vendor and device, as vfio-pci and our module show them */
	const uint32_t ids = 0x10ca8086;
	if (pwrite(registers_, &ids, 4, COMMAND - 4) != 4 ||
	    pwrite(registers_, &ids, 4, MODULE_CONFIG) != 4)
		abort();
	sysfs_ = root + "/sys";
	dev_ = root + "/dev";
	host = {sysfs_.c_str(), dev_.c_str(), fake_open,   fake_ioctl,
		fake_mmap,	fake_pread,   fake_pwrite, fake_fstat};
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
	group_of_[name] = group;
	if (driver == "vfio") {
		const unsigned int n = node_of_[name] = static_cast<unsigned int>(node_of_.size());

		write(dir + "/vfio/" + node(name) + "/dev", "510:" + std::to_string(n) + "\n");
		write("dev/" + node(name), "");
	} else {
		write("dev/vfio/" + number, "");
	}
}

std::string Machine::node(const std::string &name) const
{
	return "vfio" + std::to_string(node_of_.at(name));
}

int Machine::open_as_program(const std::string &file)
{
	int fd = do_open((dev_ + "/" + file).c_str(), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		abort();
	return fd;
}

void Machine::close_as_program(int fd)
{
	for (int other = 0; other < 1024; other++)
		if (other != fd && !syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, fd, other)) {
			rename(fd, other);
			break;
		}
	close(fd);
}

int Machine::function_as_program(int group, const char *name)
{
	return do_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, const_cast<char *>(name));
}

void Machine::fail(const std::string &call, int errnum, unsigned int nth)
{
	fail_call_ = call;
	fail_errno_ = errnum;
	fail_nth_ = nth;
}

void Machine::fail_both(const std::string &first, const std::string &second, int errnum)
{
	fail(first, errnum);
	then_fail_ = second;
}

bool Machine::must_fail(const char *call)
{
	calls.emplace_back(call);
	if (!fail_errno_ || calls.back().rfind(fail_call_, 0) != 0)
		return false;
	if (fail_nth_-- > 0)
		return false;
	errno = fail_errno_;
	if (then_fail_.empty())
		fail_errno_ = 0;
	else
		fail(std::exchange(then_fail_, ""), fail_errno_);
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

uint16_t Machine::module_command() const
{
	uint16_t val = 0;

	return pread(registers_, &val, sizeof(val), MODULE_CONFIG + 4) == sizeof(val) ? val : 0;
}

void Machine::write_config(uint8_t at, const std::vector<uint8_t> &bytes)
{
	if (pwrite(registers_, bytes.data(), bytes.size(), MODULE_CONFIG + at) !=
	    static_cast<ssize_t>(bytes.size()))
		abort();
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

Attached::Attached(Machine &machine, const std::string &name) : bus(machine)
{
	if (bus.open(name.c_str(), &dev) || bus.open_dma(&dma))
		abort();
	rc = dev->ops->attach(dev, dma, &err);
}

Attached::~Attached()
{
	dev->ops->detach(dev);
	dev->ops->close(dev);
	bus.bus->ops->dma_close(dma);
}
