// Two reservations of addresses, one for memory of the device and one for managed memory. The device's is open only
// while kernels or copies run.
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

void allow(const char* from, const char* to, int how) {
  if (::mprotect(const_cast<char*>(from), static_cast<std::size_t>(to - from), how) != 0) std::abort();
}

std::size_t with_gap(std::size_t bytes) { return (bytes + gap + page - 1) / page * page; }

struct Region {
  char* base = nullptr;
  std::size_t used = 0;
  int openings = 0;
  std::map<const char*, std::size_t> blocks{};

  bool holds(const void* p) const {
    const char* const at = static_cast<const char*>(p);
    return base && at >= base && at < base + reserved;
  }
  /// From the first live block on: each page costs time.
  void protect(int how) const {
    if (!blocks.empty()) allow(blocks.begin()->first, base + used, how);
  }
  /// Neighbours at once: each call costs more.
  void open_live_blocks() const {
    for (auto first = blocks.begin(), next = first; first != blocks.end(); first = next) {
      const char* end = first->first;
      for (; next != blocks.end() && next->first == end; ++next) end += with_gap(next->second);
      allow(first->first, end, PROT_READ | PROT_WRITE);
    }
  }
};
Region device, managed;

/// Addresses of a new block, which nothing may touch yet.
char* reserve(Region& region, std::size_t bytes) {
  if (!region.base) {
    void* memory = ::mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    region.base = static_cast<char*>(memory);
  }
  const std::size_t whole = with_gap(bytes);
  if (heap.live_bytes + bytes > heap.limit_bytes || region.used + whole > reserved) return nullptr;
  char* const block = region.base + region.used;
  region.used += whole;
  region.blocks[block] = bytes;
  ++heap.live_blocks;
  heap.live_bytes += bytes;
  return block;
}

void* fill(char* block, std::size_t bytes) {
  std::memset(block, 0xff, bytes);
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(block, with_gap(bytes));
  __asan_unpoison_memory_region(block, bytes);
#endif
  return block;
}

}  // namespace

OpenHeap::OpenHeap(Reach reach) {
  if (device.openings++ > 0) return;
  if (reach == Reach::live_blocks)
    device.open_live_blocks();
  else
    device.protect(PROT_READ | PROT_WRITE);
}
OpenHeap::~OpenHeap() {
  if (--device.openings == 0) device.protect(PROT_NONE);
}

void* allocate(std::size_t bytes) {
  char* const block = reserve(device, bytes);
  if (!block) return nullptr;
  if (device.openings > 0) allow(block, block + with_gap(bytes), PROT_READ | PROT_WRITE);
  const OpenHeap open;
  return fill(block, bytes);
}

void* allocate_managed(std::size_t bytes) {
  char* const block = reserve(managed, bytes);
  if (!block) return nullptr;
  if (::mprotect(block, with_gap(bytes), PROT_READ | PROT_WRITE) != 0) std::abort();
  return fill(block, bytes);
}

bool release(void* p) {
  Region& region = is_managed(p) ? managed : device;
  const auto found = region.blocks.find(static_cast<char*>(p));
  if (found == region.blocks.end()) return false;
  --heap.live_blocks;
  heap.live_bytes -= found->second;
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(p, found->second);
#endif
  ::madvise(p, with_gap(found->second), MADV_DONTNEED);
  ::mprotect(p, with_gap(found->second), PROT_NONE);
  region.blocks.erase(found);
  return true;
}

bool is_allocated(const void* p, std::size_t bytes) {
  const auto& blocks = (is_managed(p) ? managed : device).blocks;
  const char* const at = static_cast<const char*>(p);
  auto after = blocks.upper_bound(at);
  if (after == blocks.begin()) return false;
  --after;
  return at + bytes <= after->first + after->second;
}

bool on_device(const void* p) { return device.holds(p); }
bool is_managed(const void* p) { return managed.holds(p); }

}  // namespace emulator
