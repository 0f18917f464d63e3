/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of a subcommand: one table of options for all, of which each takes some.
 */
#include <getopt.h>
#include <stdio.h>

#include "apps/vfnet-dev/dev.h"

#define OPT_FIRST 256 /* beyond any letter: the option's bit is added */
#define OPT_HELP  255

/* the code is a bit of enum dev_option, moved out of the way of letters */
#define ROW(name, arg, bit)                                                                        \
	{                                                                                          \
		name, arg, NULL, OPT_FIRST + (bit)                                                 \
	}

static const struct option long_options[] = {
    ROW("json", required_argument, DEV_JSON),
    ROW("driver", required_argument, DEV_DRIVER),
    ROW("user", required_argument, DEV_USER),
    ROW("force", no_argument, DEV_FORCE),
    ROW("mac-base", required_argument, DEV_MAC_BASE),
    ROW("up", no_argument, DEV_UP),
    ROW("all", no_argument, DEV_ALL),
    ROW("diff", required_argument, DEV_DIFF),
    ROW("mem", required_argument, DEV_MEM),
    ROW("tests", required_argument, DEV_TESTS),
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static void take(enum dev_option option, const char *text, struct dev_options *opts)
{
	switch (option) {
	case DEV_JSON:
		opts->json = text;
		break;
	case DEV_DRIVER:
		opts->driver = text;
		break;
	case DEV_USER:
		opts->user = text;
		break;
	case DEV_FORCE:
		opts->force = true;
		break;
	case DEV_MAC_BASE:
		opts->mac_base = text;
		break;
	case DEV_UP:
		opts->up = true;
		break;
	case DEV_ALL:
		opts->all = true;
		break;
	case DEV_DIFF:
		opts->diff = text;
		break;
	case DEV_MEM:
		opts->mem = text;
		break;
	case DEV_TESTS:
		opts->tests = text;
		break;
	}
}

static void help(const struct dev_command *command)
{
	printf("vfnet-dev %s %s - %s\n", command->name, command->synopsis, command->summary);
	if (command->help[0])
		printf("\n%s", command->help);
}

static enum dev_parse wrong_option(const struct dev_command *command, int code, char **argv)
{
	if (code == ':')
		app_error("%s: %s: must have a value (vfnet-dev %s --help shows which)",
			  command->name, argv[optind - 1], command->name);
	else
		app_error("%s: %s: no such option, or not unique (vfnet-dev %s --help lists them)",
			  command->name, argv[optind - 1], command->name);
	return DEV_WRONG;
}

static enum dev_parse check_count(const struct dev_command *command, const struct dev_options *opts)
{
	if (opts->n_args >= command->min_args && opts->n_args <= command->max_args)
		return DEV_RUN;
	app_error("%s: %s: must be vfnet-dev %s %s", command->name,
		  opts->n_args < command->min_args ? "something is missing" : "too many arguments",
		  command->name, command->synopsis);
	return DEV_WRONG;
}

enum dev_parse dev_options_parse(const struct dev_command *command, int argc, char **argv,
				 struct dev_options *opts)
{
	int code;

	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (code == OPT_HELP) {
			help(command);
			return DEV_SHOWN;
		}
		if (code < OPT_FIRST || !(command->options & (unsigned int)(code - OPT_FIRST)))
			return wrong_option(command, code, argv);
		take((enum dev_option)(code - OPT_FIRST), optarg, opts);
	}
	opts->args = argv + optind;
	opts->n_args = argc - optind;
	return check_count(command, opts);
}
