# SPDX-License-Identifier: BSD-2-Clause
# The two libraries that programs outside this tree use, made of the layers' objects:
#   libvfnet       vfnet::vfnet (shared), vfnet::vfnet_static
#   libvfnet-sim   vfnet::sim (shared), vfnet::sim_static
# and vfnet_all, both of them static, for the programs of this tree.
include(CMakePackageConfigHelpers)

# vfnet_library(TARGET OUTPUT EXPORTED MAP OBJECTS...) - libOUTPUT.so as TARGET and libOUTPUT.a as
# TARGET_static, known to other projects as vfnet::EXPORTED and vfnet::EXPORTED_static
function(vfnet_library target output exported map)
	add_library(${target} SHARED ${ARGN})
	add_library(${target}_static STATIC ${ARGN})
	foreach(kind "" _static)
		set_target_properties(${target}${kind} PROPERTIES
			OUTPUT_NAME ${output} EXPORT_NAME ${exported}${kind} LINKER_LANGUAGE C)
		target_include_directories(${target}${kind} INTERFACE
			$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
			$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
		add_library(vfnet::${exported}${kind} ALIAS ${target}${kind})
		install(TARGETS ${target}${kind} EXPORT vfnet)
	endforeach()
	set_target_properties(${target} PROPERTIES LINK_DEPENDS ${map}
		VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
	target_link_options(${target} PRIVATE -Wl,--version-script=${map})
	target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:vfnet_flags>)
	string(REGEX REPLACE "[^/]+" ".." pc_to_prefix ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
	configure_file(${PROJECT_SOURCE_DIR}/cmake/${output}.pc.in ${output}.pc @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/${output}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(objects)
foreach(layer base frame chip mem dev net drivers)
	list(APPEND objects $<TARGET_OBJECTS:vfnet_${layer}>)
endforeach()
vfnet_library(vfnet vfnet vfnet ${PROJECT_SOURCE_DIR}/lib/vfnet.map ${objects})
target_link_libraries(vfnet PRIVATE numa hugetlbfs Threads::Threads)
target_link_libraries(vfnet_static INTERFACE numa hugetlbfs Threads::Threads)

# What libvfnet does not export, the shared libvfnet-sim carries itself: hence both forms.
vfnet_library(vfnet_sim vfnet-sim sim ${PROJECT_SOURCE_DIR}/sim/vfnet-sim.map
	$<TARGET_OBJECTS:vfnet_sim_layer>)
target_link_libraries(vfnet_sim PUBLIC vfnet PRIVATE vfnet_static pcap)
target_link_libraries(vfnet_sim_static INTERFACE vfnet_static pcap)

add_library(vfnet_all INTERFACE)
target_include_directories(vfnet_all INTERFACE ${PROJECT_SOURCE_DIR})
target_link_libraries(vfnet_all INTERFACE vfnet_sim_static)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vfnet)
configure_package_config_file(cmake/vfnetConfig.cmake.in vfnetConfig.cmake
	INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(vfnetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/vfnetConfig.cmake
	${PROJECT_BINARY_DIR}/vfnetConfigVersion.cmake DESTINATION ${package_dir})
install(EXPORT vfnet NAMESPACE vfnet:: FILE vfnetTargets.cmake DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/vfnet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
