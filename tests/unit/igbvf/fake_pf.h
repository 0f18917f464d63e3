/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_IGBVF_FAKE_PF_H
#define VFNET_TESTS_UNIT_IGBVF_FAKE_PF_H

#include <array>
#include <deque>
#include <vector>

#include "tests/unit/igbvf/fake_card.h"

/*
 * The other end of the mailbox, as Linux's igb behaves by the fact sheet's section 4. The words
 * and V2PMAILBOX are the fake card's; what a test wants different is a field here.
 */
class FakePf
{
      public:
	using Message = std::array<uint32_t, IGBVF_MBOX_WORDS>;

	FakeCard &card;
	std::vector<Message> requests;
	std::array<uint8_t, 6> admin_mac = {}; /* zeros: the administrator gave none */
	bool ack_reset_without_mac = false;    /* as older igb */
	bool refuse_mac = false;
	bool refuse_lpe = false;
	uint32_t refuse_type = 0;   /* of message; 0 = none */
	uint32_t refuse_vlan = 0;   /* that one */
	bool forgot = false;	    /* a reset since: no CTS */
	unsigned int n_ignored = 0; /* requests that get no reply */
	unsigned int n_pings = 0;   /* control messages before a reply */
	uint32_t ping_word = IGBVF_MSG_PF_CONTROL | IGBVF_MSG_CTS;
	unsigned int pfu_looks = 0; /* looks for which it keeps the buffer */

	explicit FakePf(FakeCard &c) : card(c)
	{
		card.reg(IGBVF_STATUS) = IGBVF_STATUS_LU | IGBVF_STATUS_FD | 2 << 6;
		card.on_read = [this](uint32_t offset, uint32_t val) { return read(offset, val); };
		card.on_write = [this](uint32_t offset, uint32_t val) { write(offset, val); };
	}

	/* A control message; @cts as igb sends it when the link changes, else as before its reset.
	 */
	void ping(bool cts)
	{
		card.reg(IGBVF_VMBMEM) = IGBVF_MSG_PF_CONTROL | (cts ? IGBVF_MSG_CTS : 0);
		mailbox |= IGBVF_V2PMAILBOX_PFSTS;
	}

	/* Bits that the next look at V2PMAILBOX shows. */
	uint32_t mailbox = 0;

      private:
	uint32_t read(uint32_t offset, uint32_t val)
	{
		if (offset != IGBVF_V2PMAILBOX)
			return val;
		uint32_t seen = mailbox;

		mailbox &= ~IGBVF_V2PMAILBOX_R2C;
		if (pfu_looks) {
			pfu_looks--;
			seen = (seen & ~IGBVF_V2PMAILBOX_VFU) | IGBVF_V2PMAILBOX_PFU;
			mailbox &= ~IGBVF_V2PMAILBOX_VFU;
		}
		return seen;
	}

	void write(uint32_t offset, uint32_t val)
	{
		if (offset != IGBVF_V2PMAILBOX)
			return;
		mailbox = (mailbox & ~IGBVF_V2PMAILBOX_VFU) | (val & IGBVF_V2PMAILBOX_VFU);
		if (val & IGBVF_V2PMAILBOX_REQ)
			request();
	}

	void request()
	{
		Message message;

		for (uint32_t i = 0; i < message.size(); i++)
			message[i] = card.reg(IGBVF_AT(VMBMEM, i));
		requests.push_back(message);
		mailbox |= IGBVF_V2PMAILBOX_PFACK;
		if (n_ignored) {
			n_ignored--;
			return;
		}
		if (n_pings) {
			n_pings--;
			ping(true);
			card.reg(IGBVF_VMBMEM) = ping_word;
			pending = message;
			card.on_progress = [this] {
				if (!(mailbox & IGBVF_V2PMAILBOX_PFSTS)) {
					card.on_progress = nullptr;
					reply(pending);
				}
			};
			return;
		}
		reply(message);
	}

	void reply(const Message &message)
	{
		uint32_t type = message[0] & IGBVF_MSG_TYPE;
		uint32_t word = message[0] | (forgot ? 0 : IGBVF_MSG_CTS);
		bool nack = forgot;

		if (type == IGBVF_MSG_RESET) {
			bool known = admin_mac != std::array<uint8_t, 6>{};

			word = IGBVF_MSG_RESET;
			nack = !known && !ack_reset_without_mac;
			card.reg(IGBVF_AT(VMBMEM, 1)) = card.reg(IGBVF_AT(VMBMEM, 2)) = 0;
			memcpy(&card.reg(IGBVF_AT(VMBMEM, 1)), admin_mac.data(), 6);
		}
		nack = nack || (type == IGBVF_MSG_SET_MAC && refuse_mac);
		nack = nack || (type == IGBVF_MSG_SET_LPE && refuse_lpe);
		nack = nack || type == refuse_type;
		nack = nack || (type == IGBVF_MSG_SET_VLAN && message[1] == refuse_vlan);
		card.reg(IGBVF_VMBMEM) = word | (nack ? IGBVF_MSG_NACK : IGBVF_MSG_ACK);
		mailbox |= IGBVF_V2PMAILBOX_PFSTS;
	}

	Message pending = {};
};

/* A port that is opened through the driver's table, as lib/net does it. */
class PortTest : public ::testing::Test
{
      protected:
	FakeCard card;
	FakePf pf{card};
	LogLines log_lines;
	vfnet_log log = log_lines.log();
	vfnet_port_opts opts = {};
	vfnet_port *port = nullptr;
	vfnet_err err = {};

	int open()
	{
		opts.size = sizeof(opts);
		if (!opts.mtu)
			opts.mtu = 1500;
		card.steppable();
		int rc = igbvf_driver.open(&card.dev, &log, &opts, &port, &err);

		if (!rc) {
			port->driver = &igbvf_driver;
			port->dev = &card.dev;
			port->log = &log;
		}
		return rc;
	}

	void TearDown() override
	{
		if (port)
			igbvf_driver.close(port);
	}

	uint64_t service(uint64_t now_ns = 0)
	{
		return igbvf_driver.service(port, now_ns);
	}

	void expect_text(const std::string &part)
	{
		EXPECT_NE(std::string(err.text).find(part), std::string::npos) << err.text;
	}

	static std::array<uint8_t, 6> mac_of(const FakePf::Message &message)
	{
		std::array<uint8_t, 6> mac;

		memcpy(mac.data(), &message[1], mac.size());
		return mac;
	}

	std::array<uint8_t, 6> port_mac() const
	{
		std::array<uint8_t, 6> mac;

		memcpy(mac.data(), port->mac, mac.size());
		return mac;
	}
};

#endif
