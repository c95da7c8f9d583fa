// reduce: out[o, i] = combine over k of x[o, k, i], for x seen as [outer, n, inner].
//
// Sums are accumulated in double whatever the storage type: memory is the limit, so the extra width is free, and a mean
// of 1e5 values keeps all its digits. The work is cut by shape and combined in order: same bits at any thread count.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Reducers: where to start, how to take in a value (double), how to finish.
struct SumOf {
  static constexpr double start = 0;
  static double combine(double a, double b) { return a + b; }
};
struct MaxOf {
  static constexpr double start = -std::numeric_limits<double>::infinity();
  static double combine(double a, double b) { return b > a || b != b ? b : a; }  // NaN wins and stays
};
struct MinOf {
  static constexpr double start = std::numeric_limits<double>::infinity();
  static double combine(double a, double b) { return b < a || b != b ? b : a; }
};

/// Textbook twin of reduce.
template <class R, class T>
void reduce_naive(Cpu, R, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < inner; ++i) {
      double total = R::start;
      for (std::int64_t k = 0; k < n; ++k)
        total = R::combine(total, static_cast<double>(static_cast<compute_t<T>>(x[(o * n + k) * inner + i])));
      out[o * inner + i] = static_cast<T>(static_cast<compute_t<T>>(total));
    }
}

namespace detail {

/// One row of n consecutive values, eight independent chains so that the adds overlap.
template <class R, class T>
double reduce_row(std::int64_t n, const T* x) {
  constexpr int lanes = 8;
  double lane[lanes];
  std::fill_n(lane, lanes, R::start);
  std::int64_t k = 0;
  for (; k + lanes <= n; k += lanes)
    for (int l = 0; l < lanes; ++l) lane[l] = R::combine(lane[l], static_cast<double>(static_cast<compute_t<T>>(x[k + l])));
  for (; k < n; ++k) lane[0] = R::combine(lane[0], static_cast<double>(static_cast<compute_t<T>>(x[k])));
  for (int l = 1; l < lanes; ++l) lane[0] = R::combine(lane[0], lane[l]);
  return lane[0];
}

/// Adds rows [begin, end) of x [n, inner] into total[inner].
template <class R, class T>
void reduce_columns(std::int64_t begin, std::int64_t end, std::int64_t inner, const T* x, double* total) {
  for (std::int64_t k = begin; k < end; ++k)
    for (std::int64_t i = 0; i < inner; ++i)
      total[i] = R::combine(total[i], static_cast<double>(static_cast<compute_t<T>>(x[k * inner + i])));
}

}  // namespace detail

template <class R, class T>
void reduce(Cpu, R, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  constexpr std::int64_t grain = 1 << 15;  // values per chunk
  const auto finish = [](double total) { return static_cast<T>(static_cast<compute_t<T>>(total)); };
  // Few outputs, many inputs (a loss, a bias gradient): cut the reduced axis into lanes, combine the lanes in order.
  const std::int64_t chunk = std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, inner));
  const std::int64_t lanes = std::max<std::int64_t>(1, (n + chunk - 1) / chunk);
  if (lanes == 1 && inner == 1) {
    return parallel_for(outer, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, n)), [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o) out[o] = finish(detail::reduce_row<R>(n, x + o * n));
    });
  }
  std::vector<double> partial(static_cast<std::size_t>(outer * lanes * inner), R::start);
  parallel_for(outer * lanes, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, inner * std::min(n, chunk))),
               [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t task = first; task < last; ++task) {
      const std::int64_t o = task / lanes, begin = task % lanes * chunk, end = std::min(n, begin + chunk);
      double* total = partial.data() + task * inner;
      if (inner == 1) total[0] = detail::reduce_row<R>(end - begin, x + o * n + begin);
      else detail::reduce_columns<R>(begin, end, inner, x + o * n * inner, total);
    }
  });
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < inner; ++i) {
      double total = R::start;
      for (std::int64_t lane = 0; lane < lanes; ++lane) total = R::combine(total, partial[static_cast<std::size_t>((o * lanes + lane) * inner + i)]);
      out[o * inner + i] = finish(total);
    }
}

}  // namespace akin::inline AKIN_ABI::kernels
