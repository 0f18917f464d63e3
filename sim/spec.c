/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/frame/mac.h"

static int unknown(const char *what, const char *key, const struct sim_spec_key *keys,
		   struct vfnet_err *err)
{
	char known[384] = "";
	size_t used = 0;

	for (; keys->name && used < sizeof(known); keys++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 used ? ", " : "", keys->usage);
	return vfnet_err_set(err, -EINVAL, "%s: unknown option \"%s\"; known are: %s", what, key,
			     known);
}

static int set_one(const char *what, char *item, const struct sim_spec_key *keys, void *user,
		   uint32_t *seen, struct vfnet_err *err)
{
	char *value = strchr(item, '=');
	unsigned int i = 0;

	if (value)
		*value++ = '\0';
	while (keys[i].name && strcmp(keys[i].name, item) != 0)
		i++;
	if (!keys[i].name)
		return unknown(what, item, keys, err);
	if (!value != !strchr(keys[i].usage, '='))
		return vfnet_err_set(err, -EINVAL, "%s: write it as \"%s\", %s a value", what,
				     keys[i].usage, value ? "without" : "with");
	if ((*seen & 1u << i) && !keys[i].again)
		return vfnet_err_set(err, -EINVAL, "%s: \"%s\" is given twice", what, item);
	*seen |= 1u << i;
	return keys[i].set(user, value, err);
}

int sim_spec_parse(const char *what, const char *text, const struct sim_spec_key *keys, void *user,
		   struct vfnet_err *err)
{
	uint32_t seen = 0;
	char *copy;
	char *rest;
	int ret = 0;

	if (!text || !*text)
		return 0;
	copy = strdup(text);
	if (!copy)
		return vfnet_err_set(err, -ENOMEM, "%s: no memory", what);
	rest = copy;
	while (rest && !ret)
		ret = set_one(what, strsep(&rest, ","), keys, user, &seen, err);
	free(copy);
	return ret;
}

int sim_spec_number(const char *key, const char *value, uint64_t min, uint64_t max, uint64_t *out,
		    struct vfnet_err *err)
{
	char *end;
	uint64_t val;

	errno = 0;
	val = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || val < min || val > max)
		return vfnet_err_set(err, -EINVAL,
				     "%s=%s: give a whole number from %" PRIu64 " to %" PRIu64, key,
				     value, min, max);
	*out = val;
	return 0;
}

/* Digits, at most four of them after a point, as parts of a million; more than that if it is none.
 */
static uint64_t parse_percent(const char *value)
{
	uint64_t ppm = 0;
	unsigned int n = 0;
	int after = -1;

	for (; (*value >= '0' && *value <= '9') || (*value == '.' && after < 0 && n);
	     value++, n++) {
		if (*value != '.')
			ppm = ppm * 10 + (uint64_t)(*value - '0');
		if (*value == '.' || after >= 0)
			after++;
		if (n > 8 || after > 4)
			return UINT64_MAX;
	}
	if (!n || strcmp(value, "%") != 0)
		return UINT64_MAX;
	for (after = after < 0 ? 0 : after; after < 4; after++)
		ppm *= 10;
	return ppm;
}

int sim_spec_ppm(const char *key, const char *value, uint64_t *out, struct vfnet_err *err)
{
	uint64_t ppm;

	if (!strchr(value, '%'))
		return sim_spec_number(key, value, 0, 1000000, out, err);
	ppm = parse_percent(value);
	if (ppm > 1000000)
		return vfnet_err_set(err, -EINVAL,
				     "%s=%s: give 0%% to 100%%, with four digits after the point "
				     "at most, or parts of a million without a sign",
				     key, value);
	*out = ppm;
	return 0;
}

int sim_spec_mac(const char *key, const char *value, uint8_t *mac, struct vfnet_err *err)
{
	uint8_t parsed[VFNET_MAC_BYTES];

	if (vfnet_mac_parse(value, parsed))
		return vfnet_err_set(
		    err, -EINVAL, "%s=%s: give an address such as 02:00:00:00:00:01", key, value);
	vfnet_mac_copy(mac, parsed);
	return 0;
}
