// The heap is one reservation of addresses, opened only while kernels or copies run.
#include "memory.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace emulator {

HeapCounts heap;

namespace {

constexpr std::size_t reserved = std::size_t{1} << 38, page = 4096, gap = 256;

char* base = nullptr;
std::size_t used = 0;
int openings = 0;
std::map<const char*, std::size_t> blocks;

/// From the first live block on: each page costs time.
void protect(int how) {
  if (blocks.empty()) return;
  const auto before = static_cast<std::size_t>(blocks.begin()->first - base);
  if (::mprotect(base + before, used - before, how) != 0) std::abort();
}

}  // namespace

OpenHeap::OpenHeap() {
  if (openings++ == 0) protect(PROT_READ | PROT_WRITE);
}
OpenHeap::~OpenHeap() {
  if (--openings == 0) protect(PROT_NONE);
}

void* allocate(std::size_t bytes) {
  if (!base) {
    void* memory = ::mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    base = static_cast<char*>(memory);
  }
  const std::size_t whole = (bytes + gap + page - 1) / page * page;
  if (heap.live_bytes + bytes > heap.limit_bytes || used + whole > reserved) return nullptr;
  char* const block = base + used;
  used += whole;
  blocks[block] = bytes;
  ++heap.live_blocks;
  heap.live_bytes += bytes;
  if (openings > 0) protect(PROT_READ | PROT_WRITE);
  const OpenHeap open;
  std::memset(block, 0xff, bytes);
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(block, whole);
  __asan_unpoison_memory_region(block, bytes);
#endif
  return block;
}

bool release(void* p) {
  const auto found = blocks.find(static_cast<char*>(p));
  if (found == blocks.end()) return false;
  --heap.live_blocks;
  heap.live_bytes -= found->second;
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(p, found->second);
#endif
  const std::size_t whole = (found->second + gap + page - 1) / page * page;
  ::madvise(p, whole, MADV_DONTNEED);
  ::mprotect(p, whole, PROT_NONE);
  blocks.erase(found);
  return true;
}

bool is_allocated(const void* p, std::size_t bytes) {
  const char* const at = static_cast<const char*>(p);
  auto after = blocks.upper_bound(at);
  if (after == blocks.begin()) return false;
  --after;
  return at + bytes <= after->first + after->second;
}

bool on_device(const void* p) {
  const char* const at = static_cast<const char*>(p);
  return base && at >= base && at < base + reserved;
}

}  // namespace emulator
