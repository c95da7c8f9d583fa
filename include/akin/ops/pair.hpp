// A height and a width; one number means both.
#pragma once
#include <cstdint>
#include <ostream>

#include "../core/macros.hpp"

namespace akin::inline AKIN_ABI::ops {

struct Pair {
  std::int64_t h, w;
  constexpr Pair(std::int64_t both) : h(both), w(both) {}
  constexpr Pair(std::int64_t height, std::int64_t width) : h(height), w(width) {}
  friend bool operator==(Pair, Pair) = default;
  friend std::ostream& operator<<(std::ostream& os, Pair p) { return p.h == p.w ? os << p.h : os << p.h << 'x' << p.w; }
};

}  // namespace akin::inline AKIN_ABI::ops
