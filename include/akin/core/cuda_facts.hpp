// What CUDA offers on this machine: versions, GPUs, and whether this program can use them. Never throws for the lack of
// any of it: programs print this where something does not work.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "build.hpp"
#include "cuda.hpp"

#if AKIN_CUDA && defined(AKIN_WITH_CUBLAS)
#include <cublasLt.h>
#endif
#if AKIN_CUDA && defined(AKIN_WITH_CUDNN)
#include <cudnn.h>
#endif

namespace akin::inline AKIN_ABI {

/// A library that this program was linked with, and the version whose headers it was compiled with.
struct CudaLibrary {
  std::string name, compiled, found;
};

struct CudaDevice {
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  std::size_t bytes = 0;     ///< memory
  int multiprocessors = 0;
  std::string problem;  ///< why this program cannot use it; empty if it can
};

struct CudaFacts {
  std::vector<CudaLibrary> libraries;
  std::string driver;   ///< the newest CUDA that the driver serves, "13.0"; empty without a driver
  std::string problem;  ///< why no GPU can be used; empty if there are some
  std::vector<CudaDevice> devices;
};

#if AKIN_CUDA
namespace detail {

/// "9.19.0" for 91900: how CUDA's libraries number their versions.
AKIN_LAZY std::string library_version(std::size_t number) {
  return cat(number / 10000, '.', number % 10000 / 100, '.', number % 100);
}

AKIN_LAZY std::vector<CudaLibrary> cuda_libraries() {
  int runtime = 0;
  cudaRuntimeGetVersion(&runtime);
  std::vector<CudaLibrary> libraries{{"CUDA runtime", cuda_version(CUDART_VERSION), cuda_version(runtime)}};
#if defined(AKIN_WITH_CUBLAS)
  libraries.push_back({"cuBLASLt", library_version(CUBLAS_VERSION), library_version(cublasLtGetVersion())});
#endif
#if defined(AKIN_WITH_CUDNN)
  libraries.push_back({"cuDNN", library_version(CUDNN_VERSION), library_version(cudnnGetVersion())});
#endif
  return libraries;
}

/// Makes the device the current one.
AKIN_LAZY CudaDevice cuda_device(int index) {
  cudaDeviceProp gpu{};
  cudaError_t status = cudaGetDeviceProperties(&gpu, index);
  if (status != cudaSuccess) return {.name = cat("GPU ", index), .problem = cuda_says(status)};
  status = cudaSetDevice(index);
  if (status == cudaSuccess) status = find_code();
  return {gpu.name,
          gpu.major,
          gpu.minor,
          gpu.totalGlobalMem,
          gpu.multiProcessorCount,
          status == cudaSuccess ? "" : cuda_says(status)};
}

}  // namespace detail
#endif

/// Asks the machine. Without the CUDA backend there is only a problem.
AKIN_LAZY CudaFacts cuda_facts() {
  CudaFacts facts;
#if AKIN_CUDA
  facts.libraries = detail::cuda_libraries();
  int driver = 0, count = 0, current = 0;
  if (cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0) facts.driver = detail::cuda_version(driver);
  cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count == 0) status = cudaErrorNoDevice;
  if (status == cudaSuccess) status = cudaGetDevice(&current);
  if (status != cudaSuccess) {
    facts.problem = detail::cuda_says(status);
    return facts;
  }
  for (int i = 0; i < count; ++i) facts.devices.push_back(detail::cuda_device(i));
  cudaSetDevice(current);
#else
  facts.problem = "this build has no CUDA backend; compile with nvcc and -DAKIN_WITH_CUDA";
#endif
  return facts;
}

}  // namespace akin::inline AKIN_ABI
