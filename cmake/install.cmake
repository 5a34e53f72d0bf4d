# What `cmake --install` writes: headers, the library, a CMake package, and ebbpool.pc. All of it finds itself
# relative to where it lies, so the installed tree may be moved.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(EBB_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ebbpool)
set(EBB_PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS ebbpool EXPORT ebbpool-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET ebbpool_inspector)
  install(TARGETS ebbpool_inspector EXPORT ebbpool-targets)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ebb DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT ebbpool-targets NAMESPACE ebbpool:: DESTINATION ${EBB_PACKAGE_DIR})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/ebbpool-config.cmake.in ${PROJECT_BINARY_DIR}/ebbpool-config.cmake
  INSTALL_DESTINATION ${EBB_PACKAGE_DIR})
# Before 1.0 every minor version may break users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ebbpool-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/ebbpool-config.cmake ${PROJECT_BINARY_DIR}/ebbpool-config-version.cmake
  DESTINATION ${EBB_PACKAGE_DIR})

file(RELATIVE_PATH EBB_PC_PREFIX ${CMAKE_INSTALL_PREFIX}/${EBB_PKGCONFIG_DIR} ${CMAKE_INSTALL_PREFIX})
set(EBB_PC_CFLAGS "")
if(EBB_CHECKED)
  set(EBB_PC_CFLAGS " -DEBB_CHECKED=1")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/ebbpool.pc.in ${PROJECT_BINARY_DIR}/ebbpool.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ebbpool.pc DESTINATION ${EBB_PKGCONFIG_DIR})
