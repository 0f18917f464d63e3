/* SPDX-License-Identifier: BSD-2-Clause */
/* Each call to the kernel fails once on the way from a name to a working function. */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace
{

constexpr uint64_t BYTES = 1 << 21;

/* open, domain, attach, map, reset, bus master, interrupts; the first failure ends it */
class Session
{
      public:
	Session(Machine &machine, const std::string &name) : bus_(machine), name_(name)
	{
	}

	~Session()
	{
		if (dev_)
			dev_->ops->close(dev_); /* also when it is attached */
		if (is_mapped_)
			bus_.bus->ops->dma_unmap(dma_, IOVA, BYTES);
		if (dma_)
			bus_.bus->ops->dma_close(dma_);
	}

	int run()
	{
		static const int fds[] = {10, 11, 12};
		int rc = bus_.open(name_.c_str(), &dev_);

		if (!rc)
			rc = bus_.open_dma(&dma_);
		if (!rc)
			rc = attach();
		if (!rc)
			rc = bus_.map(dma_, IOVA, BYTES);
		is_mapped_ = !rc;
		if (!rc)
			rc = dev_->ops->reset(dev_, &bus_.err);
		if (!rc)
			rc = dev_->ops->bus_master(dev_, true, &bus_.err);
		if (!rc)
			rc = dev_->ops->irq_set(dev_, 3, fds, &bus_.err);
		return rc;
	}

	const struct vfnet_err &err() const
	{
		return bus_.err;
	}

      private:
	/* what a failed attach left behind would spoil one to another domain */
	int attach()
	{
		int rc = dev_->ops->attach(dev_, dma_, &bus_.err);
		struct vfnet_dma *other = nullptr;

		if (rc && !bus_.bus->ops->dma_open(bus_.bus, &other, nullptr)) {
			EXPECT_EQ(0, dev_->ops->attach(dev_, other, nullptr)) << bus_.err.text;
			dev_->ops->detach(dev_);
			bus_.bus->ops->dma_close(other);
		}
		return rc;
	}

	Bus bus_;
	std::string name_;
	struct vfnet_dev *dev_ = nullptr;
	struct vfnet_dma *dma_ = nullptr;
	bool is_mapped_ = false;
};

class PciFaults : public testing::TestWithParam<const char *>
{
};

TEST_P(PciFaults, EachFailureHasASentenceAndLeavesNothing)
{
	/* their failure is an answer: no v2, and no ranges told */
	const std::set<std::string> optional = {"CHECK_EXTENSION", "IOMMU_GET_INFO"};
	Machine machine;
	size_t n_calls;

	if (GetParam() == std::string("iommufd")) {
		machine.add_function(VF0, 17, "vfio-pci");
		machine.offer_cdev(VF0);
		machine.remove("dev/vfio/17");
	} else {
		machine.add_function(VF0, 17, GetParam());
	}
	{
		Session session(machine, VF0);

		ASSERT_EQ(0, session.run()) << session.err().text;
		n_calls = machine.calls.size();
	}
	ASSERT_GT(n_calls, 15u);
	for (unsigned int nth = 0; nth < n_calls; nth++) {
		const size_t from = machine.calls.size();

		machine.eventfds.clear(); /* they ended with the function's descriptor */
		{
			Session session(machine, VF0);
			int rc;

			machine.fail("", ENOSPC, nth);
			rc = session.run();
			ASSERT_LT(from + nth, machine.calls.size());
			if (optional.count(machine.calls[from + nth])) {
				EXPECT_EQ(0, rc) << machine.calls[from + nth];
				continue;
			}
			EXPECT_LT(rc, 0) << machine.calls[from + nth];
			EXPECT_EQ(rc, session.err().code) << machine.calls[from + nth];
			EXPECT_NE('\0', session.err().text[0]) << machine.calls[from + nth];
		}
		EXPECT_EQ(0u, machine.n_open()) << "failed call " << nth;
		EXPECT_EQ(0u, machine.n_mapped()) << "failed call " << nth;
		EXPECT_TRUE(machine.mappings.empty()) << "failed call " << nth;
	}
	Session session(machine, VF0);

	EXPECT_EQ(0, session.run()) << session.err().text;
}

INSTANTIATE_TEST_SUITE_P(EachDriver, PciFaults, testing::Values("vfio-pci", "iommufd", "vfio"));

} // namespace
