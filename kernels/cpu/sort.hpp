// Order along rows: argsort, the k largest, the largest and the smallest.
//
// NaN counts as larger than every number, so that sorting has an order and argmax points at it. Equal values keep the
// order of their indices: results are unique.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../order.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// indices[row, :]: positions of the values in ascending (or descending) order, stable.
template <class T>
void argsort(Cpu, std::int64_t rows, std::int64_t cols, bool descending, const T* x, std::int64_t* indices) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T* in = x + row * cols;
    std::int64_t* out = indices + row * cols;
    std::iota(out, out + cols, std::int64_t{0});
    const auto value = [=](std::int64_t i) { return static_cast<C>(in[i]); };
    if (descending)
      std::stable_sort(out, out + cols,
                       [=](std::int64_t a, std::int64_t b) { return detail::less(value(b), value(a)); });
    else
      std::stable_sort(out, out + cols,
                       [=](std::int64_t a, std::int64_t b) { return detail::less(value(a), value(b)); });
  });
}

/// y[row, :] = the values of the row in ascending (or descending) order.
template <class T>
void sort(Cpu, std::int64_t rows, std::int64_t cols, bool descending, const T* x, T* y) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    T* out = y + row * cols;
    std::copy_n(x + row * cols, cols, out);
    std::stable_sort(out, out + cols, [=](T a, T b) {
      return descending ? detail::less(static_cast<C>(b), static_cast<C>(a))
                        : detail::less(static_cast<C>(a), static_cast<C>(b));
    });
  });
}

/// The k largest values of every row and their positions, largest first; at a tie the lower index wins.
/// One pass with a heap of the k best so far: most values of a long row only meet one comparison.
template <class T>
void top_k(Cpu, std::int64_t rows, std::int64_t cols, std::int64_t k, const T* x, T* values, std::int64_t* indices) {
  using C = compute_t<T>;
  using Ranked = detail::Ranked<C>;
  if (k == 0) return;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T* in = x + row * cols;
    std::vector<Ranked> best;  // a heap with the worst of the best in front
    best.reserve(static_cast<std::size_t>(k));
    for (std::int64_t i = 0; i < k; ++i) best.push_back({static_cast<C>(in[i]), i});
    std::make_heap(best.begin(), best.end(), detail::ranks_before<C>);
    for (std::int64_t i = k; i < cols; ++i) {
      const C value = static_cast<C>(in[i]);
      if (!detail::less(best.front().value, value)) continue;  // a tie keeps the lower index
      std::pop_heap(best.begin(), best.end(), detail::ranks_before<C>);
      best.back() = {value, i};
      std::push_heap(best.begin(), best.end(), detail::ranks_before<C>);
    }
    std::sort_heap(best.begin(), best.end(), detail::ranks_before<C>);
    for (std::int64_t i = 0; i < k; ++i) {
      indices[row * k + i] = best[static_cast<std::size_t>(i)].index;
      values[row * k + i] = in[indices[row * k + i]];
    }
  });
}

/// Textbook twin of top_k: sorts everything.
template <class T>
void top_k_naive(Cpu, std::int64_t rows, std::int64_t cols, std::int64_t k, const T* x, T* values,
                 std::int64_t* indices) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows * cols));
  argsort(Cpu{}, rows, cols, true, x, order.data());
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < k; ++i) {
      indices[row * k + i] = order[static_cast<std::size_t>(row * cols + i)];
      values[row * k + i] = x[row * cols + indices[row * k + i]];
    }
}

/// Position of the largest (or smallest) value of every row; the first of equals wins.
template <class T>
void arg_extreme(Cpu, std::int64_t rows, std::int64_t cols, bool largest, const T* x, std::int64_t* indices) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T* in = x + row * cols;
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < cols; ++i) {
      const C now = static_cast<C>(in[best]), value = static_cast<C>(in[i]);
      if (largest ? detail::less(now, value) : detail::less(value, now)) best = i;
    }
    indices[row] = best;
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
