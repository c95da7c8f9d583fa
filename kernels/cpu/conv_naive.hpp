// Convolution by its definition: textbook loops, summed in double. The fast kernels are compared with these.
#pragma once
#include <algorithm>
#include <vector>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../layout.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Calls f(y index, x index, w index) for every product in the definition of the convolution:
///   y[n, i, j, o] += x[n, i stride - pad + r dilation, j stride - pad + q dilation, c] * w[o, r, q, c']
template <class F>
void for_each_product(const ConvShape& s, F&& f) {
  const std::int64_t cg = s.c / s.groups, og = s.oc / s.groups;
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t i = 0; i < s.oh; ++i)
      for (std::int64_t j = 0; j < s.ow; ++j)
        for (std::int64_t r = 0; r < s.kh; ++r)
          for (std::int64_t q = 0; q < s.kw; ++q) {
            const std::int64_t h = i * s.stride_h - s.pad_h + r * s.dilation_h;
            const std::int64_t w = j * s.stride_w - s.pad_w + q * s.dilation_w;
            if (h < 0 || h >= s.h || w < 0 || w >= s.w) continue;
            for (std::int64_t o = 0; o < s.oc; ++o)
              for (std::int64_t c = 0; c < cg; ++c)
                f(((n * s.oh + i) * s.ow + j) * s.oc + o, ((n * s.h + h) * s.w + w) * s.c + o / og * cg + c,
                  ((o * s.kh + r) * s.kw + q) * cg + c);
          }
}

template <class T>
double as_double(T x) {
  return static_cast<double>(static_cast<compute_t<T>>(x));
}
template <class T>
void round_from(const std::vector<double>& sums, T* out) {
  std::transform(sums.begin(), sums.end(), out, [](double x) { return static_cast<T>(static_cast<compute_t<T>>(x)); });
}

}  // namespace detail

template <class T>
void conv2d_forward_naive(Cpu, const ConvShape& s, const T* x, const T* w, T* y) {
  std::vector<double> sums(static_cast<std::size_t>(s.n * s.oh * s.ow * s.oc));
  detail::for_each_product(s, [&](std::int64_t yi, std::int64_t xi, std::int64_t wi) {
    sums[static_cast<std::size_t>(yi)] += detail::as_double(x[xi]) * detail::as_double(w[wi]);
  });
  detail::round_from(sums, y);
}

template <class T>
void conv2d_backward_data_naive(Cpu, const ConvShape& s, const T* dy, const T* w, T* dx) {
  std::vector<double> sums(static_cast<std::size_t>(s.n * s.h * s.w * s.c));
  detail::for_each_product(s, [&](std::int64_t yi, std::int64_t xi, std::int64_t wi) {
    sums[static_cast<std::size_t>(xi)] += detail::as_double(dy[yi]) * detail::as_double(w[wi]);
  });
  detail::round_from(sums, dx);
}

template <class T>
void conv2d_backward_weights_naive(Cpu, const ConvShape& s, const T* x, const T* dy, T* dw) {
  std::vector<double> sums(static_cast<std::size_t>(s.oc * s.kh * s.kw * (s.c / s.groups)));
  detail::for_each_product(s, [&](std::int64_t yi, std::int64_t xi, std::int64_t wi) {
    sums[static_cast<std::size_t>(wi)] += detail::as_double(x[xi]) * detail::as_double(dy[yi]);
  });
  detail::round_from(sums, dw);
}

}  // namespace akin::inline AKIN_ABI::kernels
