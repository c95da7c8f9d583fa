// The gradient of a convolution with respect to its input.
#pragma once
#include "../../include/akin/core/tags.hpp"
#include "conv_sum.hpp"
#include "conv_winograd.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// w in the panels of pack_taps, for backward_taps.
template <class T>
auto pack_backward(const TapMap& map, const T* w) {
  return pack_taps<compute_t<T>>(map, [&](std::int64_t group, std::int64_t tap, std::int64_t k, std::int64_t f) {
    return static_cast<compute_t<T>>(w[((group * map.source_c + k) * map.taps() + tap) * map.target_c + f]);
  });
}

template <class T>
void direct_data(const ConvShape& s, const T* dy, const T* w, T* dx) {
  const auto map = backward_taps(s);
  sum_over_taps<T>(map, dy, pack_backward(map, w).data(), dx);
}

/// The products of two neighbouring output channels at once: oc / groups must be even. dx may be float or bf16.
template <class D>
void direct_data_pairs(const ConvShape& s, const bf16* dy, const bf16* w, D* dx) {
  ConvShape pairs = s;
  pairs.oc = s.oc / 2;
  const auto map = backward_taps(pairs);
  const std::int64_t next = map.taps() * map.target_c;  // from one output channel's weights to the next one's
  const auto panels =
      pack_taps<Bf16Pair>(map, [&](std::int64_t group, std::int64_t tap, std::int64_t k, std::int64_t f) {
        const bf16* at = w + 2 * (group * map.source_c + k) * next + tap * map.target_c + f;
        return Bf16Pair{at[0], at[next]};
      });
  sum_over_taps<Bf16Pair>(map, reinterpret_cast<const Bf16Pair*>(dy), panels.data(), dx);
}

/// bf16 operands, float sums.
AKIN_LAZY void direct_data(const ConvShape& s, const bf16* dy, const bf16* w, bf16* dx) {
  if (has_bf16_dot && s.oc / s.groups % 2 == 0) return direct_data_pairs(s, dy, w, dx);
  const auto map = backward_taps(s);
  sum_over_taps<float>(map, widened(dy, s.n * s.oh * s.ow * s.oc).data(), pack_backward(map, w).data(), dx);
}

}  // namespace detail

/// dx[pixel, c] = sum over the outputs that read the pixel, and their channels, of dy * w; overwrites dx.
template <class T>
void conv2d_backward_data(Cpu, const ConvShape& s, const T* dy, const T* w, T* dx) {
  if (detail::uses_winograd<T>(s))
    detail::winograd_convolution(detail::winograd_backward(s), dy,
                                 detail::pack_backward(detail::backward_taps(s), w).data(), true, dx);
  else
    detail::direct_data(s, dy, w, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
