# SPDX-License-Identifier: BSD-2-Clause
# The result of counts.jq as Markdown.

def row: "| " + join(" | ") + " |";

"`\(.command)` on \(.date), \(.commit), kernel \(.kernel); \(.qemu), \(.peers). Counts for each frame of a closed loop, 64 bytes.",
"",
(["burst", "", "frames counted", "frames per doorbell", "register writes", "descriptors written back", "RS bits", "register reads"] | row),
(["---:", "---", "---:", "---:", "---:", "---:", "---:", "---:"] | row),
(.rows[] | [.burst, .contender, .frames, .per_frame.frames_per_doorbell, .per_frame.register_writes, .per_frame.write_backs, .per_frame.rs, .per_frame.register_reads]
	| map(tostring) | row),
"",
(.goals[] | select(.met | not) | "- Missed: \(.us) at bursts of \(.burst), \(.figure): \(.ours), testpmd \(.theirs).")
