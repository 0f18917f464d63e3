/* SPDX-License-Identifier: BSD-2-Clause */
/* iommufd's part of the machine: /dev/iommu, and functions that have a device file each. */
#include "tests/unit/dev_pci/machine.h"

#include <cerrno>

#include "lib/dev/pci/iommufd.h"

namespace
{

const char *call_name(unsigned long request)
{
	static const std::map<unsigned long, const char *> names = {
	    {VFNET_IOMMUFD_IOAS_ALLOC, "IOAS_ALLOC"}, {VFNET_IOMMUFD_IOAS_MAP, "IOAS_MAP"},
	    {VFNET_IOMMUFD_IOAS_UNMAP, "IOAS_UNMAP"}, {VFNET_IOMMUFD_BIND, "BIND"},
	    {VFNET_IOMMUFD_ATTACH, "ATTACH"},	      {VFNET_IOMMUFD_DETACH, "DETACH"},
	    {VFNET_IOMMUFD_DESTROY, "DESTROY"},
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
		if (cdev.number == number && cdev.iommu && is_function(fd))
			return true;
	return false;
}

size_t Machine::n_ioas(int fd)
{
	return (*find(iommus_, fd))->ioas.size();
}

int Machine::cdev_ioctl(Cdev &cdev, unsigned long request, void *arg)
{
	const auto *bind = static_cast<vfnet_iommufd_bind *>(arg);
	const auto *attach = static_cast<vfnet_iommufd_attach *>(arg);
	const auto *detach = static_cast<vfnet_iommufd_detach *>(arg);

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
		cdev.iommu = *find(iommus_, bind->iommufd);
		return 0;
	case VFNET_IOMMUFD_ATTACH:
		if (must_fail(call_name(request)))
			return -1;
		if (attach->size != 12 || attach->flags || !cdev.iommu)
			return fail_with(EINVAL);
		if (!cdev.iommu->ioas.count(attach->ioas))
			return fail_with(ENOENT);
		cdev.ioas = attach->ioas;
		return 0;
	case VFNET_IOMMUFD_DETACH:
		if (must_fail(call_name(request)))
			return -1;
		if (detach->size != 8 || detach->flags || !cdev.iommu)
			return fail_with(EINVAL);
		cdev.ioas = 0;
		return 0;
	default:
		if (must_fail(vfio_call_name(request)))
			return -1;
		return cdev.iommu ? device_ioctl(request, arg) : fail_with(EINVAL);
	}
}

bool Machine::is_attached(const Iommu &iommu, uint32_t ioas) const
{
	for (const auto &[fd, cdev] : cdevs_)
		if (cdev.iommu.get() == &iommu && cdev.ioas == ioas && is_function(fd))
			return true;
	return false;
}

/* with it go its mappings: all that there are, as no test has two of them */
int Machine::destroy_ioas(Iommu &iommu, uint32_t ioas)
{
	if (!iommu.ioas.count(ioas))
		return fail_with(ENOENT);
	if (is_attached(iommu, ioas))
		return fail_with(EBUSY);
	iommu.ioas.erase(ioas);
	mappings.clear();
	return 0;
}

int Machine::iommu_ioctl(Iommu &iommu, unsigned long request, void *arg)
{
	const auto *map = static_cast<vfnet_iommufd_ioas_map *>(arg);
	const auto *destroy = static_cast<vfnet_iommufd_destroy *>(arg);

	if (must_fail(call_name(request)))
		return -1;
	switch (request) {
	case VFNET_IOMMUFD_IOAS_ALLOC:
		iommu.ioas.insert(static_cast<vfnet_iommufd_ioas_alloc *>(arg)->ioas =
				      iommu.next++);
		return 0;
	case VFNET_IOMMUFD_DESTROY:
		return destroy->size == 8 ? destroy_ioas(iommu, destroy->id) : fail_with(EINVAL);
	case VFNET_IOMMUFD_IOAS_MAP:
		if (map->size != 40 || !iommu.ioas.count(map->ioas) || map->reserved ||
		    map->length % 4096)
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
