// The gradients of batch normalisation; see batch_norm.hpp.
//
// Neither sweep reads y if it can do without: the mask of the relu is computed again from x, which both read anyway. So
// y need not be kept until then.
#pragma once
#include "batch_norm.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Where the mask of the relu comes from: there was none, y > 0, or y > 0 with y computed again from x.
enum class ReluMask { none, of_y, of_x };

/// What the backward pass reads at one place: dy, x and y at i, and the channel's values at c.
template <ReluMask mask, class T>
struct MaskedGradient {
  using C = compute_t<T>;
  const T *dy, *x, *y;
  const C *mean, *scale, *bias;

  C operator()(std::int64_t i, std::int64_t c) const {
    const C g = static_cast<C>(dy[i]);
    if constexpr (mask == ReluMask::of_y) return static_cast<C>(y[i]) > 0 ? g : C(0);
    if constexpr (mask == ReluMask::of_x)
      return normalized(static_cast<C>(x[i]), mean[c], scale[c], bias[c]) > 0 ? g : C(0);
    return g;
  }
  MaskedGradient at(std::int64_t i, std::int64_t c) const {
    return {dy + i, x + i, mask == ReluMask::of_y ? y + i : nullptr, mean + c, scale + c, bias + c};
  }
};

/// sum g and sum g (x - mean) of a block, g = dy masked by the relu.
template <ReluMask mask, class T>
void block_gradient_sums(std::int64_t rows, std::int64_t stride, int width, const MaskedGradient<mask, T>& from,
                         double* plain, double* weighted) {
  using C = compute_t<T>;
  C sum[norm_strip] = {}, product[norm_strip] = {}, channel[3][norm_strip];
  std::copy_n(from.mean, width, channel[0]);
  std::copy_n(from.scale, width, channel[1]);
  std::copy_n(from.bias, width, channel[2]);
  const MaskedGradient<mask, T> g{from.dy, from.x, from.y, channel[0], channel[1], channel[2]};
  const auto h = [&](std::int64_t i, int c) { return static_cast<C>(g.x[i]) - g.mean[c]; };
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {  // four at a time: see sum_rows
    const std::int64_t i = row * stride, j = i + stride, k = j + stride, l = k + stride;
    for (int c = 0; c < width; ++c) {
      const C gi = g(i + c, c), gj = g(j + c, c), gk = g(k + c, c), gl = g(l + c, c);
      sum[c] += (gi + gj) + (gk + gl);
      product[c] += (gi * h(i + c, c) + gj * h(j + c, c)) + (gk * h(k + c, c) + gl * h(l + c, c));
    }
  }
  for (; row < rows; ++row)
    for (int c = 0; c < width; ++c) {
      const std::int64_t i = row * stride + c;
      sum[c] += g(i, c);
      product[c] += g(i, c) * h(i, c);
    }
  for (int c = 0; c < width; ++c) plain[c] = sum[c], weighted[c] = product[c];
}

template <bool add, ReluMask mask, class T>
void batch_norm_dx_row(std::int64_t channels, const MaskedGradient<mask, T>& from, const compute_t<T>* k0,
                       const compute_t<T>* k1, T* __restrict dx, T* __restrict dadd) {
  using C = compute_t<T>;
  for (std::int64_t c = 0; c < channels; ++c) {
    const C g = from(c, c);
    if constexpr (add) dadd[c] = static_cast<T>(g);
    dx[c] = static_cast<T>(from.scale[c] * g - k0[c] - k1[c] * (static_cast<C>(from.x[c]) - from.mean[c]));
  }
}

/// The sums over all rows of g and g (x - mean), [2, channels].
template <ReluMask mask, class T>
std::vector<double> batch_norm_sums(std::int64_t rows, std::int64_t channels, const MaskedGradient<mask, T>& from) {
  const std::int64_t block = norm_block<T>(channels), blocks = std::max<std::int64_t>(1, (rows + block - 1) / block);
  std::vector<double> parts(static_cast<std::size_t>(blocks * 2 * channels));  // [blocks, 2, channels]
  for_each_block<T>(rows, channels, [&](const NormBlock& at) {
    double* part = parts.data() + at.index * 2 * channels + at.channel;
    block_gradient_sums(at.rows, channels, at.width, from.at(at.row * channels + at.channel, at.channel), part,
                        part + channels);
  });
  const auto size = static_cast<std::size_t>(2 * channels);
  for (std::size_t i = size; i < parts.size(); ++i) parts[i % size] += parts[i];
  parts.resize(size);
  return parts;
}

template <bool add, ReluMask mask, class T>
void batch_norm_dx(std::int64_t rows, std::int64_t channels, const MaskedGradient<mask, T>& from, const compute_t<T>* k,
                   const BatchNormBackward<T>& b) {
  parallel_for(rows, norm_block<T>(channels), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * channels; i < end * channels; i += channels)
      batch_norm_dx_row<add>(channels, from.at(i, 0), k, k + channels, b.dx + i, add ? b.dadd + i : nullptr);
  });
}

template <ReluMask mask, class T>
void batch_norm_backward(std::int64_t rows, std::int64_t channels, const BatchNormBackward<T>& b,
                         const ChannelScales<T>& s) {
  using C = compute_t<T>;
  const MaskedGradient<mask, T> from{b.dy, b.x, b.y, b.mean, s.scale.data(), s.bias.data()};
  const std::vector<double> sums = batch_norm_sums(rows, channels, from);
  std::vector<C> k(static_cast<std::size_t>(2 * channels));  // dx = scale g - k[0] - k[1] (x - mean)
  for (std::int64_t c = 0; c < channels; ++c) {
    const double rstd = b.rstd[c], scale = b.weight ? b.weight[c] * rstd : rstd;
    const double plain = sums[static_cast<std::size_t>(c)], weighted = sums[static_cast<std::size_t>(c + channels)];
    const double share = b.training ? scale / static_cast<double>(rows) : 0;
    k[c] = static_cast<C>(share * plain);
    k[c + channels] = static_cast<C>(share * weighted * rstd * rstd);
    b.dbias[c] = static_cast<C>(plain);
    b.dweight[c] = static_cast<C>(weighted * rstd);
  }
  (b.dadd ? batch_norm_dx<true, mask, T> : batch_norm_dx<false, mask, T>)(rows, channels, from, k.data(), b);
}

}  // namespace detail

/// With g = dy masked by the relu, h = x - mean and all sums over rows:
///   dbias = sum g,  dweight = rstd sum g h,  dadd = g,
///   dx = weight rstd (g - sum g / rows - h rstd^2 sum(g h) / rows); the last two terms only in training.
template <class T>
void batch_norm_backward(Cpu, std::int64_t rows, std::int64_t channels, const BatchNormBackward<T>& b) {
  using detail::ReluMask;
  const detail::ChannelScales<T> s(channels, b.rstd, b.weight, b.bias);
  const auto run = !b.relu ? detail::batch_norm_backward<ReluMask::none, T>
                   : b.y   ? detail::batch_norm_backward<ReluMask::of_y, T>
                           : detail::batch_norm_backward<ReluMask::of_x, T>;
  run(rows, channels, b, s);
}

}  // namespace akin::inline AKIN_ABI::kernels
