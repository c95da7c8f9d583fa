// What every use of CUDA's runtime shares: errors, the stream on which akin works, and what it may use.
#pragma once
#include <atomic>

#include "error.hpp"
#include "tags.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

struct CudaSwitches {
  std::atomic<bool> tf32{false}, libraries{true};
};
AKIN_LAZY CudaSwitches& cuda_switches() {
  static CudaSwitches switches;
  return switches;
}

}  // namespace detail

/// Whether products and convolutions of f32 may round their factors to TF32, which has 10 bits behind the point instead
/// of 23 and is several times faster on tensor cores. Not unless asked for. Without cuBLAS and cuDNN nothing does.
AKIN_LAZY bool allow_tf32() { return detail::cuda_switches().tf32; }
AKIN_LAZY void allow_tf32(bool allow) { detail::cuda_switches().tf32 = allow; }

/// Whether cuBLAS and cuDNN are used, where the program was compiled with AKIN_WITH_CUBLAS and AKIN_WITH_CUDNN. Unless
/// switched off they are, and what they do not take runs on akin's own kernels, as all does without them.
AKIN_LAZY bool use_cuda_libraries() { return detail::cuda_switches().libraries; }
AKIN_LAZY void use_cuda_libraries(bool use) { detail::cuda_switches().libraries = use; }

}  // namespace akin::inline AKIN_ABI

#if AKIN_CUDA

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#error "akin's CUDA kernels need GPUs of compute capability 8.0: nvcc -arch=sm_80 or later"
#endif

namespace akin::inline AKIN_ABI {

namespace detail {

/// "13.0" for 13000: how CUDA's runtime and driver number their versions.
AKIN_LAZY std::string cuda_version(int number) { return cat(number / 1000, '.', number % 1000 / 10); }

/// Never launched: whether it can be found tells whether this program has code for the GPU at hand.
template <class = void>
__global__ void probe_kernel() {}
AKIN_LAZY cudaError_t find_code() {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(&probe_kernel<void>));
}

AKIN_LAZY std::string driver_remedy() {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
    return "; this machine has no NVIDIA driver: install one, or use --device cpu";
  return cat("; the driver serves CUDA ", cuda_version(driver), ", and this program was compiled with ",
             cuda_version(CUDART_VERSION), ": update the driver, compile with an older CUDA, or use --device cpu");
}
AKIN_LAZY std::string code_remedy() {
  int device = 0;
  cudaDeviceProp gpu{};
  if (cudaGetDevice(&device) != cudaSuccess || cudaGetDeviceProperties(&gpu, device) != cudaSuccess) return "";
  const auto who = cat("; ", gpu.name, " has compute capability ", gpu.major, '.', gpu.minor);
  if (gpu.major < 8) return cat(who, ", and akin's kernels need 8.0: use another GPU, or --device cpu");
  return cat(who, ", for which this program has no code: compile it with -arch=sm_", gpu.major, gpu.minor,
             ", in CMake -DCMAKE_CUDA_ARCHITECTURES=", gpu.major, gpu.minor, ", or use --device cpu");
}

/// What a user can do about an error, or what it means for the process; empty where CUDA's words say all.
AKIN_LAZY std::string cuda_remedy(cudaError_t status) {
  switch (status) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorMisalignedAddress:
    case cudaErrorIllegalInstruction:
      return "; this op or one queued before it failed, and the process can no longer use the GPU";
    case cudaErrorInsufficientDriver:
      return driver_remedy();
    case cudaErrorNoDevice:
      return "; the driver knows of no GPU: see nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu";
    case cudaErrorStreamCaptureUnsupported:
    case cudaErrorStreamCaptureInvalidated:
      return "; this op or one before it waits for the GPU, which a CUDA graph cannot: train without --cuda-graph";
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorUnsupportedPtxVersion:
      return code_remedy();
    default:
      return "";
  }
}
AKIN_LAZY std::string cuda_says(cudaError_t status) {
  return cat("CUDA says \"", cudaGetErrorString(status), "\" (", cudaGetErrorName(status), ")", cuda_remedy(status));
}

}  // namespace detail

/// Throws an Error that names the op and says what CUDA said, and what can be done. An error of earlier, asynchronous
/// work shows up late, in the next call: then the message says so.
AKIN_LAZY void check_cuda(std::string_view op, cudaError_t status) {
  if (status != cudaSuccess) throw Error(cat(op, ": ", detail::cuda_says(status)));
}

namespace detail {

/// The pool behind cudaMallocAsync.
AKIN_LAZY cudaMemPool_t device_pool() {
  int device = 0;
  cudaMemPool_t pool = nullptr;
  check_cuda("cuda", cudaGetDevice(&device));
  check_cuda("cuda", cudaDeviceGetDefaultMemPool(&pool, device));
  return pool;
}
/// What is freed stays in the pool. Else each wait would give it back to the system, of which the next step asks it again.
AKIN_LAZY void keep_freed_memory() {
  std::uint64_t bytes = ~std::uint64_t{0};
  check_cuda("cuda", cudaMemPoolSetAttribute(device_pool(), cudaMemPoolAttrReleaseThreshold, &bytes));
}

/// Errors: no driver, or one too old; no GPU; no code for it in this program.
AKIN_LAZY cudaStream_t new_stream() {
  int devices = 0;
  check_cuda("cuda", cudaGetDeviceCount(&devices));
  check_cuda("cuda", devices > 0 ? find_code() : cudaErrorNoDevice);
  keep_freed_memory();
  cudaStream_t stream = nullptr;
  check_cuda("cuda", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

/// Errors: no room for `bytes`, with what is free; others.
AKIN_LAZY void check_taken(std::string_view op, std::size_t bytes, cudaError_t status) {
  if (status == cudaSuccess) return;
  std::size_t free = 0, total = 0;
  cudaGetLastError();  // the next call is not to blame
  if (status != cudaErrorMemoryAllocation || cudaMemGetInfo(&free, &total) != cudaSuccess) check_cuda(op, status);
  throw Error(cat(op, ": the GPU has no room for ", bytes >> 20, " MiB more: ", free >> 20, " of ", total >> 20,
                  " MiB are free; use a smaller batch, --bf16 or --gradient-checkpointing"));
}

}  // namespace detail

/// The stream on which all ops run, one after another. Errors: no GPU that this program can use; the message says why.
AKIN_LAZY cudaStream_t compute_stream() {
  static const cudaStream_t stream = detail::new_stream();
  return stream;
}

/// The stream of copies that run beside the ops (upload_ahead.hpp). Errors: as above.
AKIN_LAZY cudaStream_t copy_stream() {
  static const cudaStream_t stream = detail::new_stream();
  return stream;
}

/// Waits until all ops so far are done, and throws if one of them failed.
AKIN_LAZY void synchronize_cuda(std::string_view op) { check_cuda(op, cudaStreamSynchronize(compute_stream())); }

}  // namespace akin::inline AKIN_ABI

#endif
