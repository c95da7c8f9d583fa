// Large blocks of memory: freed neighbours grow together, and a request takes a part of what fits best.
//
// A training step frees the small activations of late layers before it asks for the large gradients of early ones. With
// a list of blocks per size the process would hold the sum of what each size needs at most; here it holds little more
// than what arrays need at the same time. Blocks come from mmap, which puts one beside the other.
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "macros.hpp"

namespace akin::inline AKIN_ABI::detail {

/// The free spans, by address. Each holds its size and the address of the next in its first bytes. Not thread-safe.
class LargeBlocks {
 public:
  static constexpr std::size_t granule = std::size_t{1} << 16;  ///< sizes are multiples: no page is shared

  /// Null where no free span is long enough. The smallest that is gives its end.
  AKIN_LAZY void* take(std::size_t bytes) {
    Span** best = nullptr;
    for (Span** at = &first_; *at; at = &(*at)->next)
      if ((*at)->bytes >= bytes && (!best || (*at)->bytes < (*best)->bytes)) best = at;
    if (!best) return nullptr;
    Span* const span = *best;
    span->bytes -= bytes;
    if (span->bytes == 0) *best = span->next;
    return reinterpret_cast<char*>(span) + span->bytes;
  }

  /// New memory from the system, null if it refuses. In huge pages where the system has them: arrays of many MiB would
  /// miss the cache of addresses at every row.
  AKIN_LAZY static void* map(std::size_t bytes) {
    void* const block = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
    ::madvise(block, bytes, MADV_HUGEPAGE);
#endif
    return block;
  }

  AKIN_LAZY void give(void* block, std::size_t bytes) {
    Span* before = nullptr;
    Span* after = first_;
    while (after && reinterpret_cast<std::uintptr_t>(after) < reinterpret_cast<std::uintptr_t>(block))
      before = after, after = after->next;
    Span* span = ::new (block) Span{bytes, after};
    if (before && end_of(before) == block) {
      before->bytes += bytes;
      span = before;
    } else {
      (before ? before->next : first_) = span;
    }
    if (after && end_of(span) == after) {
      span->bytes += after->bytes;
      span->next = after->next;
    } else {
      span->next = after;
    }
  }

  /// Returns all free spans to the system.
  AKIN_LAZY void trim() {
    while (first_) {
      Span* const span = first_;
      first_ = span->next;
      ::munmap(span, span->bytes);
    }
  }

 private:
  struct Span {
    std::size_t bytes;
    Span* next;
  };
  static void* end_of(Span* span) { return reinterpret_cast<char*>(span) + span->bytes; }

  Span* first_ = nullptr;
};

}  // namespace akin::inline AKIN_ABI::detail
