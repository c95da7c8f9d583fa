// Division of many numbers by one that is known before the launch: a multiplication and a shift.
//
// A GPU has no instruction that divides integers: a 32-bit division costs some 20 instructions, a 64-bit one 70.
#pragma once
#include <bit>
#include <cstdint>

#include "../../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// x / d and x % d for 0 <= x < 2^31. Granlund and Montgomery, "Division by Invariant Integers", 1994, Figure 4.1:
/// with 2^(shift-1) < d <= 2^shift and factor = floor(2^32 (2^shift - d) / d) + 1, x / d = (hi(factor x) + x) >> shift.
class Divisor {
 public:
  Divisor() = default;
  /// 0 < d < 2^31
  explicit Divisor(std::int64_t d)
      : divisor_(static_cast<int>(d)),
        shift_(std::bit_width(static_cast<std::uint64_t>(d - 1))),
        factor_(static_cast<std::uint32_t>((((std::uint64_t{1} << shift_) - static_cast<std::uint64_t>(d)) << 32) /
                                               static_cast<std::uint64_t>(d) +
                                           1)) {}

  AKIN_HD friend int operator/(int x, const Divisor& d) {
    const auto n = static_cast<std::uint32_t>(x);
    const auto high = static_cast<std::uint32_t>((std::uint64_t{d.factor_} * n) >> 32);
    return static_cast<int>((high + n) >> d.shift_);
  }
  AKIN_HD friend int operator%(int x, const Divisor& d) { return x - x / d * d.divisor_; }
  AKIN_HD int value() const { return divisor_; }

 private:
  int divisor_ = 1, shift_ = 0;
  std::uint32_t factor_ = 1;
};

}  // namespace akin::inline AKIN_ABI::kernels
