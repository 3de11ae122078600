# SPDX-License-Identifier: Apache-2.0
# Embeds src/config/reference.conf in the library as uk_reference_conf[] and uk_reference_conf_len.
set(UKKO_REF_IN ${CMAKE_SOURCE_DIR}/src/config/reference.conf)
set(UKKO_REF_OUT ${CMAKE_BINARY_DIR}/gen/reference_conf.c)
add_custom_command(OUTPUT ${UKKO_REF_OUT}
  COMMAND ${CMAKE_COMMAND} -DIN=${UKKO_REF_IN} -DOUT=${UKKO_REF_OUT} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${UKKO_REF_IN} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake)
target_sources(ukko_objects PRIVATE ${UKKO_REF_OUT})
