// Views for methods on pictures of 6x6 pixels.
#pragma once
#include <akin/ops/elementwise.hpp>

#include "test.hpp"

namespace akin::test {

/// Noisy copies of the same random pictures, one per view.
inline std::vector<Array> noisy_views(int count, std::int64_t n = 32, unsigned seed = 1) {
  const Array clean = random_array({n, 6, 6, 1}, seed, DType::f32);
  std::vector<Array> views;
  for (unsigned k = 1; k <= static_cast<unsigned>(count); ++k)
    views.push_back(ops::add(clean, random_array({n, 6, 6, 1}, seed + 100 * k, DType::f32, 0.3)));
  return views;
}

}  // namespace akin::test
