// The order of an epoch, as a pure function. Nothing to save, nothing to restore.
#pragma once
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/philox.hpp"

namespace akin::inline AKIN_ABI::data {

/// A uniformly random order of 0 ... n-1 for one (seed, epoch); other purposes give unrelated orders.
/// Fisher-Yates from the back, Durstenfeld's form (CACM 1964, algorithm 235), driven by Philox.
/// Errors: n < 0 or n >= 2^32; epoch >= 2^24.
AKIN_LAZY std::vector<std::uint32_t> permutation(std::uint64_t seed, std::uint32_t epoch, std::int64_t n,
                                                 std::string_view purpose = "shuffle") {
  check(n >= 0 && n <= std::numeric_limits<std::uint32_t>::max(), "permutation", "expected 0 <= n < 2^32, got ", n);
  check(epoch < 1u << 24, "permutation", "expected an epoch below 2^24, got ", epoch);
  std::vector<std::uint32_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0u);
  Draws draws(seed, {.epoch = epoch, .stream = stream_of(purpose)});
  for (auto i = static_cast<std::uint32_t>(n); i > 1; --i) std::swap(order[i - 1], order[draws.below(i)]);
  return order;
}

}  // namespace akin::inline AKIN_ABI::data
