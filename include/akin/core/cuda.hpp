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

/// Device memory in the order of a stream: what cudaFreeAsync gives back there may be taken again by the next op, while
/// kernels of earlier ones still run. Errors: out of memory, with what was asked for and what is free.
AKIN_LAZY void* take_cuda(std::string_view op, std::size_t bytes, cudaStream_t stream) {
  void* block = nullptr;
  const cudaError_t status = cudaMallocAsync(&block, bytes, stream);
  if (status == cudaSuccess) return block;
  std::size_t free = 0, total = 0;
  cudaGetLastError();  // the next call is not to blame
  if (status != cudaErrorMemoryAllocation || cudaMemGetInfo(&free, &total) != cudaSuccess) check_cuda(op, status);
  throw Error(cat(op, ": the GPU has no room for ", bytes >> 20, " MiB more: ", free >> 20, " of ", total >> 20,
                  " MiB are free; use a smaller batch, --bf16 or --gradient-checkpointing"));
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
