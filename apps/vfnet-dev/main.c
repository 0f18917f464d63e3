/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev: the machine's side of vfnet: what functions there are, and who may use them.
 */
#include <stdio.h>
#include <string.h>

#include "apps/vfnet-dev/dev.h"
#include "lib/base/bits.h"

static const struct dev_command commands[] = {
    {
	.name = "status",
	.synopsis = "[--json FILE]",
	.summary = "the machine's 82576 functions: drivers, groups, link, memory",
	.help = "",
	.options = DEV_JSON,
	.run = dev_status,
    },
    {
	.name = "doctor",
	.synopsis = "[ADDRESS...] [--mem SIZE] [--json FILE]",
	.summary = "what is missing for this user to run, and the command that mends it",
	.help =
	    "  --mem SIZE   DMA memory to be had, such as 16M (64M: two ports with rings of 4096)\n"
	    "  --json FILE  the findings as JSON; - = standard output, and nothing else there\n"
	    "\n"
	    "Ask as the user who is to run. What has to be mended first stands first; ask again\n"
	    "after each command. Without ADDRESS: the virtual functions that are bound to\n"
	    "vfio-pci or to vfnet's own module, or else the first function.\n"
	    "Exit: 0 nothing is missing, 1 something is, 2 wrong command line.\n",
	.options = DEV_JSON | DEV_MEM,
	.max_args = DEV_ARGS_MAX,
	.run = dev_doctor,
    },
    {
	.name = "create",
	.synopsis = "N PF [--mac-base MAC] [--up] [--force]",
	.summary = "make virtual functions with fixed addresses; 0 removes them",
	.help = "  PF              a physical function's address, or its interface\n"
		"  --mac-base MAC  address of the first, the next ones count up; by default the\n"
		"                  port's own with 02, 06, 0a ... as first byte\n"
		"  --up            also bring the physical function up: without that no link\n"
		"  --force         remove them even while programs or the machine use them\n",
	.options = DEV_MAC_BASE | DEV_UP | DEV_FORCE,
	.min_args = 2,
	.max_args = 2,
	.run = dev_create,
    },
    {
	.name = "bind",
	.synopsis = "ADDRESS... [--driver vfio-pci|vfio] [--user NAME] [--force]",
	.summary = "give functions to programs",
	.help =
	    "  --driver D   vfio-pci, or vfio, vfnet's own module (that, if it is loaded)\n"
	    "  --user NAME  who may open them: gets their device files, and nobody else\n"
	    "  --force      also what may carry the machine's own traffic or a program uses\n"
	    "\n"
	    "All or nothing: what fails half-way is undone. The drivers of before are noted in\n"
	    "/run/vfnet, for unbind.\n",
	.options = DEV_DRIVER | DEV_USER | DEV_FORCE,
	.min_args = 1,
	.max_args = DEV_ARGS_MAX,
	.run = dev_bind,
    },
    {
	.name = "unbind",
	.synopsis = "ADDRESS... [--force]",
	.summary = "... and back to the drivers that they had",
	.help = "  --force      also while a program has it open: waits until it lets go\n",
	.options = DEV_FORCE,
	.min_args = 1,
	.max_args = DEV_ARGS_MAX,
	.run = dev_unbind,
    },
    {
	.name = "regs",
	.synopsis = "ADDRESS|sim:CARD.VF [--all] [--diff FILE] [--json FILE]",
	.summary = "the registers of a virtual function, and what changed in them",
	.help = "  --all        also registers that change when they are read: the mailbox's\n"
		"               control, interrupt causes, frames without descriptor\n"
		"  --diff FILE  only what changed since --json wrote FILE\n"
		"  --json FILE  as JSON; - = standard output, and nothing else there\n"
		"\n"
		"Changes nothing, also while a program uses the function. Needs root.\n",
	.options = DEV_ALL | DEV_DIFF | DEV_JSON,
	.min_args = 1,
	.max_args = 1,
	.run = dev_regs,
    },
    {
	.name = "report",
	.synopsis = "[FILE] [--tests FOLDER]",
	.summary = "a file for the developers, about this machine and its card",
	.help = "  --tests FOLDER  the results of tests/port/run that are kept there, or one file\n"
		"\n"
		"JSON, to standard output without FILE. What status and regs tell, and each\n"
		"function's configuration space. No serial numbers, and of each MAC only the\n"
		"vendor's half. Most of it needs root.\n",
	.options = DEV_TESTS,
	.max_args = 1,
	.run = dev_report,
    },
};

static void help(void)
{
	puts("vfnet-dev COMMAND [...] - 82576 functions of this machine, and who may use them\n");
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(commands); i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	puts("\n"
	     "  vfnet-dev COMMAND --help\n"
	     "  vfnet-dev --help, --version\n"
	     "\n"
	     "Exit: 0 fine, 1 something failed, 2 wrong command line. See vfnet-dev(1).");
}

static const struct dev_command *find(const char *name)
{
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct dev_options opts = {.machine = &app_this_machine};
	const struct dev_command *command;

	if (argc < 2) {
		app_error("no command: name one, such as status (--help lists them)");
		return APP_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help();
		return APP_EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("vfnet-dev " VFNET_VERSION);
		return APP_EXIT_OK;
	}
	command = find(argv[1]);
	if (!command) {
		app_error("%s: no such command (--help lists them)", argv[1]);
		return APP_EXIT_USAGE;
	}
	switch (dev_options_parse(command, argc - 1, argv + 1, &opts)) {
	case DEV_RUN:
		return command->run(&opts);
	case DEV_SHOWN:
		return APP_EXIT_OK;
	default:
		return APP_EXIT_USAGE;
	}
}
