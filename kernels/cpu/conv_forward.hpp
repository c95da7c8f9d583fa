// Convolution forward.
#pragma once
#include "../../include/akin/core/tags.hpp"
#include "conv_sum.hpp"
#include "conv_winograd.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// w in the panels of pack_taps.
template <class T>
auto pack_forward(const TapMap& map, const T* w) {
  return pack_taps<compute_t<T>>(map, [&](std::int64_t group, std::int64_t tap, std::int64_t k, std::int64_t f) {
    return static_cast<compute_t<T>>(w[((group * map.target_c + f) * map.taps() + tap) * map.source_c + k]);
  });
}

template <class T>
void direct_forward(const ConvShape& s, const T* x, const T* w, T* y) {
  const auto map = forward_taps(s);
  sum_over_taps<T>(map, x, pack_forward(map, w).data(), y);
}

/// The products of two neighbouring channels at once: c / groups must be even. y may be float or bf16.
template <class D>
void direct_forward_pairs(const ConvShape& s, const bf16* x, const bf16* w, D* y) {
  ConvShape pairs = s;
  pairs.c = s.c / 2;
  const auto map = forward_taps(pairs);
  const auto panels =
      pack_taps<Bf16Pair>(map, [&](std::int64_t group, std::int64_t tap, std::int64_t k, std::int64_t f) {
        const bf16* at = w + 2 * (((group * map.target_c + f) * map.taps() + tap) * map.source_c + k);
        return Bf16Pair{at[0], at[1]};
      });
  sum_over_taps<Bf16Pair>(map, reinterpret_cast<const Bf16Pair*>(x), panels.data(), y);
}

/// bf16 operands, float sums.
AKIN_LAZY void direct_forward(const ConvShape& s, const bf16* x, const bf16* w, bf16* y) {
  if (has_bf16_dot && s.c / s.groups % 2 == 0) return direct_forward_pairs(s, x, w, y);
  const auto map = forward_taps(s);
  sum_over_taps<float>(map, widened(x, s.n * s.h * s.w * s.c).data(), pack_forward(map, w).data(), y);
}

}  // namespace detail

/// y = x * w, overwriting y: x [n, h, w, c], w [oc, kh, kw, c / groups], y [n, oh, ow, oc].
template <class T>
void conv2d_forward(Cpu, const ConvShape& s, const T* x, const T* w, T* y) {
  if (detail::uses_winograd<T>(s))
    detail::winograd_convolution(detail::winograd_forward(s), x,
                                 detail::pack_forward(detail::forward_taps(s), w).data(), false, y);
  else
    detail::direct_forward(s, x, w, y);
}

}  // namespace akin::inline AKIN_ABI::kernels
