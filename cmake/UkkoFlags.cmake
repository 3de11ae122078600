# Compiler flags shared by all targets. UKKO_SANITIZE is empty or a -fsanitize list.
set(UKKO_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize")
function(ukko_compile target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla>
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra>
    -fvisibility=hidden -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
endfunction()
if(UKKO_SANITIZE)
  add_compile_options(-fsanitize=${UKKO_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${UKKO_SANITIZE})
endif()
