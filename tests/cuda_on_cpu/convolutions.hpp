// Convolutions and their gradients beside those of the CPU, whoever computes them.
#pragma once
#include "kernels/cpu/conv.hpp"
#include "kernels/cuda/conv.hpp"
#include "twins.hpp"

namespace akin_test {

/// Fills in the output size.
inline kernels::ConvShape with_output(kernels::ConvShape s) {
  s.oh = (s.h + 2 * s.pad_h - s.dilation_h * (s.kh - 1) - 1) / s.stride_h + 1;
  s.ow = (s.w + 2 * s.pad_w - s.dilation_w * (s.kw - 1) - 1) / s.stride_w + 1;
  return s;
}

/// Strides that differ and leave a rest.
inline constexpr kernels::ConvShape strides_with_a_rest{
    .n = 2, .h = 9, .w = 8, .c = 8, .oc = 16, .kh = 5, .kw = 3, .stride_h = 2, .stride_w = 3, .pad_h = 2, .pad_w = 1};
/// Dilation with a factor in common with the stride on one axis, none on the other.
inline constexpr kernels::ConvShape dilation_beside_strides{.n = 1,
                                                            .h = 11,
                                                            .w = 10,
                                                            .c = 9,
                                                            .oc = 4,
                                                            .kh = 3,
                                                            .kw = 3,
                                                            .stride_h = 4,
                                                            .stride_w = 2,
                                                            .pad_h = 3,
                                                            .pad_w = 2,
                                                            .dilation_h = 2,
                                                            .dilation_w = 3};

/// The operands may begin `skip` elements behind the start of their memory.
template <class T>
void compare_convolution(kernels::ConvShape s, std::int64_t skip = 0) {
  s = with_output(s);
  SCOPED_TRACE(cat("n", s.n, " ", s.h, "x", s.w, "x", s.c, " -> ", s.oc, " kernel ", s.kh, "x", s.kw, " stride ",
                   s.stride_h, "x", s.stride_w, " pad ", s.pad_h, "x", s.pad_w, " dilation ", s.dilation_h, "x",
                   s.dilation_w, " groups ", s.groups));
  const std::int64_t x_size = s.n * s.h * s.w * s.c, y_size = s.n * s.oh * s.ow * s.oc,
                     w_size = s.oc * s.kh * s.kw * s.c / s.groups;
  Twins twins;
  const auto x = twins.input(x_size + skip), w = twins.input(w_size + skip), dy = twins.input(y_size + skip);
  const auto y = twins.output(y_size + skip), dx = twins.output(x_size + skip), dw = twins.output(w_size + skip);
  twins.compare<T>([&](auto queue, auto at) {
    kernels::conv2d_forward(queue, s, at(x) + skip, at(w) + skip, at(y) + skip);
    kernels::conv2d_backward_data(queue, s, at(dy) + skip, at(w) + skip, at(dx) + skip);
    kernels::conv2d_backward_weights(queue, s, at(x) + skip, at(dy) + skip, at(dw) + skip);
  });
}

}  // namespace akin_test
