// reduce: out[o, i] = combine over k of x[o, k, i], for x seen as [outer, n, inner]; and the variance over k.
//
// Sums are accumulated in double whatever the storage type: memory is the limit, so the extra width is free, and a mean
// of 1e5 values keeps all its digits. Columns are cut into strips whose totals stay in L1, and where that makes too few
// tasks (a loss, a bias gradient) the reduced axis is cut as well: its parts are combined in order. All cuts follow
// from the shape, so the result has the same bits at any thread count.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../reducers.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Textbook twins.
template <class R, class T>
void reduce_naive(Cpu, R, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < inner; ++i) {
      double total = R::start;
      for (std::int64_t k = 0; k < n; ++k)
        total = R{}(total, static_cast<double>(static_cast<compute_t<T>>(x[(o * n + k) * inner + i])));
      out[o * inner + i] = static_cast<T>(static_cast<compute_t<T>>(R::finish(total, n)));
    }
}
template <class T>
void variance_naive(Cpu, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < inner; ++i) {
      const auto value = [&](std::int64_t k) {
        return static_cast<double>(static_cast<compute_t<T>>(x[(o * n + k) * inner + i]));
      };
      double mean = 0, squares = 0;
      for (std::int64_t k = 0; k < n; ++k) mean += value(k) / static_cast<double>(n);
      for (std::int64_t k = 0; k < n; ++k) squares += (value(k) - mean) * (value(k) - mean);
      out[o * inner + i] = static_cast<T>(static_cast<compute_t<T>>(squares / static_cast<double>(n)));
    }
}

namespace detail {

inline constexpr std::int64_t reduce_grain = 1 << 15;  // values per task
inline constexpr std::int64_t reduce_strip = 1024;     // columns whose totals, 8 KiB, stay in L1

/// How [outer, n, inner] is cut into tasks: `strips` strips of `width` columns, `parts` parts of `rows` rows.
struct ReducePlan {
  std::int64_t width, strips, rows, parts;
};
inline ReducePlan plan_reduce(std::int64_t outer, std::int64_t n, std::int64_t inner) {
  constexpr std::int64_t enough = 64;  // tasks for any machine; more would only leave more totals to combine
  const std::int64_t width = std::min(inner, reduce_strip), strips = (inner + width - 1) / width;
  const std::int64_t wanted = std::max<std::int64_t>(1, std::min(n * width / reduce_grain, enough / (outer * strips)));
  const std::int64_t rows = std::max<std::int64_t>(1, (n + wanted - 1) / wanted);
  return {width, strips, rows, std::max<std::int64_t>(1, (n + rows - 1) / rows)};
}

/// The values of x as double.
template <class T>
struct ValuesOf {
  const T* x;

  /// Neighbours from x[from] on that all count for output `at`.
  auto along(std::int64_t from, std::int64_t) const { return across(from, 0); }
  /// Neighbours from x[from] on that count for output `at` and its neighbours.
  auto across(std::int64_t from, std::int64_t) const {
    return [row = x + from](std::int64_t i) { return static_cast<double>(static_cast<compute_t<T>>(row[i])); };
  }
};

/// Their squared distances from the mean of the output they count for.
template <class T>
struct SquaredDeviations {
  const T* x;
  const double* mean;

  auto along(std::int64_t from, std::int64_t at) const {
    return [value = ValuesOf<T>{x}.along(from, at), m = mean[at]](std::int64_t i) {
      const double deviation = value(i) - m;
      return deviation * deviation;
    };
  }
  auto across(std::int64_t from, std::int64_t at) const {
    return [value = ValuesOf<T>{x}.across(from, at), m = mean + at](std::int64_t i) {
      const double deviation = value(i) - m[i];
      return deviation * deviation;
    };
  }
};

/// The total of n neighbours; eight independent chains, so that the adds overlap.
template <class R, class Term>
double reduce_row(std::int64_t n, Term term) {
  constexpr int chains = 8;
  double chain[chains];
  std::fill_n(chain, chains, R::start);
  std::int64_t k = 0;
  for (; k + chains <= n; k += chains)
    for (int c = 0; c < chains; ++c) chain[c] = R{}(chain[c], term(k + c));
  for (; k < n; ++k) chain[0] = R{}(chain[0], term(k));
  for (int c = 1; c < chains; ++c) chain[0] = R{}(chain[0], chain[c]);
  return chain[0];
}

/// Takes one row into the totals. A call per row: inlined, GCC walks through two rows at once, and memory then gives
/// half as much.
template <class R, class Term>
[[gnu::noinline]] void reduce_into(std::int64_t width, double* __restrict total, Term term) {
  for (std::int64_t i = 0; i < width; ++i) total[i] = R{}(total[i], term(i));
}

/// Calls store(at, total) for every output at = o * inner + i.
template <class R, class Terms, class Store>
void reduce_terms(std::int64_t outer, std::int64_t n, std::int64_t inner, const Terms& terms, Store store) {
  if (outer * inner == 0) return;
  const ReducePlan plan = plan_reduce(outer, n, inner);
  std::vector<double> partial(static_cast<std::size_t>(plan.parts > 1 ? plan.parts * outer * inner : 0));
  const auto run = [&](std::int64_t o, std::int64_t strip, std::int64_t part) {
    const std::int64_t row = part * plan.rows, column = strip * plan.width;
    const std::int64_t at = o * inner + column, from = (o * n + row) * inner + column;
    const std::int64_t rows = std::min(plan.rows, n - row), width = std::min(plan.width, inner - column);
    double total[reduce_strip];
    std::fill_n(total, width, R::start);
    if (inner == 1)
      total[0] = reduce_row<R>(rows, terms.along(from, at));
    else
      for (std::int64_t k = 0; k < rows; ++k) reduce_into<R>(width, total, terms.across(from + k * inner, at));
    if (plan.parts > 1)
      std::copy_n(total, width, partial.data() + part * outer * inner + at);
    else
      for (std::int64_t i = 0; i < width; ++i) store(at + i, total[i]);
  };
  const std::int64_t together = reduce_grain / std::max<std::int64_t>(1, plan.rows * plan.width);
  parallel_for(outer * plan.strips * plan.parts, together, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t part = begin % plan.parts, strip = begin / plan.parts % plan.strips;
    std::int64_t o = begin / plan.parts / plan.strips;
    for (std::int64_t task = begin; task < end; ++task) {
      run(o, strip, part);
      if (++part < plan.parts) continue;
      part = 0;
      if (++strip == plan.strips) strip = 0, ++o;
    }
  });
  for (std::int64_t at = 0; plan.parts > 1 && at < outer * inner; ++at) {
    const auto one = [&](std::int64_t part) { return partial[static_cast<std::size_t>(part * outer * inner + at)]; };
    double total = one(0);
    for (std::int64_t part = 1; part < plan.parts; ++part) total = R{}(total, one(part));
    store(at, total);
  }
}

}  // namespace detail

template <class R, class T>
void reduce(Cpu, R, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  detail::reduce_terms<R>(outer, n, inner, detail::ValuesOf<T>{x}, [=](std::int64_t at, double total) {
    out[at] = static_cast<T>(static_cast<compute_t<T>>(R::finish(total, n)));
  });
}

/// out[o, i] = mean over k of (x[o, k, i] - mean over k)^2. Two passes: E[x^2] - E[x]^2 loses all digits when
/// |mean| >> sigma.
template <class T>
void variance(Cpu, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  std::vector<double> means(static_cast<std::size_t>(outer * inner));
  double* const mean = means.data();
  detail::reduce_terms<SumOf>(outer, n, inner, detail::ValuesOf<T>{x},
                              [=](std::int64_t at, double total) { mean[at] = MeanOf::finish(total, n); });
  detail::reduce_terms<SumOf>(outer, n, inner, detail::SquaredDeviations<T>{x, mean},
                              [=](std::int64_t at, double total) {
                                out[at] = static_cast<T>(static_cast<compute_t<T>>(MeanOf::finish(total, n)));
                              });
}

}  // namespace akin::inline AKIN_ABI::kernels
