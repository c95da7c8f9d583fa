# Installs include/ and kernels/ side by side: headers reach the kernels by a relative path. Nothing that is installed
# names a folder of the build, so a prefix can be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/akin-${PROJECT_VERSION})
set(package ${CMAKE_INSTALL_DATADIR}/cmake/akin)
set(pkgconfig ${CMAKE_INSTALL_DATADIR}/pkgconfig)

target_include_directories(akin INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                          $<INSTALL_INTERFACE:${headers}/include>)
if(NOT AKIN_INSTALL)
  return()
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/kernels DESTINATION ${headers})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/akin)
install(TARGETS akin EXPORT akin)
install(EXPORT akin NAMESPACE akin:: FILE akinTargets.cmake DESTINATION ${package})

configure_file(${CMAKE_CURRENT_LIST_DIR}/akinConfig.cmake.in akinConfig.cmake @ONLY)
write_basic_package_version_file(akinConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/akinConfig.cmake ${PROJECT_BINARY_DIR}/akinConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/akinCuda.cmake
        DESTINATION ${package})

file(RELATIVE_PATH up /${pkgconfig} /)
string(REGEX REPLACE "/$" "" up ${up})
set(pc_requires "")
set(pc_flags "")
if(AKIN_WITH_ZLIB)
  string(APPEND pc_requires zlib)
  string(APPEND pc_flags " -DAKIN_WITH_ZLIB")
endif()
if(AKIN_WITH_STB)  # not every stb has a .pc file, and Debian's links a library that headers do not need
  string(REPLACE " " "\\ " stb_folder "${AKIN_STB_FOLDER}")
  string(APPEND pc_flags " -DAKIN_WITH_STB -I${stb_folder}")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/akin.pc.in akin.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/akin.pc DESTINATION ${pkgconfig})
