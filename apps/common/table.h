/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_TABLE_H
#define VFNET_APPS_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A small table for people: columns as wide as their widest cell, the first to the left and the
 * others, which are numbers as a rule, to the right.
 */

#define APP_TABLE_COLS 10
#define APP_TABLE_CELL 40

/**
 * struct app_table - filled row by row, printed once
 * @n_cols: columns, set by the first row
 * @n_rows: rows
 * @cells:  n_rows * APP_TABLE_COLS texts
 * @failed: out of memory: later rows are lost
 * @words:  all columns to the left: set by the caller of a table that has few numbers
 */
struct app_table {
	unsigned int n_cols;
	unsigned int n_rows;
	char (*cells)[APP_TABLE_CELL];
	int failed;
	bool words;
};

/** app_table_row() - add a row: @n texts, copied, cut to APP_TABLE_CELL - 1 bytes. */
void app_table_row(struct app_table *table, unsigned int n, const char *const *text);

/** app_table_print() - print all rows and free them. */
void app_table_print(struct app_table *table, FILE *out);

/** APP_COUNT_BYTES - room for app_count(). */
#define APP_COUNT_BYTES 28

/** app_count() - 1234567 as "1,234,567". Return: @text. */
const char *app_count(uint64_t val, char text[APP_COUNT_BYTES]);

#endif
