/* SPDX-License-Identifier: BSD-2-Clause */
/* Our module's half of the machine: what the ioctls of /dev/vfio<N> and /dev/uiommu do. */
#include "tests/unit/dev_pci/machine.h"

#include <cerrno>

/* by its path: mainline's header has the same name, and no source file can have both */
#include "kmod/include/uapi/linux/vfio.h"

namespace
{

constexpr uint32_t BAR_BYTES = 0x4000;

const char *call_name(unsigned long request)
{
	static const std::map<unsigned long, const char *> names = {
	    {VFIO_DMA_MAP_IOVA, "MAP_IOVA"},
	    {VFIO_DMA_UNMAP, "UNMAP"},
	    {VFIO_EVENTFDS_MSIX, "EVENTFDS_MSIX"},
	    {VFIO_DOMAIN_SET, "DOMAIN_SET"},
	    {VFIO_DOMAIN_UNSET, "DOMAIN_UNSET"},
	    {VFIO_RESET_FUNCTION, "RESET"},
	    {VFIO_BAR_LEN, "BAR_LEN"},
	};
	auto it = names.find(request);

	return it == names.end() ? "?" : it->second;
}

} // namespace

int Machine::uiommu_ioctl(unsigned long request, void *arg)
{
	const auto *map = static_cast<vfio_dma_map *>(arg);

	if (must_fail(call_name(request)))
		return -1;
	switch (request) {
	case VFIO_DMA_MAP_IOVA:
		if (!map->size || map->size % 4096 || map->dmaaddr % 4096)
			return fail_with(EINVAL);
		if (mappings.count(map->dmaaddr))
			return fail_with(EEXIST);
		mappings[map->dmaaddr] = map->size;
		map_flags = static_cast<uint32_t>(map->flags);
		return 0;
	case VFIO_DMA_UNMAP:
		vaddrs.emplace_back(map->vaddr, map->size);
		return mappings.erase(map->dmaaddr) ? 0 : fail_with(EINVAL);
	default:
		return fail_with(ENOTTY);
	}
}

int Machine::domain_set(Node &node, int fd)
{
	if (!find(uiommus_, fd))
		return fail_with(EINVAL);
	if (node.in_domain)
		return fail_with(EBUSY);
	node.in_domain = true;
	/* the list of capabilities: one that nobody knows, then MSI-X, if there is one */
	write_config(0x34, {0x40});
	write_config(0x40, {0x09, static_cast<uint8_t>(caps_bite_tail ? 0x40
						       : n_vectors    ? 0x70
								      : 0)});
	if (n_vectors)
		write_config(0x70, {0x11, 0, static_cast<uint8_t>(n_vectors - 1),
				    static_cast<uint8_t>((n_vectors - 1) >> 8 | 0x80)});
	return 0;
}

int Machine::msix_set(const int *arg)
{
	const auto n = static_cast<unsigned int>(arg[0]);

	if (n > n_vectors || (n && !eventfds.empty()))
		return fail_with(EINVAL);
	if (n > vectors_left)
		return fail_with(ENOSPC);
	eventfds.assign(arg + 1, arg + 1 + n);
	return 0;
}

int Machine::node_ioctl(Node &node, unsigned long request, void *arg)
{
	if (must_fail(call_name(request)))
		return -1;
	switch (request) {
	case VFIO_DOMAIN_SET:
		return domain_set(node, *static_cast<int *>(arg));
	case VFIO_DOMAIN_UNSET:
		if (!node.in_domain)
			return fail_with(EINVAL);
		node.in_domain = false;
		return 0;
	case VFIO_BAR_LEN: {
		auto *bar = static_cast<uint32_t *>(arg);

		*bar = *bar == 0 || *bar == 3 ? BAR_BYTES : 0;
		return 0;
	}
	case VFIO_EVENTFDS_MSIX:
		return msix_set(static_cast<int *>(arg));
	case VFIO_RESET_FUNCTION:
		if (!can_reset)
			return fail_with(ENOTTY);
		if (busy_resets && busy_resets--)
			return fail_with(EAGAIN);
		n_resets++;
		return 0;
	default:
		return fail_with(ENOTTY);
	}
}
