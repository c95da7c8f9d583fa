// y[r, c] += row[c], in place: the bias of a linear layer, added where the matrix product left its result. Twin:
// kernels/cpu/add_row.hpp.
//
// Memory-bound. A thread keeps its part of the row in registers and walks down the matrix.
#pragma once
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "pack.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

template <class T, int lanes>
__global__ void add_row_kernel(std::int64_t rows, std::int64_t packs, const Pack<T, lanes>* row, Pack<T, lanes>* y) {
  using C = compute_t<T>;
  for (std::int64_t p = first_item(); p < packs; p += item_step()) {
    const Pack<T, lanes> add = row[p];
    for (std::int64_t r = first_row(); r < rows; r += row_step()) {
      Pack<T, lanes> sum = y[r * packs + p];
      for (int k = 0; k < lanes; ++k)
        sum.values[k] = static_cast<T>(static_cast<C>(sum.values[k]) + static_cast<C>(add.values[k]));
      y[r * packs + p] = sum;
    }
  }
}

}  // namespace detail

template <class T>
void add_row(Cuda queue, std::int64_t rows, std::int64_t cols, const T* row, T* y) {
  if (rows <= 0 || cols <= 0) return;
  on_lanes<T>(cols, row, y, [&]<int lanes>() {
    using P = Pack<T, lanes>;
    const std::int64_t packs = cols / lanes;
    launch("add_row", queue, grid_over_matrix(rows, packs), detail::add_row_kernel<T, lanes>, rows, packs,
           reinterpret_cast<const P*>(row), reinterpret_cast<P*>(y));
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
