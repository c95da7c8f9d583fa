// The part of cuDNN that akin uses, behind NVIDIA's own header. Each refusal names the rule of
// NVIDIA's manual that was broken: the header has few of them, so their wording could not be compared here.
#if defined(AKIN_WITH_CUDNN)
#include <set>

#include "cudnn_convolution.hpp"
#include "emulator.hpp"
#include "faults.hpp"

using namespace emulator::cudnn;
using emulator::faults;
using emulator::libraries;

namespace {

struct Handle {
  cudaStream_t stream = nullptr;
};

std::set<const void*> live;  // the handle and descriptors

cudnnStatus_t refuse(cudnnStatus_t status, const char* sentence) {
  libraries.broken = sentence;
  return status;
}
cudnnStatus_t bad(const char* sentence) { return refuse(CUDNN_STATUS_BAD_PARAM, sentence); }

template <class T, class P>
cudnnStatus_t create(const char* call, P* pointer) {
  if (faults.strikes(call)) return refuse(CUDNN_STATUS_ALLOC_FAILED, "The resources could not be allocated.");
  T* const object = new T;
  live.insert(object);
  *pointer = reinterpret_cast<P>(object);
  return CUDNN_STATUS_SUCCESS;
}
template <class T>
cudnnStatus_t destroy(const void* pointer) {
  if (!live.erase(pointer)) return CUDNN_STATUS_BAD_PARAM;
  delete static_cast<const T*>(pointer);
  return CUDNN_STATUS_SUCCESS;
}
template <class T>
T& as(const void* pointer) {
  return *static_cast<T*>(const_cast<void*>(pointer));
}

cudnnStatus_t set_tensor(const void* to, const Tensor& tensor) {
  if (!live.count(to) || tensor.n <= 0 || tensor.c <= 0 || tensor.h <= 0 || tensor.w <= 0)
    return bad("At least one of the parameters n, c, h, w was negative or format has an invalid enumerant value");
  constexpr std::int64_t giga = std::int64_t{1} << 30;
  if (tensor.size() >= 2 * giga)
    return refuse(CUDNN_STATUS_NOT_SUPPORTED,
                  "The total size of a tensor including the potential padding between dimensions is limited to 2 "
                  "Giga-elements of type datatype");
  as<Tensor>(to) = tensor;
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return create<Handle>("cudnnCreate", handle); }
const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_SUCCESS ? "success" : libraries.broken.c_str();
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  as<Handle>(handle).stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  return create<Tensor>("cudnnCreateTensorDescriptor", tensor);
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) { return destroy<Tensor>(tensor); }
cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  return set_tensor(tensor, {type, format, n, c, h, w});
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
  return create<Tensor>("cudnnCreateFilterDescriptor", filter);
}
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) { return destroy<Tensor>(filter); }
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  return set_tensor(filter, {type, format, k, c, h, w});
}

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution) {
  return create<Convolution>("cudnnCreateConvolutionDescriptor", convolution);
}
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
  return destroy<Convolution>(convolution);
}
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w, int u,
                                              int v, int dilation_h, int dilation_w, cudnnConvolutionMode_t mode,
                                              cudnnDataType_t compute) {
  if (!live.count(convolution)) return bad("The descriptor convDesc is NULL.");
  if (pad_h < 0 || pad_w < 0) return bad("One of the parameters pad_h, pad_w is strictly negative.");
  if (u <= 0 || v <= 0) return bad("One of the parameters u, v is negative or zero.");
  if (dilation_h <= 0 || dilation_w <= 0)
    return bad("One of the parameters dilation_h, dilation_w is negative or zero.");
  as<Convolution>(convolution) = {pad_h, pad_w, u, v, dilation_h, dilation_w, 1, mode, compute};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution, int groups) {
  as<Convolution>(convolution).groups = groups;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math) {
  as<Convolution>(convolution).math = math;
  return CUDNN_STATUS_SUCCESS;
}

// ---- convolutions ---------------------------------------------------------------------------------------------------

namespace {

/// Working memory that this fake wants.
constexpr std::size_t wanted = 3000;

Problem problem_of(Pass pass, const void* x, const void* w, const void* y, const void* convolution, bool deterministic,
                   bool takes_nhwc) {
  return {pass, as<Tensor>(x), as<Tensor>(w), as<Tensor>(y), as<Convolution>(convolution), deterministic, takes_nhwc};
}
bool all_live(std::initializer_list<const void*> descriptors) {
  for (const void* descriptor : descriptors)
    if (!live.count(descriptor)) return false;
  return true;
}

cudnnStatus_t query(const Problem& problem, std::size_t* bytes) {
  ++libraries.workspace_queries;
  if (faults.strikes("cudnnGetConvolutionWorkspaceSize"))
    return refuse(CUDNN_STATUS_INTERNAL_ERROR, "an internal error of the library");
  if (libraries.refuse)
    return refuse(CUDNN_STATUS_NOT_SUPPORTED_SHAPE,
                  "The combination of the tensor descriptors, filter descriptor, and convolution descriptor is not "
                  "supported for the specified algorithm.");
  if (const Fault fault = fault_in(problem); fault.sentence) return refuse(fault.status, fault.sentence);
  *bytes = wanted;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t convolve(const char* name, cudnnHandle_t handle, const Call& call, const void* alpha, const void* beta) {
  if (const Fault fault = fault_in(call.problem); fault.sentence) return refuse(fault.status, fault.sentence);
  for (const void* needed : {call.x, call.w, call.y, alpha, beta})
    if (!needed)
      return bad("At least one of the following is NULL: handle, xDesc, wDesc, convDesc, yDesc, x, w, y, alpha, beta");
  for (const void* operand : {call.x, call.w, call.y, static_cast<const void*>(call.workspace)})
    if (reinterpret_cast<std::uintptr_t>(operand) % 16 != 0)
      return refuse(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, "cudnn_graph_v9.h: misaligned pointer");
  if (call.workspace_bytes < wanted || !call.workspace)
    return refuse(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT,
                  "workSpace: Data pointer to GPU memory to a workspace needed to be able to execute the specified "
                  "algorithm. If no workspace is needed for a particular algorithm, that pointer can be NULL.");
  Call queued = call;
  queued.alpha = *static_cast<const float*>(alpha), queued.beta = *static_cast<const float*>(beta);
  if (emulator::enqueue_call(name, as<Handle>(handle).stream, [=] { queued.run(name); }) != cudaSuccess)
    return refuse(CUDNN_STATUS_EXECUTION_FAILED, "The function failed to launch on the GPU.");
  ++libraries.convolutions;
  return CUDNN_STATUS_SUCCESS;
}

constexpr const char* null_descriptor = "At least one of the following is NULL: handle, xDesc, wDesc, convDesc, yDesc";

// cudnn_ops_v9.h: "CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0 = 0, /* non-deterministic */", and so for the others. The
// manual's tables name for NHWC the implicit products of matrices alone.
Problem forward(const void* x, const void* w, const void* c, const void* y, cudnnConvolutionFwdAlgo_t algo) {
  const bool implicit =
      algo == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM || algo == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
  return problem_of(Pass::forward, x, w, y, c, true, implicit);
}
Problem data(const void* w, const void* y, const void* c, const void* x, cudnnConvolutionBwdDataAlgo_t algo) {
  return problem_of(Pass::data, x, w, y, c, algo != CUDNN_CONVOLUTION_BWD_DATA_ALGO_0,
                    algo <= CUDNN_CONVOLUTION_BWD_DATA_ALGO_1);
}
Problem filter(const void* x, const void* y, const void* c, const void* w, cudnnConvolutionBwdFilterAlgo_t algo) {
  return problem_of(Pass::filter, x, w, y, c,
                    algo != CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0 && algo != CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3,
                    algo <= CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1);
}

}  // namespace

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                      const cudnnFilterDescriptor_t w,
                                                      const cudnnConvolutionDescriptor_t c,
                                                      const cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algo,
                                                      std::size_t* bytes) {
  return all_live({handle, x, w, c, y}) ? query(forward(x, w, c, y, algo), bytes) : bad(null_descriptor);
}
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, const cudnnFilterDescriptor_t w,
                                                           const cudnnTensorDescriptor_t y,
                                                           const cudnnConvolutionDescriptor_t c,
                                                           const cudnnTensorDescriptor_t x,
                                                           cudnnConvolutionBwdDataAlgo_t algo, std::size_t* bytes) {
  return all_live({handle, x, w, c, y}) ? query(data(w, y, c, x, algo), bytes) : bad(null_descriptor);
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                             const cudnnTensorDescriptor_t y,
                                                             const cudnnConvolutionDescriptor_t c,
                                                             const cudnnFilterDescriptor_t w,
                                                             cudnnConvolutionBwdFilterAlgo_t algo, std::size_t* bytes) {
  return all_live({handle, x, w, c, y}) ? query(filter(x, y, c, w, algo), bytes) : bad(null_descriptor);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_desc,
                                      const void* x, const cudnnFilterDescriptor_t w_desc, const void* w,
                                      const cudnnConvolutionDescriptor_t c, cudnnConvolutionFwdAlgo_t algo,
                                      void* workspace, std::size_t bytes, const void* beta,
                                      const cudnnTensorDescriptor_t y_desc, void* y) {
  if (!all_live({handle, x_desc, w_desc, c, y_desc})) return bad(null_descriptor);
  const Call call{forward(x_desc, w_desc, c, y_desc, algo), x, w, y, 0, 0, workspace, bytes};
  return convolve("cudnnConvolutionForward", handle, call, alpha, beta);
}
cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha,
                                           const cudnnFilterDescriptor_t w_desc, const void* w,
                                           const cudnnTensorDescriptor_t y_desc, const void* y,
                                           const cudnnConvolutionDescriptor_t c, cudnnConvolutionBwdDataAlgo_t algo,
                                           void* workspace, std::size_t bytes, const void* beta,
                                           const cudnnTensorDescriptor_t x_desc, void* x) {
  if (!all_live({handle, x_desc, w_desc, c, y_desc})) return bad(null_descriptor);
  const Call call{data(w_desc, y_desc, c, x_desc, algo), x, w, y, 0, 0, workspace, bytes};
  return convolve("cudnnConvolutionBackwardData", handle, call, alpha, beta);
}
cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha,
                                             const cudnnTensorDescriptor_t x_desc, const void* x,
                                             const cudnnTensorDescriptor_t y_desc, const void* y,
                                             const cudnnConvolutionDescriptor_t c, cudnnConvolutionBwdFilterAlgo_t algo,
                                             void* workspace, std::size_t bytes, const void* beta,
                                             const cudnnFilterDescriptor_t w_desc, void* w) {
  if (!all_live({handle, x_desc, w_desc, c, y_desc})) return bad(null_descriptor);
  const Call call{filter(x_desc, y_desc, c, w_desc, algo), x, w, y, 0, 0, workspace, bytes};
  return convolve("cudnnConvolutionBackwardFilter", handle, call, alpha, beta);
}

#endif
