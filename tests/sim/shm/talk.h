/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_SHM_TALK_H
#define TESTS_SIM_SHM_TALK_H

/*
 * One side of a conversation over a hub: it sends numbered frames to the other as fast as the
 * card takes them, and holds what comes against what must come. A frame says which life of its
 * sender it is from, its number there, and how many frames that life has received.
 */

#include <algorithm>
#include <deque>
#include <memory>

#include "tests/sim/card/guest.h"

namespace guest
{

struct Talk {
	Talk(unsigned int side, const std::string &wire)
	    : mac{2, 0, 0, 0, 0, static_cast<uint8_t>(side)}, peer{
								  2, 0,
								  0, 0,
								  0, static_cast<uint8_t>(1 - side)}
	{
		m.Wire(0, wire);
		f = std::make_unique<Function>(m, "0.0");
		f->Up(mac, 512);
		vfnet_sim_start(m.sim);
	}
	/* of different lengths, so that they meet the end of a ring in all ways */
	static size_t Length(uint64_t number)
	{
		return number % 16 ? 60 : 60 + number % 1455;
	}
	void Fill(Bytes &frame, uint64_t number)
	{
		frame.resize(Length(number));
		std::copy(peer.begin(), peer.end(), frame.begin());
		std::copy(mac.begin(), mac.end(), frame.begin() + 6);
		frame[12] = 0x88;
		frame[13] = 0xb5;
		std::memcpy(&frame[16], &life, 8);
		std::memcpy(&frame[24], &number, 8);
		std::memcpy(&frame[32], &received, 8);
		std::fill(frame.begin() + 40, frame.end(), static_cast<uint8_t>(number));
	}
	/* Return: false = it is not the one that had to come */
	bool Check(const Bytes &frame)
	{
		uint64_t from;
		uint64_t number;

		if (frame.size() < 60)
			return false;
		std::memcpy(&from, &frame[16], 8);
		std::memcpy(&number, &frame[24], 8);
		if (from == told_by)
			std::memcpy(&told, &frame[32], 8);
		if (from == peer_life ? number != expected : !first_may_be_any && number)
			return false;
		peer_life = from;
		expected = number + 1;
		received++;
		return frame.size() == Length(number) &&
		       std::all_of(frame.begin() + 40, frame.end(), [&](uint8_t byte) {
			       return byte == static_cast<uint8_t>(number);
		       });
	}
	/* Return: false = a frame is wrong */
	bool Round()
	{
		while (pending.size() < 256) {
			Fill(scratch, sent++);
			pending.push_back(f->Queue(scratch));
		}
		f->Ring();
		m.Step();
		while (!pending.empty() && f->Sent(pending.front()))
			pending.pop_front();
		for (unsigned int i = 0; i < 64; i++) {
			Received got = f->Receive();

			if (got.data.empty())
				return true;
			if (!Check(got.data))
				return false;
		}
		return true;
	}

	Mac mac;
	Mac peer;
	Machine m;
	std::unique_ptr<Function> f;
	std::deque<uint32_t> pending;
	Bytes scratch;
	uint64_t life = 0;
	uint64_t sent = 0;
	uint64_t received = 0;
	uint64_t peer_life = UINT64_MAX;
	uint64_t expected = 0;
	uint64_t told = 0; /* what life @told_by has received */
	uint64_t told_by = 0;
	bool first_may_be_any = false; /* the other one may have sent before we came */
};

} // namespace guest

#endif
