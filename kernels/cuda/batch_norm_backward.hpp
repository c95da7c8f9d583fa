// The gradients of batch normalisation; see batch_norm.hpp. Twin: kernels/cpu/batch_norm_backward.hpp.
//
// One sweep for two sums, one that writes dx. Neither reads y if it can do without: the mask of the relu is computed
// again from x, which both read anyway.
#pragma once
#include "batch_norm.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// The sums over some rows of g and g (x - mean), g = dy masked by the relu.
template <class C>
struct GradientSums {
  C plain, weighted;
};
template <class C>
__device__ GradientSums<C> merged(const GradientSums<C>& a, const GradientSums<C>& b) {
  return {a.plain + b.plain, a.weighted + b.weighted};
}

/// What both sweeps know of a thread's channels, and what they read of n rows.
template <class T, int width, bool aligned>
struct BatchNormGradient {
  using C = compute_t<T>;
  const BatchNormBackward<T>& b;
  OfChannels<width, C> mean, scale, bias;

  __device__ BatchNormGradient(const BatchNormBackward<T>& operands, std::int64_t channel)
      : b(operands), mean(b.mean, channel, 0), scale(b.rstd, channel, 0), bias(b.bias, channel, 0) {
    const OfChannels<width, C> weight(b.weight, channel, 1);
    for (int v = 0; v < width; ++v) scale.values[v] = weight[v] * scale[v];
  }

  /// Calls f(v, g, x - mean) for the channels of n places, which are `step` apart, and after(place) behind each place.
  template <int n, class F, class After>
  __device__ void visit(std::int64_t first, std::int64_t step, F f, After after) const {
    Pack<T, width> dy[n], x[n], y[n] = {};
    for (int k = 0; k < n; ++k) {
      dy[k] = load_channels<width, aligned>(b.dy + first + k * step);
      x[k] = load_channels<width, aligned>(b.x + first + k * step);
    }
    if (b.relu && b.y)
      for (int k = 0; k < n; ++k) y[k] = load_channels<width, aligned>(b.y + first + k * step);
    AKIN_DEVICE_UNROLL
    for (int k = 0; k < n; ++k) {
      AKIN_DEVICE_UNROLL
      for (int v = 0; v < width; ++v) {
        const C value = static_cast<C>(x[k].values[v]);
        C g = static_cast<C>(dy[k].values[v]);
        if (b.relu) {
          const C out = b.y ? static_cast<C>(y[k].values[v]) : normalized(value, mean[v], scale[v], bias[v]);
          g = out > 0 ? g : C(0);
        }
        f(v, g, value - mean[v]);
      }
      after(first + k * step);
    }
  }
};

/// parts [chunks, channels]
template <class T, int width, bool aligned>
__global__ void __launch_bounds__(block_threads)
    batch_norm_sums_kernel(ChannelTiles tiles, BatchNormBackward<T> b, GradientSums<double>* parts) {
  using C = compute_t<T>;
  AKIN_SHARED(GradientSums<C>, totals, block_threads * width);
  const ChannelPlace at = channel_place<width>(tiles);
  const int wide = tiles.lanes * width;
  GradientSums<C> own[width] = {};
  if (at.has_work) {
    const BatchNormGradient<T, width, aligned> gradient(b, at.channel);
    at.for_rows<2>([&](auto rows, std::int64_t row) {
      gradient.template visit<decltype(rows)::value>(
          row * tiles.channels + at.channel, at.step * tiles.channels,
          [&](int v, C g, C h) { own[v].plain += g, own[v].weighted += g * h; }, [](std::int64_t) {});
    });
  }
  for (int v = 0; v < width; ++v) {
    const int column = static_cast<int>(threadIdx.x) % tiles.lanes * width + v;
    if (at.row_thread < tiles.row_threads) totals[at.row_thread * wide + column] = own[v];
  }
  merge_rows(tiles.row_threads, wide, totals);
  for (int i = static_cast<int>(threadIdx.x); i < wide; i += block_threads) {
    const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x) * wide + i;
    if (channel >= tiles.channels) break;
    parts[blockIdx.y * tiles.channels + channel] = {static_cast<double>(totals[i].plain),
                                                    static_cast<double>(totals[i].weighted)};
  }
}

/// dbias and dweight, and k [2, channels] of dx = scale g - k[0] - k[1] (x - mean).
template <class T>
struct FinishBatchNormSums {
  using C = compute_t<T>;
  BatchNormBackward<T> b;
  std::int64_t rows, channels;
  C* k;

  __device__ void operator()(std::int64_t c, const GradientSums<double>& sums) const {
    const double rstd = b.rstd[c], scale = b.weight ? b.weight[c] * rstd : rstd;
    const double share = b.training ? scale / static_cast<double>(rows) : 0;
    k[c] = static_cast<C>(share * sums.plain);
    k[c + channels] = static_cast<C>(share * sums.weighted * rstd * rstd);
    b.dbias[c] = static_cast<C>(sums.plain);
    b.dweight[c] = static_cast<C>(sums.weighted * rstd);
  }
};

template <class T, int width, bool aligned>
__global__ void __launch_bounds__(block_threads)
    batch_norm_dx_kernel(ChannelTiles tiles, BatchNormBackward<T> b, const compute_t<T>* k) {
  using C = compute_t<T>;
  const ChannelPlace at = channel_place<width>(tiles);
  if (!at.has_work) return;
  const BatchNormGradient<T, width, aligned> gradient(b, at.channel);
  const OfChannels<width, C> k0(k, at.channel, 0), k1(k + tiles.channels, at.channel, 0);
  at.for_rows<2>([&](auto rows, std::int64_t row) {
    Pack<T, width> dx, dadd;
    gradient.template visit<decltype(rows)::value>(
        row * tiles.channels + at.channel, at.step * tiles.channels,
        [&](int v, C g, C h) {
          dadd.values[v] = static_cast<T>(g);
          dx.values[v] = static_cast<T>(gradient.scale[v] * g - k0[v] - k1[v] * h);
        },
        [&](std::int64_t place) {
          store_channels<aligned>(b.dx + place, dx);
          if (b.dadd) store_channels<aligned>(b.dadd + place, dadd);
        });
  });
}

}  // namespace detail

/// With g = dy masked by the relu, h = x - mean and all sums over rows:
///   dbias = sum g,  dweight = rstd sum g h,  dadd = g,
///   dx = weight rstd (g - sum g / rows - h rstd^2 sum(g h) / rows); the last two terms only in training.
template <class T>
void batch_norm_backward(Cuda queue, std::int64_t rows, std::int64_t channels, const BatchNormBackward<T>& b) {
  if (channels == 0) return;
  using C = compute_t<T>;
  using Sums = detail::GradientSums<double>;
  constexpr const char* op = "batch_norm backward";
  const ChannelTiles tiles = channel_tiles<T>(rows, channels);
  const DeviceScratch<Sums> parts(op, queue, tiles.grid.blocks.y * channels);
  const DeviceScratch<C> k(op, queue, 2 * channels);
  const auto sweep = [&](auto width, auto aligned) {
    constexpr int w = decltype(width)::value;
    constexpr bool a = decltype(aligned)::value;
    if (rows > 0) launch(op, queue, tiles.grid, detail::batch_norm_sums_kernel<T, w, a>, tiles, b, parts.data());
    detail::merge_chunks(op, queue, tiles, static_cast<const Sums*>(parts.data()),
                         detail::FinishBatchNormSums<T>{b, rows, channels, k.data()});
    if (rows > 0) launch(op, queue, tiles.grid, detail::batch_norm_dx_kernel<T, w, a>, tiles, b, k.data());
  };
  detail::with_channel_packs<T>(tiles, sweep, b.dy, b.x, b.y, b.dx, b.dadd);
}

}  // namespace akin::inline AKIN_ABI::kernels
