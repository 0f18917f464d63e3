/* SPDX-License-Identifier: BSD-2-Clause */
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/vfnet_dev/patient.h"

extern "C" {
#include "apps/common/hint.h"
}

static std::string link_hint(Patient &patient, const char *device)
{
	char *text = nullptr;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	bool said = app_hint_link(patient.machine(), device, out);

	fclose(out);
	std::string hint = text;
	free(text);
	EXPECT_EQ(said, !hint.empty());
	return hint;
}

TEST(Hint, AnIdlePortWhosePhysicalFunctionIsDownSaysHowToBringItUp)
{
	Patient patient;

	EXPECT_EQ(link_hint(patient, "pci:0000:01:10.0"), "");
	patient.write("sys/class/net/eth0/flags", "0x1002\n");
	EXPECT_EQ(link_hint(patient, "pci:0000:01:10.0"),
		  "hint: no frame for 3 s: pci:0000:01:10.0: eth0, its physical function, is down; "
		  "as root: ip link set dev eth0 up\n");
	EXPECT_NE(link_hint(patient, "pci:01:10.0,dev=5,dma=4"), "");
	EXPECT_EQ(link_hint(patient, "sim:0.0"), "");
	EXPECT_EQ(link_hint(patient, "pci:0000:09:10.0"), "");
}

TEST(Hint, WhatCannotBeOpenedIsTheDoctors)
{
	char *text = nullptr;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	app_hint_open("sim:0.0", out);
	app_hint_open("pci:0000:01:10.0,dev=5,dma=4", out);
	fclose(out);
	EXPECT_STREQ(text, "hint: vfnet-dev doctor 0000:01:10.0 looks for all that is missing\n");
	free(text);
}
