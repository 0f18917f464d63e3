# SPDX-License-Identifier: BSD-2-Clause
# Prints the names of the functions that preprocessed headers (cc -E -P) promise of a library: what they declare, and what they
# define inline but not static, which has its symbol there too.
{
	text = text $0 " "
}
END {
	n = split(text, part, "")
	for (i = 1; i <= n; i++) {
		c = part[i]
		if (c == "{") {
			if (depth++ == 0)
				is_function = statement ~ /\) *$/
		} else if (c == "}") {
			depth--
			if (depth == 0 && is_function) {
				declaration(statement)
				statement = ""
			} else if (depth == 0) {
				statement = statement " BODY " # of a struct, an enum
			}
		} else if (depth == 0 && c == ";") {
			declaration(statement)
			statement = ""
		} else if (depth == 0) {
			statement = statement c
		}
	}
}
function declaration(text) {
	if (text ~ /BODY|typedef|static/ || !match(text, /vfnet_[a-z0-9_]+ *\(/))
		return
	text = substr(text, RSTART, RLENGTH)
	sub(/ *\($/, "", text)
	print text
}
