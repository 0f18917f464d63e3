/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_DEV_PCI_MACHINE_H
#define VFNET_TESTS_DEV_PCI_MACHINE_H

/*
 * A machine with PCI functions, made of a temporary folder (sysfs, /dev) and of a kernel that
 * answers the ioctls of vfio-pci and of our module by their documented rules. Descriptors are real
 * ones: files of the folder for groups, containers and /dev/uiommu, a memfd for a function, so that
 * mmap, pread and close are real too and leaks show in /proc/self.
 */

#include <cerrno>
#include <cstdint>
#include <linux/kcmp.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

extern "C" {
#include "lib/dev/pci/pci.h"
}

struct vfio_irq_set;

constexpr const char *VF0 = "0000:01:10.0";
constexpr const char *VF1 = "0000:01:10.2";
constexpr uint64_t IOVA = UINT64_C(1) << 32;
constexpr off_t REGION_STRIDE = 0x10000;
constexpr off_t MODULE_CONFIG = off_t{15} << 32;

/* as a call of the kernel does */
inline int fail_with(int errnum)
{
	errno = errnum;
	return -1;
}

class Machine
{
      public:
	Machine();
	~Machine();
	Machine(const Machine &) = delete;
	Machine &operator=(const Machine &) = delete;

	/* sysfs and /dev; the driver "vfio" is that of our module, which makes /dev/vfio0 and so on
	 */
	void add_function(const std::string &name, unsigned int group, const std::string &driver);
	void bind(const std::string &name, const std::string &driver);
	void write(const std::string &file, const std::string &text);
	void remove(const std::string &file);
	std::string device_dir(const std::string &name) const;
	/* a kernel with iommufd: the function has a device file of its own, too */
	void offer_cdev(const std::string &name);

	/* one call to fail: the @nth from now (0 = next) of those whose name begins with @call */
	void fail(const std::string &call, int errnum, unsigned int nth = 0);
	/* the next @first, and the next @second after it */
	void fail_both(const std::string &first, const std::string &second, int errnum);
	/* names of all calls so far, "SET_CONTAINER" and so on */
	std::vector<std::string> calls;
	/* the @from-th call and later ones */
	std::vector<std::string> calls_since(size_t from) const;

	/* behaviour */
	bool viable = true;
	bool mappable = true;
	bool type1v2 = true;
	bool type1 = true;
	bool can_reset = true;
	int api_version = 0;
	unsigned int n_vectors = 3;
	unsigned int vectors_left = 3;
	unsigned int busy_resets = 0;
	bool asks_back = true; /* has VFIO_PCI_REQ_IRQ_INDEX */
	std::vector<std::pair<uint64_t, uint64_t>> usable = {{0, 0xfedfffff},
							     {0xfef00000, (UINT64_C(1) << 48) - 1}};
	bool tells_ranges = true;

	/* what happened */
	unsigned int n_resets = 0;
	std::vector<int32_t> eventfds;	       /* of the last SET_IRQS; empty = off */
	int request_fd = -1;		       /* what it was given to ask a function back by */
	std::map<uint64_t, uint64_t> mappings; /* of all containers: I/O address to bytes */
	uint32_t map_flags = 0;
	uint32_t bar0(uint32_t offset) const;
	void set_bar0(uint32_t offset, uint32_t val);
	uint16_t command() const;
	void set_command(uint16_t val);

	/* our module */
	bool caps_bite_tail = false;
	std::vector<std::pair<uint64_t, uint64_t>> vaddrs; /* of unmappings: vaddr, size */
	uint16_t module_command() const;
	void write_config(uint8_t at, const std::vector<uint8_t> &bytes);
	std::string node(const std::string &name) const;

	/* a program that hands descriptors in: what it opens it closes itself */
	int open_as_program(const std::string &file);
	int function_as_program(int group, const char *name);
	void close_as_program(int fd); /* while the library has a duplicate */
	/* I/O address spaces that are left in an open /dev/iommu */
	size_t n_ioas(int fd);

	/* the file of @fd goes on as @duplicate: the number is closed, or another file's */
	void rename(int fd, int duplicate);

	/* leaks: descriptors and mappings of this process that belong to the machine */
	unsigned int n_open() const;
	unsigned int n_mapped() const;

	struct vfnet_pci_host host;
	std::string root;

	/* the kernel's side of struct vfnet_pci_host */
	int do_open(const char *path, int flags);
	int do_ioctl(int fd, unsigned long request, void *arg);
	int do_fstat(int fd, struct stat *stat);
	bool must_fail(const char *call);

      private:
	struct Group {
		unsigned int number;
		int container;
	};
	struct Container {
		unsigned int n_groups = 0;
		bool has_iommu = false;
	};

	struct Node {
		unsigned int number;
		bool in_domain;
	};

	/* an open /dev/iommu; each counts from the same number */
	struct Iommu {
		uint32_t next = 7;
		std::set<uint32_t> ioas;
	};

	struct Cdev {
		unsigned int number;
		std::shared_ptr<Iommu> iommu; /* that it is bound to */
		uint32_t ioas;		      /* that it is attached to */
	};

	template <typename T> T *find(std::map<int, T> &files, int fd);
	void forget(int fd);
	bool is_bound(unsigned int number) const;
	int cdev_ioctl(Cdev &cdev, unsigned long request, void *arg);
	bool is_attached(const Iommu &iommu, uint32_t ioas) const;
	int destroy_ioas(Iommu &iommu, uint32_t ioas);
	int iommu_ioctl(Iommu &iommu, unsigned long request, void *arg);
	int map_at(uint64_t iova, uint64_t bytes, uint32_t flags);
	static bool is_function(int fd);
	static const char *vfio_call_name(unsigned long request);
	int node_ioctl(Node &node, unsigned long request, void *arg);
	int uiommu_ioctl(unsigned long request, void *arg);
	int domain_set(Node &node, int fd);
	int msix_set(const int *arg);
	int container_ioctl(Container &container, unsigned long request, void *arg);
	int group_ioctl(Group &group, unsigned long request, void *arg);
	int device_ioctl(unsigned long request, void *arg);
	int get_iommu_info(void *arg) const;
	int map_dma(void *arg);
	int open_function();
	int unset_container(Group &group);
	int set_irqs(const void *arg);
	int set_request(const vfio_irq_set *set);
	unsigned int n_open_as(const std::string &target) const;

	std::map<int, Group> groups_;
	std::map<int, Container> containers_;
	std::map<int, Node> nodes_;
	std::map<int, bool> uiommus_;
	std::map<int, Cdev> cdevs_;
	std::map<int, std::shared_ptr<Iommu>> iommus_;
	std::map<std::string, unsigned int> group_of_;
	std::map<std::string, unsigned int> node_of_;
	std::string sysfs_;
	std::string dev_;
	int registers_; /* the memfd that every function's descriptor opens anew */
	std::string fail_call_;
	std::string then_fail_;
	unsigned int fail_nth_ = 0;
	int fail_errno_ = 0;
};

/* what a descriptor, or a duplicate of it, is */
template <typename T> T *Machine::find(std::map<int, T> &files, int fd)
{
	for (auto &[number, file] : files)
		if (!syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, number, fd))
			return &file;
	return nullptr;
}

/* a bus on a machine, closed at the end */
class Bus
{
      public:
	explicit Bus(const Machine &machine);
	~Bus();
	Bus(const Bus &) = delete;
	Bus &operator=(const Bus &) = delete;

	int open(const char *name, struct vfnet_dev **out);
	int open_dma(struct vfnet_dma **out);
	int map(struct vfnet_dma *dma, uint64_t iova, uint64_t bytes);

	struct vfnet_bus *bus = nullptr;
	struct vfnet_err err = {};
};

/* a function that is open, attached, and its domain; all undone at the end */
class Attached
{
      public:
	explicit Attached(Machine &machine, const std::string &name = VF0);
	~Attached();

	Bus bus;
	struct vfnet_dev *dev = nullptr;
	struct vfnet_dma *dma = nullptr;
	struct vfnet_err err = {};
	int rc = 0;
};

#endif
