// Memory of Arrays.
#pragma once
#include <atomic>
#include <cstddef>

#include "device.hpp"
#include "graph_memory.hpp"
#include "memory_pool.hpp"
#include "upload.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

#if AKIN_CUDA
/// Copies to or from the device, behind all ops so far. A copy to the host waits for them.
AKIN_LAZY void copy_cuda(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return;
  if (kind == cudaMemcpyHostToDevice) return upload("copy", compute_stream(), to, from, bytes);
  check_cuda("copy", cudaMemcpyAsync(to, from, bytes, kind, compute_stream()));
  synchronize_cuda("copy");
}

/// Memory of Arrays on the device, in the order of the ops.
#if defined(AKIN_MANAGED_CUDA)
AKIN_LAZY void* take_values(std::size_t bytes) {
  void* block = nullptr;
  check_cuda("memory", cudaMallocManaged(&block, bytes));
  return block;
}
AKIN_LAZY void give_values(void* block) { cudaFree(block); }  // waits
#else
AKIN_LAZY void* take_values(std::size_t bytes) { return take_device("memory", bytes, compute_stream()); }
AKIN_LAZY void give_values(void* block) { give_device(block, compute_stream()); }
#endif
#endif

}  // namespace detail

/// One block of memory on one device. `version` counts in-place changes of values that others may have captured.
class Storage {
 public:
  AKIN_LAZY Storage(std::size_t bytes, Device device) : bytes_(detail::MemoryPool::round_up(bytes)), device_(device) {
#if AKIN_CUDA
    if (device == Device::cuda) {
      block_ = detail::take_values(bytes_);
      return;
    }
#else
    if (device == Device::cuda) throw_no_cuda("memory");
#endif
    block_ = detail::MemoryPool::instance().take(bytes_);
  }
  ~Storage() {
#if AKIN_CUDA
    if (device_ == Device::cuda) {
      detail::give_values(block_);
      return;
    }
#endif
    detail::MemoryPool::instance().give(block_, bytes_);
  }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  AKIN_LAZY void* data() const {
#if defined(AKIN_MANAGED_CUDA)
    if (device_ == Device::cuda) synchronize_cuda("array");  // it may be the host that reads or writes next
#endif
    return block_;
  }
  Device device() const { return device_; }

  std::atomic<std::uint32_t> version{0};

 private:
  void* block_ = nullptr;
  std::size_t bytes_;
  Device device_;
};

inline MemoryStats memory_stats() { return detail::MemoryPool::instance().stats(); }

/// Gives the unused blocks of the host's pool back to the system.
inline void trim_memory() { detail::MemoryPool::instance().trim(); }

}  // namespace akin::inline AKIN_ABI
