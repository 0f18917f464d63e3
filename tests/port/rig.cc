/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/rig.h"

#include <algorithm>
#include <cstring>
#include <ctime>

namespace
{

constexpr uint64_t kPatienceNs = UINT64_C(20000000000); /* a healthy card needs a thousandth */
constexpr uint64_t kRegionBytes = 32 << 20;

} // namespace

void PortTest::SetUp()
{
	ASSERT_EQ("", env_.error);
}

void PortTest::NeedLinux()
{
	std::string why = env_.sim ? Linux::EnterNamespace() : "";
	if (!env_.sim && env_.netdev.empty())
		why = "VFNET_TEST_NETDEV names no interface on the other side: it is the physical "
		      "function's, with an IP address";
	if (!why.empty())
		GTEST_SKIP() << why;
	need_linux_ = true;
}

void PortTest::OpenSim()
{
	auto opts = SizedOpts<vfnet_sim_opts>();
	opts.mode = sim_mode_;
	ASSERT_EQ(0, vfnet_sim_open(&opts, &sim_, &err_)) << err_.text;
	std::string card = env_.fixed_macs ? "mac=0:02:00:00:00:01:00,mac=1:02:00:00:00:01:01" : "";
	if (!env_.quirks.empty())
		card += (card.empty() ? "quirks=" : ",quirks=") + env_.quirks;
	ASSERT_EQ(0, vfnet_sim_card(sim_, 0, card.c_str(), &err_)) << err_.text;
	ASSERT_EQ(0, vfnet_sim_card(sim_, 0, sim_card_.c_str(), &err_)) << err_.text;
	if (need_linux_) {
		env_.netdev = "vfnet-test";
		const std::string wire = "tap:" + env_.netdev;
		ASSERT_EQ(0, vfnet_sim_wire(sim_, 0, wire.c_str(), &err_)) << err_.text;
		ASSERT_EQ("", Linux::Configure(env_.netdev));
	}
	vfnet_sim_start(sim_);
}

void PortTest::OpenContext()
{
	if (env_.sim) {
		ASSERT_NO_FATAL_FAILURE(OpenSim());
	}
	auto opts = SizedOpts<vfnet_opts>();
	opts.region_bytes = kRegionBytes;
	opts.page_bytes = env_.sim ? 4096 : 0;
	ASSERT_EQ(0, vfnet_open(&opts, &v_, &err_)) << err_.text;
	if (env_.sim) {
		ASSERT_EQ(0, vfnet_add_bus(v_, "sim", vfnet_sim_bus(sim_), &err_)) << err_.text;
	}
	auto pool_opts = SizedOpts<vfnet_pool_opts>();
	pool_opts.n_bufs = n_bufs_;
	ASSERT_EQ(0, vfnet_pool_open(Region(), &pool_opts, &pool_, &err_)) << err_.text;
	ASSERT_EQ(0, vfnet_cache_open(pool_, 0, &cache_, &err_)) << err_.text;
	if (need_linux_) {
		linux_ = std::make_unique<Linux>();
		ASSERT_EQ("", linux_->Find(env_.netdev));
	}
}

void PortTest::OpenPort(size_t i, bool queues, const Mac *mac)
{
	auto opts = SizedOpts<vfnet_port_opts>();
	opts.mtu = mtu_;
	if (mac)
		std::copy(mac->begin(), mac->end(), opts.mac);
	ports_[i] = Port();
	ASSERT_EQ(0, vfnet_port_open(v_, env_.names[i].c_str(), &opts, &ports_[i].port, &err_))
	    << err_.text;
	if (queues) {
		ASSERT_NO_FATAL_FAILURE(OpenQueues(i));
	}
}

void PortTest::OpenQueues(size_t i)
{
	Port &port = ports_[i];
	auto opts = SizedOpts<vfnet_queue_opts>();
	opts.n_desc = n_desc_;
	opts.cache = cache_;
	ASSERT_EQ(0, vfnet_rxq_open(port.port, &opts, &port.rxq, &err_)) << err_.text;
	ASSERT_EQ(0, vfnet_txq_open(port.port, &opts, &port.txq, &err_)) << err_.text;
}

void PortTest::Open()
{
	ASSERT_NO_FATAL_FAILURE(OpenContext());
	for (size_t i : {0, 1})
		ASSERT_NO_FATAL_FAILURE(OpenPort(i));
	ASSERT_TRUE(LinksUp());
	if (linux_)
		for (size_t i : {0, 1})
			Announce(i);
}

/* Again and again, because Linux may have learnt the address of the port's last life just now. */
void PortTest::Announce(size_t i)
{
	uint64_t next = 0;
	ASSERT_TRUE(Soon([&] {
		if (Now() < next)
			return false;
		if (next && !linux_->Mistakes(i, MacOf(i)))
			return true;
		Send(i, linux_->Announce(i, MacOf(i)));
		next = Now() + 20000000;
		return false;
	})) << "Linux takes port "
	    << i << " for another";
}

bool PortTest::LinksUp()
{
	const bool up = Soon([this] {
		vfnet_link link[2];
		for (size_t i : {0, 1})
			vfnet_port_get_link(ports_[i].port, &link[i]);
		return link[0].up && link[1].up;
	});
	EXPECT_TRUE(up) << "no link: is the physical function's interface up, and its cable in?";
	return up;
}

int PortTest::TryOpen(size_t i, const Mac &mac)
{
	auto opts = SizedOpts<vfnet_port_opts>();
	std::copy(mac.begin(), mac.end(), opts.mac);
	vfnet_port *port = nullptr;
	const int rc = vfnet_port_open(v_, env_.names[i].c_str(), &opts, &port, &err_);
	EXPECT_EQ(0, vfnet_port_close(port));
	return rc;
}

void PortTest::ClosePort(size_t i)
{
	vfnet_rxq_close(ports_[i].rxq);
	vfnet_txq_close(ports_[i].txq);
	EXPECT_EQ(0, vfnet_port_close(ports_[i].port));
	ports_[i] = Port();
}

void PortTest::Close()
{
	for (size_t i : {0, 1})
		ClosePort(i);
	EXPECT_EQ(0, vfnet_cache_close(cache_));
	cache_ = nullptr;
	if (pool_) {
		EXPECT_EQ(pool_->n_bufs, vfnet_pool_n_free(pool_)) << "the pool is whole";
		EXPECT_EQ(0, vfnet_pool_close(pool_, &err_)) << err_.text;
	}
	pool_ = nullptr;
	EXPECT_EQ(0, vfnet_close(v_));
	v_ = nullptr;
	if (sim_) {
		EXPECT_EQ(0u, vfnet_sim_mistakes(sim_, 0)) << "the driver's";
		EXPECT_EQ(0, vfnet_sim_close(sim_));
	}
	sim_ = nullptr;
}

bool PortTest::Deviates(int row) const
{
	if (!env_.Deviates(row))
		return false;
	RecordProperty("row", row);
	return true;
}

Mac PortTest::MacOf(size_t i) const
{
	vfnet_port_info info;
	Mac mac;
	vfnet_port_get_info(ports_[i].port, &info);
	std::copy_n(info.mac, mac.size(), mac.begin());
	return mac;
}

vfnet_counters PortTest::Counters(size_t i)
{
	vfnet_counters counters;
	if (ports_[i].txq)
		vfnet_txq_reclaim(ports_[i].txq);
	vfnet_port_service(ports_[i].port, Now());
	vfnet_port_get_counters(ports_[i].port, &counters);
	return counters;
}

uint64_t PortTest::Now()
{
	timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

void PortTest::Serve()
{
	for (auto &port : ports_)
		if (port.port)
			vfnet_port_service(port.port, Now());
}

bool PortTest::Soon(const std::function<bool()> &done)
{
	const uint64_t end = Now() + kPatienceNs;
	do {
		Serve();
		if (done())
			return true;
	} while (Now() < end && !HasFatalFailure());
	return false;
}

std::vector<vfnet_pkt> PortTest::Values(const Bytes &frame, const Work &work)
{
	const size_t n = (frame.size() + work.piece - 1) / work.piece;
	std::vector<vfnet_pkt> pkt(n);
	EXPECT_EQ(n, vfnet_pkt_alloc(cache_, pkt.data(), static_cast<unsigned int>(n)));
	for (size_t i = 0, at = 0; i < n; i++, at += work.piece) {
		pkt[i].len = static_cast<uint16_t>(std::min(work.piece, frame.size() - at));
		pkt[i].flags |= i + 1 < n ? VFNET_PKT_MORE : 0;
		memcpy(vfnet_pkt_data(Region(), &pkt[i]), &frame[at], pkt[i].len);
	}
	pkt[0].flags = static_cast<uint16_t>(pkt[0].flags | work.flags);
	pkt[0].vlan = work.vlan;
	pkt[0].txo = work.txo;
	return pkt;
}

void PortTest::Send(size_t i, const Bytes &frame, const Work &work)
{
	auto pkt = Values(frame, work);
	const auto n = static_cast<unsigned int>(pkt.size());
	int sent = 0;
	ASSERT_TRUE(Soon([&] {
		return (sent = vfnet_tx_burst(ports_[i].txq, pkt.data(), n)) != 0;
	})) << "no room in the transmit ring";
	ASSERT_EQ(static_cast<int>(n), sent);
}

Frame PortTest::Join(const vfnet_pkt *pkt, unsigned int n)
{
	Frame frame = {{}, pkt->flags, pkt->vlan, n};
	for (unsigned int k = 0; k < n; k++) {
		const uint8_t *data = vfnet_pkt_data(Region(), &pkt[k]);
		frame.bytes.insert(frame.bytes.end(), data, data + pkt[k].len);
	}
	return frame;
}

std::vector<Frame> PortTest::Poll(size_t i, unsigned int most)
{
	Port &port = ports_[i];
	std::vector<Frame> frames;
	vfnet_pkt pkt[VFNET_BURST_MAX];
	const int n = vfnet_rx_burst(port.rxq, pkt, most);
	EXPECT_LE(0, n);
	for (int first = 0, k = 0; k < n; k++) {
		if (pkt[k].flags & VFNET_PKT_MORE)
			continue;
		frames.push_back(Join(&pkt[first], static_cast<unsigned int>(k + 1 - first)));
		port.rx_frames++;
		port.rx_bytes += frames.back().bytes.size();
		first = k + 1;
	}
	if (n > 0)
		vfnet_pkt_free(cache_, pkt, static_cast<unsigned int>(n));
	for (const Frame &frame : frames) {
		Bytes answer;
		if (linux_ && linux_->AnswerArp(frame.bytes, i, MacOf(i), &answer))
			Send(i, answer);
	}
	return frames;
}

std::vector<Frame> PortTest::Heard(size_t i)
{
	std::vector<Frame> heard;
	const Bytes last = Make(1 - i, MacOf(i));
	bool arrived = false;
	Send(1 - i, last);
	EXPECT_TRUE(Soon([&] {
		for (Frame &frame : Poll(i)) {
			uint32_t number;
			arrived = arrived || frame.bytes == last;
			if (frame.bytes != last && numbered::Parse(frame.bytes, &number))
				heard.push_back(std::move(frame));
		}
		return arrived;
	})) << "a frame from port "
	    << 1 - i << " to port " << i << " does not arrive";
	return heard;
}

size_t PortTest::HeardOf(size_t from, const Bytes &frame)
{
	uint32_t number = 0, other = 0;
	size_t n = 0;
	EXPECT_TRUE(numbered::Parse(frame, &number));
	Send(from, frame);
	for (const Frame &heard : Heard(1 - from)) {
		EXPECT_TRUE(numbered::Intact(heard.bytes));
		if (numbered::Parse(heard.bytes, &other) && other == number)
			n++;
	}
	return n;
}
