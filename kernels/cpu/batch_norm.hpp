// Batch normalisation over the last axis: x [rows, channels], for images rows = n * h * w. arXiv:1502.03167.
//
// Memory is the limit, so each pass over it counts. Forward: the statistics read x once (mean, then squared deviations,
// of a block that is still in cache; blocks are combined by Chan's formula), the normalisation reads it again and
// writes y with residual and relu in the same sweep. Backward (batch_norm_backward.hpp): one sweep for two sums, one that
// writes dx.
// All inner loops run over neighbouring channels and leave vectorisation to the compiler.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../operands.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

inline constexpr int norm_strip = 256;  // channels whose sums stay in L1 while the rows of a block go by

/// Rows that are handled together: 128 KiB, a fraction of L2.
template <class T>
std::int64_t norm_block(std::int64_t channels) {
  constexpr std::int64_t values = (1 << 17) / sizeof(T);
  return std::max<std::int64_t>(16, values / std::max<std::int64_t>(1, channels));
}

/// sum[c] += term(i) over `rows` rows of a block, i = row * stride + c. Four rows at a time: the sums travel between
/// registers and L1 a quarter as often.
template <class C, class Term>
void sum_rows(std::int64_t rows, std::int64_t stride, int width, C* __restrict sum, Term term) {
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const std::int64_t i = row * stride;
    for (int c = 0; c < width; ++c)
      sum[c] +=
          (term(i + c, c) + term(i + stride + c, c)) + (term(i + 2 * stride + c, c) + term(i + 3 * stride + c, c));
  }
  for (; row < rows; ++row)
    for (int c = 0; c < width; ++c) sum[c] += term(row * stride + c, c);
}

/// Mean and sum of squared deviations of `rows` rows for `width` channels; consecutive rows are `stride` apart.
template <class T>
void block_moments(std::int64_t rows, std::int64_t stride, int width, const T* x, double* mean, double* m2) {
  using C = compute_t<T>;
  C first[norm_strip], sum[norm_strip] = {}, square[norm_strip] = {};
  for (int c = 0; c < width; ++c) first[c] = static_cast<C>(x[c]);
  // Sums of differences to the first row: values with mean 1e4 and deviation 1 keep their digits in f32.
  sum_rows(rows, stride, width, sum, [&](std::int64_t i, int c) { return static_cast<C>(x[i]) - first[c]; });
  for (int c = 0; c < width; ++c) {
    sum[c] /= static_cast<C>(rows);
    mean[c] = static_cast<double>(first[c]) + static_cast<double>(sum[c]);
  }
  sum_rows(rows, stride, width, square, [&](std::int64_t i, int c) {
    const C deviation = static_cast<C>(x[i]) - first[c] - sum[c];
    return deviation * deviation;
  });
  for (int c = 0; c < width; ++c) m2[c] = square[c];
}

/// Some rows of a strip of channels.
struct NormBlock {
  std::int64_t index;  // counts row blocks
  std::int64_t row, rows, channel;
  int width;
};

/// Calls body(NormBlock) for all blocks and strips, in parallel over blocks.
template <class T, class F>
void for_each_block(std::int64_t rows, std::int64_t channels, F&& body) {
  const std::int64_t block = norm_block<T>(channels);
  parallel_for(rows, block, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = 0; c < channels; c += norm_strip)
      body(NormBlock{begin / block, begin, end - begin, c,
                     static_cast<int>(std::min<std::int64_t>(norm_strip, channels - c))});
  });
}

}  // namespace detail

/// mean, biased variance and rstd = 1 / sqrt(var + eps) of every channel.
template <class T>
void batch_norm_stats(Cpu, std::int64_t rows, std::int64_t channels, double eps, const T* x, compute_t<T>* mean,
                      compute_t<T>* rstd, compute_t<T>* var) {
  const std::int64_t block = detail::norm_block<T>(channels), blocks = (rows + block - 1) / block;
  std::vector<double> parts(static_cast<std::size_t>(blocks * 2 * channels));  // [blocks, (mean, m2), channels]
  detail::for_each_block<T>(rows, channels, [&](const detail::NormBlock& b) {
    double* part = parts.data() + b.index * 2 * channels + b.channel;
    detail::block_moments(b.rows, channels, b.width, x + b.row * channels + b.channel, part, part + channels);
  });
  // Chan, Golub, LeVeque (1979): moments of a union from the moments of its parts, in block order.
  double *m = parts.data(), *m2 = m + channels;
  for (std::int64_t b = 1; b < blocks; ++b) {
    const auto before = static_cast<double>(b * block);
    const auto added = static_cast<double>(std::min(block, rows - b * block));
    const double share = added / (before + added);
    const double* part = parts.data() + b * 2 * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const double delta = part[c] - m[c];
      m[c] += delta * share;
      m2[c] += part[c + channels] + delta * delta * before * share;
    }
  }
  using C = compute_t<T>;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double variance = m2[c] / static_cast<double>(rows);
    mean[c] = static_cast<C>(m[c]);
    var[c] = static_cast<C>(variance);
    rstd[c] = static_cast<C>(1 / std::sqrt(variance + eps));
  }
}

namespace detail {

/// weight * rstd and bias of every channel, 1 and 0 where they are not given.
template <class T>
struct ChannelScales {
  using C = compute_t<T>;
  std::vector<C> scale, bias;

  ChannelScales(std::int64_t channels, const C* rstd, const C* weight, const C* shift)
      : scale(rstd, rstd + channels), bias(static_cast<std::size_t>(channels)) {
    if (weight) std::transform(scale.begin(), scale.end(), weight, scale.begin(), [](C r, C w) { return r * w; });
    if (shift) std::copy_n(shift, channels, bias.begin());
  }
};

template <bool add, bool relu, class T>
void batch_norm_row(std::int64_t channels, const T* x, const T* a, const compute_t<T>* mean, const compute_t<T>* scale,
                    const compute_t<T>* bias, T* __restrict y) {
  using C = compute_t<T>;
  for (std::int64_t c = 0; c < channels; ++c) {
    C v = normalized(static_cast<C>(x[c]), mean[c], scale[c], bias[c]);
    if constexpr (add) v += static_cast<C>(a[c]);
    if constexpr (relu) v = v < 0 ? C(0) : v;  // written so that NaN stays
    y[c] = static_cast<T>(v);
  }
}

template <bool add, bool relu, class T>
void batch_norm_apply(std::int64_t rows, std::int64_t channels, const BatchNormForward<T>& f, const compute_t<T>* scale,
                      const compute_t<T>* bias) {
  parallel_for(rows, norm_block<T>(channels), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * channels; i < end * channels; i += channels)
      batch_norm_row<add, relu>(channels, f.x + i, add ? f.add + i : nullptr, f.mean, scale, bias, f.y + i);
  });
}

}  // namespace detail

template <class T>
void batch_norm_apply(Cpu, std::int64_t rows, std::int64_t channels, const BatchNormForward<T>& f) {
  const detail::ChannelScales<T> s(channels, f.rstd, f.weight, f.bias);
  const auto run =
      f.add ? (f.relu ? detail::batch_norm_apply<true, true, T> : detail::batch_norm_apply<true, false, T>)
            : (f.relu ? detail::batch_norm_apply<false, true, T> : detail::batch_norm_apply<false, false, T>);
  run(rows, channels, f, s.scale.data(), s.bias.data());
}

}  // namespace akin::inline AKIN_ABI::kernels
