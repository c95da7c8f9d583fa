// Conversion between element types, once for both backends.
#pragma once
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../include/akin/core/bf16.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// One value to another type. What lies beyond the range of an integer becomes the nearest value inside; NaN becomes 0.
template <class To, class From>
AKIN_HD To convert_one(From x) {
  const auto value = static_cast<compute_t<From>>(x);
  if constexpr (!std::is_integral_v<To>) {
    return static_cast<To>(static_cast<compute_t<To>>(value));
  } else {
    constexpr To least = std::numeric_limits<To>::min(), most = std::numeric_limits<To>::max();
    if constexpr (std::is_integral_v<From>) {
      const std::int64_t wide = value;
      return static_cast<To>(wide < least ? least : wide > most ? most : wide);
    } else {
      if (value != value) return 0;
      // As double the largest i64 is 2^63, which is one too many: so not only beyond the limit, but also at it.
      if (static_cast<double>(value) <= static_cast<double>(least)) return least;
      if (static_cast<double>(value) >= static_cast<double>(most)) return most;
      return static_cast<To>(value);
    }
  }
}

/// The same as a functor, for map.
template <class To>
struct Convert {
  template <class C>
  AKIN_HD To operator()(C x) const {
    return convert_one<To>(x);
  }
};

}  // namespace akin::inline AKIN_ABI::kernels
