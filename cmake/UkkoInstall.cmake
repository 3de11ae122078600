# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` lays down: headers, both libraries, the command, ukko.pc and the CMake package, manual pages and completions.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(DIRECTORY include/ukko DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS ukko EXPORT ukkoTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS ukko_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS ukko_testkit EXPORT ukkoTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS ukko_status EXPORT ukkoTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS ukko_status_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS ukko_testkit_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET ukko_cli)
  install(TARGETS ukko_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Manual pages and completions are made with the build; without python3 those of the library are left out.
file(GLOB UKKO_MANUAL_SOURCES CONFIGURE_DEPENDS include/ukko/*.h docs/man/*.in tools/*.py tools/settings-doc)
set(UKKO_MANUAL_COMMAND "")
if(TARGET ukko_cli AND NOT CMAKE_CROSSCOMPILING)
  set(UKKO_MANUAL_COMMAND $<TARGET_FILE:ukko_cli>)
endif()
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/gen/share.done
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${CMAKE_BINARY_DIR}/share
  COMMAND ${CMAKE_SOURCE_DIR}/packaging/generated ${CMAKE_BINARY_DIR}/share ${UKKO_MANUAL_COMMAND}
  COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/gen/share.done
  DEPENDS ${UKKO_MANUAL_SOURCES} ${UKKO_MANUAL_COMMAND} packaging/generated src/config/reference.conf CHANGELOG.md
  COMMENT "Writing manual pages and completions" VERBATIM)
add_custom_target(manual ALL DEPENDS ${CMAKE_BINARY_DIR}/gen/share.done)
install(DIRECTORY ${CMAKE_BINARY_DIR}/share/ DESTINATION ${CMAKE_INSTALL_DATADIR})

string(REPLACE ";" " " UKKO_PC_REQUIRES "${UKKO_PC_MODULES}")
file(RELATIVE_PATH UKKO_PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/ukko.pc.in ${CMAKE_BINARY_DIR}/gen/ukko.pc @ONLY)
configure_file(cmake/ukko-status.pc.in ${CMAKE_BINARY_DIR}/gen/ukko-status.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/gen/ukko-status.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(cmake/ukko-testkit.pc.in ${CMAKE_BINARY_DIR}/gen/ukko-testkit.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/gen/ukko-testkit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${CMAKE_BINARY_DIR}/gen/ukko.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(UKKO_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ukko)
configure_package_config_file(cmake/ukkoConfig.cmake.in ${CMAKE_BINARY_DIR}/gen/ukkoConfig.cmake
  INSTALL_DESTINATION ${UKKO_CMAKE_DIR} PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/gen/ukkoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/gen/ukkoConfig.cmake ${CMAKE_BINARY_DIR}/gen/ukkoConfigVersion.cmake
  DESTINATION ${UKKO_CMAKE_DIR})
install(EXPORT ukkoTargets NAMESPACE ukko:: DESTINATION ${UKKO_CMAKE_DIR})
