# Installs include/ and kernels/ side by side: headers reach the kernels by a relative path.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/akin-${PROJECT_VERSION})
set(package ${CMAKE_INSTALL_DATADIR}/cmake/akin)

target_include_directories(akin INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                          $<INSTALL_INTERFACE:${headers}/include>)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/kernels DESTINATION ${headers})
install(TARGETS akin EXPORT akin)
install(EXPORT akin NAMESPACE akin:: FILE akinTargets.cmake DESTINATION ${package})

configure_file(${CMAKE_CURRENT_LIST_DIR}/akinConfig.cmake.in akinConfig.cmake @ONLY)
write_basic_package_version_file(akinConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/akinConfig.cmake ${PROJECT_BINARY_DIR}/akinConfigVersion.cmake
        DESTINATION ${package})
