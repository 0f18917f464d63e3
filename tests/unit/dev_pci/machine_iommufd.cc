/* SPDX-License-Identifier: BSD-2-Clause */
/* iommufd's part of the machine: /dev/iommu, and functions that have a device file each. */
#include "tests/unit/dev_pci/machine.h"

#include <cerrno>

#include "lib/dev/pci/iommufd.h"

namespace
{

constexpr uint32_t IOAS = 7;

const char *call_name(unsigned long request)
{
	static const std::map<unsigned long, const char *> names = {
	    {VFNET_IOMMUFD_IOAS_ALLOC, "IOAS_ALLOC"}, {VFNET_IOMMUFD_IOAS_MAP, "IOAS_MAP"},
	    {VFNET_IOMMUFD_IOAS_UNMAP, "IOAS_UNMAP"}, {VFNET_IOMMUFD_BIND, "BIND"},
	    {VFNET_IOMMUFD_ATTACH, "ATTACH"},
	};
	auto it = names.find(request);

	return it == names.end() ? "?" : it->second;
}

} // namespace

void Machine::offer_cdev(const std::string &name)
{
	const unsigned int n = node_of_[name] = static_cast<unsigned int>(node_of_.size());

	write(device_dir(name) + "/vfio-dev/" + node(name) + "/dev",
	      "511:" + std::to_string(n) + "\n");
	write("dev/vfio/devices/" + node(name), "");
	write("dev/iommu", "");
}

bool Machine::is_bound(unsigned int number) const
{
	for (const auto &[fd, cdev] : cdevs_)
		if (cdev.number == number && cdev.bound && is_function(fd))
			return true;
	return false;
}

int Machine::cdev_ioctl(Cdev &cdev, unsigned long request, void *arg)
{
	const auto *bind = static_cast<vfnet_iommufd_bind *>(arg);
	const auto *attach = static_cast<vfnet_iommufd_attach *>(arg);

	switch (request) {
	case VFNET_IOMMUFD_BIND:
		if (must_fail(call_name(request)))
			return -1;
		if (bind->size != 16 || bind->flags || !find(iommus_, bind->iommufd))
			return fail_with(EBADF);
		if (!viable)
			return fail_with(EBUSY);
		if (is_bound(cdev.number))
			return fail_with(EINVAL);
		cdev.bound = true;
		return 0;
	case VFNET_IOMMUFD_ATTACH:
		if (must_fail(call_name(request)))
			return -1;
		if (attach->size != 12 || attach->flags || attach->ioas != IOAS || !cdev.bound)
			return fail_with(EINVAL);
		return 0;
	default:
		if (must_fail(vfio_call_name(request)))
			return -1;
		return cdev.bound ? device_ioctl(request, arg) : fail_with(EINVAL);
	}
}

int Machine::iommu_ioctl(unsigned long request, void *arg)
{
	const auto *map = static_cast<vfnet_iommufd_ioas_map *>(arg);

	if (must_fail(call_name(request)))
		return -1;
	switch (request) {
	case VFNET_IOMMUFD_IOAS_ALLOC:
		static_cast<vfnet_iommufd_ioas_alloc *>(arg)->ioas = IOAS;
		return 0;
	case VFNET_IOMMUFD_IOAS_MAP:
		if (map->size != 40 || map->ioas != IOAS || map->reserved || map->length % 4096)
			return fail_with(EINVAL);
		for (const auto &[first, last] : usable)
			if (first <= map->iova && map->iova + map->length - 1 <= last)
				return map_at(map->iova, map->length, map->flags);
		return fail_with(EINVAL);
	case VFNET_IOMMUFD_IOAS_UNMAP:
		mappings.erase(static_cast<vfnet_iommufd_ioas_unmap *>(arg)->iova);
		return 0;
	default:
		return fail_with(ENOTTY);
	}
}

int Machine::map_at(uint64_t iova, uint64_t bytes, uint32_t flags)
{
	if (mappings.count(iova))
		return fail_with(EEXIST);
	mappings[iova] = bytes;
	map_flags = flags;
	return 0;
}
