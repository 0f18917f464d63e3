/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_SPEC_H
#define SIM_SPEC_H

/* Specifications of cards and wires: "key,key=value,...". */

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/err.h>

/**
 * struct sim_spec_key - one key that a specification may have
 * @name:  the key
 * @usage: as shown to people: "size=64..9728"
 * @again: may be given more than once
 * @set:   take the value, NULL if the key stands alone; Return: 0 or vfnet_err_set(err, ...)
 */
struct sim_spec_key {
	const char *name;
	const char *usage;
	bool again;
	int (*set)(void *user, const char *value, struct vfnet_err *err);
};

/**
 * sim_spec_parse() - read a specification
 * @what: whose, for error messages: "gen" or "card 3"
 * @text: NULL and "" have no keys
 * @keys: the legal ones, ended by a row without name
 * @user: for set()
 * @err:  may be NULL
 *
 * Return: 0; -EINVAL unknown, empty or double key; -ENOMEM; what set() said.
 */
int sim_spec_parse(const char *what, const char *text, const struct sim_spec_key *keys, void *user,
		   struct vfnet_err *err);

/** sim_spec_number() - a decimal number of [@min, @max]. Return: 0; -EINVAL with a sentence. */
int sim_spec_number(const char *key, const char *value, uint64_t min, uint64_t max, uint64_t *out,
		    struct vfnet_err *err);

/** sim_spec_ppm() - parts of a million: "1500", or with a per cent sign: "0.15%". As above. */
int sim_spec_ppm(const char *key, const char *value, uint64_t *out, struct vfnet_err *err);

/** sim_spec_mac() - any Ethernet address. Return: 0; -EINVAL with a sentence. */
int sim_spec_mac(const char *key, const char *value, uint8_t *mac, struct vfnet_err *err);

#endif
