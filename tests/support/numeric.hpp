// Central differences for ops on Arrays: does `dx` agree with the slope of sum(f(x) * dy)?
#pragma once
#include "test.hpp"

namespace akin {

/// f: Array -> Array (f64). dy probes every output with its own weight: plain sums hide errors in normalisations.
template <class F>
void expect_gradient(F&& f, const Array& x, const Array& dy, const Array& dx, std::string_view what = "") {
  constexpr double h = 1e-6;
  ASSERT_EQ(dx.shape(), x.shape()) << what;
  const auto probe = [&](std::int64_t i, double step) {
    Array moved = Array::empty(x.shape(), DType::f64);
    for (std::int64_t k = 0; k < x.size(); ++k) moved.mut<double>()[k] = at(x, k) + (k == i ? step : 0);
    const Array y = f(moved);
    double total = 0;
    for (std::int64_t k = 0; k < y.size(); ++k) total += at(y, k) * at(dy, k);
    return total;
  };
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double slope = (probe(i, h) - probe(i, -h)) / (2 * h);
    ASSERT_TRUE(is_close(at(dx, i), slope, tol::gradcheck))
        << what << " element " << i << ": got " << at(dx, i) << ", slope " << slope;
  }
}

}  // namespace akin
