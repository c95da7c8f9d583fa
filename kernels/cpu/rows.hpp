// What row-wise kernels share: how many rows make a chunk of work, and sums along a row.
#pragma once
#include <algorithm>
#include <cstdint>

#include "../../include/akin/core/parallel.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Calls body(row) for every row, in parallel over chunks of about 64 KiB of f32.
template <class F>
void for_each_row(std::int64_t rows, std::int64_t cols, F&& body) {
  parallel_for(rows, (1 << 14) / std::max<std::int64_t>(1, cols), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

/// term(0) + ... + term(n - 1) in double: as fast as f32 here, since the loads are the limit. 32 interleaved sums give
/// the vector units independent chains.
template <class Term>
double lane_sum(std::int64_t n, Term term) {
  constexpr int chains = 32;
  double sum[chains] = {}, total = 0;
  std::int64_t i = 0;
  for (; i + chains <= n; i += chains)
    for (int lane = 0; lane < chains; ++lane) sum[lane] += static_cast<double>(term(i + lane));
  if (i > 0)
    for (const double s : sum) total += s;
  for (; i < n; ++i) total += static_cast<double>(term(i));
  return total;
}

/// The largest term, at least `low`. NaN terms are ignored.
template <class A, class Term>
A lane_max(std::int64_t n, A low, Term term) {
  constexpr int chains = 32;
  A largest[chains];
  std::fill_n(largest, chains, low);
  std::int64_t i = 0;
  for (; i + chains <= n; i += chains)
    for (int lane = 0; lane < chains; ++lane) {
      const A value = term(i + lane);
      largest[lane] = value > largest[lane] ? value : largest[lane];
    }
  A result = i > 0 ? *std::max_element(largest, largest + chains) : low;
  for (; i < n; ++i) result = std::max(result, static_cast<A>(term(i)));
  return result;
}

}  // namespace akin::inline AKIN_ABI::kernels
