// What every use of CUDA's runtime shares: errors, and the stream on which akin works.
#pragma once
#include "error.hpp"
#include "tags.hpp"

#if AKIN_CUDA

namespace akin::inline AKIN_ABI {

/// Throws an Error that names the op and says what CUDA said. An error of earlier, asynchronous work shows up late, in
/// the next call: then the message says so.
AKIN_LAZY void check_cuda(std::string_view op, cudaError_t status) {
  if (status == cudaSuccess) return;
  const bool late = status == cudaErrorIllegalAddress || status == cudaErrorLaunchFailure ||
                    status == cudaErrorMisalignedAddress || status == cudaErrorIllegalInstruction;
  throw Error(cat(op, ": CUDA says \"", cudaGetErrorString(status), "\" (", cudaGetErrorName(status), ")",
                  late ? "; this op or one queued before it failed, and the process can no longer use the GPU" : ""));
}

namespace detail {

AKIN_LAZY cudaStream_t new_stream() {
  int devices = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&devices); status != cudaSuccess || devices == 0)
    throw Error(cat("cuda: there is no GPU to work on: ",
                    status == cudaSuccess ? "the driver knows of none" : cudaGetErrorString(status),
                    "; see nvidia-smi, or use --device cpu"));
  cudaStream_t stream = nullptr;
  check_cuda("cuda", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

}  // namespace detail

/// The stream on which all ops run, one after another. Errors: no driver, no GPU.
AKIN_LAZY cudaStream_t compute_stream() {
  static const cudaStream_t stream = detail::new_stream();
  return stream;
}

/// Waits until all ops so far are done, and throws if one of them failed.
AKIN_LAZY void synchronize_cuda(std::string_view op) { check_cuda(op, cudaStreamSynchronize(compute_stream())); }

}  // namespace akin::inline AKIN_ABI

#endif
