// Backend tags: the first parameter of every kernel says where it runs. A missing twin is a compile error.
#pragma once
#include "macros.hpp"

#if AKIN_CUDA
#include <cuda_runtime_api.h>
#endif

namespace akin::inline AKIN_ABI::kernels {

/// Runs on the host, on the threads of parallel_for.
struct Cpu {};

#if AKIN_CUDA
/// Runs on an NVIDIA GPU, ordered on one stream.
struct Cuda {
  cudaStream_t stream = nullptr;
};
#endif

}  // namespace akin::inline AKIN_ABI::kernels

namespace akin::inline AKIN_ABI {
inline constexpr bool has_cuda = AKIN_CUDA != 0;
}  // namespace akin::inline AKIN_ABI
