// Sums and extremes over the threads of a warp and of a block, in a fixed order: the same bits in every run.
#pragma once
#include "../reducers.hpp"
#include "launch.hpp"

namespace akin::inline AKIN_ABI::kernels {

inline constexpr int warp_size = 32;
inline constexpr unsigned whole_warp = 0xffffffffu;

/// The value of the lane whose number differs in the bits of `distance`. Structs bring an overload of their own.
template <class T>
__device__ inline T from_lane_xor(T value, int distance) {
  return __shfl_xor_sync(whole_warp, value, distance);
}

/// combine(value of all lanes), in every lane: a butterfly of five exchanges. All 32 lanes must call it.
template <class T, class Combine>
__device__ inline T warp_reduce(T value, Combine combine) {
  for (int distance = warp_size / 2; distance > 0; distance /= 2)
    value = combine(value, from_lane_xor(value, distance));
  return value;
}

/// combine(value of all threads of the block), in every thread. All threads must call it; blocks are 1-D, of whole
/// warps. May be called again at once: it ends behind a barrier.
template <class T, class Combine>
__device__ T block_reduce(T value, T neutral, Combine combine) {
  AKIN_SHARED(T, of_warp, warp_size);
  const int lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
  value = warp_reduce(value, combine);
  if (lane == 0) of_warp[warp] = value;
  __syncthreads();
  value = warp_reduce(lane < static_cast<int>(blockDim.x) / warp_size ? of_warp[lane] : neutral, combine);
  __syncthreads();
  return value;
}

template <class T>
__device__ T block_sum(T value) {
  return block_reduce(value, T(0), SumOf{});
}

}  // namespace akin::inline AKIN_ABI::kernels
