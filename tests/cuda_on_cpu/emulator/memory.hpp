// Memory of the emulated device: readable by kernels and copies, never by the host; and managed memory, by all.
#pragma once
#include <cstddef>

namespace emulator {

/// The device's heap may be touched while one of these lives: kernels and copies hold one, the host never does. Freed
/// blocks between live ones may be touched as well unless it is open for live blocks alone, which takes longer.
class OpenHeap {
 public:
  enum class Reach { all, live_blocks };
  explicit OpenHeap(Reach reach = Reach::all);
  ~OpenHeap();
  OpenHeap(const OpenHeap&) = delete;
  OpenHeap& operator=(const OpenHeap&) = delete;
};

/// A block of the device, filled with 0xff (NaN, -1); nullptr where `limit_bytes` would be passed. Addresses are never
/// used twice, so what reads a block after it was freed is found: by the sanitized build, and in graphs by all.
void* allocate(std::size_t bytes);
/// The same, of managed memory.
void* allocate_managed(std::size_t bytes);
/// False if p is not the start of a live block.
bool release(void* p);
/// True if [p, p + bytes) lies in one live block.
bool is_allocated(const void* p, std::size_t bytes);
/// True if p points into the device's heap, live or not.
bool on_device(const void* p);
/// The same for managed memory.
bool is_managed(const void* p);

struct HeapCounts {
  std::size_t live_blocks = 0, live_bytes = 0, limit_bytes = std::size_t{8} << 30;
  std::size_t kept_bytes = 0;  ///< how much freed memory the pool may keep
};
extern HeapCounts heap;

}  // namespace emulator
