// Reducers, for both backends: where a total starts, how two totals become one, and what to make of the total of n
// values.
#pragma once
#include <cstdint>
#include <limits>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

struct SumOf {
  static constexpr double start = 0;
  template <class T>
  AKIN_HD T operator()(T a, T b) const {
    return a + b;
  }
  AKIN_HD static double finish(double total, std::int64_t) { return total; }
};
struct MeanOf : SumOf {
  AKIN_HD static double finish(double total, std::int64_t n) { return total / static_cast<double>(n); }
};
/// The larger; NaN wins and stays.
struct MaxOf {
  static constexpr double start = -std::numeric_limits<double>::infinity();
  template <class T>
  AKIN_HD T operator()(T a, T b) const {
    return b > a || b != b ? b : a;
  }
  AKIN_HD static double finish(double total, std::int64_t) { return total; }
};
/// The smaller; NaN wins and stays.
struct MinOf {
  static constexpr double start = std::numeric_limits<double>::infinity();
  template <class T>
  AKIN_HD T operator()(T a, T b) const {
    return b < a || b != b ? b : a;
  }
  AKIN_HD static double finish(double total, std::int64_t) { return total; }
};

}  // namespace akin::inline AKIN_ABI::kernels
