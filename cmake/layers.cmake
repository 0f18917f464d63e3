# SPDX-License-Identifier: BSD-2-Clause
# One static library per layer of the house. A layer names the layers that it may use, so a test
# that links one layer fails to link when the layer reaches up or sideways.

# vfnet_layer(NAME SOURCES a.c ... USES layer|library ...) - private library vfnet_NAME
function(vfnet_layer name)
	cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
	add_library(vfnet_${name} STATIC ${ARG_SOURCES})
	target_include_directories(vfnet_${name} PUBLIC
		${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
	target_link_libraries(vfnet_${name} PUBLIC ${ARG_USES} PRIVATE vfnet_flags)
endfunction()

# vfnet_app(NAME SOURCES ... USES ...) - one of the vfnet-* programs
function(vfnet_app name)
	cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
	add_executable(${name} ${ARG_SOURCES})
	target_link_libraries(${name} PRIVATE ${ARG_USES} vfnet_flags)
endfunction()

# vfnet_test(NAME LABEL unit|sim|net SOURCES x_test.cc ... USES layer ...) - one GoogleTest program;
# every TEST in it is a ctest of its own, named LABEL.Suite.Case
function(vfnet_test name)
	cmake_parse_arguments(ARG "" "LABEL" "SOURCES;USES" ${ARGN})
	add_executable(${name} ${ARG_SOURCES})
	target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
	target_link_libraries(${name} PRIVATE ${ARG_USES} GTest::gtest_main vfnet_flags)
	if(VFNET_FUZZ) # only what is fuzzed and the programs
		set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
	endif()
	gtest_discover_tests(${name} TEST_PREFIX ${ARG_LABEL}. NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST
		DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 60)
endfunction()
