# SPDX-License-Identifier: Apache-2.0
# Compiler and linker flags shared by all targets. UKKO_SANITIZE is empty or a -fsanitize list; the build type Sanitize
# goes with it: optimized enough to be quick, with assertions and full stack traces.
set(UKKO_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize")
option(UKKO_COVERAGE "count executed lines with gcov" OFF)
option(UKKO_FUZZ "build the libFuzzer programs (needs clang)" OFF)
set(CMAKE_C_FLAGS_SANITIZE "-O1 -g" CACHE STRING "flags of the build type Sanitize")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g" CACHE STRING "flags of the build type Sanitize")
include(CheckPIESupported)
check_pie_supported()

# Tables grow at their end, and what is left out is zero: no warning about that.
function(ukko_compile target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla>
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra>
    -Wno-missing-field-initializers
    -fvisibility=hidden -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
endfunction()

if(UKKO_SANITIZE)
  add_compile_options(-fsanitize=${UKKO_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${UKKO_SANITIZE})
else()
  # Hardening: checked libc calls where the optimizer is on, and tables that are read-only once the program runs.
  add_compile_options($<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>
                      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>)
endif()
if(NOT APPLE)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()
if(UKKO_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(UKKO_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# The shared library shows ukko_* and nothing else.
function(ukko_export target)
  if(NOT APPLE)
    target_link_options(${target} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/ukko.map)
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/ukko.map)
  endif()
endfunction()
