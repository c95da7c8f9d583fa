#include <akin/fn/matmul.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Matmul, GradientsAreRightForAllTransposes) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const Tensor a = smooth(ta ? Shape{7, 3} : Shape{3, 7}, 1), b = smooth(tb ? Shape{5, 7} : Shape{7, 5}, 2);
      expect_right_gradient(
          [=](const Tensor& x, const Tensor& y) {
            return matmul(x, y, {ta, tb});
          },
          {a, b}, cat("transposes ", ta, tb));
    }
}

TEST(Matmul, GradientsAreRightForBatches) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const Tensor a = smooth(ta ? Shape{2, 4, 3} : Shape{2, 3, 4}, 1),
                   b = smooth(tb ? Shape{2, 5, 4} : Shape{2, 4, 5}, 2);
      expect_right_gradient([=](const Tensor& x, const Tensor& y) { return matmul(x, y, {ta, tb}); }, {a, b});
    }
  expect_right_gradient([](const Tensor& x, const Tensor& y) { return matmul(x, y); },
                        {smooth({2, 3, 4}), smooth({4, 5}, 2)}, "one matrix for the batch");
}

TEST(Linear, GradientsAreRight) {
  expect_right_gradient([](const Tensor& x, const Tensor& w, const Tensor& b) { return linear(x, w, b); },
                        {smooth({3, 7}), smooth({5, 7}, 2), smooth({5}, 3)});
  expect_right_gradient([](const Tensor& x, const Tensor& w, const Tensor& b) { return linear(x, w, b); },
                        {smooth({2, 3, 7}), smooth({5, 7}, 2), smooth({5}, 3)}, "tokens");
}

TEST(Linear, ActsOnTheLastAxis) {
  const Tensor x = smooth({2, 3, 7}), w = smooth({5, 7}, 2), b = smooth({5}, 3);
  const Array y = linear(x, w, b).value();
  ASSERT_EQ(y.shape(), (Shape{2, 3, 5}));
  expect_close(y, linear(reshape(x, {6, 7}), w, b).value().reshape({2, 3, 5}), tol::exact);
  EXPECT_EQ(linear(reshape(slice(x, 0, 0, 1), {3, 7}), w).shape(), (Shape{3, 5}));
  EXPECT_EQ(linear(Tensor(Array::zeros({7}, DType::f64)), w).shape(), (Shape{5}));
}

TEST(Linear, ErrorsSayWhatFits) {
  const Tensor x(Array::zeros({2, 3})), w(Array::zeros({4, 5}));
  expect_error([&] { linear(x, w); }, "linear: x [2, 3] does not fit weight [4, 5]; expected x [..., 5]");
  expect_error(
      [&] {
        linear(x, Tensor(Array::zeros({4, 3})), Tensor(Array::zeros({3})));
      },
      "linear: bias has shape [3], expected [4]");
}

}  // namespace
}  // namespace akin
