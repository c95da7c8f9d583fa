// softmax, log-softmax and log-sum-exp of rows, and their gradients.
//
// The maximum is subtracted first, so nothing overflows. -inf entries (masked logits) get probability 0; a row of
// nothing but -inf has logsumexp -inf, softmax 0 and log-softmax -inf instead of NaN. A NaN makes its whole row NaN.
// Textbook twins: softmax_naive.hpp.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/tags.hpp"
#include "exp.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// The largest logit and sum exp(x - largest).
template <class C>
struct RowExponentials {
  C shift;     ///< 0 if every entry is -inf
  double sum;  ///< 0 if every entry is -inf

  double logsumexp() const { return static_cast<double>(shift) + std::log(sum); }
};

template <class T>
RowExponentials<compute_t<T>> row_exponentials(std::int64_t cols, const T* x) {
  using C = compute_t<T>;
  constexpr C lowest = -std::numeric_limits<C>::infinity();
  const C largest = lane_max(cols, lowest, [=](std::int64_t j) { return static_cast<C>(x[j]); });
  const C shift = largest == lowest ? C(0) : largest;
  return {shift, lane_sum(cols, [=](std::int64_t j) { return exp_of_logit(static_cast<C>(x[j]) - shift); })};
}

}  // namespace detail

/// y = exp(x - max) / sum exp(x - max)
template <class T>
void softmax(Cpu, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T* in = x + row * cols;
    T* __restrict out = y + row * cols;
    const auto [shift, sum] = detail::row_exponentials(cols, in);
    const C scale = sum == 0 ? C(0) : static_cast<C>(1 / sum);
    for (std::int64_t j = 0; j < cols; ++j)
      out[j] = static_cast<T>(detail::exp_of_logit(static_cast<C>(in[j]) - shift) * scale);
  });
}

/// dx = y (dy - y . dy)
template <class T>
void softmax_backward(Cpu, std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T *p = y + row * cols, *g = dy + row * cols;
    T* __restrict out = dx + row * cols;
    const C along =
        static_cast<C>(lane_sum(cols, [=](std::int64_t j) { return static_cast<C>(p[j]) * static_cast<C>(g[j]); }));
    for (std::int64_t j = 0; j < cols; ++j)
      out[j] = static_cast<T>(static_cast<C>(p[j]) * (static_cast<C>(g[j]) - along));
  });
}

/// y = (x - max) - log sum exp(x - max)
template <class T>
void log_softmax(Cpu, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T* in = x + row * cols;
    T* __restrict out = y + row * cols;
    const auto [shift, sum] = detail::row_exponentials(cols, in);
    const C log_sum = sum == 0 ? C(0) : static_cast<C>(std::log(sum));
    for (std::int64_t j = 0; j < cols; ++j) out[j] = static_cast<T>((static_cast<C>(in[j]) - shift) - log_sum);
  });
}

/// dx = dy - exp(y) sum dy
template <class T>
void log_softmax_backward(Cpu, std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T *log_p = y + row * cols, *g = dy + row * cols;
    T* __restrict out = dx + row * cols;
    const C total = static_cast<C>(lane_sum(cols, [=](std::int64_t j) { return static_cast<C>(g[j]); }));
    for (std::int64_t j = 0; j < cols; ++j)
      out[j] = static_cast<T>(static_cast<C>(g[j]) - detail::exp_of_logit(static_cast<C>(log_p[j])) * total);
  });
}

/// y[row] = log sum exp(x[row, :])
template <class T>
void logsumexp(Cpu, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  for_each_row(rows, cols, [=](std::int64_t row) {
    y[row] = static_cast<T>(static_cast<compute_t<T>>(detail::row_exponentials(cols, x + row * cols).logsumexp()));
  });
}

/// dx[row, :] = dy[row] exp(x - y[row]), which is dy softmax(x)
template <class T>
void logsumexp_backward(Cpu, std::int64_t rows, std::int64_t cols, const T* x, const T* y, const T* dy, T* dx) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T* in = x + row * cols;
    T* __restrict out = dx + row * cols;
    const C g = static_cast<C>(dy[row]), saved = static_cast<C>(y[row]);
    const C shift = saved == -std::numeric_limits<C>::infinity() ? C(0) : saved;
    for (std::int64_t j = 0; j < cols; ++j)
      out[j] = static_cast<T>(detail::exp_of_logit(static_cast<C>(in[j]) - shift) * g);
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
