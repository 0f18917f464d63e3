/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/wire/shm_opts.h"

#include <errno.h>
#include <string.h>

#include "lib/base/err.h"
#include "sim/spec.h"

static int set_full(void *user, const char *value, struct vfnet_err *err)
{
	struct sim_shm_opts *opts = user;

	if (!strcmp(value, "wait"))
		opts->full = SIM_SHM_WAIT;
	else if (!strcmp(value, "drop"))
		opts->full = SIM_SHM_DROP;
	else
		return vfnet_err_set(err, -EINVAL, "full=%s: write full=wait or full=drop", value);
	return 0;
}

static int set_loss(void *user, const char *value, struct vfnet_err *err)
{
	return sim_spec_ppm("loss", value, &((struct sim_shm_opts *)user)->chance.loss, err);
}

static int set_dup(void *user, const char *value, struct vfnet_err *err)
{
	return sim_spec_ppm("dup", value, &((struct sim_shm_opts *)user)->chance.dup, err);
}

static int set_reorder(void *user, const char *value, struct vfnet_err *err)
{
	return sim_spec_ppm("reorder", value, &((struct sim_shm_opts *)user)->chance.reorder, err);
}

static int set_seed(void *user, const char *value, struct vfnet_err *err)
{
	struct sim_shm_opts *opts = user;

	return sim_spec_number("seed", value, 0, UINT64_MAX, &opts->chance.seed, err);
}

static const struct sim_spec_key shm_keys[] = {
    {"full", "full=wait|drop", false, set_full}, {"loss", "loss=PPM|%", false, set_loss},
    {"dup", "dup=PPM|%", false, set_dup},	 {"reorder", "reorder=PPM|%", false, set_reorder},
    {"seed", "seed=N", false, set_seed},	 {0},
};

int sim_shm_opts_parse(const char *args, struct sim_shm_opts *opts, struct vfnet_err *err)
{
	size_t len = args ? strcspn(args, ",") : 0;

	if (!len)
		return vfnet_err_set(err, -EINVAL, "shm: name a hub: shm:NAME");
	if (len > SIM_SHM_NAME_CHARS ||
	    strspn(args, "abcdefghijklmnopqrstuvwxyz0123456789_-") < len)
		return vfnet_err_set(err, -EINVAL,
				     "shm: \"%.*s\" is no name for a hub: write 1 to %u of a-z, "
				     "0-9, _ and -",
				     (int)len, args, SIM_SHM_NAME_CHARS);
	memcpy(opts->name, args, len);
	return sim_spec_parse("shm", args[len] ? args + len + 1 : NULL, shm_keys, opts, err);
}
