// Gradients of the weights of convolutions with few channels in a group; see conv_depthwise.hpp. Twin:
// kernels/cpu/conv_backward_weights.hpp.
//
// A block takes some output channels, a chunk of the pixels of y and up to nine terms: the taps of a 3 x 3 filter and,
// as neighbours, the input channels of a group. A thread keeps the sums of its channels for all of these terms, so dy
// is read once for nine of them. The chunks leave parts that are merged in order: the same bits in every run.
#pragma once
#include "channels.hpp"
#include "conv_depthwise.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

inline constexpr int terms_at_once = 9;

template <class C>
struct WeightSum {
  C value;
};
template <class C>
__device__ WeightSum<C> merged(const WeightSum<C>& a, const WeightSum<C>& b) {
  return {a.value + b.value};
}

/// What a term adds to the place of a pixel in x, and to its address.
struct TermPlace {
  int y, x;
  std::int64_t distance;
};

struct SmallGroupWeights {
  ConvShape s;
  std::int64_t terms;
  Divisor out_w, out_h, out_each;

  explicit SmallGroupWeights(const ConvShape& s)
      : s(s),
        terms(s.kh * s.kw * (s.c / s.groups)),
        out_w(std::max<std::int64_t>(s.ow, 1)),
        out_h(std::max<std::int64_t>(s.oh, 1)),
        out_each(s.oc / s.groups) {}

  /// Behind the last term: outside of every image.
  __device__ TermPlace place(std::int64_t term) const {
    if (term >= terms) return {-(1 << 29), 0, 0};
    const std::int64_t inputs = s.c / s.groups, tap = term / inputs;
    const std::int64_t y = tap / s.kw * s.dilation_h - s.pad_h, x = tap % s.kw * s.dilation_w - s.pad_w;
    return {static_cast<int>(y), static_cast<int>(x), (y * s.w + x) * s.c + term % inputs};
  }
};

/// sums[t][v] += dy x over the pixels of this thread.
template <int width, bool aligned, class T>
__device__ void add_pixels(const SmallGroupWeights& g, const ChannelPlace& at, const TermPlace* terms, const T* x,
                           const T* dy, compute_t<T> (&sums)[terms_at_once][width]) {
  using C = compute_t<T>;
  const ConvShape& s = g.s;
  const T* const first = x + static_cast<int>(at.channel) / g.out_each * (s.c / s.groups);
  const int stride_h = static_cast<int>(s.stride_h), stride_w = static_cast<int>(s.stride_w);
  const auto height = static_cast<unsigned>(s.h), across = static_cast<unsigned>(s.w);
  for (std::int64_t pixel = at.row; pixel < at.end; pixel += at.step) {
    const int line = static_cast<int>(pixel) / g.out_w, image = line / g.out_h;
    const int y = line % g.out_h * stride_h, left = static_cast<int>(pixel) % g.out_w * stride_w;
    const T* const here = first + ((image * s.h + y) * s.w + left) * s.c;
    const Pack<T, width> gradient = load_channels<width, aligned>(dy + pixel * s.oc + at.channel);
    AKIN_DEVICE_UNROLL
    for (int t = 0; t < terms_at_once; ++t) {
      const TermPlace term = terms[t];
      if (static_cast<unsigned>(y + term.y) >= height || static_cast<unsigned>(left + term.x) >= across) continue;
      const Pack<T, width> value = load_channels<width, aligned>(here + term.distance);
      AKIN_DEVICE_UNROLL
      for (int v = 0; v < width; ++v)
        sums[t][v] += static_cast<C>(gradient.values[v]) * static_cast<C>(value.values[v]);
    }
  }
}

/// parts [chunks, terms, oc]. width > 1 only where groups are single channels.
template <class T, int width, bool aligned>
__global__ void __launch_bounds__(block_threads)
    small_group_weights_kernel(ChannelTiles tiles, SmallGroupWeights g, const T* x, const T* dy,
                               WeightSum<double>* parts) {
  using C = compute_t<T>;
  AKIN_SHARED(TermPlace, places, terms_at_once);
  AKIN_SHARED(WeightSum<C>, totals, block_threads * width);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.z) * terms_at_once;
  const int me = static_cast<int>(threadIdx.x);
  if (me < terms_at_once) places[me] = g.place(first + me);
  __syncthreads();
  const ChannelPlace at = channel_place<width>(tiles);
  C sums[terms_at_once][width] = {};
  if (at.has_work) add_pixels<width, aligned>(g, at, places, x, dy, sums);
  const int wide = tiles.lanes * width;
  AKIN_DEVICE_UNROLL
  for (int t = 0; t < terms_at_once; ++t) {
    if (first + t >= g.terms) break;  // the same in all threads
    if (at.row_thread < tiles.row_threads)
      for (int v = 0; v < width; ++v) totals[at.row_thread * wide + me % tiles.lanes * width + v] = {sums[t][v]};
    merge_rows(tiles.row_threads, wide, totals);
    for (int i = me; i < wide; i += block_threads) {
      const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x) * wide + i;
      if (channel < tiles.channels)
        parts[(blockIdx.y * g.terms + first + t) * tiles.channels + channel] = {static_cast<double>(totals[i].value)};
    }
    __syncthreads();  // before the next term overwrites them
  }
}

/// From [terms, oc] to dw [oc, terms].
template <class T>
struct FinishSmallGroupWeights {
  std::int64_t terms, channels;
  T* dw;

  __device__ void operator()(std::int64_t i, const WeightSum<double>& sum) const {
    dw[i % channels * terms + i / channels] = static_cast<T>(static_cast<compute_t<T>>(sum.value));
  }
};

}  // namespace detail

/// conv2d_backward_weights where has_small_groups.
template <class T>
void small_groups_backward_weights(Cuda queue, const ConvShape& s, const T* x, const T* dy, T* dw) {
  constexpr const char* op = "conv2d backward weights";
  constexpr int packed = std::min(pack_lanes<T>, 4);  // with 8 channels a thread has too few registers
  using Wide = Pack<T, packed>;
  const bool in_packs = detail::is_depthwise(s) && s.oc % packed == 0;
  const detail::SmallGroupWeights g(s);
  const std::int64_t layers = (g.terms + detail::terms_at_once - 1) / detail::terms_at_once;
  ChannelTiles tiles = channel_tiles_of(s.n * s.oh * s.ow, s.oc, in_packs ? packed : 1, layers);
  const DeviceScratch<detail::WeightSum<double>> parts(op, queue, tiles.grid.blocks.y * g.terms * s.oc);
  const auto kernel = !in_packs ? detail::small_group_weights_kernel<T, 1, true>
                      : is_aligned_for<Wide>(x) && is_aligned_for<Wide>(dy)
                          ? detail::small_group_weights_kernel<T, packed, true>
                          : detail::small_group_weights_kernel<T, packed, false>;
  if (tiles.rows > 0) launch(op, queue, tiles.grid, kernel, tiles, g, x, dy, parts.data());
  tiles.channels = g.terms * s.oc;
  detail::merge_chunks(op, queue, tiles, static_cast<const detail::WeightSum<double>*>(parts.data()),
                       detail::FinishSmallGroupWeights<T>{g.terms, s.oc, dw});
}

}  // namespace akin::inline AKIN_ABI::kernels
