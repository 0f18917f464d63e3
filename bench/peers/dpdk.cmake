# SPDX-License-Identifier: BSD-2-Clause
# DPDK as Debian has it: static archives, compiled for whatever processor Debian compiled for, and
# headers, those too that DPDK does not install.
set(dpdk_lib ${VFNET_DPDK}/usr/lib/x86_64-linux-gnu)
file(STRINGS ${dpdk_lib}/pkgconfig/libdpdk-libs.pc dpdk_cflags REGEX "^Cflags:")
string(REGEX MATCHALL "-march=[^ ]+" dpdk_march "${dpdk_cflags}")

# peers_dpdk_flags - how DPDK compiles what belongs to it
add_library(peers_dpdk_flags INTERFACE)
target_compile_options(peers_dpdk_flags INTERFACE -include rte_config.h)
target_include_directories(peers_dpdk_flags SYSTEM INTERFACE
	${VFNET_DPDK}/usr/include
	${VFNET_DPDK}/usr/include/dpdk
	${VFNET_DPDK}/usr/include/x86_64-linux-gnu
	${VFNET_DPDK}/usr/include/x86_64-linux-gnu/dpdk
	${VFNET_DPDK}/source/drivers/bus/pci
	${VFNET_DPDK}/source/lib/eal/include
	${VFNET_DPDK}/source/lib/eal/linux/include
	${VFNET_DPDK}/source/lib/ethdev)
target_compile_definitions(peers_dpdk_flags INTERFACE ALLOW_EXPERIMENTAL_API ALLOW_INTERNAL_API)

add_library(peers_dpdk STATIC contender_dpdk.c dpdk_card.c)
target_compile_options(peers_dpdk PRIVATE -Wall -Wextra ${dpdk_march})
target_include_directories(peers_dpdk PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(peers_dpdk PRIVATE peers_dpdk_flags)

# igb once more, for this processor: under another name, and without names that the archive has too
file(GLOB igb_sources ${VFNET_DPDK}/source/drivers/net/e1000/igb_*.c
	${VFNET_DPDK}/source/drivers/net/e1000/base/*.c)
add_library(peers_igb OBJECT ${igb_sources})
target_compile_options(peers_igb PRIVATE -O3 -march=native -w)
target_compile_definitions(peers_igb PRIVATE RTE_LOG_DEFAULT_LOGTYPE=pmd.net.e1000
	net_e1000_igb_vf=net_e1000_igb_vf_native)
target_include_directories(peers_igb PRIVATE ${VFNET_DPDK}/source/drivers/net/e1000/base)
target_link_libraries(peers_igb PRIVATE peers_dpdk_flags)
add_custom_command(OUTPUT igb_native.o
	COMMAND ${CMAKE_LINKER} -r -o igb_all.o $<TARGET_OBJECTS:peers_igb>
	COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=none igb_all.o igb_native.o
	DEPENDS peers_igb $<TARGET_OBJECTS:peers_igb> COMMAND_EXPAND_LISTS VERBATIM)
target_sources(peers_bench PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/igb_native.o)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/igb_native.o PROPERTIES
	EXTERNAL_OBJECT TRUE GENERATED TRUE)

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
