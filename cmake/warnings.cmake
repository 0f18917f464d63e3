# SPDX-License-Identifier: BSD-2-Clause
# vfnet_flags carries the warnings and sanitizers; it is linked privately, so that a program which
# embeds vfnet inherits neither.
option(VFNET_WERROR "Turn warnings into errors" OFF)

add_library(vfnet_flags INTERFACE)
target_compile_options(vfnet_flags INTERFACE
	-Wall -Wextra -Wshadow -Wundef -Wvla -Wdouble-promotion -Wformat=2
	$<$<COMPILE_LANGUAGE:C>:-Wconversion -Wmissing-prototypes -Wstrict-prototypes>
	$<$<BOOL:${VFNET_WERROR}>:-Werror>)
