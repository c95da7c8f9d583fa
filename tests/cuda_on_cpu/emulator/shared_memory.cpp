// Arrays of a block lie one after another, in the order in which its first thread comes by their declarations, with red
// zones between them where AddressSanitizer is on. Dynamic shared memory comes first.
#include "shared_memory.hpp"

#include <algorithm>
#include <unordered_map>

#include "emulator.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace emulator {

namespace {

constexpr std::size_t red_zone = 64;
alignas(128) unsigned char memory[shared_limit + (64 << 10)];  // more than a GPU has: red zones need some
std::size_t used = 0;
std::unordered_map<const void*, std::size_t> sites;

std::size_t with_red_zone(std::size_t bytes) { return (bytes + 2 * red_zone - 1) / red_zone * red_zone; }

void protect([[maybe_unused]] std::size_t begin, [[maybe_unused]] std::size_t end, [[maybe_unused]] bool open) {
#if defined(__SANITIZE_ADDRESS__)
  open ? __asan_unpoison_memory_region(memory + begin, end - begin)
       : __asan_poison_memory_region(memory + begin, end - begin);
#endif
}

}  // namespace

void clear_shared(std::size_t dynamic_bytes) {
  protect(0, sizeof memory, true);
  std::memset(memory, 0xff, std::max(used, dynamic_bytes));
  protect(dynamic_bytes, sizeof memory, false);
  used = with_red_zone(dynamic_bytes);
  sites.clear();
}

void* shared_array(const void* site, std::size_t bytes) {
  const auto [found, is_new] = sites.try_emplace(site, used);
  if (is_new) {
    used += with_red_zone(bytes);
    if (used > sizeof memory) fail("more shared memory than a block can have");
    protect(found->second, found->second + bytes, true);
    std::memset(memory + found->second, 0xff, bytes);
  }
  return memory + found->second;
}
void* dynamic_shared() { return memory; }

}  // namespace emulator
