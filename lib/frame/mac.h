/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FRAME_MAC_H
#define VFNET_FRAME_MAC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** VFNET_MAC_BYTES - an Ethernet address, first byte on the wire first. */
#define VFNET_MAC_BYTES 6
/** VFNET_MAC_TEXT_BYTES - room for "aa:bb:cc:dd:ee:ff" and its NUL. */
#define VFNET_MAC_TEXT_BYTES 18

/* The addresses of a frame need not be aligned; both compile to a 4-byte and a 2-byte access. */
static inline void vfnet_mac_copy(void *dst, const void *src)
{
	memcpy(dst, src, VFNET_MAC_BYTES);
}

static inline bool vfnet_mac_equal(const void *a, const void *b)
{
	return memcmp(a, b, VFNET_MAC_BYTES) == 0;
}

/** vfnet_mac_is_multicast() - group bit set; includes broadcast. */
static inline bool vfnet_mac_is_multicast(const uint8_t *mac)
{
	return mac[0] & 1;
}

static inline bool vfnet_mac_is_broadcast(const uint8_t *mac)
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

/** vfnet_mac_is_valid_unicast() - what a port may call its own: not a group, not all zeros. */
static inline bool vfnet_mac_is_valid_unicast(const uint8_t *mac)
{
	return !vfnet_mac_is_multicast(mac) &&
	       (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) != 0;
}

/**
 * vfnet_mac_parse() - read "aa:bb:cc:dd:ee:ff"
 * @text: six pairs of hexadecimal digits, either case, with colons between; nothing before or after
 * @mac:  VFNET_MAC_BYTES bytes; untouched on failure
 *
 * Context: any thread.
 * Return: 0; -EINVAL if @text is anything else.
 */
int vfnet_mac_parse(const char *text, uint8_t *mac);

/**
 * vfnet_mac_format() - write an address as text, in lower case
 * @mac:  VFNET_MAC_BYTES bytes
 * @text: VFNET_MAC_TEXT_BYTES bytes
 *
 * Context: any thread.
 */
void vfnet_mac_format(const uint8_t *mac, char *text);

/**
 * vfnet_mac_random() - a locally administered unicast address
 * @random: 64 bits from the caller's generator; the same bits give the same address
 * @mac:    VFNET_MAC_BYTES bytes
 *
 * Context: any thread.
 */
void vfnet_mac_random(uint64_t random, uint8_t *mac);

#ifdef __cplusplus
}
#endif

#endif
