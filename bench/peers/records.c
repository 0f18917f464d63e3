/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peers/records.h"

#include <stdio.h>
#include <stdlib.h>

#include "apps/common/json.h"

static void print(cJSON *record)
{
	char *text = cJSON_PrintUnformatted(record);

	if (text)
		puts(text);
	free(text);
	cJSON_Delete(record);
}

void record_round(const struct contender *c, const struct round_case *what, uint32_t round,
		  uint32_t windows, const struct round_result *result)
{
	static const char *const states[] = {
	    [ROUND_WARM] = "warm", [ROUND_COLD] = "cold", [ROUND_OTHER_CORE] = "other core"};
	cJSON *record = cJSON_CreateObject();

	app_json_text(record, "contender", c->ops->name);
	app_json_text(record, "job", what->name);
	app_json_text(record, "buffers", states[what->state]);
	app_json_count(record, "burst", what->burst);
	app_json_count(record, "round", round);
	app_json_real(record, "cycles_per_packet", result->cycles_per_packet);
	app_json_count(record, "windows", windows);
	app_json_count(record, "disturbed", result->disturbed);
	if (what->state == ROUND_OTHER_CORE) {
		app_json_count(record, "line_before", result->line_before);
		app_json_count(record, "line_after", result->line_after);
	}
	print(record);
}

void record_total(struct contender *c)
{
	cJSON *record = cJSON_CreateObject();
	struct contender_counts counts = {0};
	uint64_t resident, huge;

	c->ops->count(c, &counts);
	contender_pages(c->nic->base, c->nic->bytes, &resident, &huge);
	app_json_text(record, "total", c->ops->name);
	app_json_count(record, "packets_in", c->nic->counts.given);
	app_json_count(record, "packets_out", c->nic->counts.sent);
	app_json_count(record, "statistics", counts.rx_packets);
	app_json_count(record, "rx_errors_given", c->nic->counts.bad_given);
	app_json_count(record, "rx_errors_counted", counts.rx_errors);
	app_json_count(record, "rx_errors_forwarded", c->nic->counts.bad_sent);
	app_json_count(record, "memory_bytes", resident);
	app_json_count(record, "huge_bytes", huge);
	print(record);
}
