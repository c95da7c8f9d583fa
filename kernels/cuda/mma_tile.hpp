// Tiles of a matrix product of bf16 on tensor cores, summed in float.
//
// Eight warps, two below each other and four side by side. A strip lies in shared memory as in global memory, along its
// terms or along its rows: ldmatrix transposes where it must. Lines are skewed by 16 bytes, so that the eight rows of a
// matrix lie in different banks.
#pragma once
#include "gemm_tile.hpp"
#include "mma.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// 64 or 128 squared sums.
template <int squares>
class MmaTile {
 public:
  using Element = bf16;
  static constexpr bool chunks_only = squares > 1;
  static constexpr int size = 64 * squares, depth = 32, run = 2;

 private:
  static constexpr int skew = pack_lanes<bf16>;
  template <bool along_terms>
  static constexpr int stride = (along_terms ? depth : size) + skew;
  static constexpr int rows = size / 2, cols = size / 4;  // of a warp

 public:
  static constexpr int strip_chunks = size * (depth + skew) / pack_lanes<bf16>;  // along rows it is less

  template <bool along_terms>
  static __device__ void put(uint4* strip, int row, int term, const Chunk<bf16>& chunk) {
    strip[offset<along_terms>(row, term) / pack_lanes<bf16>] = __builtin_bit_cast(uint4, chunk);
  }

  template <bool a_along_terms, bool b_along_terms>
  __device__ void multiply(const uint4* a, const uint4* b) {
    AKIN_DEVICE_UNROLL
    for (int k = 0; k < depth; k += 16) {
      MmaBlock x[rows / 16], y[cols / 16];
      AKIN_DEVICE_UNROLL
      for (int i = 0; i < rows / 16; ++i) x[i] = block<a_along_terms>(a, first_row() + 16 * i, k);
      AKIN_DEVICE_UNROLL
      for (int j = 0; j < cols / 16; ++j) y[j] = block<b_along_terms>(b, first_col() + 16 * j, k);
      AKIN_DEVICE_UNROLL
      for (int i = 0; i < rows / 16; ++i) {
        AKIN_DEVICE_UNROLL
        for (int j = 0; j < cols / 8; ++j)
          multiply_add(sums_[i][j], x[i], y[j / 2].part[j % 2], y[j / 2].part[2 + j % 2]);
      }
    }
  }

  template <class Store>
  __device__ void for_each_run(Store store) const {
    AKIN_DEVICE_UNROLL
    for (int i = 0; i < rows / 16; ++i) {
      AKIN_DEVICE_UNROLL
      for (int j = 0; j < cols / 8; ++j) {
        AKIN_DEVICE_UNROLL
        for (int half = 0; half < 2; ++half)
          store(first_row() + 16 * i + 8 * half + lane() / 4, first_col() + 8 * j + lane() % 4 * 2,
                sums_[i][j].value + 2 * half);
      }
    }
  }

 private:
  static __device__ int lane() { return static_cast<int>(threadIdx.x) % warp_size; }
  static __device__ int first_row() { return static_cast<int>(threadIdx.x) / warp_size / 4 * rows; }
  static __device__ int first_col() { return static_cast<int>(threadIdx.x) / warp_size % 4 * cols; }

  template <bool along_terms>
  static __device__ int offset(int row, int term) {
    return along_terms ? row * stride<true> + term : term * stride<false> + row;
  }
  /// The lane names a line of the matrix lane / 8, of which bit 0 says which rows and bit 1 which terms.
  template <bool along_terms>
  static __device__ MmaBlock block(const uint4* strip, int row, int term) {
    const int line = lane() % 8, lower = lane() / 8 % 2 * 8, later = lane() / 16 * 8;
    const int at = offset<along_terms>(row + lower + (along_terms ? line : 0), term + later + (along_terms ? 0 : line));
    return load_matrices<!along_terms>(reinterpret_cast<const std::uint16_t*>(strip) + at);
  }

  MmaSums sums_[rows / 16][cols / 8];
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
