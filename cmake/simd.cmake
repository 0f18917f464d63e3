# SPDX-License-Identifier: BSD-2-Clause
# The driver's AVX2 and AVX-512 paths: compiled on x86-64, whatever the CPU here, and chosen when a
# port is opened. ThreadSanitizer knows nothing of words that are read within a vector.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" AND NOT VFNET_SANITIZE MATCHES thread)
	set(VFNET_X86_SIMD ON)
	target_compile_definitions(vfnet_flags INTERFACE VFNET_X86_SIMD)
endif()

# vfnet_simd_sources(TARGET SET a.c ...) - compile them for the instruction set avx2 or avx512
function(vfnet_simd_sources target set)
	if(NOT VFNET_X86_SIMD)
		return()
	endif()
	set(avx2 -mavx2)
	set(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl)
	target_sources(${target} PRIVATE ${ARGN})
	set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "${${set}}")
endfunction()
