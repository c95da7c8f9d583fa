// Normalisation of rows: layer norm (arXiv:1607.06450) and division by the Euclidean length.
//
// A row stays in L1 between its passes, so memory is read once and written once. Textbook twins: norm_naive.hpp.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../../include/akin/core/tags.hpp"
#include "../operands.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Two passes for the statistics: E[x^2] - E[x]^2 loses all digits when |mean| >> sigma.
template <class T>
void layer_norm(Cpu, std::int64_t rows, std::int64_t cols, const LayerNormForward<T>& f) {
  using C = compute_t<T>;
  std::vector<C> ones, zeros;
  if (!f.weight) ones.assign(static_cast<std::size_t>(cols), C(1));
  if (!f.bias) zeros.assign(static_cast<std::size_t>(cols), C(0));
  const C *weight = f.weight ? f.weight : ones.data(), *bias = f.bias ? f.bias : zeros.data();
  const double n = static_cast<double>(cols);
  for_each_row(rows, cols, [=, &f](std::int64_t row) {
    const T* x = f.x + row * cols;
    T* __restrict y = f.y + row * cols;
    const double mean = lane_sum(cols, [=](std::int64_t j) { return static_cast<C>(x[j]); }) / n;
    const auto squared = [=](std::int64_t j) {
      const double deviation = static_cast<C>(x[j]) - mean;
      return deviation * deviation;
    };
    const double var = lane_sum(cols, squared) / n;
    const C m = static_cast<C>(mean), rstd = static_cast<C>(1 / std::sqrt(var + f.eps));
    for (std::int64_t j = 0; j < cols; ++j)
      y[j] = static_cast<T>((static_cast<C>(x[j]) - m) * rstd * weight[j] + bias[j]);
    f.mean[row] = m;
    f.rstd[row] = rstd;
  });
}

namespace detail {

/// dx of one row; adds the row's share to dweight and dbias.
template <class T>
void layer_norm_backward_row(std::int64_t cols, const T* dy, const T* x, const compute_t<T>* weight, compute_t<T> mean,
                             compute_t<T> rstd, T* __restrict dx, double* __restrict dweight,
                             double* __restrict dbias) {
  using C = compute_t<T>;
  const auto xhat = [=](std::int64_t j) { return (static_cast<C>(x[j]) - mean) * rstd; };
  const auto g = [=](std::int64_t j) { return static_cast<C>(dy[j]) * weight[j]; };
  const C plain = static_cast<C>(lane_sum(cols, g) / static_cast<double>(cols));
  const C weighted =
      static_cast<C>(lane_sum(cols, [=](std::int64_t j) { return g(j) * xhat(j); }) / static_cast<double>(cols));
  for (std::int64_t j = 0; j < cols; ++j) {
    dx[j] = static_cast<T>(rstd * (g(j) - plain - xhat(j) * weighted));
    dweight[j] += static_cast<double>(static_cast<C>(dy[j]) * xhat(j));
    dbias[j] += static_cast<double>(static_cast<C>(dy[j]));
  }
}

}  // namespace detail

/// With g = dy weight and xhat = (x - mean) rstd:  dx = rstd (g - mean(g) - xhat mean(g xhat)) along each row,
/// dweight = sum dy xhat, dbias = sum dy over rows: chunks of rows in parallel, added up in order.
template <class T>
void layer_norm_backward(Cpu, std::int64_t rows, std::int64_t cols, const LayerNormBackward<T>& b) {
  using C = compute_t<T>;
  std::vector<C> ones;
  if (!b.weight) ones.assign(static_cast<std::size_t>(cols), C(1));
  const C* weight = b.weight ? b.weight : ones.data();
  const std::int64_t chunk = std::max<std::int64_t>(16, (1 << 15) / std::max<std::int64_t>(1, cols));
  const std::size_t width = static_cast<std::size_t>(2 * cols);
  std::vector<double> parts(static_cast<std::size_t>(std::max<std::int64_t>(1, (rows + chunk - 1) / chunk)) * width);
  parallel_for(rows, chunk, [&](std::int64_t begin, std::int64_t end) {
    double* part = parts.data() + begin / chunk * 2 * cols;
    for (std::int64_t r = begin; r < end; ++r)
      detail::layer_norm_backward_row(cols, b.dy + r * cols, b.x + r * cols, weight, b.mean[r], b.rstd[r],
                                      b.dx + r * cols, part, part + cols);
  });
  for (std::size_t i = width; i < parts.size(); ++i) parts[i % width] += parts[i];
  for (std::int64_t j = 0; j < cols; ++j) {
    b.dweight[j] = static_cast<C>(parts[static_cast<std::size_t>(j)]);
    b.dbias[j] = static_cast<C>(parts[static_cast<std::size_t>(cols + j)]);
  }
}

/// y = x / max(|x|, eps) along each row; norm = max(|x|, eps).
template <class T>
void l2_normalize(Cpu, std::int64_t rows, std::int64_t cols, double eps, const T* x, T* y, compute_t<T>* norm) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T* in = x + row * cols;
    T* __restrict out = y + row * cols;
    // squares in double: those of f32 values can neither overflow nor vanish
    const auto squared = [=](std::int64_t j) {
      return static_cast<double>(static_cast<C>(in[j])) * static_cast<C>(in[j]);
    };
    const double length = std::max(std::sqrt(lane_sum(cols, squared)), eps);
    for (std::int64_t j = 0; j < cols; ++j) out[j] = static_cast<T>(static_cast<C>(static_cast<C>(in[j]) / length));
    norm[row] = static_cast<C>(length);
  });
}

/// dx = (dy - y (y . dy)) / |x|; rows shorter than eps were divided by a constant: dx = dy / eps.
template <class T>
void l2_normalize_backward(Cpu, std::int64_t rows, std::int64_t cols, double eps, const T* y, const T* dy,
                           const compute_t<T>* norm, T* dx) {
  using C = compute_t<T>;
  for_each_row(rows, cols, [=](std::int64_t row) {
    const T *a = y + row * cols, *g = dy + row * cols;
    T* __restrict out = dx + row * cols;
    const bool constant = norm[row] <= static_cast<C>(eps);
    const auto product = [=](std::int64_t j) { return static_cast<C>(a[j]) * static_cast<C>(g[j]); };
    const C along = constant ? C(0) : static_cast<C>(lane_sum(cols, product));
    const C scale = C(1) / norm[row];
    for (std::int64_t j = 0; j < cols; ++j)
      out[j] = static_cast<T>((static_cast<C>(g[j]) - static_cast<C>(a[j]) * along) * scale);
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
