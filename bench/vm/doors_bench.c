/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two kernel drivers that hand a PCI function to a process, on the same work in one run: our module
 * and mainline's vfio-pci, each with a VF of the same 82576. Run by bench/vm/doors.sh in a guest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "apps/common/json.h"
#include "apps/common/table.h"
#include "bench/vm/calls.h"
#include "bench/vm/measure.h"

#define HUGEPAGE (UINT64_C(2) << 20)
#define N_SIZES	 3

static const struct size {
	const char *name;
	size_t bytes;
	size_t count;
} SIZES[N_SIZES] = {
    {"2 MiB", HUGEPAGE, 100},
    {"64 MiB", UINT64_C(64) << 20, 20},
    {"1 GiB", UINT64_C(1) << 30, 7},
};

void door_fail(const char *what, ...)
{
	int errnum = errno;
	va_list args;

	fprintf(stderr, "doors_bench: ");
	va_start(args, what);
	vfprintf(stderr, what, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(errnum));
	exit(1);
}

/**
 * struct report - what was measured
 * @table:   for people
 * @timings: for programs
 * @calls:   IOMMU calls of each mapping
 */
struct report {
	struct app_table table;
	cJSON *timings;
	cJSON *calls;
};

static void microseconds(char *text, size_t size, uint64_t ns)
{
	snprintf(text, size, "%.1f", (double)ns / 1000.0);
}

static void report_samples(struct report *report, const struct door doors[DOORS],
			   struct samples *samples)
{
	cJSON *entry = cJSON_AddObjectToObject(report->timings, samples->what);
	const char *row[3 + 2 * DOORS] = {samples->what};
	char text[2 + 2 * DOORS][24];
	unsigned int d, n = 0;

	samples_sort(samples);
	app_json_count(entry, "samples", samples->count);
	for (d = 0; d < DOORS; d++) {
		cJSON *side = cJSON_AddObjectToObject(entry, doors[d].name);

		microseconds(text[n++], sizeof(text[0]), samples_at(samples, d, 500));
		microseconds(text[n++], sizeof(text[0]), samples_at(samples, d, 990));
		app_json_count(side, "median_ns", samples_at(samples, d, 500));
		app_json_count(side, "p99_ns", samples_at(samples, d, 990));
	}
	snprintf(text[n++], sizeof(text[0]), "%.2f",
		 (double)samples_at(samples, 0, 500) / (double)samples_at(samples, 1, 500));
	snprintf(text[n++], sizeof(text[0]), "%zu", samples->count);
	for (d = 0; d < n; d++)
		row[d + 1] = text[d];
	app_table_row(&report->table, n + 1, row);
	for (d = 0; d < DOORS; d++)
		free(samples->ns[d]);
}

static void *memory_of(size_t size, int flags)
{
	void *memory =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		door_fail("%zu bytes of memory", size);
	if (flags == 0 && madvise(memory, size, MADV_NOHUGEPAGE) != 0)
		door_fail("MADV_NOHUGEPAGE");
	memset(memory, 1, size);
	return memory;
}

/* Both drivers use the same memory, which is in place before. */
static void report_mappings(struct report *report, const struct door doors[DOORS],
			    const char *pages, int flags)
{
	char map_what[64], unmap_what[64];
	struct samples map, unmap;
	unsigned int i;
	void *memory;

	for (i = 0; i < N_SIZES; i++) {
		memory = memory_of(SIZES[i].bytes, flags);
		snprintf(map_what, sizeof(map_what), "map %s, %s", SIZES[i].name, pages);
		snprintf(unmap_what, sizeof(unmap_what), "unmap %s, %s", SIZES[i].name, pages);
		map = samples_make(map_what, SIZES[i].count);
		unmap = samples_make(unmap_what, SIZES[i].count);
		measure_map(doors, memory, SIZES[i].bytes, &map, &unmap);
		report_samples(report, doors, &map);
		report_samples(report, doors, &unmap);
		calls_count(report->calls, doors, memory, SIZES[i].bytes, map_what);
		munmap(memory, SIZES[i].bytes);
	}
}

static void report_all(struct report *report, const struct door doors[DOORS])
{
	struct samples samples;

	report_mappings(report, doors, "hugepages", MAP_HUGETLB);
	report_mappings(report, doors, "4 KiB pages", 0);
	samples = samples_make("interrupt to wake", 500);
	measure_interrupt(doors, &samples);
	report_samples(report, doors, &samples);
	samples = samples_make("configuration read", 2000);
	measure_config(doors, &samples);
	report_samples(report, doors, &samples);
	samples = samples_make("reset", 10);
	measure_reset(doors, &samples);
	report_samples(report, doors, &samples);
}

static void usage(FILE *out)
{
	fputs(
	    "usage: doors_bench [--json FILE] NODE GROUP ADDRESS\n\n"
	    "Measures two drivers on the same work, in turn: our module at NODE (/dev/vfio0) and\n"
	    "vfio-pci with the function ADDRESS at GROUP (/dev/vfio/N). Both functions are VFs of\n"
	    "an 82576. Needs 512 hugepages, 1 GiB more, and /sys/kernel/tracing to count the\n"
	    "calls of the IOMMU.\n\n"
	    "  --json FILE  the figures, '-' for standard output, which then gets nothing else\n"
	    "  --help       this text\n",
	    out);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", required_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	static const char *const header[] = {
	    "microseconds", "kmod median", "p99", "vfio-pci median", "p99", "ratio", "samples"};
	struct report report = {0};
	struct door doors[DOORS];
	const char *json = NULL;
	cJSON *root;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			usage(stdout);
			return 0;
		}
		if (option != 'j') {
			usage(stderr);
			return 2;
		}
		json = optarg;
	}
	if (argc - optind != 3) {
		usage(stderr);
		return 2;
	}
	door_open_kmod(&doors[0], argv[optind]);
	door_open_vfio_pci(&doors[1], argv[optind + 1], argv[optind + 2]);
	root = cJSON_CreateObject();
	report.timings = cJSON_AddObjectToObject(root, "timings");
	report.calls = cJSON_AddObjectToObject(root, "iommu_calls");
	app_table_row(&report.table, sizeof(header) / sizeof(header[0]), header);
	report_all(&report, doors);
	if (json == NULL || !app_json_to_stdout(json)) {
		app_table_print(&report.table, stdout);
		calls_print(report.calls);
	}
	option = json != NULL ? app_json_write(root, json) : 0;
	cJSON_Delete(root);
	return option == 0 ? 0 : 1;
}
