// Batch normalisation over the last axis: x [rows, channels]. Twin: kernels/cpu/batch_norm.hpp.
//
// Memory is the limit: the statistics read x once, the normalisation reads it again and writes y with residual and relu
// in the same sweep. Moments are kept relative to the first row of a chunk, in the compute type (a mean of 1e4 beside a
// deviation of 1 costs no digits), and in double from chunk to chunk.
#pragma once
#include <cmath>

#include "../operands.hpp"
#include "channels.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Of some values: how many, their mean, the sum of their squared deviations from it.
template <class C>
struct Moments {
  C count, mean, m2;
};

/// Chan, Golub, LeVeque (1979): moments of a union from those of its parts. Zeros are the moments of nothing.
template <class C>
__device__ Moments<C> merged(const Moments<C>& a, const Moments<C>& b) {
  if (b.count == 0) return a;
  const C count = a.count + b.count, share = b.count / count, delta = b.mean - a.mean;
  return {count, a.mean + delta * share, a.m2 + b.m2 + delta * (delta * (a.count * share))};
}

/// The moments of this thread's rows, as differences to the first row of the chunk. Four rows are added at once: their
/// loads overlap, and there is one division for four.
template <int width, bool aligned, class T>
__device__ void moments_of_rows(const ChannelPlace& at, std::int64_t channels, const T* x,
                                Moments<compute_t<T>>* moments) {
  using C = compute_t<T>;
  C first[width], mean[width] = {}, m2[width] = {}, count = 0;
  for (int v = 0; v < width; ++v) first[v] = static_cast<C>(x[at.begin * channels + at.channel + v]);
  at.for_rows<4>([&](auto rows, std::int64_t row) {
    constexpr int n = decltype(rows)::value;
    Pack<T, width> packs[n];
    for (int k = 0; k < n; ++k)
      packs[k] = load_channels<width, aligned>(x + (row + k * at.step) * channels + at.channel);
    const C share = n / (count + n), spread = count * share;
    count += n;
    for (int v = 0; v < width; ++v) {
      C value[n], sum = 0, square = 0;
      for (int k = 0; k < n; ++k) sum += value[k] = static_cast<C>(packs[k].values[v]) - first[v];
      const C own = sum * (C(1) / n), delta = own - mean[v];
      for (int k = 0; k < n; ++k) square += (value[k] - own) * (value[k] - own);
      mean[v] += delta * share;
      m2[v] += square + delta * (delta * spread);
    }
  });
  for (int v = 0; v < width; ++v) moments[v] = {count, mean[v], m2[v]};
}

/// parts [chunks, channels]
template <class T, int width, bool aligned>
__global__ void __launch_bounds__(block_threads)
    batch_moments_kernel(ChannelTiles tiles, const T* x, Moments<double>* parts) {
  using Part = Moments<compute_t<T>>;
  AKIN_SHARED(Part, totals, block_threads * width);
  const ChannelPlace at = channel_place<width>(tiles);
  const int wide = tiles.lanes * width;
  Part own[width] = {};
  if (at.has_work) moments_of_rows<width, aligned>(at, tiles.channels, x, own);
  for (int v = 0; v < width; ++v) {
    const int column = static_cast<int>(threadIdx.x) % tiles.lanes * width + v;
    if (at.row_thread < tiles.row_threads) totals[at.row_thread * wide + column] = own[v];
  }
  merge_rows(tiles.row_threads, wide, totals);
  for (int i = static_cast<int>(threadIdx.x); i < wide; i += block_threads) {
    const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x) * wide + i;
    if (channel >= tiles.channels) break;
    const auto first = static_cast<double>(static_cast<compute_t<T>>(x[at.begin * tiles.channels + channel]));
    parts[blockIdx.y * tiles.channels + channel] = {static_cast<double>(totals[i].count),
                                                    first + static_cast<double>(totals[i].mean),
                                                    static_cast<double>(totals[i].m2)};
  }
}

template <class C>
struct FinishBatchNormStats {
  double eps;
  C *mean, *rstd, *var;

  __device__ void operator()(std::int64_t channel, const Moments<double>& m) const {
    const double variance = m.m2 / m.count;
    mean[channel] = static_cast<C>(m.mean);
    var[channel] = static_cast<C>(variance);
    rstd[channel] = static_cast<C>(1 / std::sqrt(variance + eps));
  }
};

template <class T, int width, bool aligned>
__global__ void __launch_bounds__(block_threads) batch_norm_apply_kernel(ChannelTiles tiles, BatchNormForward<T> f) {
  using C = compute_t<T>;
  const ChannelPlace at = channel_place<width>(tiles);
  if (!at.has_work) return;
  const OfChannels<width, C> mean(f.mean, at.channel, 0), rstd(f.rstd, at.channel, 0), weight(f.weight, at.channel, 1),
      bias(f.bias, at.channel, 0);
  at.for_rows<4>([&](auto rows, std::int64_t row) {
    constexpr int n = decltype(rows)::value;
    Pack<T, width> x[n], add[n] = {}, y;
    const auto place = [&](int k) { return (row + k * at.step) * tiles.channels + at.channel; };
    for (int k = 0; k < n; ++k) x[k] = load_channels<width, aligned>(f.x + place(k));
    if (f.add)
      for (int k = 0; k < n; ++k) add[k] = load_channels<width, aligned>(f.add + place(k));
    AKIN_DEVICE_UNROLL
    for (int k = 0; k < n; ++k) {
      AKIN_DEVICE_UNROLL
      for (int v = 0; v < width; ++v) {
        C value = normalized(static_cast<C>(x[k].values[v]), mean[v], weight[v] * rstd[v], bias[v]);
        if (f.add) value += static_cast<C>(add[k].values[v]);
        if (f.relu) value = value < 0 ? C(0) : value;  // written so that NaN stays
        y.values[v] = static_cast<T>(value);
      }
      store_channels<aligned>(f.y + place(k), y);
    }
  });
}

}  // namespace detail

/// mean, biased variance and rstd = 1 / sqrt(var + eps) of every channel.
template <class T>
void batch_norm_stats(Cuda queue, std::int64_t rows, std::int64_t channels, double eps, const T* x, compute_t<T>* mean,
                      compute_t<T>* rstd, compute_t<T>* var) {
  if (rows == 0 || channels == 0) return;
  using detail::Moments;
  constexpr const char* op = "batch_norm statistics";
  const ChannelTiles tiles = channel_tiles<T>(rows, channels);
  const DeviceScratch<Moments<double>> parts(op, queue, tiles.grid.blocks.y * channels);
  detail::with_channel_packs<T>(
      tiles,
      [&](auto width, auto aligned) {
        launch(op, queue, tiles.grid, detail::batch_moments_kernel<T, decltype(width)::value, decltype(aligned)::value>,
               tiles, x, parts.data());
      },
      x);
  detail::merge_chunks(op, queue, tiles, static_cast<const Moments<double>*>(parts.data()),
                       detail::FinishBatchNormStats<compute_t<T>>{eps, mean, rstd, var});
}

/// y from x and the statistics of the channels, with residual and relu as f asks for them.
template <class T>
void batch_norm_apply(Cuda queue, std::int64_t rows, std::int64_t channels, const BatchNormForward<T>& f) {
  if (rows == 0 || channels == 0) return;
  const ChannelTiles tiles = channel_tiles<T>(rows, channels);
  detail::with_channel_packs<T>(
      tiles,
      [&](auto width, auto aligned) {
        launch("batch_norm", queue, tiles.grid,
               detail::batch_norm_apply_kernel<T, decltype(width)::value, decltype(aligned)::value>, tiles, f);
      },
      f.x, f.add, f.y);
}

}  // namespace akin::inline AKIN_ABI::kernels
