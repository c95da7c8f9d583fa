// Working memory of one call, and float copies of bf16 operands.
#pragma once
#include <cstdint>
#include <type_traits>
#include <utility>

#include "../../include/akin/core/memory_pool.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "simd.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Uninitialised working memory for one call, aligned for vectors, from the pool that serves Arrays.
template <class T>
class Scratch {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  explicit Scratch(std::int64_t count)
      : bytes_(akin::detail::MemoryPool::round_up(static_cast<std::size_t>(count) * sizeof(T))),
        block_(static_cast<T*>(akin::detail::MemoryPool::instance().take(bytes_))) {}
  Scratch(Scratch&& other) noexcept : bytes_(other.bytes_), block_(std::exchange(other.block_, nullptr)) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (block_) akin::detail::MemoryPool::instance().give(block_, bytes_);
  }

  T* data() const { return block_; }
  T& operator[](std::int64_t i) const { return block_[i]; }

 private:
  std::size_t bytes_;
  T* block_;
};

// ---- bf16 operands that are computed as float copies ----------------------------------------------------------------

inline constexpr std::int64_t convert_grain = 1 << 15;

AKIN_LAZY Scratch<float> widened(const bf16* x, std::int64_t n) {
  Scratch<float> wide(n);
  float* out = wide.data();
  parallel_for(n, convert_grain,
               [=](std::int64_t begin, std::int64_t end) { convert_run(x + begin, end - begin, out + begin); });
  return wide;
}
AKIN_LAZY void narrow(const float* x, std::int64_t n, bf16* out) {
  parallel_for(n, convert_grain,
               [=](std::int64_t begin, std::int64_t end) { convert_run(x + begin, end - begin, out + begin); });
}

}  // namespace akin::inline AKIN_ABI::kernels
