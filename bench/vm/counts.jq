# SPDX-License-Identifier: BSD-2-Clause
# The records of one run of counts.sh to its result: counts for each frame, and whether vfnet-fwd has at most testpmd's.

def rounded: (. * 10000 | round) / 10000;
def per_frame: {
	frames_per_doorbell: (.frames / .doorbells),
	register_writes: (.register_writes / .frames),
	write_backs: (.write_backs / .frames),
	rs: (.rs / .frames),
	register_reads: (.register_reads / .frames)
} | map_values(rounded);

[$records[] | . + {per_frame: per_frame}] | sort_by(.burst, .contender) as $all
| $about + {
	before: $before, after: $after, rows: $all,
	goals: [
		$all[] | select(.contender != "testpmd") as $us
		| $all[] | select(.contender == "testpmd" and .burst == $us.burst) as $them
		| ("register_writes", "write_backs", "rs") as $figure
		| {us: $us.contender, burst: $us.burst, figure: $figure,
		   ours: $us.per_frame[$figure], theirs: $them.per_frame[$figure]}
		| . + {met: (.ours <= .theirs)}
	]
}
