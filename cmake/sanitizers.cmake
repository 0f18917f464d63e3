# SPDX-License-Identifier: BSD-2-Clause
set(VFNET_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined")

if(VFNET_SANITIZE)
	target_compile_options(vfnet_flags INTERFACE
		-fsanitize=${VFNET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
	target_link_options(vfnet_flags INTERFACE -fsanitize=${VFNET_SANITIZE})
	if(VFNET_SANITIZE MATCHES thread AND CMAKE_C_COMPILER_ID STREQUAL GNU)
		# gcc says that TSan does not see the fences of lib/base/io.h; nothing relies on
		# them alone: each stands beside a release store or an acquire load, which it sees
		target_compile_options(vfnet_flags INTERFACE -Wno-tsan)
	endif()
endif()

option(VFNET_COVERAGE "Count which lines run, for gcovr" OFF)
if(VFNET_COVERAGE)
	target_compile_options(vfnet_flags INTERFACE --coverage)
	target_link_options(vfnet_flags INTERFACE --coverage)
endif()
