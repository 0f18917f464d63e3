# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by forward.sh: what a measurement has written becomes fields of a record, or nothing and exit code 1. A rate of 0
# is a circle that has broken.

rate_fields() { # file
	grep -xE '[0-9]+(\.[0-9]+)?' "$1" | awk '
		$1 > 0 { print "\"pps\":" $1; found = 1 }
		END { exit !found || NR != 1 }'
}

# 1234 frames in 2.0 s, round trip min 1.0 median 2.0 p99 3.0 p99.9 4.0 max 5.0 us, lost 0, ...
round_trip_fields() { # file
	sed -n 's/^\([1-9][0-9]*\) frames in .* min \([0-9.]*\) median \([0-9.]*\) p99 \([0-9.]*\) .* lost \([0-9]*\),.*/"count":\1,"min_us":\2,"median_us":\3,"p99_us":\4,"lost":\5/p' \
		"$1" | grep .
}
