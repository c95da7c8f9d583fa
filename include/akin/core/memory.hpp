// Memory of Arrays.
#pragma once
#include <atomic>
#include <cstddef>

#include "device.hpp"
#include "memory_pool.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

#if AKIN_CUDA
/// Copies between devices, behind all ops so far. Copies to the host wait for them.
AKIN_LAZY void copy_cuda(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return;
  check_cuda("copy", cudaMemcpyAsync(to, from, bytes, kind, compute_stream()));
  if (kind != cudaMemcpyDeviceToDevice) synchronize_cuda("copy");  // pageable memory may change or go after the call
}
#endif

}  // namespace detail

/// One block of memory on one device. `version` counts in-place changes of values that others may have captured.
class Storage {
 public:
  AKIN_LAZY Storage(std::size_t bytes, Device device) : bytes_(detail::MemoryPool::round_up(bytes)), device_(device) {
#if AKIN_CUDA
    if (device == Device::cuda) {
      block_ = detail::take_cuda("memory", bytes_, compute_stream());
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
      cudaFreeAsync(block_, compute_stream());
      return;
    }
#endif
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
