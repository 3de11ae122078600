# SPDX-License-Identifier: Apache-2.0
# ukko_embed(TARGET FILE NAME): the bytes of a file as const unsigned char NAME[] and const size_t NAME_len.
function(ukko_embed target file name)
  set(in ${CMAKE_SOURCE_DIR}/${file})
  set(out ${CMAKE_BINARY_DIR}/gen/${name}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${in} -DOUT=${out} -DNAME=${name} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${in} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake)
  target_sources(${target} PRIVATE ${out})
endfunction()
ukko_embed(ukko_objects src/config/reference.conf uk_reference_conf)
