# SPDX-License-Identifier: BSD-2-Clause
# The records of one run of peers_bench to its result: for each case the median over the rounds, and how many times more
# than vfnet each peer needs, as the median of the rounds' own ratios, because all met the same moods of the machine.

def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2] + .[length / 2 - 1]) / 2 end;
def rounded: (. * 1000 | round) / 1000;
def spread: if length == 0 then null else {median: (median | rounded), min: (min | rounded), max: (max | rounded)} end;

# what is to be reached, in times that vfnet is cheaper
def goals: [
	{buffers: "warm", job: "io", burst: 32, them: "dpdk-igb", goal: 5},
	{buffers: "warm", job: "io", burst: 32, them: "dpdk-ixgbe-vec", goal: 2.5},
	{buffers: "warm", job: "swap", burst: 32, them: "dpdk-igb", goal: 4},
	{buffers: "warm", job: "swap", burst: 32, them: "dpdk-ixgbe-vec", goal: 2},
	{buffers: "warm", job: "io", burst: 1, them: "dpdk-igb", goal: 3},
	{buffers: "cold", job: "swap", burst: 32, them: "dpdk-igb", goal: 4},
	{buffers: "cold", job: "swap", burst: 32, them: "dpdk-ixgbe-vec", goal: 2.5},
	({buffers: "other core, near", job: ("io", "swap"), burst: 32, them: "dpdk-igb", goal: 3}),
	({buffers: "other core, near", job: ("io", "swap"), burst: 32, them: "dpdk-ixgbe-vec", goal: 1.7}),
	({buffers: "other core, far", job: ("io", "swap"), burst: 32, them: ("dpdk-igb", "dpdk-ixgbe-vec"), goal: 1}),
	({buffers: "warm", job: ("pool hit", "pool churn"), burst: (1, 8, 32), them: "dpdk-igb", goal: 1})];

# The two cores may have been moved apart, or together, while the round ran: then it says nothing.
def far: . >= 300; # cycles for a cache line: about 130 near and 700 far on the machine this was written on
def placed: if .buffers != "other core" then .
	elif (.line_before | far) != (.line_after | far) then empty
	else .buffers += (if .line_after | far then ", far" else ", near" end) end;

# What a contender's cards and drivers counted, over all processes.
def sum_up: (.[0] | keys - ["total", "process"]) as $keys
	| {total: .[0].total} + ([$keys[] as $key | {($key): (map(.[$key]) | add)}] | add);

(reduce ($records[].total // empty) as $name ([]; if index($name) then . else . + [$name] end)) as $names
| [$names[] as $name | [$records[] | select(.total == $name)] | sum_up] as $totals
| [$records[] | select(.contender) | placed] as $rounds
| $about + {rounds: ([$rounds[] | [.process, .round]] | unique | length), disturbed: ([$rounds[].disturbed] | add), windows: ([$rounds[].windows] | add)}
+ {contenders: [$totals[] as $t
	| {name: $t.total, packets_in: $t.packets_in, packets_out: $t.packets_out,
	   cycles_per_packet: ([$rounds[] | select(.contender == $t.total and .job == "io" and .burst == 32 and .buffers == "warm")
		| .cycles_per_packet] | spread),
	   statistics: $t.statistics, rx_errors_given: $t.rx_errors_given, rx_errors_counted: $t.rx_errors_counted}]}
+ {huge_pages: ($totals | map({(.total): (.huge_bytes / .memory_bytes | rounded)}) | add)}
+ {rx_errors_forwarded: ($totals | map({(.total): .rx_errors_forwarded}) | add)}
+ {rows: [$rounds | group_by([(.buffers as $b | ["warm", "other core, near", "other core, far", "cold"] | index($b)), .job, .burst])[]
	| . as $here
	| [.[] | select(.contender == "vfnet")] as $us
	| {buffers: .[0].buffers, job: .[0].job, burst: .[0].burst,
	   rounds: (group_by(.contender) | map(length) | max),
	   of: (group_by(.contender) | map({(.[0].contender): (map(.cycles_per_packet) | spread)}) | add),
	   ratios: ([$names[] | select(. != "vfnet") as $them
		| [$us[] as $u | $here[] | select(.contender == $them and .process == $u.process and .round == $u.round)
			| .cycles_per_packet / $u.cycles_per_packet]
		| select(length > 0) | {($them): (median | rounded)}] | add // {})}]}
| .goals = [.rows[] as $row | goals[]
	| select([.buffers, .job, .burst] == [$row.buffers, $row.job, $row.burst] and $row.ratios[.them])
	| .ratio = $row.ratios[.them] | .met = (.ratio >= .goal)]
