// A convolution as the fake of cuDNN checks and computes it. The rules are those of NVIDIA's manual on
// cudnnConvolutionForward() and its two gradients.
#pragma once
#include <cudnn.h>

#include <vector>

#include "libraries.hpp"

namespace emulator::cudnn {

/// Images n, c, h, w, or filters k, c, h, w.
struct Tensor {
  cudnnDataType_t type{};
  cudnnTensorFormat_t format{};
  int n = 0, c = 0, h = 0, w = 0;

  std::int64_t size() const { return std::int64_t{n} * c * h * w; }
  /// CUDNN_TENSOR_NHWC; filters are k, h, w, c then.
  std::int64_t index(int i, int y, int x, int channel) const {
    return ((std::int64_t{i} * h + y) * w + x) * c + channel;
  }
};
struct Convolution {
  int pad_h = 0, pad_w = 0, stride_h = 0, stride_w = 0, dilation_h = 0, dilation_w = 0, groups = 1;
  cudnnConvolutionMode_t mode{};
  cudnnDataType_t compute{};
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};
enum class Pass { forward, data, filter };

struct Problem {
  Pass pass;
  Tensor x, w, y;
  Convolution convolution;
  bool deterministic, takes_nhwc;  ///< the algorithm
};

/// What is wrong with it, and how the library says so.
struct Fault {
  cudnnStatus_t status = CUDNN_STATUS_SUCCESS;
  const char* sentence = nullptr;
};

inline int output_size(int in, int pad, int filter, int stride, int dilation) {
  return 1 + (in + 2 * pad - ((filter - 1) * dilation + 1)) / stride;
}

inline Fault fault_in(const Problem& p) {
  const auto& [pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, groups, mode, compute, math] = p.convolution;
  const Tensor &x = p.x, &w = p.w, &y = p.y;
  if (x.type != w.type || x.type != y.type)
    return {CUDNN_STATUS_BAD_PARAM, "xDesc, wDesc, and yDesc have a non-matching data type"};
  if (x.c != w.c * groups)
    return {CUDNN_STATUS_BAD_PARAM,
            "xDesc and wDesc have a non-matching number of input feature maps per image (or group in case of grouped "
            "convolutions)"};
  if (y.c % groups != 0 || w.n % groups != 0)
    return {CUDNN_STATUS_BAD_PARAM,
            "yDesc or wDesc indicate an output channel count that isn't a multiple of group count (if group count has "
            "been set in convDesc)"};
  if ((w.h - 1) * dilation_h + 1 > x.h + 2 * pad_h || (w.w - 1) * dilation_w + 1 > x.w + 2 * pad_w)
    return {CUDNN_STATUS_BAD_PARAM,
            "For some spatial dimension, wDesc has a spatial size that is larger than the input spatial size "
            "(including zero-padding size)"};
  if (y.n != x.n || y.c != w.n || y.h != output_size(x.h, pad_h, w.h, stride_h, dilation_h) ||
      y.w != output_size(x.w, pad_w, w.w, stride_w, dilation_w))
    return {CUDNN_STATUS_NOT_SUPPORTED,
            "yDesc spatial sizes do not match with the expected size as determined by "
            "cudnnGetConvolutionNdForwardOutputDim()"};
  const bool all_nhwc = x.format == CUDNN_TENSOR_NHWC && w.format == CUDNN_TENSOR_NHWC && y.format == CUDNN_TENSOR_NHWC;
  const bool known_types = compute == CUDNN_DATA_FLOAT && (x.type == CUDNN_DATA_FLOAT || x.type == CUDNN_DATA_BFLOAT16);
  if (!all_nhwc || !p.takes_nhwc || !known_types || mode != CUDNN_CROSS_CORRELATION)
    return {CUDNN_STATUS_NOT_SUPPORTED, "The chosen algo does not support the parameters provided"};
  if (!p.deterministic)  // akin's own rule
    return {CUDNN_STATUS_NOT_SUPPORTED, "cudnn_ops_v9.h: non-deterministic"};
  return {};
}

/// One of the three, with its memory.
struct Call {
  Problem problem;
  const void *x, *w, *y;  ///< one of them is the result
  float alpha, beta;
  void* workspace;
  std::size_t workspace_bytes;

  Element type() const { return problem.x.type == CUDNN_DATA_BFLOAT16 ? Element::bf16 : Element::f32; }

  double factor(const void* p, std::int64_t index) const {
    const double value = load(type(), p, index);
    // "CUDNN_DEFAULT_MATH permits TF32 Tensor Core operation and CUDNN_FMA_MATH does not."
    return type() == Element::f32 && problem.convolution.math != CUDNN_FMA_MATH ? to_tf32(value) : value;
  }

  /// Calls f(index in x, in w, in y) for every product that the convolution is a sum of.
  template <class F>
  void for_each_product(F f) const {
    const auto& [pass, x_, w_, y_, c, deterministic, nhwc] = problem;
    for (int i = 0; i < y_.n; ++i)
      for (int oy = 0; oy < y_.h; ++oy)
        for (int ox = 0; ox < y_.w; ++ox)
          for (int ky = 0; ky < w_.h; ++ky)
            for (int kx = 0; kx < w_.w; ++kx) {
              const int iy = oy * c.stride_h - c.pad_h + ky * c.dilation_h,
                        ix = ox * c.stride_w - c.pad_w + kx * c.dilation_w;
              if (iy < 0 || iy >= x_.h || ix < 0 || ix >= x_.w) continue;
              for (int o = 0; o < w_.n; ++o)
                for (int k = 0; k < w_.c; ++k)
                  f(x_.index(i, iy, ix, o / (w_.n / c.groups) * w_.c + k), w_.index(o, ky, kx, k),
                    y_.index(i, oy, ox, o));
            }
  }

  void run(const char* call) const {
    need_on_device(call, "x", x, problem.x.size(), type());
    need_on_device(call, "w", w, problem.w.size(), type());
    need_on_device(call, "y", y, problem.y.size(), type());
    spoil_workspace(call, workspace, workspace_bytes);
    const bool forward = problem.pass == Pass::forward, data = problem.pass == Pass::data;
    const Tensor& out = forward ? problem.y : data ? problem.x : problem.w;
    std::vector<double> sums(static_cast<std::size_t>(out.size()), 0.0);
    for_each_product([&](std::int64_t ix, std::int64_t iw, std::int64_t iy) {
      if (forward)
        sums[static_cast<std::size_t>(iy)] += factor(x, ix) * factor(w, iw);
      else if (data)
        sums[static_cast<std::size_t>(ix)] += factor(y, iy) * factor(w, iw);
      else
        sums[static_cast<std::size_t>(iw)] += factor(x, ix) * factor(y, iy);
    });
    void* const result = const_cast<void*>(forward ? y : data ? x : w);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      store(type(), result, at, alpha * sums[i] + (beta == 0 ? 0.0 : beta * load(type(), result, at)));
    }
  }
};

}  // namespace emulator::cudnn
