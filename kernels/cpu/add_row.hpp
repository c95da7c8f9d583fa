// y[r, c] += row[c], in place: the bias of a linear layer, added where the matrix product left its result.
#pragma once
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/tags.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

template <class T>
void add_row(Cpu, std::int64_t rows, std::int64_t cols, const T* __restrict row, T* __restrict y) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t r) {
    T* const out = y + r * cols;
    for (std::int64_t c = 0; c < cols; ++c) out[c] = static_cast<T>(static_cast<C>(out[c]) + static_cast<C>(row[c]));
  });
}

/// Textbook twin of add_row.
template <class T>
void add_row_naive(Cpu, std::int64_t rows, std::int64_t cols, const T* row, T* y) {
  for (std::int64_t i = 0; i < rows * cols; ++i)
    y[i] = static_cast<T>(static_cast<compute_t<T>>(y[i]) + static_cast<compute_t<T>>(row[i % cols]));
}

}  // namespace akin::inline AKIN_ABI::kernels
