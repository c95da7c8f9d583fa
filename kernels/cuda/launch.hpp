// How a CUDA kernel starts, and how its threads share work and memory.
//
// There is no <<<>>>: launch() is a plain function, so one source compiles under nvcc, which runs it on a GPU, and
// under a C++ compiler with the emulator of tests/cuda_on_cpu, which runs it on the host. Every kernel is a template: a
// plain __global__ function in a header would be defined once per translation unit.
#pragma once
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>

#include "../../include/akin/core/cuda.hpp"

namespace akin::inline AKIN_ABI::kernels {

// ---- shared memory --------------------------------------------------------------------------------------------------

// AKIN_SHARED(float, sums, 32): an array of the block, uninitialised. Of a type without a constructor.
// AKIN_DYNAMIC_SHARED(float, rows): the bytes asked for by Grid::shared_bytes, aligned to 16.
#if defined(__CUDACC__)
#define AKIN_SHARED(T, name, count) __shared__ T name[count]
#define AKIN_DYNAMIC_SHARED(T, name)                                   \
  extern __shared__ __align__(16) unsigned char akin_dynamic_shared[]; \
  T* const name = reinterpret_cast<T*>(akin_dynamic_shared)
#else
#define AKIN_SHARED(T, name, count) \
  T(&name)[count] = *static_cast<T(*)[count]>(::emulator::shared_array(AKIN_EMULATOR_SITE, sizeof(T) * (count)))
#define AKIN_DYNAMIC_SHARED(T, name) T* const name = static_cast<T*>(::emulator::dynamic_shared())
#endif

// Before a loop over a thread's registers: an array that is indexed at run time would lie in memory.
#if defined(__CUDACC__)
#define AKIN_DEVICE_UNROLL _Pragma("unroll")
#define AKIN_DEVICE_UNROLL_BY(count) _Pragma(AKIN_QUOTE(unroll count))
#else
#define AKIN_DEVICE_UNROLL
#define AKIN_DEVICE_UNROLL_BY(count)
#endif

// ---- work of a thread -----------------------------------------------------------------------------------------------

// for (std::int64_t i = first_item(); i < n; i += item_step()): the items of one thread, neighbours in one warp.
__device__ inline std::int64_t first_item() { return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline std::int64_t item_step() { return static_cast<std::int64_t>(gridDim.x) * blockDim.x; }
// The same for the rows of a matrix, in grids of grid_over_matrix; its columns are the items.
__device__ inline std::int64_t first_row() { return static_cast<std::int64_t>(blockIdx.y) * blockDim.y + threadIdx.y; }
__device__ inline std::int64_t row_step() { return static_cast<std::int64_t>(gridDim.y) * blockDim.y; }

// ---- launch ---------------------------------------------------------------------------------------------------------

/// Blocks x threads, in one to three dimensions, and dynamic shared memory per block.
struct Grid {
  dim3 blocks, threads;
  std::size_t shared_bytes = 0;
};

inline constexpr int block_threads = 256;
/// Eight blocks on each of 132 multiprocessors fill the largest GPU; grid-stride loops do the rest.
inline constexpr std::int64_t most_blocks = 8 * 132;

/// Enough threads for n items in grid-stride loops.
inline Grid grid_over(std::int64_t n, int threads = block_threads) {
  const std::int64_t blocks = std::clamp<std::int64_t>((n + threads - 1) / threads, 1, most_blocks);
  return {dim3(static_cast<unsigned>(blocks)), dim3(static_cast<unsigned>(threads))};
}
/// One block for each of n rows, in grid-stride loops over rows.
inline Grid grid_of_rows(std::int64_t n, int threads = block_threads) {
  const std::int64_t blocks = std::clamp<std::int64_t>(n, 1, 16 * most_blocks);
  return {dim3(static_cast<unsigned>(blocks)), dim3(static_cast<unsigned>(threads))};
}

/// A thread for each value of a matrix, in grid-stride loops over rows (y) and columns (x): where a thread stands costs
/// no division. Blocks are as wide as the rows are long, up to `widest`, a power of two; short rows share a block.
inline Grid grid_over_matrix(std::int64_t rows, std::int64_t cols, int widest = block_threads) {
  int width = 1;
  while (width < cols && width < widest) width *= 2;
  const int height = block_threads / width;
  const std::int64_t across = std::clamp<std::int64_t>((cols + width - 1) / width, 1, most_blocks);
  const std::int64_t down = std::clamp<std::int64_t>((rows + height - 1) / height, 1, 4 * most_blocks / across);
  return {dim3(static_cast<unsigned>(across), static_cast<unsigned>(down)),
          dim3(static_cast<unsigned>(width), static_cast<unsigned>(height))};
}

/// Queues kernel(args...) on the stream of the queue. Errors: what CUDA refuses, with the op's name.
template <class... P, class... A>
void launch(std::string_view op, Cuda queue, const Grid& grid, void (*kernel)(P...), A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "a kernel gets as many arguments as it has parameters");
#if defined(__CUDACC__)
  constexpr std::size_t without_asking = 48 << 10;
  if (grid.shared_bytes > without_asking)
    check_cuda(op, cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        static_cast<int>(grid.shared_bytes)));
  cudaLaunchConfig_t config{};
  config.gridDim = grid.blocks;
  config.blockDim = grid.threads;
  config.dynamicSmemBytes = grid.shared_bytes;
  config.stream = queue.stream;
  check_cuda(op, cudaLaunchKernelEx(&config, kernel, static_cast<P>(args)...));
#else
  const std::tuple<P...> now(static_cast<P>(args)...);  // copied at the call, as a GPU's parameters are
  check_cuda(op, ::emulator::enqueue({std::string(op), grid.blocks, grid.threads, grid.shared_bytes,
                                      reinterpret_cast<const void*>(kernel)},
                                     queue.stream, [kernel, now] { std::apply(kernel, now); }));
#endif
}

}  // namespace akin::inline AKIN_ABI::kernels
