// Convolutions with few channels in a group, such as depthwise ones: forward, and the gradient of the images. Twin:
// kernels/cpu/conv.hpp, which has no special case for them.
//
// As matrix products they would use a few columns of each 64 wide tile. Here a thread takes one channel of the result,
// or 16 bytes of them where each is a group of its own, for a strip of pixels: a weight that it loads serves all of
// them. Threads side by side have channels side by side, in images and, once copied in that order, in the weights; what
// windows have in common comes from the L1 cache. Nothing is shared, so every sum is made in the order of the taps.
#pragma once
#include <type_traits>

#include "../../include/akin/core/bf16.hpp"
#include "../layout.hpp"
#include "divisor.hpp"
#include "pack.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Whether these kernels are chosen: several groups of at most 8 channels, of 4 in bf16. An estimate: here a product
/// takes a load or two; in a tile n / 64 of the products are of use, n being the channels of a group. Tensor cores, which
/// are faster, break even earlier.
template <class T>
bool has_small_groups(const ConvShape& s) {
  constexpr std::int64_t most = std::is_same_v<T, bf16> ? 4 : 8, most_terms = 1 << 16;
  const std::int64_t inputs = s.c / s.groups, outputs = s.oc / s.groups;
  return s.groups > 1 && inputs > 0 && outputs > 0 && std::max(inputs, outputs) <= most &&
         s.kh * s.kw * most <= most_terms;
}
AKIN_LAZY bool is_depthwise(const ConvShape& s) { return s.c == s.groups && s.oc == s.groups; }

/// One axis: the source of position i under tap k, or -1 where that is outside or between strides.
class SourceAxis {
 public:
  std::int64_t positions, taps, size;

  static SourceAxis forward(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                            std::int64_t pad, std::int64_t dilation) {
    return SourceAxis(out, kernel, in, stride, -pad, dilation, 1);
  }
  static SourceAxis data(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                         std::int64_t dilation) {
    return SourceAxis(in, kernel, out, 1, pad, -dilation, stride);
  }

  __device__ int source(int i, int k) const {
    const int at = i * step_ + origin_ + k * tap_step_;
    if (at < 0) return -1;
    const int index = at / stride_;
    return at == index * stride_.value() && index < size ? index : -1;
  }

 private:
  SourceAxis(std::int64_t positions, std::int64_t taps, std::int64_t size, std::int64_t step, std::int64_t origin,
             std::int64_t tap_step, std::int64_t stride)
      : positions(positions),
        taps(taps),
        size(size),
        step_(static_cast<int>(step)),
        origin_(static_cast<int>(origin)),
        tap_step_(static_cast<int>(tap_step)),
        stride_(stride) {}

  int step_, origin_, tap_step_;
  Divisor stride_;
};

inline constexpr int strip_pixels = 4;

/// From x to y, or from dy to dx. `each`: channels of a group.
struct SmallGroups {
  SourceAxis y, x;
  std::int64_t from_channels, from_each, to_channels, strips;
  Divisor to_each, strips_x, positions_y;

  SmallGroups(std::int64_t n, std::int64_t groups, const SourceAxis& y, const SourceAxis& x, std::int64_t from,
              std::int64_t to)
      : y(y),
        x(x),
        from_channels(from),
        from_each(from / groups),
        to_channels(to),
        strips(n * y.positions * strips_of(x)),
        to_each(to / groups),
        strips_x(std::max<std::int64_t>(strips_of(x), 1)),
        positions_y(std::max<std::int64_t>(y.positions, 1)) {}

 private:
  static std::int64_t strips_of(const SourceAxis& x) { return (x.positions + strip_pixels - 1) / strip_pixels; }
};

/// sums += what the taps of one row of the filter add to the strip that begins at x. Several taps at once would take
/// more registers than there are.
template <class T, int lanes>
__device__ void add_filter_row(const SmallGroups& s, int x, const T* line, const T* weights,
                               compute_t<T> (&sums)[strip_pixels][lanes]) {
  using C = compute_t<T>;
  using P = Pack<T, lanes>;
  AKIN_DEVICE_UNROLL_BY(1)
  for (int tap = 0; tap < s.x.taps; ++tap) {
    int source[strip_pixels];
    AKIN_DEVICE_UNROLL
    for (int p = 0; p < strip_pixels; ++p) source[p] = s.x.source(x + p, tap);
    AKIN_DEVICE_UNROLL_BY(1)
    for (int i = 0; i < s.from_each; ++i, weights += s.to_channels) {
      const P weight = *reinterpret_cast<const P*>(weights);
      AKIN_DEVICE_UNROLL
      for (int p = 0; p < strip_pixels; ++p) {
        if (source[p] < 0) continue;
        const P value = *reinterpret_cast<const P*>(line + source[p] * s.from_channels + i);
        AKIN_DEVICE_UNROLL
        for (int v = 0; v < lanes; ++v)
          sums[p][v] += static_cast<C>(value.values[v]) * static_cast<C>(weight.values[v]);
      }
    }
  }
}

/// weights [taps from_each, to_channels]. lanes > 1 only where groups are single channels.
template <class T, int lanes>
__global__ void __launch_bounds__(block_threads)
    small_groups_kernel(SmallGroups s, const T* from, const T* weights, T* to) {
  for (std::int64_t strip = first_row(); strip < s.strips; strip += row_step()) {
    const int line = static_cast<int>(strip) / s.strips_x, x = static_cast<int>(strip) % s.strips_x * strip_pixels;
    const int image = line / s.positions_y, y = line % s.positions_y;
    for (std::int64_t c = first_item() * lanes; c < s.to_channels; c += item_step() * lanes) {
      compute_t<T> sums[strip_pixels][lanes] = {};
      const T* const first = from + static_cast<int>(c) / s.to_each * s.from_each;
      for (int tap = 0; tap < s.y.taps; ++tap) {
        const int row = s.y.source(y, tap);
        if (row < 0) continue;
        add_filter_row<T, lanes>(s, x, first + (image * s.y.size + row) * s.x.size * s.from_channels,
                                 weights + tap * s.x.taps * s.from_each * s.to_channels + c, sums);
      }
      T* const out = to + (line * s.x.positions + x) * s.to_channels + c;
      AKIN_DEVICE_UNROLL
      for (int p = 0; p < strip_pixels; ++p) {
        if (x + p >= s.x.positions) break;
        Pack<T, lanes> result;
        for (int v = 0; v < lanes; ++v) result.values[v] = static_cast<T>(sums[p][v]);
        *reinterpret_cast<Pack<T, lanes>*>(out + p * s.to_channels) = result;
      }
    }
  }
}

/// to [taps other, channels]: the weights with the channels of the result, y's or dx's, as neighbours.
template <class T>
__global__ void spread_weights_kernel(ConvShape s, bool data, const T* w, T* to) {
  const std::int64_t inputs = s.c / s.groups, outputs = s.oc / s.groups, taps = s.kh * s.kw;
  const std::int64_t channels = data ? s.c : s.oc, others = data ? outputs : inputs;
  for (std::int64_t i = first_item(); i < taps * others * channels; i += item_step()) {
    const std::int64_t term = i / channels, channel = i % channels, tap = term / others, other = term % others;
    const std::int64_t out = data ? channel / inputs * outputs + other : channel, in = data ? channel % inputs : other;
    to[i] = w[(out * taps + tap) * inputs + in];
  }
}

template <class T>
void launch_small_groups(std::string_view op, Cuda queue, const ConvShape& s, bool data, const SmallGroups& groups,
                         const T* from, const T* w, T* to) {
  if (groups.strips == 0) return;
  const std::int64_t count = s.kh * s.kw * groups.from_each * groups.to_channels;
  const DeviceScratch<T> weights(op, queue, count);
  launch(op, queue, grid_over(count), spread_weights_kernel<T>, s, data, w, weights.data());
  on_lanes<T>(is_depthwise(s) ? s.c : 1, from, to, [&]<int lanes>() {
    launch(op, queue, grid_over_matrix(groups.strips, groups.to_channels / lanes), small_groups_kernel<T, lanes>,
           groups, from, weights.data(), to);
  });
}

}  // namespace detail

/// conv2d_forward where has_small_groups.
template <class T>
void small_groups_forward(Cuda queue, const ConvShape& s, const T* x, const T* w, T* y) {
  using detail::SourceAxis;
  const detail::SmallGroups groups(s.n, s.groups,
                                   SourceAxis::forward(s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h),
                                   SourceAxis::forward(s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w), s.c, s.oc);
  detail::launch_small_groups("conv2d", queue, s, false, groups, x, w, y);
}

/// conv2d_backward_data where has_small_groups.
template <class T>
void small_groups_backward_data(Cuda queue, const ConvShape& s, const T* dy, const T* w, T* dx) {
  using detail::SourceAxis;
  const detail::SmallGroups groups(s.n, s.groups, SourceAxis::data(s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h),
                                   SourceAxis::data(s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w), s.oc, s.c);
  detail::launch_small_groups("conv2d backward data", queue, s, true, groups, dy, w, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
