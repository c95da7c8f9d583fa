// Copies from the host to the device for which nobody waits, as long as no more than eight are on their way, of up to
// 1 MiB.
//
// From ordinary memory cudaMemcpyAsync may wait until all that was queued before it is done. So values pass through
// pinned memory: a few slots in turn, each free again when the copy out of it has run.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

#include "cuda_event.hpp"
#include "graph_memory.hpp"
#include "thread.hpp"

#if AKIN_CUDA

namespace akin::inline AKIN_ABI::detail {

class PinnedSlots {
 public:
  /// Leaked on purpose: when static objects are destroyed, CUDA may be gone.
  static PinnedSlots& instance() {
    static auto* slots = new PinnedSlots;
    return *slots;
  }

  AKIN_LAZY void copy(std::string_view op, cudaStream_t stream, void* to, const void* from, std::size_t bytes) {
    const Lock lock(mutex_);
    auto* target = static_cast<unsigned char*>(to);
    auto* source = static_cast<const unsigned char*>(from);
    for (std::size_t part; bytes > 0; bytes -= part, target += part, source += part) {
      Slot& slot = free_slot(op);
      part = std::min(bytes, slot_bytes);
      std::memcpy(slot.memory, source, part);
      check_cuda(op, cudaMemcpyAsync(target, slot.memory, part, cudaMemcpyHostToDevice, stream));
      slot.copied->record(op, stream);
    }
  }

 private:
  static constexpr std::size_t slot_bytes = std::size_t{1} << 20, slot_count = 8;
  struct Slot {
    void* memory = nullptr;
    std::optional<CudaEvent> copied;
  };

  /// The slot whose copy was queued first. Waits for it only if all others are still in use.
  AKIN_LAZY Slot& free_slot(std::string_view op) {
    Slot& slot = slots_[next_++ % slot_count];
    if (!slot.memory) check_cuda(op, cudaMallocHost(&slot.memory, slot_bytes));
    if (!slot.copied) slot.copied.emplace(op);
    slot.copied->wait(op);
    return slot;
  }

  Mutex mutex_;
  std::size_t next_ = 0;
  Slot slots_[slot_count];
};

/// Queues a copy from the host. `from` may change or go as soon as this returns. Errors: a graph is being recorded.
AKIN_LAZY void upload(std::string_view op, cudaStream_t stream, void* to, const void* from, std::size_t bytes) {
  check(!GraphMemory::recording(), op,
        "copies values from the host, of which a CUDA graph would keep the first: train without --cuda-graph");
  PinnedSlots::instance().copy(op, stream, to, from, bytes);
}

}  // namespace akin::inline AKIN_ABI::detail

#endif
