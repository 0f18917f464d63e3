/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_ERR_H
#define VFNET_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every call of vfnet returns 0 or a count, or a negative errno. A call that fails leaves its
 * out-parameters untouched. These codes always mean the same thing:
 *
 *   -EINVAL     an argument is outside its documented range
 *   -ENODEV     the device is gone (unplugged, or the kernel wanted it back), or does not exist
 *   -ENETDOWN   the physical function is in reset or down
 *   -ENOBUFS    a pool is empty or too small
 *   -ENOMEM     out of memory, hugepages, or RLIMIT_MEMLOCK
 *   -EPERM      not permitted to open a device file
 *   -EBUSY      in use by another port, queue, process or driver
 *   -ETIMEDOUT  the hardware did not answer in its time limit
 *   -EPROTO     the physical function refused a request
 *   -ENOTSUP    not offered by this device, driver or kernel
 */

/** VFNET_ERR_TEXT_BYTES - size of the sentence in struct vfnet_err, with its final NUL. */
#define VFNET_ERR_TEXT_BYTES 508

/**
 * struct vfnet_err - why a call failed, in one sentence that a person can act on
 * @code: the negative errno that the call returned
 * @text: what failed, on which file or PCI address, the value seen, and what to do; one line,
 *        NUL-terminated, cut if longer
 *
 * The caller owns it. A call that succeeds does not write it.
 */
struct vfnet_err {
	int code;
	char text[VFNET_ERR_TEXT_BYTES];
};

#ifdef __cplusplus
}
#endif

#endif
