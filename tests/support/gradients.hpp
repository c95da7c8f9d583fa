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

/// The same for a layer, in f64: gradients with respect to its input and to each of its parameters.
template <class Layer>
void expect_right_layer_gradient(const Layer& layer, const Tensor& x, std::string_view what = "") {
  layer.to(DType::f64);
  expect_right_gradient([&](const Tensor& in) { return layer(in); }, {x}, what);
  for (const auto& [name, parameter] : layer.named_parameters()) {
    const Tensor own = parameter;  // bindings cannot be captured in clang 14
    const Array before = ops::clone(own.value());
    layer.zero_grad();
    detail::probe(layer(x), 0).backward();
    const Array analytic = ops::clone(own.grad());
    const auto value = [&](std::int64_t i, double step) {
      Array moved = ops::clone(before);
      moved.mut<double>()[i] += step;
      ops::assign(own.mutable_value(), moved);
      return detail::probe(layer(x), 0).item();
    };
    for (std::int64_t i = 0; i < before.size(); ++i) {
      const double slope = (value(i, 1e-6) - value(i, -1e-6)) / 2e-6;
      ASSERT_TRUE(is_close(at(analytic, i), slope, tol::gradcheck))
          << what << " " << name << " element " << i << ": got " << at(analytic, i) << ", slope " << slope;
    }
    ops::assign(own.mutable_value(), before);
  }
}

}  // namespace akin
