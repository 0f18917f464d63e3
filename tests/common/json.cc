/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/common/json.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace
{
/* The part of JSON schema that the schemas in docs use; anything else is an error. */
class Validator
{
      public:
	explicit Validator(const cJSON *root) : root_(root)
	{
	}

	std::string Check(const cJSON *schema, const cJSON *value, const std::string &at) const
	{
		const cJSON *rule;

		cJSON_ArrayForEach(rule, schema)
		{
			std::string wrong = Rule(rule, schema, value, at);

			if (!wrong.empty())
				return wrong;
		}
		return "";
	}

      private:
	std::string Rule(const cJSON *rule, const cJSON *schema, const cJSON *value,
			 const std::string &at) const
	{
		std::string name = rule->string;

		if (name == "$ref")
			return Check(Resolve(rule->valuestring), value, at);
		if (name == "type")
			return HasType(rule, value) ? "" : at + ": wrong type";
		if (name == "enum")
			return InEnum(rule, value) ? "" : at + ": not one of the words allowed";
		if (name == "minimum")
			return !cJSON_IsNumber(value) || value->valuedouble >= rule->valuedouble
				   ? ""
				   : at + ": below the minimum";
		if (name == "required")
			return Required(rule, value, at);
		if (name == "properties")
			return Properties(rule, value, at);
		if (name == "additionalProperties")
			return NoMore(schema, value, at);
		if (name == "items")
			return Items(rule, value, at);
		if (name == "$schema" || name == "title" || name == "description" ||
		    name == "$defs")
			return "";
		return at + ": the checker does not know the rule " + name;
	}

	const cJSON *Resolve(const std::string &ref) const
	{
		const std::string prefix = "#/$defs/";

		EXPECT_EQ(ref.compare(0, prefix.size(), prefix), 0) << ref;
		return cJSON_GetObjectItemCaseSensitive(
		    cJSON_GetObjectItemCaseSensitive(root_, "$defs"),
		    ref.substr(prefix.size()).c_str());
	}

	static bool IsType(const std::string &type, const cJSON *value)
	{
		return (type == "object" && cJSON_IsObject(value)) ||
		       (type == "array" && cJSON_IsArray(value)) ||
		       (type == "string" && cJSON_IsString(value)) ||
		       (type == "boolean" && cJSON_IsBool(value)) ||
		       (type == "null" && cJSON_IsNull(value)) ||
		       (type == "number" && cJSON_IsNumber(value)) ||
		       (type == "integer" && cJSON_IsNumber(value) &&
			std::floor(value->valuedouble) == value->valuedouble);
	}

	static bool HasType(const cJSON *rule, const cJSON *value)
	{
		const cJSON *type;

		if (cJSON_IsString(rule))
			return IsType(rule->valuestring, value);
		cJSON_ArrayForEach(type, rule)
		{
			if (IsType(type->valuestring, value))
				return true;
		}
		return false;
	}

	static bool InEnum(const cJSON *rule, const cJSON *value)
	{
		const cJSON *word;

		cJSON_ArrayForEach(word, rule)
		{
			if (cJSON_Compare(word, value, true))
				return true;
		}
		return false;
	}

	static std::string Required(const cJSON *rule, const cJSON *value, const std::string &at)
	{
		const cJSON *key;

		cJSON_ArrayForEach(key, rule)
		{
			if (!cJSON_GetObjectItemCaseSensitive(value, key->valuestring))
				return at + ": " + key->valuestring + " is missing";
		}
		return "";
	}

	std::string Properties(const cJSON *rule, const cJSON *value, const std::string &at) const
	{
		const cJSON *key;

		cJSON_ArrayForEach(key, rule)
		{
			const cJSON *item = cJSON_GetObjectItemCaseSensitive(value, key->string);
			std::string wrong;

			if (item)
				wrong = Check(key, item, at + "." + key->string);
			if (!wrong.empty())
				return wrong;
		}
		return "";
	}

	static std::string NoMore(const cJSON *schema, const cJSON *value, const std::string &at)
	{
		const cJSON *known = cJSON_GetObjectItemCaseSensitive(schema, "properties");
		const cJSON *item;

		cJSON_ArrayForEach(item, value)
		{
			if (!cJSON_GetObjectItemCaseSensitive(known, item->string))
				return at + ": " + item->string + " is not in the schema";
		}
		return "";
	}

	std::string Items(const cJSON *rule, const cJSON *value, const std::string &at) const
	{
		const cJSON *item;

		cJSON_ArrayForEach(item, value)
		{
			std::string wrong = Check(rule, item, at + "[]");

			if (!wrong.empty())
				return wrong;
		}
		return "";
	}

	const cJSON *root_;
};
} // namespace

Json ParseJson(const std::string &text)
{
	const char *end = nullptr;
	cJSON *root = cJSON_ParseWithLengthOpts(text.c_str(), text.size(), &end, 0);

	if (root &&
	    strspn(end, " \n\t\r") != text.size() - static_cast<size_t>(end - text.c_str())) {
		cJSON_Delete(root);
		root = nullptr;
	}
	return Json(root, cJSON_Delete);
}

std::string SchemaError(const cJSON *schema, const cJSON *value, const cJSON *root)
{
	return Validator(root ? root : schema).Check(schema, value, "run");
}

Json ReadJson(const std::string &path)
{
	std::ifstream file(path);
	std::stringstream text;

	text << file.rdbuf();
	return ParseJson(text.str());
}
