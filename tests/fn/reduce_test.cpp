#include <akin/fn/reduce.hpp>
#include <akin/fn/shape.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Reduce, SumsAndMeansOverAxes) {
  const Tensor x(Array::from<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(sum(x).item(), 21);
  EXPECT_EQ(mean(x).item(), 3.5);
  EXPECT_EQ(at(sum(x, 0).value(), 2), 9);
  EXPECT_EQ(at(mean(x, -1).value(), 1), 5);
  EXPECT_EQ(mean(x, 1, true).shape(), (Shape{2, 1}));
}

TEST(Reduce, GradientsAreRight) {
  const Tensor x = smooth({3, 4, 5});
  expect_right_gradient([](const Tensor& a) { return sum(a); }, {x});
  expect_right_gradient([](const Tensor& a) { return mean(a); }, {x});
  for (const int axis : {0, 1, 2, -1}) {
    expect_right_gradient([=](const Tensor& a) { return sum(a, axis); }, {x});
    expect_right_gradient([=](const Tensor& a) { return mean(a, axis, true); }, {x});
  }
}

TEST(Reduce, VarianceIsTheMeanSquareAroundTheMean) {
  const Tensor x(Array::from<double>({2, 3}, {1, 2, 6, 1e9 + 1, 1e9 + 2, 1e9 + 6}));
  expect_close(variance(x, 1).value(), Array::from<double>({2}, {14. / 3, 14. / 3}), tol::f64);
  EXPECT_EQ(variance(x, 0, true).shape(), (Shape{1, 3}));
  for (const int axis : {0, 1, -1})
    expect_right_gradient([=](const Tensor& a) { return variance(a, axis); }, {smooth({3, 4, 5})});
}

TEST(Reduce, ExtremesSendTheGradientToWhereTheyWere) {
  for (const int axis : {0, 1, 2, -1}) {
    expect_right_gradient([=](const Tensor& a) { return max(a, axis); }, {smooth({3, 4, 5})});
    expect_right_gradient([=](const Tensor& a) { return min(a, axis, true); }, {smooth({3, 4, 5})});
  }
  const Tensor x(Array::from<double>({2, 3}, {5, 1, 5, 2, 9, 3}), true);
  const Tensor y = max(x, 1);
  expect_close(y.value(), Array::from<double>({2}, {5, 9}), tol::exact);
  sum(y).backward();
  expect_close(x.grad(), Array::from<double>({2, 3}, {.5, 0, .5, 0, 1, 0}), tol::exact);
}

TEST(Reduce, GradientsThatArriveAsViewsAreRead) {  // dy of a transposed or sliced result is not contiguous
  const Tensor x = smooth({3, 4, 5});
  expect_right_gradient([](const Tensor& a) { return transpose(sum(a, 2)); }, {x});
  expect_right_gradient([](const Tensor& a) { return concat(mean(a, 2), sum(a, 2), 1); }, {x});
}

TEST(Reduce, ErrorsNameTheAxis) {
  const Tensor x(Array::zeros({2, 0}));
  expect_error([&] { sum(x, 2); }, "sum: axis 2 does not exist in shape [2, 0]");
  expect_error([&] { mean(x, 1); }, "mean: axis 1 of shape [2, 0] is empty");
  expect_error([&] { mean(x, 5); }, "mean: axis 5 does not exist in shape [2, 0]");
  expect_error([&] { max(x, 1); }, "max: axis 1 of shape [2, 0] is empty");
  expect_error([&] { max(x, -3); }, "max: axis -3 does not exist in shape [2, 0]");
  expect_error([&] { mean(x); }, "mean: no values in shape [2, 0]");
}

}  // namespace
}  // namespace akin
