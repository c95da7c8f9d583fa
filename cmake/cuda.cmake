# AKIN_CUDA: nvcc compiles our own programs. Gives the target akin::cuda to a project that includes akin's sources.
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  find_program(CMAKE_CUDA_COMPILER nvcc HINTS ENV CUDAToolkit_ROOT ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
  if(NOT CMAKE_CUDA_COMPILER)
    message(FATAL_ERROR "AKIN_CUDA needs nvcc, and none is in PATH, CUDAToolkit_ROOT or /usr/local/cuda: install "
                        "NVIDIA's CUDA toolkit, name the program with -DCMAKE_CUDA_COMPILER=..., or configure with "
                        "-DAKIN_CUDA=OFF")
  endif()
endif()
# Machine code for A100 and H100, and PTX, which drivers translate for what comes later. Never "native": a program may
# be built where there is no GPU.
set(CMAKE_CUDA_ARCHITECTURES "80-real;90-real;90-virtual" CACHE STRING "GPUs that programs have code for")
enable_language(CUDA)

include(${CMAKE_CURRENT_LIST_DIR}/akinCuda.cmake)
akin_find_cuda_libraries()
option(AKIN_CUBLAS "Matrix products by cuBLASLt (links cublasLt)" ${AKIN_CUBLAS_FOUND})
option(AKIN_CUDNN "Convolutions by cuDNN (links cudnn)" ${AKIN_CUDNN_FOUND})
set(cuda_parts "")
foreach(part CUBLAS CUDNN)
  if(AKIN_${part} AND NOT AKIN_${part}_FOUND)
    message(FATAL_ERROR "AKIN_${part} is on, and the library or its header was not found beside "
                        "${CMAKE_CUDA_COMPILER}: install it, or configure with -DAKIN_${part}=OFF")
  elseif(AKIN_${part})
    string(TOLOWER ${part} name)
    list(APPEND cuda_parts ${name})
  endif()
endforeach()

add_library(akin_cuda INTERFACE)
add_library(akin::cuda ALIAS akin_cuda)
target_link_libraries(akin_cuda INTERFACE akin)
akin_use_cuda(akin_cuda ${cuda_parts})

if(PROJECT_IS_TOP_LEVEL)
  message(STATUS "CUDA ${CMAKE_CUDA_COMPILER_VERSION}: ${CMAKE_CUDA_COMPILER}, code for ${CMAKE_CUDA_ARCHITECTURES}, "
                 "cuBLASLt ${AKIN_CUBLAS}, cuDNN ${AKIN_CUDNN}")
endif()
