/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_VFNET_DEV_H
#define VFNET_APPS_VFNET_DEV_H

/*
 * The subcommands of vfnet-dev. Each is a row of the table in main.c and a function in a file of
 * its own; options.c reads the command line for all of them.
 */

#include <stdbool.h>

#include "apps/common/machine.h"
#include "apps/common/options.h"

/* Options that a subcommand may take; --help is everybody's. */
enum dev_option {
	DEV_JSON = 1 << 0,     /* --json FILE */
	DEV_DRIVER = 1 << 1,   /* --driver vfio-pci|vfio */
	DEV_USER = 1 << 2,     /* --user NAME */
	DEV_FORCE = 1 << 3,    /* --force */
	DEV_MAC_BASE = 1 << 4, /* --mac-base MAC */
	DEV_UP = 1 << 5,       /* --up */
	DEV_ALL = 1 << 6,      /* --all */
	DEV_DIFF = 1 << 7,     /* --diff FILE */
	DEV_MEM = 1 << 8,      /* --mem SIZE */
	DEV_TESTS = 1 << 9,    /* --tests FILE|FOLDER */
};

/**
 * struct dev_options - what the command line says; NULL or false where it says nothing
 * @machine:  where to look
 * @args:     what is no option
 * @n_args:   how many, within the subcommand's limits
 * the others: by their option's name
 */
struct dev_options {
	const struct app_machine *machine;
	char **args;
	int n_args;
	const char *json;
	const char *mem;
	const char *driver;
	const char *user;
	const char *mac_base;
	const char *diff;
	const char *tests;
	bool force;
	bool up;
	bool all;
};

/**
 * struct dev_command - a subcommand
 * @name:     as it is typed
 * @synopsis: its arguments and options, for people
 * @summary:  what it does, in a line
 * @help:     more lines, for its own --help; each ends with a line feed
 * @options:  enum dev_option, those that it takes
 * @min_args: arguments that it needs
 * @max_args: ... and takes at most
 * @run:      does it; Return: enum app_exit
 */
struct dev_command {
	const char *name;
	const char *synopsis;
	const char *summary;
	const char *help;
	unsigned int options;
	int min_args;
	int max_args;
	int (*run)(const struct dev_options *opts);
};

/** DEV_ARGS_MAX - most functions that a subcommand takes: 7 of each port, of many cards. */
#define DEV_ARGS_MAX 256

/** enum dev_parse - what a command line asks for. */
enum dev_parse {
	DEV_RUN,   /* a subcommand */
	DEV_SHOWN, /* nothing more: help was printed */
	DEV_WRONG, /* nothing: what is wrong was printed */
};

/**
 * dev_options_parse() - read the command line of a subcommand
 * @argc, @argv: from its name on; @argv is reordered, and @opts points into it
 * @opts:        all but @machine is set
 */
enum dev_parse dev_options_parse(const struct dev_command *command, int argc, char **argv,
				 struct dev_options *opts);

/* The subcommands. Return: enum app_exit. */
int dev_status(const struct dev_options *opts);
int dev_doctor(const struct dev_options *opts);
int dev_bind(const struct dev_options *opts);
int dev_unbind(const struct dev_options *opts);
int dev_create(const struct dev_options *opts);
int dev_regs(const struct dev_options *opts);
int dev_report(const struct dev_options *opts);

#endif
