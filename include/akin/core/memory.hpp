// Memory of Arrays.
#pragma once
#include <atomic>
#include <cstddef>

#include "device.hpp"
#include "memory_pool.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

#if AKIN_CUDA
/// Device memory in the order of the compute stream: what is given back may be taken again by the next op, while
/// kernels of earlier ones still run. Errors: out of memory, with what was asked for and what is free.
AKIN_LAZY void* take_cuda(std::size_t bytes) {
  void* block = nullptr;
  const cudaError_t status = cudaMallocAsync(&block, bytes, compute_stream());
  if (status == cudaSuccess) return block;
  std::size_t free = 0, total = 0;
  cudaGetLastError();  // the next call is not to blame
  if (status != cudaErrorMemoryAllocation || cudaMemGetInfo(&free, &total) != cudaSuccess) check_cuda("memory", status);
  throw Error(cat("memory: the GPU has no room for ", bytes >> 20, " MiB more: ", free >> 20, " of ", total >> 20,
                  " MiB are free; use a smaller batch, --bf16 or --gradient-checkpointing"));
}
AKIN_LAZY void give_cuda(void* block) {
  if (block) cudaFreeAsync(block, compute_stream());
}

/// Copies between devices, behind all ops so far. Copies to the host wait for them.
AKIN_LAZY void copy_cuda(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return;
  check_cuda("copy", cudaMemcpyAsync(to, from, bytes, kind, compute_stream()));
  if (kind != cudaMemcpyDeviceToDevice) synchronize_cuda("copy");  // pageable memory may change or go after the call
}
#else
AKIN_LAZY void* take_cuda(std::size_t) { throw_no_cuda("memory"); }
AKIN_LAZY void give_cuda(void*) {}
#endif

}  // namespace detail

/// One block of memory on one device. `version` counts in-place changes of values that others may have captured.
class Storage {
 public:
  AKIN_LAZY Storage(std::size_t bytes, Device device) : bytes_(detail::MemoryPool::round_up(bytes)), device_(device) {
    block_ = device == Device::cuda ? detail::take_cuda(bytes_) : detail::MemoryPool::instance().take(bytes_);
  }
  ~Storage() {
    if (device_ == Device::cuda)
      detail::give_cuda(block_);
    else
      detail::MemoryPool::instance().give(block_, bytes_);
  }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return block_; }
  Device device() const { return device_; }

  std::atomic<std::uint32_t> version{0};

 private:
  void* block_ = nullptr;
  std::size_t bytes_;
  Device device_;
};

inline MemoryStats memory_stats() { return detail::MemoryPool::instance().stats(); }

/// Gives the pool's unused blocks back to the system.
inline void trim_memory() { detail::MemoryPool::instance().trim(); }

}  // namespace akin::inline AKIN_ABI
