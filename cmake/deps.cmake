# SPDX-License-Identifier: BSD-2-Clause
# What Debian provides; tools/deps lists the packages.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(numa REQUIRED IMPORTED_TARGET numa)
pkg_check_modules(pcap REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(cjson REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(nl REQUIRED IMPORTED_TARGET libnl-route-3.0)
find_library(HUGETLBFS_LIBRARY hugetlbfs REQUIRED)
if(BUILD_TESTING)
	find_package(GTest REQUIRED)
	include(GoogleTest)
endif()
