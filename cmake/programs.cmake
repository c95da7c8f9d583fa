# How our own tests, examples and benchmarks are compiled. Nothing here reaches users of the library.
include(CheckCXXCompilerFlag)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
set(CMAKE_CXX_EXTENSIONS OFF)

add_library(akin_program INTERFACE)  # an example or benchmark
target_link_libraries(akin_program INTERFACE akin::akin)

# Options of the host compiler, which nvcc must be told to hand on.
function(akin_program_options)
  foreach(option IN LISTS ARGN)
    target_compile_options(akin_program INTERFACE $<IF:$<COMPILE_LANGUAGE:CUDA>,-Xcompiler=${option},${option}>)
  endforeach()
endfunction()
akin_program_options(-Wall -Wextra)
if(AKIN_WERROR)
  akin_program_options(-Werror)
endif()
akin_program_options(-fno-math-errno)  # nobody reads errno, and setting it keeps sqrt scalar

if(AKIN_NATIVE)
  # Kernels use the widest registers there are; without the second flag compilers split 512-bit vectors in two.
  foreach(flag -march=native -mprefer-vector-width=512)
    string(MAKE_C_IDENTIFIER "AKIN_HAS${flag}" has_flag)
    check_cxx_compiler_flag(${flag} ${has_flag})
    if(${has_flag})
      akin_program_options(${flag})
    endif()
  endforeach()
endif()

if(AKIN_CUDA AND AKIN_SANITIZE)
  message(FATAL_ERROR "sanitizers see the CPU only: configure with -DAKIN_CUDA=OFF, and use compute-sanitizer on a GPU")
endif()

# Target options follow those of the build type on the command line, so these optimisation levels win.
if(AKIN_SANITIZE STREQUAL "thread")
  target_compile_options(akin_program INTERFACE -fsanitize=thread -O1 -g1 -UNDEBUG)
  target_link_options(akin_program INTERFACE -fsanitize=thread)
elseif(AKIN_SANITIZE MATCHES "fuzzer")  # speed finds bugs; float-cast-overflow is not part of undefined
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "fuzzing needs clang++ and its libFuzzer: apt-get install clang, or cmake --preset fuzz")
  endif()
  set(fuzz_flags -fsanitize=${AKIN_SANITIZE},float-cast-overflow -fno-sanitize-recover=all)
  target_compile_options(akin_program INTERFACE ${fuzz_flags} -fno-omit-frame-pointer -O1 -g -UNDEBUG)
  target_link_options(akin_program INTERFACE ${fuzz_flags})
elseif(AKIN_SANITIZE)  # -O0: optimising takes three to five times as long; g++ takes twice the preset's clang++
  target_compile_options(akin_program INTERFACE -fsanitize=${AKIN_SANITIZE} -fno-sanitize-recover=all
                                                -fno-omit-frame-pointer -O0 -g1 -UNDEBUG)
  target_link_options(akin_program INTERFACE -fsanitize=${AKIN_SANITIZE})
endif()

if(CMAKE_CXX_COMPILER_ID MATCHES Clang)  # g++ defines them itself; the emulator and some tests ask
  if(AKIN_SANITIZE MATCHES "address")
    target_compile_definitions(akin_program INTERFACE __SANITIZE_ADDRESS__=1)
  elseif(AKIN_SANITIZE STREQUAL "thread")
    target_compile_definitions(akin_program INTERFACE __SANITIZE_THREAD__=1)
  endif()
endif()

# The optimisation level of a target of C++ in a Release build. Sanitized builds have levels of their own.
function(akin_optimize target level)
  if(NOT AKIN_SANITIZE)
    target_compile_options(${target} PRIVATE $<$<AND:$<CONFIG:Release>,$<COMPILE_LANGUAGE:CXX>>:${level}>)
  endif()
endfunction()

# Adds a program of one source file, compiled by nvcc where this build is for CUDA.
function(akin_add_program name source)
  add_executable(${name} ${ARGN} ${source})
  target_link_libraries(${name} PRIVATE akin_program)
  if(AKIN_CUDA)
    set_source_files_properties(${source} PROPERTIES LANGUAGE CUDA)
    target_link_libraries(${name} PRIVATE akin_cuda)
  endif()
endfunction()

# Names the Debian package that is missing, instead of failing later.
function(akin_require package debian_name option)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} was not found: apt-get install ${debian_name}, or configure with -D${option}=OFF")
  endif()
endfunction()
