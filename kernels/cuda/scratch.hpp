// Working memory of one call, on the device.
#pragma once
#include <type_traits>
#include <utility>

#include "../../include/akin/core/graph_memory.hpp"
#include "../../include/akin/core/upload.hpp"
#include "launch.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Uninitialised device memory, taken and given back in the order of the queue: it may be destroyed as soon as the
/// kernels that use it are queued. Errors: out of memory, with the op's name.
template <class T>
class DeviceScratch {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  DeviceScratch(std::string_view op, Cuda queue, std::int64_t count) : queue_(queue) {
    if (count == 0) return;
    block_ = static_cast<T*>(akin::detail::take_device(op, static_cast<std::size_t>(count) * sizeof(T), queue.stream));
  }
  DeviceScratch(DeviceScratch&& other) noexcept : queue_(other.queue_), block_(std::exchange(other.block_, nullptr)) {}
  DeviceScratch& operator=(DeviceScratch&&) = delete;
  ~DeviceScratch() {
    if (block_) akin::detail::give_device(block_, queue_.stream);
  }

  T* data() const { return block_; }

 private:
  Cuda queue_;
  T* block_ = nullptr;
};

/// Waits for the queue and copies `count` values to the host.
template <class T>
void copy_to_host(std::string_view op, Cuda queue, const T* from, std::int64_t count, T* to) {
  if (count == 0) return;
  check_cuda(
      op, cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyDeviceToHost, queue.stream));
  check_cuda(op, cudaStreamSynchronize(queue.stream));
}

/// Queues a copy from the host. `from` may change or go as soon as this returns.
template <class T>
void copy_to_device(std::string_view op, Cuda queue, const T* from, std::int64_t count, T* to) {
  akin::detail::upload(op, queue.stream, to, from, static_cast<std::size_t>(count) * sizeof(T));
}

}  // namespace akin::inline AKIN_ABI::kernels
