// Memory: 64-byte aligned blocks from a pool that gives freed blocks back before it asks the system for new ones.
#pragma once
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

#include "device.hpp"
#include "thread.hpp"

namespace akin::inline AKIN_ABI {

/// Bytes that Arrays hold now and held at most, and how often the system was asked.
struct MemoryStats {
  std::size_t in_use = 0, peak = 0, system_calls = 0;
};

namespace detail {

/// Freed blocks by size. A training step frees and asks for the same sizes, so after the first step nothing is asked
/// of the system any more.
class MemoryPool {
 public:
  /// Leaked on purpose: arrays with static lifetime may be freed after any static pool would be.
  static MemoryPool& instance() {
    static auto* pool = new MemoryPool;
    return *pool;
  }

  AKIN_LAZY void* take(std::size_t bytes) {
    const Lock lock(mutex_);
    void* block = nullptr;
    if (void*& freed = freed_[size_class(bytes)]) {
      block = std::exchange(freed, next_of(freed));
    } else {
      ++stats_.system_calls;
      block = std::aligned_alloc(64, bytes);
      if (!block) {  // blocks of other sizes may be lying idle
        free_unused();
        block = std::aligned_alloc(64, bytes);
      }
      check(block != nullptr, "memory", "the system refused ", bytes >> 20, " MiB with ", stats_.in_use >> 20,
            " MiB in use; use a smaller batch");
    }
    stats_.in_use += bytes;
    stats_.peak = std::max(stats_.peak, stats_.in_use);
    return block;
  }

  void give(void* block, std::size_t bytes) {
    const Lock lock(mutex_);
    stats_.in_use -= bytes;
    next_of(block) = std::exchange(freed_[size_class(bytes)], block);
  }

  /// Returns all freed blocks to the system.
  void trim() {
    const Lock lock(mutex_);
    free_unused();
  }

  MemoryStats stats() {
    const Lock lock(mutex_);
    return stats_;
  }

  /// Rounds up to 64 bytes, and above 1 KiB to one of eight steps per power of two (at most 12.5 % waste).
  static std::size_t round_up(std::size_t bytes) {
    const std::size_t step = bytes <= 1024 ? 64 : std::bit_floor(bytes) / 8;
    return std::max<std::size_t>(64, (bytes + step - 1) / step * step);
  }

 private:
  /// A number for each size that round_up gives: 64, 128 ... 1024, then eight per power of two.
  static std::size_t size_class(std::size_t bytes) {
    if (bytes <= 1024) return bytes / 64 - 1;
    const std::size_t power = std::bit_floor(bytes), exponent = static_cast<std::size_t>(std::countr_zero(power));
    return 16 + (exponent - 10) * 8 + (bytes - power) / (power / 8);
  }
  static void*& next_of(void* block) { return *static_cast<void**>(block); }

  void free_unused() {
    for (void*& freed : freed_)
      while (freed) std::free(std::exchange(freed, next_of(freed)));
  }

  Mutex mutex_;
  void* freed_[16 + 8 * 54] = {};  // by size class: a list of blocks, each holding the address of the next
  MemoryStats stats_;
};

}  // namespace detail

/// One block of memory on one device. `version` counts in-place changes of values that others may have captured.
class Storage {
 public:
  AKIN_LAZY Storage(std::size_t bytes, Device device) : bytes_(detail::MemoryPool::round_up(bytes)), device_(device) {
    if (device == Device::cuda) throw_no_cuda("memory");
    block_ = detail::MemoryPool::instance().take(bytes_);
  }
  ~Storage() { detail::MemoryPool::instance().give(block_, bytes_); }
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
