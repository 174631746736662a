# How sciexam's own targets are compiled.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# A target's property SCIEXAM_OPTIMIZATION (0, 3) is its level in a release build, instead of 2. CMake's own flags come
# before these and do not matter; the presets leave them out.
set(level $<TARGET_PROPERTY:SCIEXAM_OPTIMIZATION>)
add_library(sciexam_options INTERFACE)
target_compile_options(sciexam_options INTERFACE
  $<$<CONFIG:Release>:-O$<IF:$<STREQUAL:${level},>,2,${level}>;-DNDEBUG>
  # The same bytes from every folder. GCC would replace a header's path by its real one, in the cache, if that is shorter.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. $<$<CXX_COMPILER_ID:GNU>:-fno-canonical-system-headers>
  -Wall -Wextra $<$<BOOL:${SCIEXAM_WERROR}>:-Werror> -Wshadow -Wnon-virtual-dtor -ffunction-sections -fdata-sections
  # What GCC believes of a variant that is moved changes with its version: 14 warns where 12 does not.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_GREATER:$<CXX_COMPILER_VERSION>,13>>:-Wno-error=maybe-uninitialized>)
target_include_directories(sciexam_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(SCIEXAM_SANITIZE AND SCIEXAM_SANITIZE_THREADS)
  message(FATAL_ERROR "ThreadSanitizer does not go with the other sanitizers: choose one of the presets asan and tsan")
endif()
set(sanitizers address,undefined)
if(SCIEXAM_SANITIZE_THREADS)
  set(sanitizers thread)
endif()
if(SCIEXAM_SANITIZE OR SCIEXAM_SANITIZE_THREADS)
  # GCC 12 sees uninitialised members in its own <regex> when sanitizers are on.
  target_compile_options(sciexam_options INTERFACE -Wno-maybe-uninitialized)
  target_compile_options(sciexam_options INTERFACE -fsanitize=${sanitizers} -fno-sanitize-recover=all -g -O1
                                                   -fno-omit-frame-pointer)
  target_link_options(sciexam_options INTERFACE -fsanitize=${sanitizers})
endif()
if(SCIEXAM_SANITIZE OR SCIEXAM_SANITIZE_THREADS OR SCIEXAM_COVERAGE)
  target_compile_definitions(sciexam_options INTERFACE SCIEXAM_INSTRUMENTED)
endif()
if(SCIEXAM_COVERAGE)
  target_compile_options(sciexam_options INTERFACE --coverage -O0 -fprofile-update=atomic)
  target_link_options(sciexam_options INTERFACE --coverage)
endif()

# sciexam_library(NAME SOURCES a.cpp ... DEPENDS target ...): the static library
# sciexam_NAME of one folder of src/.
function(sciexam_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(sciexam_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(sciexam_${name} PUBLIC sciexam_options ${ARG_DEPENDS})
endfunction()

# sciexam_static_link(TARGET): a fully static executable, unless it is built
# with sanitizers or against somebody's own LibTorch.
function(sciexam_static_link target)
  if(NOT SCIEXAM_SANITIZE AND NOT SCIEXAM_SANITIZE_THREADS AND NOT SCIEXAM_LIBTORCH)
    target_link_options(${target} PRIVATE -static -Wl,--gc-sections)
  endif()
endfunction()
