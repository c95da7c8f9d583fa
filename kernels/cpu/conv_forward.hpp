// Convolution forward.
#pragma once
#include "../../include/akin/core/tags.hpp"
#include "conv_sum.hpp"
#include "conv_winograd.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// y = x * w, overwriting y: x [n, h, w, c], w [oc, kh, kw, c / groups], y [n, oh, ow, oc].
template <class T>
void conv2d_forward(Cpu, const ConvShape& s, const T* x, const T* w, T* y) {
  const auto map = detail::forward_taps(s);
  const auto panels =
      detail::pack_taps<T>(map, [&](std::int64_t group, std::int64_t tap, std::int64_t k, std::int64_t f) {
        return w[((group * map.target_c + f) * map.taps() + tap) * map.source_c + k];
      });
  if (!detail::uses_winograd<T>(s)) return detail::sum_over_taps<T>(map, x, panels.data(), y);
  const auto tiles = detail::winograd_forward(s);
  detail::winograd_convolution<T>(tiles, x, detail::winograd_weights<T>(tiles, panels.data(), false).data(), y);
}

AKIN_LAZY void conv2d_forward(Cpu cpu, const ConvShape& s, const bf16* x, const bf16* w, bf16* y) {
  const auto wide_x = widened(x, s.n * s.h * s.w * s.c), wide_w = widened(w, s.oc * s.kh * s.kw * (s.c / s.groups));
  const Scratch<float> wide_y(s.n * s.oh * s.ow * s.oc);
  conv2d_forward<float>(cpu, s, wide_x.data(), wide_w.data(), wide_y.data());
  narrow(wide_y.data(), s.n * s.oh * s.ow * s.oc, y);
}

}  // namespace akin::inline AKIN_ABI::kernels
