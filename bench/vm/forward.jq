# SPDX-License-Identifier: BSD-2-Clause
# The records of one run of forward.sh to its result: for each contender, job and size the median over the rounds, and
# for each pair the median of the rounds' own ratios, because both met the same moods of the machine in a round.

def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2] + .[length / 2 - 1]) / 2 end;
def spread: {median: median, min: min, max: max, rounds: length};
def rounded: if . == null then null else (. * 1000 | round) / 1000 end;
def figures: ["loop", "pps", "more"], ["round_trip", "min_us", "less"], ["round_trip", "median_us", "less"],
	["round_trip", "p99_us", "less"];

def ratio($us; $them; $figure):
	[$us[] as $u | $them[] | select(.round == $u.round) | $u[$figure] / .[$figure]] |
	if length > 0 then median | rounded else null end;

$records as $all
| [$all[].contender] | unique as $contenders
| $about + {before: $before, after: $after, contenders: $contenders}
+ {rows: [
	([$all[].size] | unique)[] as $size
	| figures as [$job, $figure, $better]
	| [$all[] | select(.job == $job and .size == $size)] as $here
	| (reduce $contenders[] as $c ({}; .[$c] = [$here[] | select(.contender == $c)])) as $by
	| {job: $job, size: $size, figure: $figure, better: $better,
	   of: ($by | map_values(if length > 0 then map(.[$figure]) | spread else null end)),
	   ratios: [("kmod", "vfio-pci") as $us | ("testpmd", "igbvf") as $them
		| select($by[$us] and $by[$them])
		| {us: $us, them: $them, ratio: ratio($by[$us]; $by[$them]; $figure)}]}
]}
# round trips that peers lost; one of ours would be a failure
| .lost = [$contenders[] as $c | [$all[] | select(.contender == $c and .job == "round_trip")]
	| {contender: $c, frames: map(.lost) | add, of: map(.count + .lost) | add} | select(.frames > 0)]
# what vfnet-fwd is to reach: testpmd's rate, its median and p99, and five times the kernel's rate
| .goals = [.rows[] as $row | $row.ratios[] | . + {job: $row.job, size: $row.size, figure: $row.figure}
	| .goal = (if .figure == "pps" and .them == "testpmd" then 1
		elif .figure == "pps" then 5
		elif (.figure == "median_us" or .figure == "p99_us") and .them == "testpmd" then 1
		else null end)
	| select(.goal != null and .ratio != null)
	| .met = (if .figure == "pps" then .ratio >= .goal else .ratio < .goal end)]
