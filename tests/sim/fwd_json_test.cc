/* SPDX-License-Identifier: BSD-2-Clause */
/* The result as JSON: where it goes, what is in it, and that its schema and checker can say no. */
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <vfnet/counters.h>

#include "tests/sim/fwd_json.h"

namespace
{
const Args kShort = {"--mode",		 "swap",   "--card", "1=nospoof", "--wire",
		     "0=gen:count=1000", "--wire", "1=sink", "sim:0.0",	  "sim:1.0"};

std::string Slurp(const std::string &path)
{
	std::stringstream text;

	text << std::ifstream(path).rdbuf();
	return text.str();
}

Json ReadSchema()
{
	return ParseJson(Slurp(VFNET_FWD_SCHEMA));
}

const cJSON *At(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

TEST(FwdJson, OnStandardOutputIsAlone)
{
	Json run = RunJson(kShort);

	EXPECT_EQ(Count(run.get(), "offered"), 1000u);
	EXPECT_EQ(Count(run.get(), "tx_packets"), 1000u);
	EXPECT_TRUE(cJSON_IsTrue(At(run.get(), "offered_known")));
}

TEST(FwdJson, InAFileLeavesStandardOutputToPeople)
{
	TempDir dir;
	Args args = kShort;
	Outcome run;

	args.insert(args.begin(), {"--json", dir.File("run.json")});
	run = RunFwd(args);
	EXPECT_EQ(run.exit, 0) << run.err;
	EXPECT_NE(run.out.find("ledger: balanced"), std::string::npos) << run.out;
	EXPECT_NE(run.out.find("start to first packet"), std::string::npos) << run.out;
	EXPECT_EQ(run.err, "");
	EXPECT_EQ(SchemaError(ReadSchema().get(), ParseJson(Slurp(dir.File("run.json"))).get()),
		  "");
}

TEST(FwdJson, ToAFileThatCannotBeWrittenFails)
{
	Args args = kShort;
	Outcome run;

	args.insert(args.begin(), {"--json", "/nowhere/run.json"});
	run = RunFwd(args);
	EXPECT_EQ(run.exit, 1);
	EXPECT_NE(run.err.find("--json /nowhere/run.json: cannot write"), std::string::npos);
}

TEST(FwdJson, HistogramHoldsEachReceivedFrame)
{
	Json run = RunJson(kShort);
	const cJSON *bursts = At(run.get(), "burst_histogram");
	uint64_t frames = 0;

	ASSERT_EQ(cJSON_GetArraySize(bursts), 33);
	EXPECT_EQ(cJSON_GetArrayItem(bursts, 0)->valuedouble, 0);
	for (int i = 0; i <= 32; i++)
		frames += static_cast<uint64_t>(i * cJSON_GetArrayItem(bursts, i)->valuedouble);
	EXPECT_EQ(frames, Count(run.get(), "rx_packets"));
}

TEST(FwdJson, CyclesOfTheCardAreKnownWhenInlineOnly)
{
	Args with_thread = kShort, with_inline = kShort;
	Json run;

	/* a timed burst in which the machine does something else does not count: have some more */
	for (std::string &arg : with_inline)
		if (arg == "0=gen:count=1000")
			arg = "0=gen:count=20000";
	with_inline.insert(with_inline.begin(), {"--sim", "inline"});
	run = RunJson(with_inline);
	EXPECT_GT(At(At(run.get(), "cycles_per_packet"), "sim")->valuedouble, 0);
	EXPECT_GT(At(At(run.get(), "cycles_per_packet"), "driver")->valuedouble, 0);
	with_thread.insert(with_thread.begin(), {"--sim", "thread"});
	run = RunJson(with_thread);
	EXPECT_TRUE(cJSON_IsNull(At(At(run.get(), "cycles_per_packet"), "sim")));
}

TEST(FwdJson, WithoutAFrameHasNullsAndZeros)
{
	Json run = RunJson({"--duration", "0.05", "sim:0.0"});

	EXPECT_EQ(Count(run.get(), "offered"), 0u);
	EXPECT_EQ(Count(run.get(), "pps"), 0u);
	EXPECT_TRUE(cJSON_IsNull(At(run.get(), "first_packet_ms")));
	EXPECT_TRUE(cJSON_IsNull(At(At(run.get(), "cycles_per_packet"), "driver")));
}

TEST(FwdSchema, HasTheNamesOfTheCounters)
{
	Json schema = ReadSchema();
	const cJSON *missed = At(At(At(schema.get(), "$defs"), "missed"), "required");
	const cJSON *drops = At(At(At(schema.get(), "$defs"), "drops"), "required");

	ASSERT_EQ(cJSON_GetArraySize(missed), static_cast<int>(VFNET_MISSED_COUNT));
	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
		EXPECT_STREQ(cJSON_GetArrayItem(missed, static_cast<int>(i))->valuestring,
			     vfnet_missed_name(i));
	ASSERT_EQ(cJSON_GetArraySize(drops), static_cast<int>(VFNET_DROPS_COUNT));
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		EXPECT_STREQ(cJSON_GetArrayItem(drops, static_cast<int>(i))->valuestring,
			     vfnet_drops_name(i));
}

TEST(FwdSchema, RefusesAMissingAnExtraAndAWrongValue)
{
	Json schema = ReadSchema();
	Json run = RunJson(kShort);

	cJSON_AddNumberToObject(run.get(), "surprise", 1);
	EXPECT_EQ(SchemaError(schema.get(), run.get()), "run: surprise is not in the schema");
	cJSON_DeleteItemFromObject(run.get(), "surprise");
	cJSON_ReplaceItemInObject(run.get(), "mode", cJSON_CreateString("route"));
	EXPECT_EQ(SchemaError(schema.get(), run.get()), "run.mode: not one of the words allowed");
	cJSON_ReplaceItemInObject(run.get(), "mode", cJSON_CreateString("io"));
	cJSON_DeleteItemFromObject(run.get(), "pps");
	EXPECT_EQ(SchemaError(schema.get(), run.get()), "run: pps is missing");
}

TEST(FwdLedgerChecker, RefusesAFrameTooMany)
{
	Json run = RunJson(kShort);

	cJSON_ReplaceItemInObject(run.get(), "offered", cJSON_CreateNumber(1001));
	EXPECT_EQ(LedgerError(run.get()), "offered: 1001 != 1000");
}
} // namespace
