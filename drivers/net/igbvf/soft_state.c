/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the physical function is to know about this one. It forgets all of it at each reset, of the
 * function's or its own [L], so it is told again each time, message by message: section 3 of the
 * sheet. Something new is a field of struct igbvf_soft and a case in igbvf_soft_message().
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"

unsigned int igbvf_soft_message(const struct igbvf_soft *soft, unsigned int k, uint32_t *word)
{
	/* igb refuses another address than its administrator set, so the same one is not asked for
	 */
	if (soft->mac_given)
		k++;
	switch (k) {
	case 0:
		word[0] = IGBVF_MSG_SET_MAC;
		word[2] = 0;
		memcpy(&word[1], soft->mac, sizeof(soft->mac));
		return 3;
	case 1:
		/* also for ordinary frames, as others do [L] [D]: the reply carries CTS, which says
		 * that the physical function knows us */
		word[0] = IGBVF_MSG_SET_LPE;
		word[1] = soft->max_frame;
		return 2;
	default:
		return 0;
	}
}

int igbvf_soft_refused(const struct igbvf_soft *soft, const char *name, uint32_t type,
		       struct vfnet_err *err)
{
	char text[VFNET_MAC_TEXT_BYTES];

	if (type == IGBVF_MSG_SET_LPE)
		return vfnet_err_set(err, -EPROTO,
				     "%s: the physical function refuses frames of %u bytes; "
				     "open the port with a smaller mtu",
				     name, soft->max_frame);
	vfnet_mac_format(soft->mac, text);
	return vfnet_err_set(
	    err, -EPROTO,
	    "%s: the physical function refuses the address %s; its administrator "
	    "has given this function another one ('ip link show dev PF' names it): "
	    "open the port without an address, or have the function trusted",
	    name, text);
}
