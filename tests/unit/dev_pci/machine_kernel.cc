/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's half of the machine: files in /dev, and what vfio's ioctls do. */
#include "tests/unit/dev_pci/machine.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/vfio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace
{

constexpr uint64_t BAR_BYTES = 0x4000;

} // namespace

bool Machine::is_function(int fd)
{
	std::error_code none;
	const std::string link = "/proc/self/fd/" + std::to_string(fd);

	return std::filesystem::read_symlink(link, none).string().rfind("/memfd:registers", 0) == 0;
}

const char *Machine::vfio_call_name(unsigned long request)
{
	static const std::map<unsigned long, const char *> names = {
	    {VFIO_GET_API_VERSION, "GET_API_VERSION"},
	    {VFIO_CHECK_EXTENSION, "CHECK_EXTENSION"},
	    {VFIO_SET_IOMMU, "SET_IOMMU"},
	    {VFIO_GROUP_GET_STATUS, "GET_STATUS"},
	    {VFIO_GROUP_SET_CONTAINER, "SET_CONTAINER"},
	    {VFIO_GROUP_UNSET_CONTAINER, "UNSET_CONTAINER"},
	    {VFIO_GROUP_GET_DEVICE_FD, "GET_DEVICE_FD"},
	    {VFIO_DEVICE_GET_INFO, "DEVICE_GET_INFO"},
	    {VFIO_DEVICE_GET_REGION_INFO, "GET_REGION_INFO"},
	    {VFIO_DEVICE_GET_IRQ_INFO, "GET_IRQ_INFO"},
	    {VFIO_DEVICE_SET_IRQS, "SET_IRQS"},
	    {VFIO_DEVICE_RESET, "RESET"},
	    {VFIO_IOMMU_GET_INFO, "IOMMU_GET_INFO"},
	    {VFIO_IOMMU_MAP_DMA, "MAP_DMA"},
	    {VFIO_IOMMU_UNMAP_DMA, "UNMAP_DMA"},
	};
	auto it = names.find(request);

	return it == names.end() ? "?" : it->second;
}

int Machine::do_open(const char *path, int flags)
{
	const std::string file = std::string(path).substr(dev_.size() + 1);
	const std::string kind = file == "uiommu"		       ? "uiommu"
				 : file == "iommu"		       ? "iommu"
				 : file == "vfio/vfio"		       ? "container"
				 : file.rfind("vfio/devices/", 0) == 0 ? "cdev"
				 : file.find('/') != file.npos	       ? "group"
								       : "node";
	int fd;

	if (must_fail(("open " + kind).c_str()))
		return -1;
	if (!(flags & O_CLOEXEC))
		return fail_with(EINVAL);
	if (kind == "group" && n_open_as(path))
		return fail_with(EBUSY);
	if (access(path, F_OK))
		return -1;
	fd = kind == "node" || kind == "cdev" ? open_function() : open(path, flags);
	forget(fd);
	if (kind == "group")
		groups_[fd] = {static_cast<unsigned int>(std::stoul(file.substr(5))), -1};
	else if (kind == "container")
		containers_[fd] = {};
	else if (kind == "uiommu")
		uiommus_[fd] = true;
	else if (kind == "iommu")
		iommus_[fd] = std::make_shared<Iommu>();
	else if (kind == "cdev")
		cdevs_[fd] = {static_cast<unsigned int>(std::stoul(file.substr(17))), nullptr, 0};
	else
		nodes_[fd] = {static_cast<unsigned int>(std::stoul(file.substr(4))), false};
	return fd;
}

/* the number had another meaning before */
void Machine::forget(int fd)
{
	groups_.erase(fd);
	containers_.erase(fd);
	uiommus_.erase(fd);
	nodes_.erase(fd);
	cdevs_.erase(fd);
	iommus_.erase(fd);
}

void Machine::rename(int fd, int duplicate)
{
	if (nodes_.count(fd))
		nodes_[duplicate] = nodes_[fd];
	if (uiommus_.count(fd))
		uiommus_[duplicate] = true;
	if (cdevs_.count(fd))
		cdevs_[duplicate] = cdevs_[fd];
	if (iommus_.count(fd))
		iommus_[duplicate] = iommus_[fd];
	forget(fd);
}

int Machine::do_fstat(int fd, struct stat *stat)
{
	const Node *node = find(nodes_, fd);
	const Cdev *cdev = find(cdevs_, fd);

	if (!node && !cdev)
		return fstat(fd, stat);
	stat->st_mode = S_IFCHR;
	stat->st_rdev = node ? makedev(510, node->number) : makedev(511, cdev->number);
	return 0;
}

int Machine::do_ioctl(int fd, unsigned long request, void *arg)
{
	if (Node *node = find(nodes_, fd))
		return node_ioctl(*node, request, arg);
	if (find(uiommus_, fd))
		return uiommu_ioctl(request, arg);
	if (Cdev *cdev = find(cdevs_, fd))
		return cdev_ioctl(*cdev, request, arg);
	if (auto *iommu = find(iommus_, fd))
		return iommu_ioctl(**iommu, request, arg);
	if (must_fail(vfio_call_name(request)))
		return -1;
	if (Group *group = find(groups_, fd))
		return group_ioctl(*group, request, arg);
	if (Container *container = find(containers_, fd))
		return container_ioctl(*container, request, arg);
	return is_function(fd) ? device_ioctl(request, arg) : fail_with(ENOTTY);
}

int Machine::get_iommu_info(void *arg) const
{
	auto *info = static_cast<vfio_iommu_type1_info *>(arg);
	const size_t head = (sizeof(*info) + 7) & ~size_t{7};
	const size_t ranges = usable.size() * sizeof(vfio_iova_range);
	/* a capability that vfnet does not know stands first, not padded: as in Linux 6.1 */
	const size_t first = sizeof(vfio_iommu_type1_info_dma_avail);
	const size_t bytes = head + first + sizeof(vfio_iommu_type1_info_cap_iova_range) + ranges;
	auto *byte = static_cast<char *>(arg);

	if (info->argsz < sizeof(*info))
		return fail_with(EINVAL);
	info->flags = VFIO_IOMMU_INFO_PGSIZES | (tells_ranges ? VFIO_IOMMU_INFO_CAPS : 0);
	if (!tells_ranges)
		return 0;
	if (info->argsz >= bytes) {
		vfio_info_cap_header other = {VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 1,
					      static_cast<uint32_t>(head + first)};
		vfio_iommu_type1_info_cap_iova_range cap = {};

		cap.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
		cap.nr_iovas = static_cast<uint32_t>(usable.size());
		info->cap_offset = static_cast<uint32_t>(head);
		memcpy(byte + head, &other, sizeof(other));
		memcpy(byte + head + first, &cap, sizeof(cap));
		memcpy(byte + head + first + sizeof(cap), usable.data(), ranges);
	}
	info->argsz = static_cast<uint32_t>(bytes);
	return 0;
}

int Machine::map_dma(void *arg)
{
	const auto *map = static_cast<vfio_iommu_type1_dma_map *>(arg);

	if (map->argsz != sizeof(*map) || !map->size || map->size % 4096 || map->iova % 4096)
		return fail_with(EINVAL);
	if (mappings.count(map->iova))
		return fail_with(EEXIST);
	mappings[map->iova] = map->size;
	map_flags = map->flags;
	return 0;
}

int Machine::container_ioctl(Container &container, unsigned long request, void *arg)
{
	const auto value = reinterpret_cast<uintptr_t>(arg);

	switch (request) {
	case VFIO_GET_API_VERSION:
		return api_version;
	case VFIO_CHECK_EXTENSION:
		return (value == VFIO_TYPE1v2_IOMMU && type1v2) ||
		       (value == VFIO_TYPE1_IOMMU && type1);
	case VFIO_SET_IOMMU:
		if (!container.n_groups || container.has_iommu)
			return fail_with(EINVAL);
		container.has_iommu = true;
		return 0;
	case VFIO_IOMMU_GET_INFO:
		return container.has_iommu ? get_iommu_info(arg) : fail_with(EINVAL);
	case VFIO_IOMMU_MAP_DMA:
		return container.has_iommu ? map_dma(arg) : fail_with(EINVAL);
	case VFIO_IOMMU_UNMAP_DMA:
		if (!container.has_iommu)
			return fail_with(EINVAL);
		mappings.erase(static_cast<vfio_iommu_type1_dma_unmap *>(arg)->iova);
		return 0;
	default:
		return fail_with(ENOTTY);
	}
}

int Machine::unset_container(Group &group)
{
	if (group.container < 0)
		return fail_with(EINVAL);
	if (n_open_as("/memfd:registers") > 1)
		return fail_with(EBUSY);
	if (!--containers_[group.container].n_groups) {
		containers_[group.container].has_iommu = false;
		mappings.clear();
	}
	group.container = -1;
	return 0;
}

int Machine::open_function()
{
	/* a descriptor of its own, not a duplicate */
	int fd = open(("/proc/self/fd/" + std::to_string(registers_)).c_str(), O_RDWR | O_CLOEXEC);

	forget(fd);
	return fd;
}

int Machine::group_ioctl(Group &group, unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		static_cast<vfio_group_status *>(arg)->flags = viable ? VFIO_GROUP_FLAGS_VIABLE : 0;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
		if (group.container >= 0)
			return fail_with(EINVAL);
		group.container = *static_cast<int *>(arg);
		containers_.at(group.container).n_groups++;
		return 0;
	case VFIO_GROUP_UNSET_CONTAINER:
		return unset_container(group);
	case VFIO_GROUP_GET_DEVICE_FD:
		if (group.container < 0 || !containers_.at(group.container).has_iommu)
			return fail_with(EINVAL);
		if (group_of_.at(static_cast<char *>(arg)) != group.number)
			return fail_with(ENODEV);
		return open_function();
	default:
		return fail_with(ENOTTY);
	}
}

int Machine::set_request(const vfio_irq_set *set)
{
	if (set->flags != (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER) ||
	    set->argsz != sizeof(*set) + sizeof(int32_t) || set->start || set->count != 1)
		return fail_with(EINVAL);
	memcpy(&request_fd, set->data, sizeof(request_fd));
	return 0;
}

int Machine::set_irqs(const void *arg)
{
	const auto *set = static_cast<const vfio_irq_set *>(arg);
	const auto *fd = reinterpret_cast<const int32_t *>(set->data);

	if (set->index == VFIO_PCI_REQ_IRQ_INDEX && asks_back)
		return set_request(set);
	if (set->index != VFIO_PCI_MSIX_IRQ_INDEX || set->start)
		return fail_with(EINVAL);
	if (set->flags == (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)) {
		if (eventfds.empty() || set->count)
			return fail_with(EINVAL);
		eventfds.clear();
		return 0;
	}
	if (set->flags != (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER) ||
	    set->argsz != sizeof(*set) + set->count * sizeof(*fd) || set->count > n_vectors)
		return fail_with(EINVAL);
	if (eventfds.empty() && set->count > vectors_left)
		return static_cast<int>(vectors_left);
	/* none can be added while MSI-X is on: VFIO_IRQ_INFO_NORESIZE */
	if (!eventfds.empty() && set->count > eventfds.size())
		return fail_with(EINVAL);
	eventfds.assign(fd, fd + set->count);
	return 0;
}

int Machine::device_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_DEVICE_GET_INFO: {
		auto *info = static_cast<vfio_device_info *>(arg);

		info->flags = VFIO_DEVICE_FLAGS_PCI | (can_reset ? VFIO_DEVICE_FLAGS_RESET : 0);
		return 0;
	}
	case VFIO_DEVICE_GET_REGION_INFO: {
		auto *info = static_cast<vfio_region_info *>(arg);
		bool has_bar = info->index == 0 || info->index == 3;
		bool is_config = info->index == VFIO_PCI_CONFIG_REGION_INDEX;

		info->size = has_bar ? BAR_BYTES : is_config ? 4096 : 0;
		info->offset = info->index * static_cast<uint64_t>(REGION_STRIDE);
		info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			      (has_bar && mappable ? VFIO_REGION_INFO_FLAG_MMAP : 0);
		return 0;
	}
	case VFIO_DEVICE_GET_IRQ_INFO: {
		auto *info = static_cast<vfio_irq_info *>(arg);

		info->count = info->index == VFIO_PCI_MSIX_IRQ_INDEX  ? n_vectors
			      : info->index == VFIO_PCI_REQ_IRQ_INDEX ? asks_back
								      : 0;
		return 0;
	}
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(arg);
	case VFIO_DEVICE_RESET:
		if (busy_resets && busy_resets--)
			return fail_with(EAGAIN);
		n_resets++;
		return 0;
	default:
		return fail_with(ENOTTY);
	}
}
