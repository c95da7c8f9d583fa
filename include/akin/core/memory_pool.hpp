// A pool of 64-byte aligned blocks that gives freed blocks back before it asks the system for new ones.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "error.hpp"
#include "large_blocks.hpp"
#include "thread.hpp"

namespace akin::inline AKIN_ABI {

/// Bytes that Arrays and running kernels hold now and held at most, and how often the system was asked.
struct MemoryStats {
  std::size_t in_use = 0, peak = 0, system_calls = 0;
};

namespace detail {

/// Freed blocks: small ones by size, large ones by address. A training step frees and asks for the same sizes, so after
/// the first two steps nothing is asked of the system any more.
class MemoryPool {
 public:
  /// Leaked on purpose: arrays with static lifetime may be freed after any static pool would be.
  static MemoryPool& instance() {
    static auto* pool = new MemoryPool;
    return *pool;
  }

  AKIN_LAZY void* take(std::size_t bytes) {
    const Lock lock(mutex_);
    void* block = freed_block(bytes);
    if (!block) {
      ++stats_.system_calls;
      block = new_block(bytes);
      if (!block) {  // blocks of other sizes may be lying idle
        free_unused();
        block = new_block(bytes);
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
    if (bytes >= large)
      large_.give(block, bytes);
    else
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

  /// Rounds up to 64 bytes, and above 1 KiB to one of eight steps per power of two (at most 12.5 % waste). Large blocks
  /// have granules.
  static std::size_t round_up(std::size_t bytes) {
    const std::size_t step = bytes <= 1024 ? 64 : bytes >= large ? LargeBlocks::granule : std::bit_floor(bytes) / 8;
    return std::max<std::size_t>(64, (bytes + step - 1) / step * step);
  }

 private:
  static constexpr std::size_t large = std::size_t{1} << 20;

  AKIN_LAZY void* freed_block(std::size_t bytes) {
    if (bytes >= large) return large_.take(bytes);
    void*& freed = freed_[size_class(bytes)];
    return freed ? std::exchange(freed, next_of(freed)) : nullptr;
  }
  AKIN_LAZY static void* new_block(std::size_t bytes) {
    return bytes >= large ? LargeBlocks::map(bytes) : std::aligned_alloc(64, bytes);
  }

  /// A number for each small size that round_up gives: 64, 128 ... 1024, then eight per power of two.
  static std::size_t size_class(std::size_t bytes) {
    if (bytes <= 1024) return bytes / 64 - 1;
    const std::size_t power = std::bit_floor(bytes), exponent = static_cast<std::size_t>(std::countr_zero(power));
    return 16 + (exponent - 10) * 8 + (bytes - power) / (power / 8);
  }
  static void*& next_of(void* block) { return *static_cast<void**>(block); }

  void free_unused() {
    for (void*& freed : freed_)
      while (freed) std::free(std::exchange(freed, next_of(freed)));
    large_.trim();
  }

  Mutex mutex_;
  void* freed_[16 + 8 * 10] = {};  // by size class: a list of blocks, each holding the address of the next
  LargeBlocks large_;
  MemoryStats stats_;
};

}  // namespace detail

}  // namespace akin::inline AKIN_ABI
