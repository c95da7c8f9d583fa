# stb_image.h: where it is, and how old.
if(NOT AKIN_STB_FOLDER)
  message(FATAL_ERROR "stb_image.h was not found: apt-get install libstb-dev, or configure with -DAKIN_WITH_STB=OFF")
endif()
target_compile_definitions(akin INTERFACE AKIN_WITH_STB)
target_include_directories(akin SYSTEM INTERFACE $<BUILD_INTERFACE:${AKIN_STB_FOLDER}>)  # akinConfig.cmake finds it anew

file(STRINGS ${AKIN_STB_FOLDER}/stb_image.h stb_version LIMIT_COUNT 1 REGEX "v[0-9]+\\.[0-9]+")
string(REGEX REPLACE ".*v([0-9]+\\.[0-9]+).*" "\\1" stb_version "${stb_version}")
message(STATUS "stb_image ${stb_version} in ${AKIN_STB_FOLDER}")
if(stb_version VERSION_LESS 2.28)
  message(STATUS "  versions before 2.28 trust JPEG tables too much; akin checks these itself before it decodes")
endif()
