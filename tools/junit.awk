# SPDX-License-Identifier: BSD-2-Clause
# ctest's JUnit file -> lines of RESULT, PART (given by -v), NAME, separated by tabs.
/<testcase / {
	name = $0
	sub(/.* name="/, "", name)
	sub(/".*/, "", name)
	gsub(/&lt;/, "<", name)
	gsub(/&gt;/, ">", name)
	gsub(/&quot;/, "\"", name)
	gsub(/&amp;/, "\\&", name)
	result = /status="run"/ ? "PASS" : "FAIL" # also what could not be started
}
/<skipped message="SKIP_/ { result = "SKIP" }
/<\/testcase>/ { print result "\t" part "\t" name }
