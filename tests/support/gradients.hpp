// Gradient checks of functions of Tensors, as one line per case.
#pragma once
#include <akin/autograd/gradcheck.hpp>

#include "test.hpp"

namespace akin {

/// A random f64 Tensor, moved away from 0 so that kinks of relu and abs lie outside the step of the differences.
inline Tensor smooth(const Shape& shape, unsigned seed = 1, double scale = 1, double shift = 0) {
  Array a = random_array(shape, seed, DType::f64, scale, shift);
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (double& x = a.mut<double>()[i]; std::abs(x) < 1e-3) x = 1e-3;
  return Tensor(a);
}

template <class F>
void expect_right_gradient(F f, const std::vector<Tensor>& inputs, std::string_view what = "") {
  const GradcheckReport report = gradcheck(f, inputs);
  EXPECT_TRUE(report.ok) << what << " " << report.summary();
}

}  // namespace akin
