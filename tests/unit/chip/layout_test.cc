/* SPDX-License-Identifier: BSD-2-Clause */
#include <gtest/gtest.h>

#include <cstring>

#include "lib/chip/82576_desc.h"
#include "lib/chip/82576_mbox.h"

/* The layouts against values written out by hand from the fact sheet, section 5. */
namespace
{

TEST(RxDescriptor, WriteBackFieldsLieWhereTheCardWritesThem)
{
	const uint32_t word[4] = {0x00000315, 0xdeadbeef, 0x60000063, 0x0abc05ea};
	igbvf_rx_desc desc;

	memcpy(&desc, word, sizeof(desc));
	EXPECT_EQ(desc.wb.types & IGBVF_RXD_RSS_TYPE, 5u);
	EXPECT_EQ(desc.wb.types & ~IGBVF_RXD_RSS_TYPE,
		  IGBVF_RXD_IP4 | IGBVF_RXD_TCP | IGBVF_RXD_UDP);
	EXPECT_EQ(desc.wb.hash, 0xdeadbeefu);
	EXPECT_EQ(desc.wb.status, IGBVF_RXD_DD | IGBVF_RXD_EOP | IGBVF_RXD_L4I | IGBVF_RXD_IPCS |
				      IGBVF_RXD_L4E | IGBVF_RXD_IPE);
	EXPECT_EQ(desc.wb.len, 1514u);
	EXPECT_EQ(desc.wb.vlan, 0xabcu);
}

TEST(RxDescriptor, TheHeaderAddressSharesItsLowBitWithDd)
{
	igbvf_rx_desc desc = {};

	desc.read.hdr_addr = 1;
	EXPECT_EQ(desc.wb.status, IGBVF_RXD_DD);
}

TEST(TxDescriptor, DataFieldsLieWhereTheCardReadsThem)
{
	igbvf_tx_desc desc = {};
	uint32_t word[4];

	desc.data.addr = 0x0123456789abcdef;
	desc.data.cmd = 0x2b30003c;
	desc.data.paylen = 60u << 14;
	memcpy(word, &desc, sizeof(word));
	EXPECT_EQ(word[0], 0x89abcdefu);
	EXPECT_EQ(word[1], 0x01234567u);
	EXPECT_EQ(word[2], IGBVF_TXD_DEXT | IGBVF_TXD_RS | IGBVF_TXD_EOP | IGBVF_TXD_IFCS |
			       IGBVF_TXD_DTYP_DATA << 20 | 60);
	EXPECT_EQ(word[3] & IGBVF_TXD_PAYLEN, 60u << 14);
}

TEST(MailboxWord, FieldsDoNotOverlap)
{
	EXPECT_EQ(IGBVF_MSG_ACK & IGBVF_MSG_NACK & IGBVF_MSG_CTS, 0u);
	EXPECT_EQ(IGBVF_MSG_ACK | IGBVF_MSG_NACK | IGBVF_MSG_CTS | IGBVF_MSG_INFO | IGBVF_MSG_TYPE,
		  0xe0ffffffu);
}

} // namespace
