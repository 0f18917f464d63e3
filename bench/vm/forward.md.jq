# SPDX-License-Identifier: BSD-2-Clause
# The result of forward.jq as Markdown.

def number: if . == null then "-" elif . >= 1000 then round elif . >= 100 then (. * 10 | round / 10)
	else (. * 100 | round / 100) end | tostring;
def row: "| " + join(" | ") + " |";
def title: {pps: "closed loop, frames/s", min_us: "round trip, minimum, us", median_us: "round trip, median, us",
	p99_us: "round trip, 99th percentile, us"}[.];

. as $all
| (.rows[0].ratios | map([.us, .them])) as $pairs
| "`\(.command)` on \(.date), \(.commit), kernel \(.kernel), IOMMU \(.iommu); \(.qemu), \(.peers); \(.cpu), \(.cpus) CPUs.",
  "Load before and after: \(.before.load) and \(.after.load). A cache line between the two CPUs: \(.before.line_one_way_ns) and \(.after.line_one_way_ns) ns one way.",
  "Medians of \([.rows[].of[]? | .rounds?] | max) rounds; a ratio is the median of the rounds' ratios.",
  "",
  (["bytes", "what"] + .contenders + [$pairs[] | join(" : ")] | row),
  (["---:", "---"] + [(.contenders[], $pairs[]) | "---:"] | row),
  (.rows[] as $row | [($row.size | tostring), ($row.figure | title)]
	+ [$all.contenders[] | $row.of[.] | .median? | number] + [$row.ratios[].ratio | number] | row),
  "",
  (.lost[] | "- Lost: \(.contender), \(.frames) of \(.of) round trips; each cost 2 s of its time and no figure."),
  (.goals[] | select(.met | not)
	| "- Missed: \(.us) beside \(.them), \(.size) bytes, \(.figure | title): ratio \(.ratio), goal \(if .figure == "pps" then "at least" else "below" end) \(.goal).")
