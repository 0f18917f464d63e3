/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/fwd_json.h"

#include <gtest/gtest.h>

namespace
{
uint64_t Sum(const cJSON *object, const std::string &key)
{
	const cJSON *item;
	uint64_t sum = 0;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, key.c_str()))
	{
		sum += static_cast<uint64_t>(item->valuedouble);
	}
	return sum;
}

std::string Differ(const std::string &what, uint64_t a, uint64_t b)
{
	return a == b ? "" : what + ": " + std::to_string(a) + " != " + std::to_string(b);
}

uint64_t OverPorts(const cJSON *run, const std::string &key,
		   uint64_t (*of)(const cJSON *, const std::string &))
{
	const cJSON *port;
	uint64_t sum = 0;

	cJSON_ArrayForEach(port, cJSON_GetObjectItemCaseSensitive(run, "ports"))
	{
		sum += of(port, key);
	}
	return sum;
}

const cJSON *Schema()
{
	static Json schema = ReadJson(VFNET_FWD_SCHEMA);

	return schema.get();
}
} // namespace

uint64_t Count(const cJSON *object, const std::string &key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key.c_str());

	EXPECT_TRUE(cJSON_IsNumber(item)) << key;
	return item ? static_cast<uint64_t>(item->valuedouble) : 0;
}

Counts NonZero(const cJSON *object, const std::string &key)
{
	const cJSON *item;
	Counts counts;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, key.c_str()))
	{
		if (item->valuedouble != 0)
			counts[item->string] = static_cast<uint64_t>(item->valuedouble);
	}
	return counts;
}

std::string LedgerError(const cJSON *run)
{
	const cJSON *pool = cJSON_GetObjectItemCaseSensitive(run, "pool");
	std::string wrong[] = {
	    Differ("offered", Count(run, "offered"), Count(run, "rx_packets") + Sum(run, "missed")),
	    Differ("received + created", Count(run, "rx_packets") + Count(run, "created"),
		   Count(run, "tx_packets") + Sum(run, "drops")),
	    Differ("ports' rx_packets", OverPorts(run, "rx_packets", Count),
		   Count(run, "rx_packets")),
	    Differ("ports' tx_packets", OverPorts(run, "tx_packets", Count),
		   Count(run, "tx_packets")),
	    Differ("ports' missed", OverPorts(run, "missed", Sum), Sum(run, "missed")),
	    Differ("ports' drops", OverPorts(run, "drops", Sum), Sum(run, "drops")),
	    Differ("pool", Count(pool, "free_at_start"), Count(pool, "free_at_end")),
	    Differ("pool at the start", Count(pool, "free_at_start"), Count(pool, "size")),
	};

	for (const std::string &text : wrong)
		if (!text.empty())
			return text;
	return "";
}

Json RunJson(Args args)
{
	args.insert(args.begin(), {"--json", "-"});
	Outcome run = RunFwd(args);
	Json json = ParseJson(run.out);

	EXPECT_EQ(run.exit, 0) << run.err;
	if (!json) {
		ADD_FAILURE() << "standard output is not JSON: " << run.out << run.err;
		return ParseJson("{}");
	}
	EXPECT_EQ(SchemaError(Schema(), json.get()), "");
	EXPECT_EQ(LedgerError(json.get()), "") << run.out;
	EXPECT_NE(run.err.find("ledger: balanced"), std::string::npos) << run.err;
	return json;
}
