# SPDX-License-Identifier: BSD-2-Clause
# awk -v mark=MARK -v prefix=PREFIX -v code=EXIT-CODE -f gtest_results.awk LIST OUTPUT: what a GoogleTest program printed
# for --gtest_list_tests and when it ran, as one line "MARK(PASS|FAIL|SKIP) PREFIXSUITE.NAME words" for each test, also
# for those that a crash left without a verdict. Busybox's awk runs it, too.
function verdict(word, text) {
	if (running in wanted && !(running in judged)) {
		judged[running] = 1
		failures += word == "FAIL"
		print mark word, prefix running, substr(text, 1, 700)
	}
	running = ""
}
FNR == 1 { file++ }
file == 1 && /^[^ ]+\.( |$)/ { suite = $1; next }
file == 1 && /^  [^ ]/ && suite != "" {
	if ((suite $1) !~ /(^|[.\/])DISABLED_/) { order[++n] = suite $1; wanted[suite $1] = 1 }
	next
}
file == 1 { next }
# the words of a test stand between its RUN and its verdict; of those that pass only what they report
/\[ RUN      \] / { sub(/.*\[ RUN      \] /, ""); running = $1; words = report = ""; next }
/\[  REPORT  \] / { sub(/.*\[  REPORT  \]/, ""); report = report $0; next }
/\[       OK \] / { sub(/.*\[       OK \] [^ ]* */, ""); verdict("PASS", $0 report); next }
/\[  SKIPPED \] .*ms\)$/ { sub(/^[^|]*: Skipped\|/, "", words); verdict("SKIP", words); next }
/\[  FAILED  \] .*ms\)$/ { verdict("FAIL", words); next }
running != "" && length(words) < 2000 { words = words $0 "|" }
{ last = $0 }
END {
	if (running != "")
		verdict("FAIL", "the program ended in this test, exit code " code ": " words)
	for (i = 1; i <= n; i++) {
		running = order[i]
		verdict("FAIL", "not run: the program ended before, exit code " code)
	}
	if (n == 0 || (code != 0 && !failures))
		print mark "FAIL", prefix "program", n + 0 " tests, exit code " code ": " last
}
