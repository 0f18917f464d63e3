/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_JSON_H
#define VFNET_TESTS_JSON_H

/*
 * What programs write with --json, and whether it fits its schema.
 */

#include <memory>
#include <string>

#include <cjson/cJSON.h>

using Json = std::shared_ptr<cJSON>;

/* NULL if it is not JSON from the first byte to the last */
Json ParseJson(const std::string &text);

/* the same of a file */
Json ReadJson(const std::string &path);

/*
 * The first place where @value does not fit @schema and why; empty if it fits. References are
 * looked up in @root, of which @schema is a part, or in @schema itself.
 */
std::string SchemaError(const cJSON *schema, const cJSON *value, const cJSON *root = nullptr);

#endif
