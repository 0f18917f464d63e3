/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char *cell(const struct app_table *table, unsigned int row, unsigned int col)
{
	return table->cells[row * APP_TABLE_COLS + col];
}

void app_table_row(struct app_table *table, unsigned int n, const char *const *text)
{
	void *grown = realloc(table->cells,
			      (size_t)(table->n_rows + 1) * APP_TABLE_COLS * sizeof(*table->cells));

	if (!grown) {
		table->failed = 1;
		return;
	}
	table->cells = grown;
	if (!table->n_rows)
		table->n_cols = n;
	for (unsigned int col = 0; col < APP_TABLE_COLS; col++)
		snprintf(cell(table, table->n_rows, col), APP_TABLE_CELL, "%s",
			 col < n ? text[col] : "");
	table->n_rows++;
}

static int widest(const struct app_table *table, unsigned int col)
{
	size_t most = 0;

	for (unsigned int row = 0; row < table->n_rows; row++)
		if (strlen(cell(table, row, col)) > most)
			most = strlen(cell(table, row, col));
	return (int)most;
}

static void print_row(const struct app_table *table, unsigned int row, FILE *out)
{
	for (unsigned int col = 0; col < table->n_cols; col++) {
		bool left = !col || table->words;
		int width = left && col == table->n_cols - 1 ? 0 : widest(table, col);

		fprintf(out, "%s%*s", col ? "  " : "", left ? -width : width,
			cell(table, row, col));
	}
	fputc('\n', out);
}

void app_table_print(struct app_table *table, FILE *out)
{
	for (unsigned int row = 0; row < table->n_rows; row++)
		print_row(table, row, out);
	if (table->failed)
		fputs("(out of memory: some rows are missing)\n", out);
	free(table->cells);
	memset(table, 0, sizeof(*table));
}

const char *app_count(uint64_t val, char text[APP_COUNT_BYTES])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, val);
	char *to = text;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}
