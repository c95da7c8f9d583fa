// 2-d convolution: forward and both gradients, each as a matrix product whose operands are read where they lie. Twin:
// kernels/cpu/conv.hpp.
//
// cuDNN computes them (cudnn.hpp) where it is compiled in and takes the shape. Groups of few channels have kernels of
// their own (conv_depthwise.hpp). ConvAlgorithm is for the CPU: here all are direct.
#pragma once
#include "conv_depthwise_weights.hpp"
#include "conv_operands.hpp"
#include "cudnn.hpp"
#include "gemm.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Positions, taps and distances are counted in 32 bits.
AKIN_LAZY void check_conv_counts(std::string_view op, const ConvShape& s) {
  constexpr std::int64_t most = std::numeric_limits<int>::max(), far = 1 << 28;
  const std::int64_t channels = std::max(s.c, s.oc) / s.groups;
  check(s.n * std::max(s.h * s.w, s.oh * s.ow) <= most && s.kh * s.kw * channels <= most, op,
        "more than 2^31 - 1 pixels, or weights per output, are too many for one call");
  check(std::max({s.h + s.pad_h, s.w + s.pad_w, s.kh * s.dilation_h, s.kw * s.dilation_w}) < far, op,
        "images and filters must be smaller than 2^28");
}

/// True where cuDNN does it. Operands as ConvPass names them.
#if defined(AKIN_WITH_CUDNN)
template <class T>
bool by_library(std::string_view op, Cuda queue, ConvPass pass, const ConvShape& s, const T* a, const T* b, T* result) {
  return use_cuda_libraries() && cudnn_convolve(op, queue, pass, s, a, b, result);
}
#else
template <class... Arguments>
bool by_library(const Arguments&...) {
  return false;
}
#endif

template <class T>
Patches<T> input_patches(const ConvShape& s, const T* x) {
  return {x,
          s.n,
          s.c,
          s.groups,
          forward_axis(s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h),
          forward_axis(s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w)};
}

}  // namespace detail

template <class T>
void conv2d_forward(Cuda queue, const ConvShape& s, const T* x, const T* w, T* y) {
  using namespace detail;
  check_conv_counts("conv2d", s);
  if (by_library("conv2d", queue, ConvPass::forward, s, x, w, y)) return;
  if (has_small_groups<T>(s)) return small_groups_forward(queue, s, x, w, y);
  const std::int64_t outputs = s.oc / s.groups, terms = s.kh * s.kw * (s.c / s.groups);
  multiply("conv2d", queue, {s.n * s.oh * s.ow, outputs, terms, s.groups}, input_patches(s, x),
           matrix_operand<true>(w, outputs, terms, terms, outputs * terms), EvenRows<T>{y, s.oc, outputs});
}

/// One launch per class of pixels, of which there are stride_h stride_w.
template <class T>
void conv2d_backward_data(Cuda queue, const ConvShape& s, const T* dy, const T* w, T* dx) {
  using namespace detail;
  check_conv_counts("conv2d backward data", s);
  if (by_library("conv2d backward data", queue, ConvPass::data, s, dy, w, dx)) return;
  if (has_small_groups<T>(s)) return small_groups_backward_data(queue, s, dy, w, dx);
  const std::int64_t inputs = s.c / s.groups, outputs = s.oc / s.groups;
  for (std::int64_t i = 0; i < std::min(s.stride_h, s.h); ++i)
    for (std::int64_t j = 0; j < std::min(s.stride_w, s.w); ++j) {
      const ClassAxis v = data_axis(i, s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h),
                      h = data_axis(j, s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w);
      multiply("conv2d backward data", queue,
               {s.n * v.patch.positions * h.patch.positions, inputs, v.patch.taps * h.patch.taps * outputs, s.groups},
               Patches<T>(dy, s.n, s.oc, s.groups, v.patch, h.patch), ClassWeights<T>(w, s, v, h),
               ClassRows<T>(dx, s, v, h));
    }
}

template <class T>
void conv2d_backward_weights(Cuda queue, const ConvShape& s, const T* x, const T* dy, T* dw) {
  using namespace detail;
  check_conv_counts("conv2d backward weights", s);
  if (by_library("conv2d backward weights", queue, ConvPass::weights, s, x, dy, dw)) return;
  if (has_small_groups<T>(s)) return small_groups_backward_weights(queue, s, x, dy, dw);
  const std::int64_t outputs = s.oc / s.groups, taps = s.kh * s.kw * (s.c / s.groups), pixels = s.n * s.oh * s.ow;
  multiply("conv2d backward weights", queue, {outputs, taps, pixels, s.groups},
           matrix_operand<false>(dy, outputs, pixels, s.oc, outputs), PatchesAcross<T>(input_patches(s, x)),
           EvenRows<T>{dw, taps, outputs * taps});
}

}  // namespace akin::inline AKIN_ABI::kernels
