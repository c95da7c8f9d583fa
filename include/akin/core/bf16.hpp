// bfloat16: the upper half of a float. A storage format; arithmetic happens in float.
#pragma once
#include <cstdint>

#include "macros.hpp"

namespace akin::inline AKIN_ABI {

struct bf16 {
  std::uint16_t bits = 0;

  bf16() = default;

  /// Rounds to nearest, ties to even. NaN stays NaN (quiet): plain rounding could carry it into infinity.
  AKIN_HD explicit bf16(float x) {
    const auto u = __builtin_bit_cast(std::uint32_t, x);
    const bool is_nan = (u & 0x7fffffffu) > 0x7f800000u;
    bits = static_cast<std::uint16_t>(is_nan ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
  }

  AKIN_HD explicit operator float() const { return __builtin_bit_cast(float, std::uint32_t{bits} << 16); }

  friend bool operator==(bf16, bf16) = default;  // bitwise
};

/// The type in which values of storage type T are computed: float for bf16, T itself otherwise.
template <class T>
struct Compute {
  using type = T;
};
template <>
struct Compute<bf16> {
  using type = float;
};
template <class T>
using compute_t = typename Compute<T>::type;

}  // namespace akin::inline AKIN_ABI
