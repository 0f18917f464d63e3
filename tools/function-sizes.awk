# SPDX-License-Identifier: BSD-2-Clause
# Prints "FILE FUNCTION LINES" of every function longer than LIMIT lines, from its first line to its
# closing brace. Knows our format only: both braces of a C function stand in the first column, and
# a shell function is NAME() { to }.
function finish() {
	if (open && FNR - start + 1 > limit)
		print FILENAME, name, FNR - start + 1
	open = 0
}
FNR == 1 { open = head = 0 }
/^[a-z_]+\(\) \{/ { open = 1; start = FNR; name = $1; sub(/\(\)$/, "", name); next }
/^\{/ {
	if (head && headline !~ /^(namespace|class|struct|union|enum)/) {
		open = 1
		start = head
		name = headline
		sub(/ *\(.*/, "", name)
		sub(/.*[ *]/, "", name)
		if (headline ~ /^TEST/) {
			name = headline
			gsub(/^[^(]*\(|\).*|[ \t]/, "", name)
			sub(/,/, ".", name)
		}
	}
	next
}
/^\}/ { finish(); head = 0; next }
open { next }
# The head of a function begins after a blank line, a comment, a directive or a finished statement.
/^$|^#|^\/\*|^ \*|;$|^\}/ { head = 0; next }
!head { head = FNR; headline = $0 }
