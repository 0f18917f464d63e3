/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The results of tests/port/run, line by line as it prints them: what it ran on ("INFO KEY VALUE"),
 * a line for each test ("PASS NAME TEXT"), and how many there were of each, by which a file that
 * was cut off is noticed.
 */
#define _GNU_SOURCE
#include "apps/vfnet-dev/results.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/common/json.h"
#include "apps/common/machine.h"
#include "apps/common/options.h"
#include "lib/base/bits.h"

/* the first one has to be there */
static const char *const keys[] = {
    "vfnet", "commit", "time", "kernel", "devices", "drivers", "interface", "variables", "topics",
};

static const char *const verdicts[] = {"PASS", "FAIL", "SKIP"};

/**
 * struct parser - a run that is being read
 * @run:   becomes the object of this run
 * @tests: its array of tests
 * @n:     tests of each of @verdicts
 * @ended: the last line was there
 */
struct parser {
	cJSON *run;
	cJSON *tests;
	unsigned int n[VFNET_ARRAY_SIZE(verdicts)];
	bool ended;
};

static int find(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (word && !strcmp(words[i], word))
			return (int)i;
	return -1;
}

/* Return: whether the line is right */
static bool take_info(struct parser *parser, char *rest)
{
	const char *key = strsep(&rest, " ");

	if (cJSON_GetArraySize(parser->tests) || cJSON_HasObjectItem(parser->run, key) ||
	    find(keys, VFNET_ARRAY_SIZE(keys), key) < 0)
		return false;
	app_json_text(parser->run, key, rest ? rest : "");
	return true;
}

static bool take_test(struct parser *parser, int verdict, char *rest)
{
	const char *name = strsep(&rest, " ");
	cJSON *test;

	if (!name || !*name)
		return false;
	test = cJSON_CreateObject();
	cJSON_AddItemToArray(parser->tests, test);
	cJSON_AddStringToObject(test, "name", name);
	cJSON_AddStringToObject(test, "result", verdicts[verdict]);
	cJSON_AddStringToObject(test, "text", rest ? rest : "");
	parser->n[verdict]++;
	return true;
}

static bool take_summary(struct parser *parser, const char *rest)
{
	char want[80];

	snprintf(want, sizeof(want), "%u passed, %u failed, %u skipped", parser->n[0], parser->n[1],
		 parser->n[2]);
	parser->ended = true;
	return rest && !strcmp(rest, want);
}

static bool take_line(struct parser *parser, char *line)
{
	char *rest = line;
	const char *word = strsep(&rest, " ");
	int verdict = find(verdicts, VFNET_ARRAY_SIZE(verdicts), word);

	if (parser->ended)
		return false;
	if (!strcmp(word, "INFO"))
		return take_info(parser, rest);
	if (!cJSON_HasObjectItem(parser->run, keys[0]))
		return false;
	if (!strcmp(word, "SUMMARY"))
		return take_summary(parser, rest);
	return verdict >= 0 && take_test(parser, verdict, rest);
}

static int wrong(const char *path, unsigned int line)
{
	app_error("--tests %s: line %u is not as tests/port/run writes it, or lines before it are "
		  "missing: run the tests again, or name another file",
		  path, line);
	return -EINVAL;
}

/* @text is of @path, and is changed */
static int parse(const char *path, char *text, size_t bytes, struct parser *parser)
{
	unsigned int number = 0;
	char *line;

	for (size_t i = 0; i < bytes; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			text[i] = '?';
	while ((line = strsep(&text, "\n"))) {
		if (!text && !*line) /* behind the last line feed */
			break;
		number++;
		if (!take_line(parser, line))
			return wrong(path, number);
	}
	if (parser->ended)
		return 0;
	app_error("--tests %s: ends after line %u without a summary: the run was interrupted. Run "
		  "the tests again, or name another file",
		  path, number);
	return -EINVAL;
}

/* Return: a descriptor; a negative errno, -EINVAL for what is no file */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int code = 0;

	if (fd < 0 || fstat(fd, &status))
		code = -errno;
	else if (!S_ISREG(status.st_mode))
		code = -EINVAL;
	else if (status.st_size > DEV_RESULTS_BYTES)
		code = -E2BIG;
	if (!code)
		return fd;
	if (fd >= 0)
		close(fd);
	return code;
}

/* @text: DEV_RESULTS_BYTES and one. Return: how many there are; a negative errno */
static ssize_t read_file(const char *path, char *text)
{
	int fd = open_file(path);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, DEV_RESULTS_BYTES);
	if (n < 0)
		n = -errno;
	else
		text[n] = '\0';
	close(fd);
	return n;
}

static int parse_file(const char *path, struct parser *parser)
{
	char *text = malloc(DEV_RESULTS_BYTES + 1);
	ssize_t n = text ? read_file(path, text) : -ENOMEM;
	int rc;

	if (n >= 0)
		rc = parse(path, text, (size_t)n, parser);
	else {
		rc = (int)n;
		app_error("--tests %s: %s", path,
			  rc == -EINVAL	 ? "is no file, which tests/port/run keeps its results in"
			  : rc == -E2BIG ? "has more than 1 MiB, so it is not of tests/port/run"
					 : strerror(-rc));
	}
	free(text);
	return rc;
}

static int load_file(const char *path, cJSON *runs)
{
	struct parser parser = {.run = cJSON_CreateObject(), .tests = cJSON_CreateArray()};
	int rc = parse_file(path, &parser);

	for (size_t i = 0; i < VFNET_ARRAY_SIZE(keys) && !rc; i++)
		if (!cJSON_HasObjectItem(parser.run, keys[i]))
			cJSON_AddNullToObject(parser.run, keys[i]);
	cJSON_AddItemToObject(parser.run, "tests", parser.tests);
	if (rc)
		cJSON_Delete(parser.run);
	else
		cJSON_AddItemToArray(runs, parser.run);
	return rc;
}

static int is_kept(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(".txt") && !strcmp(entry->d_name + len - strlen(".txt"), ".txt");
}

static int load_folder(const char *path, struct dirent **entries, int n, cJSON *runs)
{
	char file[APP_PATH_BYTES];
	int rc = 0;

	if (n == 0) {
		app_error("--tests %s: has no results: tests/port/run keeps there what it finds of "
			  "real functions, whose names VFNET_TEST_DEVICES has",
			  path);
		return -ENOENT;
	}
	if (n > DEV_RESULTS_MAX) {
		app_error("--tests %s: has %d results, and %d at most are taken: remove old ones, "
			  "or name one file",
			  path, n, DEV_RESULTS_MAX);
		return -E2BIG;
	}
	for (int i = 0; i < n && !rc; i++)
		rc = load_file(app_path(file, "%s/%s", path, entries[i]->d_name), runs);
	return rc;
}

int dev_results_load(const char *path, cJSON *runs)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_kept, alphasort);
	int rc;

	if (n < 0) /* no folder; or what cannot be read, as is then said */
		return load_file(path, runs);
	rc = load_folder(path, entries, n, runs);
	while (n-- > 0)
		free(entries[n]);
	free(entries);
	return rc;
}
