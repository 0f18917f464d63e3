/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_FWD_JSON_H
#define VFNET_TESTS_FWD_JSON_H

#include <cstdint>
#include <map>
#include <string>

#include "tests/common/json.h"
#include "tests/sim/fwd_process.h"

using Counts = std::map<std::string, uint64_t>;

/* the first sum that is wrong, the pool included; empty if all balance */
std::string LedgerError(const cJSON *run);

uint64_t Count(const cJSON *object, const std::string &key);

/* those of an object's counts that are not 0 */
Counts NonZero(const cJSON *object, const std::string &key);

/*
 * Run vfnet-fwd with --json - and expect exit 0, nothing but JSON on standard output, the schema
 * kept, the ledger balanced and the pool full again.
 */
Json RunJson(Args args);

#endif
