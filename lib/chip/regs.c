/* SPDX-License-Identifier: BSD-2-Clause */

/* Names and texts for the table of 82576_regs.h: for logs, register dumps and their comparison. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/chip/82576_regs.h"

/* clang-format off */
static const struct igbvf_reg table[] = {
#define ROW(name, offset, n, stride, access, source, meaning)                                      \
	{ #name, offset, n, stride, IGBVF_##access, source, meaning },
	IGBVF_REGS(ROW)
#undef ROW
};

static const struct {
	uint32_t offset; /* of the register's first instance */
	uint32_t mask;
	const char *name;
} fields[] = {
#define ROW(reg, field) { IGBVF_##reg, IGBVF_##reg##_##field, #field },
	IGBVF_FIELDS(ROW)
#undef ROW
};
/* clang-format on */

/* A text that grows in the caller's buffer. */
struct text {
	char *at;
	size_t room; /* with the final NUL */
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text->at, text->room, fmt, args);
	va_end(args);
	if (len <= 0 || text->room == 0)
		return;
	if ((size_t)len >= text->room)
		len = (int)text->room - 1;
	text->at += len;
	text->room -= (size_t)len;
}

const struct igbvf_reg *igbvf_reg_at(size_t i)
{
	return i < VFNET_ARRAY_SIZE(table) ? &table[i] : NULL;
}

const struct igbvf_reg *igbvf_reg_find(uint32_t offset, uint32_t *index)
{
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(table); i++) {
		for (uint32_t k = 0; k < table[i].n; k++) {
			if (table[i].offset + k * table[i].stride != offset)
				continue;
			if (index)
				*index = k;
			return &table[i];
		}
	}
	return NULL;
}

static void add_name(struct text *text, const struct igbvf_reg *reg, uint32_t offset,
		     uint32_t index)
{
	if (!reg)
		add(text, "0x%05" PRIx32, offset);
	else if (reg->n == 1)
		add(text, "%s", reg->name);
	else
		add(text, "%s(%" PRIu32 ")", reg->name, index);
}

char *igbvf_reg_name(uint32_t offset, char *text, size_t bytes)
{
	struct text out = {text, bytes};
	uint32_t index = 0;
	const struct igbvf_reg *reg = igbvf_reg_find(offset, &index);

	add_name(&out, reg, offset, index);
	return text;
}

static uint32_t field_get(uint32_t mask, uint32_t val)
{
	return (val & mask) / (mask & -mask);
}

char *igbvf_reg_decode(uint32_t offset, uint32_t val, char *text, size_t bytes)
{
	struct text out = {text, bytes};
	uint32_t index = 0;
	const struct igbvf_reg *reg = igbvf_reg_find(offset, &index);

	add_name(&out, reg, offset, index);
	add(&out, " %08" PRIx32, val);
	for (size_t i = 0; reg && i < VFNET_ARRAY_SIZE(fields); i++) {
		uint32_t mask = fields[i].mask;

		if (fields[i].offset != reg->offset || (val & mask) == 0)
			continue;
		add(&out, " %s", fields[i].name);
		if ((mask & (mask - 1)) != 0)
			add(&out, "=%" PRIu32, field_get(mask, val));
	}
	return text;
}

char *igbvf_reg_diff(uint32_t offset, uint32_t was, uint32_t is, char *text, size_t bytes)
{
	struct text out = {text, bytes};
	uint32_t index = 0;
	const struct igbvf_reg *reg = igbvf_reg_find(offset, &index);

	add(&out, "%s", "");
	if (was == is)
		return text;
	add_name(&out, reg, offset, index);
	add(&out, " %08" PRIx32 " -> %08" PRIx32, was, is);
	for (size_t i = 0; reg && i < VFNET_ARRAY_SIZE(fields); i++) {
		uint32_t mask = fields[i].mask;

		if (fields[i].offset == reg->offset && ((was ^ is) & mask) != 0)
			add(&out, " %s %" PRIu32 "->%" PRIu32, fields[i].name, field_get(mask, was),
			    field_get(mask, is));
	}
	return text;
}
