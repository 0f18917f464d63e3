# SPDX-License-Identifier: BSD-2-Clause
# Toolchain of the preset arm64: clang, Debian's libraries as tools/sysroot has unpacked them, and
# QEMU's user mode to run what was built. Not gcc: its package for arm64 and gcc-multilib, which the
# tests in virtual machines need, exclude each other.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER clang)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)

if(DEFINED ENV{XDG_CACHE_HOME})
	set(CMAKE_SYSROOT $ENV{XDG_CACHE_HOME}/vfnet/vm/arm64)
else()
	set(CMAKE_SYSROOT $ENV{HOME}/.cache/vfnet/vm/arm64)
endif()
if(NOT EXISTS ${CMAKE_SYSROOT}/VERSION)
	message(FATAL_ERROR "No libraries for arm64 in ${CMAKE_SYSROOT}: run tools/sysroot")
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig)

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L ${CMAKE_SYSROOT})
