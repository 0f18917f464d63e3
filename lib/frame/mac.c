/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/mac.h"

#include <errno.h>

/* 0..15, or -1; not isxdigit(), which asks the locale */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int vfnet_mac_parse(const char *text, uint8_t *mac)
{
	uint8_t byte[VFNET_MAC_BYTES];

	for (unsigned int i = 0; i < VFNET_MAC_BYTES; i++, text += 3) {
		const char end = i < VFNET_MAC_BYTES - 1 ? ':' : '\0';
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != end)
			return -EINVAL;
		byte[i] = (uint8_t)(high << 4 | low);
	}
	vfnet_mac_copy(mac, byte);
	return 0;
}

void vfnet_mac_format(const uint8_t *mac, char *text)
{
	static const char digit[] = "0123456789abcdef";

	for (unsigned int i = 0; i < VFNET_MAC_BYTES; i++) {
		*text++ = digit[mac[i] >> 4];
		*text++ = digit[mac[i] & 15];
		*text++ = i < VFNET_MAC_BYTES - 1 ? ':' : '\0';
	}
}

void vfnet_mac_random(uint64_t random, uint8_t *mac)
{
	for (unsigned int i = 0; i < VFNET_MAC_BYTES; i++)
		mac[i] = (uint8_t)(random >> (8 * i));
	mac[0] = (uint8_t)((mac[0] & ~1u) | 2u); /* not a group; locally administered */
}
