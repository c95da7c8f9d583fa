// Convolutions by cuDNN, in programs that are compiled with AKIN_WITH_CUDNN and linked with it.
//
// One algorithm for each of the three: all multiply matrices that are never formed, exist for NHWC, and are documented
// to give the same bits in every run. cuDNN's heuristic would at times choose Winograd's or Fourier's, which round
// otherwise. What is left to ask, the size of the working memory, is asked once for every shape and kept.
#pragma once
#if defined(AKIN_WITH_CUDNN)
#include <cudnn.h>

#include <initializer_list>
#include <limits>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/thread.hpp"
#include "../layout.hpp"
#include "library_plans.hpp"
#include "pack.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

AKIN_LAZY void check_cudnn(std::string_view op, cudnnStatus_t status) {
  check(status == CUDNN_STATUS_SUCCESS, op, "cuDNN says \"", cudnnGetErrorString(status),
        "\"; use_cuda_libraries(false) computes without it");
}
/// CUDNN_STATUS_NOT_SUPPORTED has many kinds.
AKIN_LAZY bool is_refusal(cudnnStatus_t status) {
  return CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_CATEGORY(CUDNN_STATUS_NOT_SUPPORTED);
}

/// All that a plan depends on.
struct CudnnConvolution {
  ConvPass pass;
  ConvShape shape;
  cudnnDataType_t type;
  cudnnMathType_t math;
  bool operator==(const CudnnConvolution&) const = default;
};

struct CudnnPlan {
  Descriptor<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor> x, y;
  Descriptor<cudnnFilterDescriptor_t, cudnnDestroyFilterDescriptor> w;
  Descriptor<cudnnConvolutionDescriptor_t, cudnnDestroyConvolutionDescriptor> convolution;
  std::size_t workspace;
  bool refused;  ///< the library does not take this shape
};

class Cudnn {
 public:
  /// Leaked on purpose: when static objects are destroyed, CUDA may be gone.
  AKIN_LAZY static Cudnn& instance() {
    static auto* cudnn = new Cudnn;
    return *cudnn;
  }

  /// Queues the convolution. False, and nothing is queued, if the library does not take it.
  AKIN_LAZY bool convolve(std::string_view op, Cuda queue, const CudnnConvolution& c, const void* a, const void* b,
                          void* result) {
    const Lock lock(mutex_);
    CudnnPlan& plan = plans_.find(c, [&] { return plan_of(op, c); });
    if (plan.refused) return false;
    const DeviceScratch<unsigned char> workspace(op, queue, static_cast<std::int64_t>(plan.workspace));
    check_cudnn(op, cudnnSetStream(handle_, queue.stream));
    const cudnnStatus_t status = run(c.pass, plan, a, b, workspace.data(), result);
    plan.refused = is_refusal(status);
    if (!plan.refused) check_cudnn(op, status);
    return !plan.refused;
  }

 private:
  static constexpr auto forward = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
  static constexpr auto data = CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
  static constexpr auto weights = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;

  AKIN_LAZY Cudnn() { check_cudnn("conv2d", cudnnCreate(&handle_)); }

  AKIN_LAZY cudnnStatus_t run(ConvPass pass, const CudnnPlan& p, const void* a, const void* b, void* workspace,
                              void* result) const {
    constexpr float one = 1, zero = 0;
    const auto x = p.x.get(), y = p.y.get();
    const auto w = p.w.get();
    const auto convolution = p.convolution.get();
    if (pass == ConvPass::forward)
      return cudnnConvolutionForward(handle_, &one, x, a, w, b, convolution, forward, workspace, p.workspace, &zero, y,
                                     result);
    if (pass == ConvPass::data)
      return cudnnConvolutionBackwardData(handle_, &one, w, b, y, a, convolution, data, workspace, p.workspace, &zero,
                                          x, result);
    return cudnnConvolutionBackwardFilter(handle_, &one, x, a, y, b, convolution, weights, workspace, p.workspace,
                                          &zero, w, result);
  }

  AKIN_LAZY cudnnStatus_t workspace_size(ConvPass pass, const CudnnPlan& p, std::size_t* bytes) const {
    const auto x = p.x.get(), y = p.y.get();
    const auto w = p.w.get();
    const auto convolution = p.convolution.get();
    if (pass == ConvPass::forward)
      return cudnnGetConvolutionForwardWorkspaceSize(handle_, x, w, convolution, y, forward, bytes);
    if (pass == ConvPass::data)
      return cudnnGetConvolutionBackwardDataWorkspaceSize(handle_, w, y, convolution, x, data, bytes);
    return cudnnGetConvolutionBackwardFilterWorkspaceSize(handle_, x, y, convolution, w, weights, bytes);
  }

  AKIN_LAZY CudnnPlan plan_of(std::string_view op, const CudnnConvolution& c) const {
    const auto count = [](std::int64_t n) { return static_cast<int>(n); };  // they fit: see cudnn_takes
    const ConvShape& s = c.shape;
    CudnnPlan plan{};
    create(op, cudnnCreateTensorDescriptor, plan.x);
    create(op, cudnnCreateTensorDescriptor, plan.y);
    create(op, cudnnCreateFilterDescriptor, plan.w);
    create(op, cudnnCreateConvolutionDescriptor, plan.convolution);
    check_cudnn(op, cudnnSetTensor4dDescriptor(plan.x.get(), CUDNN_TENSOR_NHWC, c.type, count(s.n), count(s.c),
                                               count(s.h), count(s.w)));
    check_cudnn(op, cudnnSetTensor4dDescriptor(plan.y.get(), CUDNN_TENSOR_NHWC, c.type, count(s.n), count(s.oc),
                                               count(s.oh), count(s.ow)));
    check_cudnn(op, cudnnSetFilter4dDescriptor(plan.w.get(), c.type, CUDNN_TENSOR_NHWC, count(s.oc),
                                               count(s.c / s.groups), count(s.kh), count(s.kw)));
    check_cudnn(op, cudnnSetConvolution2dDescriptor(plan.convolution.get(), count(s.pad_h), count(s.pad_w),
                                                    count(s.stride_h), count(s.stride_w), count(s.dilation_h),
                                                    count(s.dilation_w), CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    check_cudnn(op, cudnnSetConvolutionGroupCount(plan.convolution.get(), count(s.groups)));
    check_cudnn(op, cudnnSetConvolutionMathType(plan.convolution.get(), c.math));
    const cudnnStatus_t status = workspace_size(c.pass, plan, &plan.workspace);
    plan.refused = is_refusal(status);
    if (!plan.refused) check_cudnn(op, status);
    return plan;
  }

  template <class P, class Owner>
  static void create(std::string_view op, cudnnStatus_t (*make)(P*), Owner& owner) {
    P created = nullptr;
    check_cudnn(op, make(&created));
    owner.reset(created);
  }

  Mutex mutex_;
  cudnnHandle_t handle_ = nullptr;
  PlanTable<CudnnConvolution, CudnnPlan> plans_;
};

/// What cuDNN is asked for. The rest is for akin's kernels: f64, empty operands, operands of 2^31 values or more or off
/// 16 bytes, padding as wide as the filter, groups whose channels are no whole vectors.
template <class T>
bool cudnn_takes(const ConvShape& s, std::initializer_list<const T*> operands) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const auto whole = [&](std::int64_t channels) { return channels / s.groups % pack_lanes<T> == 0; };
  bool takes = !std::is_same_v<T, double> && s.pad_h <= s.dilation_h * (s.kh - 1) &&
               s.pad_w <= s.dilation_w * (s.kw - 1) && (s.groups == 1 || (whole(s.c) && whole(s.oc)));
  for (const std::int64_t size : {s.n * s.h * s.w * s.c, s.n * s.oh * s.ow * s.oc, s.oc * s.kh * s.kw * s.c / s.groups,
                                  s.stride_h, s.stride_w, s.dilation_h, s.dilation_w})
    takes = takes && size >= 1 && size <= most;
  for (const T* operand : operands) takes = takes && reinterpret_cast<std::uintptr_t>(operand) % 16 == 0;
  return takes;
}

/// Float as it is, unless TF32 is allowed; bf16 on tensor cores, which add in float.
template <class T>
cudnnMathType_t cudnn_math() {
  if (std::is_same_v<T, bf16>) return CUDNN_TENSOR_OP_MATH;
  return allow_tf32() ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

/// A convolution by cuDNN. False, and nothing is queued, where akin's kernels have to do it.
template <class T>
bool cudnn_convolve(std::string_view op, Cuda queue, ConvPass pass, const ConvShape& s, const T* a, const T* b,
                    T* result) {
  if (!cudnn_takes<T>(s, {a, b, result})) return false;
  const auto type = std::is_same_v<T, bf16> ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  return Cudnn::instance().convolve(op, queue, {pass, s, type, cudnn_math<T>()}, a, b, result);
}

}  // namespace akin::inline AKIN_ABI::kernels::detail

#endif
