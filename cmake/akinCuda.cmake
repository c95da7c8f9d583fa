# akin with its CUDA backend, for sources that nvcc compiles (language CUDA): what our own build and an installed akin
# share. The language must have been enabled.

# Where NVIDIA's optional libraries are: AKIN_CUBLAS_FOUND, AKIN_CUDNN_FOUND.
macro(akin_find_cuda_libraries)
  find_package(CUDAToolkit QUIET)
  find_path(AKIN_CUDNN_INCLUDE cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS} DOC "The folder of cudnn.h")
  find_library(AKIN_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR} DOC "The library cuDNN")
  mark_as_advanced(AKIN_CUDNN_INCLUDE AKIN_CUDNN_LIBRARY)
  set(AKIN_CUBLAS_FOUND OFF)
  if(TARGET CUDA::cublasLt)
    set(AKIN_CUBLAS_FOUND ON)
  endif()
  set(AKIN_CUDNN_FOUND OFF)
  if(AKIN_CUDNN_INCLUDE AND AKIN_CUDNN_LIBRARY)
    set(AKIN_CUDNN_FOUND ON)
  endif()
endmacro()

# akin_use_cuda(TARGET [cublas] [cudnn]): what users of the interface target are compiled and linked with.
function(akin_use_cuda target)
  target_compile_definitions(${target} INTERFACE AKIN_WITH_CUDA)
  target_compile_options(${target} INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>)
  if(cuda_std_20 IN_LIST CMAKE_CUDA_COMPILE_FEATURES)
    target_compile_features(${target} INTERFACE cuda_std_20)
  else()  # CMake 3.25 believes that nvcc ends at C++17
    target_compile_options(${target} INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
  endif()
  if(cublas IN_LIST ARGN)
    target_compile_definitions(${target} INTERFACE AKIN_WITH_CUBLAS)
    target_link_libraries(${target} INTERFACE CUDA::cublasLt)
  endif()
  if(cudnn IN_LIST ARGN)
    target_compile_definitions(${target} INTERFACE AKIN_WITH_CUDNN)
    target_include_directories(${target} SYSTEM INTERFACE ${AKIN_CUDNN_INCLUDE})
    target_link_libraries(${target} INTERFACE ${AKIN_CUDNN_LIBRARY})
  endif()
endfunction()
