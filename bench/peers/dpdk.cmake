# SPDX-License-Identifier: BSD-2-Clause
# DPDK as Debian has it: static archives, compiled for whatever processor Debian compiled for, and
# headers, those too that DPDK does not install.
set(dpdk_lib ${VFNET_DPDK}/usr/lib/x86_64-linux-gnu)
file(STRINGS ${dpdk_lib}/pkgconfig/libdpdk-libs.pc dpdk_cflags REGEX "^Cflags:")
string(REGEX MATCHALL "-march=[^ ]+" dpdk_march "${dpdk_cflags}")

add_library(peers_dpdk STATIC contender_dpdk.c dpdk_card.c)
target_compile_options(peers_dpdk PRIVATE -Wall -Wextra -include rte_config.h ${dpdk_march})
target_include_directories(peers_dpdk PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_include_directories(peers_dpdk SYSTEM PRIVATE
	${VFNET_DPDK}/usr/include
	${VFNET_DPDK}/usr/include/dpdk
	${VFNET_DPDK}/usr/include/x86_64-linux-gnu
	${VFNET_DPDK}/usr/include/x86_64-linux-gnu/dpdk
	${VFNET_DPDK}/source/drivers/bus/pci
	${VFNET_DPDK}/source/lib/eal/include
	${VFNET_DPDK}/source/lib/eal/linux/include)
target_compile_definitions(peers_dpdk PRIVATE ALLOW_EXPERIMENTAL_API ALLOW_INTERNAL_API)

# drivers, busses and the mempool's ring register themselves: nothing refers to them by name
set(dpdk_whole net_e1000 net_ixgbe bus_pci mempool_ring)
list(TRANSFORM dpdk_whole REPLACE "(.+)" "${dpdk_lib}/librte_\\1.a")
# which of the others are needed differs from version to version: the linker picks
file(GLOB dpdk_used ${dpdk_lib}/librte_*.a)
list(REMOVE_ITEM dpdk_used ${dpdk_whole})
target_link_libraries(peers_dpdk PRIVATE
	-Wl,--whole-archive ${dpdk_whole} -Wl,--no-whole-archive
	-Wl,--start-group ${dpdk_used} ${dpdk_lib}/libbsd.a ${dpdk_lib}/libmd.a -Wl,--end-group
	numa Threads::Threads m dl)
