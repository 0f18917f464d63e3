# SPDX-License-Identifier: BSD-2-Clause
# Prints the names of the functions that preprocessed headers (cc -E -P) declare and do not define.
{
	text = text $0 " "
}
END {
	n = split(text, part, "")
	for (i = 1; i <= n; i++) {
		c = part[i]
		if (c == "{") {
			depth++
		} else if (c == "}") {
			depth--
			if (depth == 0)
				statement = statement " BODY " # of a function, a struct, an enum
		} else if (depth == 0 && c == ";") {
			declaration(statement)
			statement = ""
		} else if (depth == 0) {
			statement = statement c
		}
	}
}
# A statement may hold function definitions, which end without a semicolon, before a declaration.
function declaration(text) {
	while (match(text, /static inline [^(]*\(.*\) *BODY /))
		sub(/static inline [^(]*\(.*\) *BODY /, "", text)
	if (text ~ /BODY|typedef|static/ || !match(text, /vfnet_[a-z0-9_]+ *\(/))
		return
	text = substr(text, RSTART, RLENGTH)
	sub(/ *\($/, "", text)
	print text
}
