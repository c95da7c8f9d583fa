// Textbook twins of the softmax kernels: std::exp, one running sum per row, everything in double.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/tags.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// One row of x [rows, cols], read as double.
template <class T>
struct NaiveRow {
  std::int64_t cols;
  const T* x;

  double operator[](std::int64_t j) const { return static_cast<double>(static_cast<compute_t<T>>(x[j])); }
  double largest() const {
    double value = -std::numeric_limits<double>::infinity();
    for (std::int64_t j = 0; j < cols; ++j) value = std::max(value, (*this)[j]);
    return value;
  }
  /// sum exp(x - largest)
  double exponentials() const {
    const double top = largest();
    double sum = 0;
    for (std::int64_t j = 0; j < cols; ++j) sum += std::exp((*this)[j] - top);
    return sum;
  }
};

/// Calls f(row) for every row; writes f(row)(j) to y[row, j].
template <class T, class F>
void write_rows(std::int64_t rows, std::int64_t cols, T* y, F&& f) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto value = f(row);
    for (std::int64_t j = 0; j < cols; ++j) y[row * cols + j] = static_cast<T>(static_cast<compute_t<T>>(value(j)));
  }
}

}  // namespace detail

template <class T>
void softmax_naive(Cpu, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  detail::write_rows(rows, cols, y, [=](std::int64_t row) {
    const detail::NaiveRow<T> in{cols, x + row * cols};
    return [in, top = in.largest(), sum = in.exponentials()](std::int64_t j) { return std::exp(in[j] - top) / sum; };
  });
}
template <class T>
void softmax_backward_naive(Cpu, std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  detail::write_rows(rows, cols, dx, [=](std::int64_t row) {
    const detail::NaiveRow<T> p{cols, y + row * cols}, g{cols, dy + row * cols};
    double along = 0;
    for (std::int64_t j = 0; j < cols; ++j) along += p[j] * g[j];
    return [=](std::int64_t j) { return p[j] * (g[j] - along); };
  });
}

template <class T>
void log_softmax_naive(Cpu, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  detail::write_rows(rows, cols, y, [=](std::int64_t row) {
    const detail::NaiveRow<T> in{cols, x + row * cols};
    return [in, top = in.largest(), sum = in.exponentials()](std::int64_t j) { return in[j] - top - std::log(sum); };
  });
}
template <class T>
void log_softmax_backward_naive(Cpu, std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  detail::write_rows(rows, cols, dx, [=](std::int64_t row) {
    const detail::NaiveRow<T> log_p{cols, y + row * cols}, g{cols, dy + row * cols};
    double total = 0;
    for (std::int64_t j = 0; j < cols; ++j) total += g[j];
    return [=](std::int64_t j) { return g[j] - std::exp(log_p[j]) * total; };
  });
}

template <class T>
void logsumexp_naive(Cpu, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  detail::write_rows(rows, 1, y, [=](std::int64_t row) {
    const detail::NaiveRow<T> in{cols, x + row * cols};
    return [in](std::int64_t) { return in.largest() + std::log(in.exponentials()); };
  });
}
template <class T>
void logsumexp_backward_naive(Cpu, std::int64_t rows, std::int64_t cols, const T* x, const T* y, const T* dy, T* dx) {
  detail::write_rows(rows, cols, dx, [=](std::int64_t row) {
    const detail::NaiveRow<T> in{cols, x + row * cols}, sum{1, y + row}, g{1, dy + row};
    return [=](std::int64_t j) { return std::exp(in[j] - sum[0]) * g[0]; };
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
