// Tensor cores: one function for each instruction that a warp executes together, sm_80 and later.
//
// What a lane holds is that of the PTX ISA, 9.7.14 (mma.m16n8k16, ldmatrix). Off the GPU, lanes exchange pointers and
// compute what the instruction is defined to compute.
#pragma once
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// A lane's part of 16 rows x 16 terms of bf16, as four 8 x 8 matrices: part[2 h + r] is of terms 8 h.. and rows 8 r...
/// Of each, lane l holds the terms 2 (l % 4) and one more, the lower bits first, of row l / 4.
struct MmaBlock {
  std::uint32_t part[4];
};
/// A lane's part of 16 x 8 sums: columns 2 (l % 4) and one more of row l / 4, then of row l / 4 + 8.
struct MmaSums {
  float value[4] = {};
};

namespace detail {

#if defined(__CUDACC__)

/// Four 8 x 8 matrices from shared memory: lane l names the row l % 8, 16 bytes, of matrix l / 8. `across` transposes
/// each on the way.
template <bool across>
__device__ MmaBlock load_matrices(const std::uint16_t* row) {
  MmaBlock b;
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (across)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(b.part[0]), "=r"(b.part[1]), "=r"(b.part[2]), "=r"(b.part[3])
                 : "r"(address)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(b.part[0]), "=r"(b.part[1]), "=r"(b.part[2]), "=r"(b.part[3])
                 : "r"(address)
                 : "memory");
  return b;
}

/// sums += a b^T, 16 x 8 of 16 terms, where b is given by its two 8 x 8 matrices.
AKIN_LAZY __device__ void multiply_add(MmaSums& sums, const MmaBlock& a, std::uint32_t b_low, std::uint32_t b_high) {
  float(&c)[4] = sums.value;
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a.part[0]), "r"(a.part[1]), "r"(a.part[2]), "r"(a.part[3]), "r"(b_low), "r"(b_high));
}

#else

/// The pointers of all 32 lanes. What they point to is there until the lane's next __syncwarp().
template <class P>
const P* const* pointers_of_lanes(const P* mine) {
  using namespace ::emulator;
  return reinterpret_cast<const P* const*>(
      warp_exchange(WarpOp::gather, whole_warp, reinterpret_cast<std::uintptr_t>(mine), 0, warp_size));
}

template <bool across>
MmaBlock load_matrices(const std::uint16_t* row) {
  const std::uint16_t* const* rows = pointers_of_lanes(row);
  const int i = static_cast<int>(threadIdx.x) % warp_size / 4, j = static_cast<int>(threadIdx.x) % 4 * 2;
  if (reinterpret_cast<std::uintptr_t>(row) % 16 != 0) ::emulator::fail("ldmatrix: a row is not aligned to 16 bytes");
  MmaBlock b;
  for (int m = 0; m < 4; ++m) {
    const auto at = [&](int r, int c) -> std::uint32_t { return across ? rows[8 * m + c][r] : rows[8 * m + r][c]; };
    b.part[m] = at(i, j) | at(i, j + 1) << 16;
  }
  __syncwarp();
  return b;
}

AKIN_LAZY void multiply_add(MmaSums& sums, const MmaBlock& a, std::uint32_t b_low, std::uint32_t b_high) {
  const std::uint32_t mine[6] = {a.part[0], a.part[1], a.part[2], a.part[3], b_low, b_high};
  const std::uint32_t* const* lanes = pointers_of_lanes(mine);
  const auto element = [](std::uint32_t pair, int k) {
    return __builtin_bit_cast(float, k % 2 ? pair & 0xffff0000u : pair << 16);
  };
  const int i = static_cast<int>(threadIdx.x) % warp_size / 4, j = static_cast<int>(threadIdx.x) % 4 * 2;
  float x[2][16], y[2][16];  // rows i and i + 8 of a, columns j and j + 1 of b
  for (int k = 0; k < 16; ++k) {
    const int pair = k % 8 / 2, high = k / 8;
    for (int r = 0; r < 2; ++r) x[r][k] = element(lanes[4 * i + pair][2 * high + r], k);
    for (int c = 0; c < 2; ++c) y[c][k] = element(lanes[4 * (j + c) + pair][4 + high], k);
  }
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c)
      for (int k = 0; k < 16; ++k) sums.value[2 * r + c] += x[r][k] * y[c][k];
  __syncwarp();
}

#endif

}  // namespace detail

}  // namespace akin::inline AKIN_ABI::kernels
