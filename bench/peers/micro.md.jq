# SPDX-License-Identifier: BSD-2-Clause
# The result of micro.jq as Markdown.

def number: if . == null then "-" else (. * 10 | round / 10 | tostring) end;
def ratio: if . == null then "-" else (. * 100 | round / 100 | tostring) end;
def row: "| " + join(" | ") + " |";

# what each contender does all the time, seen in its source; the same source does the same
def on: {
	"statistics": {vfnet: "counted by the driver, frames and bytes", "dpdk-igb": "registers of the card",
		"dpdk-ixgbe-vec": "registers of the card"},
	"damaged frames": {vfnet: "dropped and counted", "dpdk-igb": "handed out", "dpdk-ixgbe-vec": "handed out"},
	"checksum results, VLAN": {vfnet: "yes", "dpdk-igb": "yes", "dpdk-ixgbe-vec": "yes"},
	"RSS hash": {vfnet: "yes, if there is one", "dpdk-igb": "yes", "dpdk-ixgbe-vec": "yes"},
	"receive over several buffers": {vfnet: "yes", "dpdk-igb": "no: another function",
		"dpdk-ixgbe-vec": "no: another function"},
	"send from several buffers": {vfnet: "yes", "dpdk-igb": "yes", "dpdk-ixgbe-vec": "no"},
	"offloads on send": {vfnet: "yes", "dpdk-igb": "yes", "dpdk-ixgbe-vec": "no"},
	"buffers of any pool": {vfnet: "yes", "dpdk-igb": "yes", "dpdk-ixgbe-vec": "yes"},
	"references to a buffer": {vfnet: "no", "dpdk-igb": "yes", "dpdk-ixgbe-vec": "yes"},
	"stops for a reset": {vfnet: "yes", "dpdk-igb": "no", "dpdk-ixgbe-vec": "no"}};

. as $all
| [.contenders[].name] as $names
| [$names[] | select(. != "vfnet" and ($names | index("vfnet")))] as $peers
| "`\(.command)` on \(.date), \(.commit), \(.compiler); \(.peers); \(.cpu), \(.cpus) CPUs.",
  "Load before and after: \(.load.before) and \(.load.after). Medians of rounds, in TSC cycles per packet; in brackets least and most.",
  "\(.disturbed) of \(.windows) windows were interrupted and are left out.",
  "In pages of 2 MiB, of the memory for buffers and rings: \([.huge_pages | to_entries[] | "\(.key) \(.value * 100 | round) %"] | join(", ")).",
  "",
  (["buffers", "job", "burst", "rounds"] + $names + [$peers[] | . + " : vfnet"] | row),
  (["---", "---", "---:", "---:"] + [($names[], $peers[]) | "---:"] | row),
  (.rows[] as $row | [$row.buffers, $row.job, ($row.burst | tostring), ($row.rounds | tostring)]
	+ [$names[] | $row.of[.] | if . then "\(.median | number) (\(.min | number) to \(.max | number))" else "-" end]
	+ [$peers[] | $row.ratios[.] | ratio] | row),
  "",
  (["what is on"] + $names | row),
  (["---"] + [$names[] | "---"] | row),
  (on | to_entries[] | .value as $on | [.key] + [$names[] | $on[rtrimstr("-native")] // "-"] | row),
  "",
  (.goals[] | select(.met | not)
	| "- Missed: \(.job), \(.buffers), bursts of \(.burst): \(.them) needs \(.ratio | ratio) times as much, goal at least \(.goal).")
