// Textbook twins of the normalisation kernels: one loop nest per formula, sums in double.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../include/akin/core/tags.hpp"
#include "../operands.hpp"

namespace akin::inline AKIN_ABI::kernels {

template <class T>
void batch_norm_stats_naive(Cpu, std::int64_t rows, std::int64_t channels, double eps, const T* x, compute_t<T>* mean,
                            compute_t<T>* rstd, compute_t<T>* var) {
  using C = compute_t<T>;
  for (std::int64_t c = 0; c < channels; ++c) {
    double m = 0, v = 0;
    for (std::int64_t r = 0; r < rows; ++r) m += static_cast<C>(x[r * channels + c]);
    m /= static_cast<double>(rows);
    for (std::int64_t r = 0; r < rows; ++r) v += std::pow(static_cast<C>(x[r * channels + c]) - m, 2);
    v /= static_cast<double>(rows);
    mean[c] = static_cast<C>(m);
    var[c] = static_cast<C>(v);
    rstd[c] = static_cast<C>(1 / std::sqrt(v + eps));
  }
}

template <class T>
void batch_norm_apply_naive(Cpu, std::int64_t rows, std::int64_t channels, const BatchNormForward<T>& f) {
  using C = compute_t<T>;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::int64_t i = r * channels + c;
      double v = (static_cast<C>(f.x[i]) - static_cast<double>(f.mean[c])) * f.rstd[c];
      v = v * (f.weight ? f.weight[c] : 1) + (f.bias ? f.bias[c] : 0) + (f.add ? static_cast<C>(f.add[i]) : C(0));
      f.y[i] = static_cast<T>(static_cast<C>(f.relu && v < 0 ? 0 : v));
    }
}

template <class T>
void batch_norm_backward_naive(Cpu, std::int64_t rows, std::int64_t channels, const BatchNormBackward<T>& b) {
  using C = compute_t<T>;
  const auto xhat = [&](std::int64_t i, std::int64_t c) {
    return (static_cast<C>(b.x[i]) - static_cast<double>(b.mean[c])) * b.rstd[c];
  };
  const auto y = [&](std::int64_t i, std::int64_t c) {
    if (b.y) return static_cast<double>(static_cast<C>(b.y[i]));
    return xhat(i, c) * (b.weight ? b.weight[c] : 1) + (b.bias ? b.bias[c] : 0);
  };
  const auto g = [&](std::int64_t i) {
    return !b.relu || y(i, i % channels) > 0 ? static_cast<double>(static_cast<C>(b.dy[i])) : 0.0;
  };
  for (std::int64_t c = 0; c < channels; ++c) {
    double dbias = 0, dweight = 0;
    for (std::int64_t i = c; i < rows * channels; i += channels) dbias += g(i), dweight += g(i) * xhat(i, c);
    for (std::int64_t i = c; i < rows * channels; i += channels) {
      const double through_stats = b.training ? (dbias + xhat(i, c) * dweight) / static_cast<double>(rows) : 0;
      b.dx[i] = static_cast<T>(static_cast<C>((b.weight ? b.weight[c] : 1) * b.rstd[c] * (g(i) - through_stats)));
      if (b.dadd) b.dadd[i] = static_cast<T>(static_cast<C>(g(i)));
    }
    b.dbias[c] = static_cast<C>(dbias);
    b.dweight[c] = static_cast<C>(dweight);
  }
}

template <class T>
void layer_norm_naive(Cpu, std::int64_t rows, std::int64_t cols, const LayerNormForward<T>& f) {
  using C = compute_t<T>;
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* x = f.x + r * cols;
    double mean = 0, var = 0;
    for (std::int64_t j = 0; j < cols; ++j) mean += static_cast<C>(x[j]);
    mean /= static_cast<double>(cols);
    for (std::int64_t j = 0; j < cols; ++j) var += std::pow(static_cast<C>(x[j]) - mean, 2);
    var /= static_cast<double>(cols);
    const double rstd = 1 / std::sqrt(var + f.eps);
    for (std::int64_t j = 0; j < cols; ++j) {
      const double y = (static_cast<C>(x[j]) - mean) * rstd * (f.weight ? f.weight[j] : 1) + (f.bias ? f.bias[j] : 0);
      f.y[r * cols + j] = static_cast<T>(static_cast<C>(y));
    }
    f.mean[r] = static_cast<C>(mean);
    f.rstd[r] = static_cast<C>(rstd);
  }
}

template <class T>
void layer_norm_backward_naive(Cpu, std::int64_t rows, std::int64_t cols, const LayerNormBackward<T>& b) {
  using C = compute_t<T>;
  const auto xhat = [&](std::int64_t r, std::int64_t j) {
    return (static_cast<C>(b.x[r * cols + j]) - static_cast<double>(b.mean[r])) * b.rstd[r];
  };
  const auto dy = [&](std::int64_t r, std::int64_t j) {
    return static_cast<double>(static_cast<C>(b.dy[r * cols + j]));
  };
  const auto weight = [&](std::int64_t j) { return b.weight ? static_cast<double>(b.weight[j]) : 1.0; };
  for (std::int64_t j = 0; j < cols; ++j) {
    double dw = 0, db = 0;
    for (std::int64_t r = 0; r < rows; ++r) dw += dy(r, j) * xhat(r, j), db += dy(r, j);
    b.dweight[j] = static_cast<C>(dw);
    b.dbias[j] = static_cast<C>(db);
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    double plain = 0, weighted = 0;
    for (std::int64_t j = 0; j < cols; ++j)
      plain += dy(r, j) * weight(j), weighted += dy(r, j) * weight(j) * xhat(r, j);
    for (std::int64_t j = 0; j < cols; ++j) {
      const double dx =
          b.rstd[r] * (dy(r, j) * weight(j) - (plain + xhat(r, j) * weighted) / static_cast<double>(cols));
      b.dx[r * cols + j] = static_cast<T>(static_cast<C>(dx));
    }
  }
}

/// y = x / max(|x|, eps) along each row; norm = max(|x|, eps).
template <class T>
void l2_normalize_naive(Cpu, std::int64_t rows, std::int64_t cols, double eps, const T* x, T* y, compute_t<T>* norm) {
  using C = compute_t<T>;
  for (std::int64_t r = 0; r < rows; ++r) {
    double square = 0;
    for (std::int64_t j = 0; j < cols; ++j) square += std::pow(static_cast<double>(static_cast<C>(x[r * cols + j])), 2);
    const double length = std::max(std::sqrt(square), eps);
    for (std::int64_t j = 0; j < cols; ++j)
      y[r * cols + j] = static_cast<T>(static_cast<C>(static_cast<C>(x[r * cols + j]) / length));
    norm[r] = static_cast<C>(length);
  }
}

template <class T>
void l2_normalize_backward_naive(Cpu, std::int64_t rows, std::int64_t cols, double eps, const T* y, const T* dy,
                                 const compute_t<T>* norm, T* dx) {
  using C = compute_t<T>;
  for (std::int64_t r = 0; r < rows; ++r) {
    double along = 0;
    for (std::int64_t i = r * cols; i < (r + 1) * cols; ++i)
      along += static_cast<double>(static_cast<C>(y[i])) * static_cast<C>(dy[i]);
    if (norm[r] <= static_cast<C>(eps)) along = 0;  // the divisor was the constant eps
    for (std::int64_t i = r * cols; i < (r + 1) * cols; ++i)
      dx[i] = static_cast<T>(static_cast<C>((static_cast<C>(dy[i]) - static_cast<C>(y[i]) * along) / norm[r]));
  }
}

}  // namespace akin::inline AKIN_ABI::kernels
