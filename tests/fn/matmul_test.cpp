#include <akin/fn/matmul.hpp>
#include <akin/fn/reduce.hpp>

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

/// Weight and bias have one recipe where both are trained.
TEST(Linear, GradientsAreRightWhicheverAreWanted) {
  const Tensor x = smooth({3, 7}), w = smooth({5, 7}, 2), b = smooth({5}, 3);
  const Tensor probe = smooth({3, 5}, 4);
  const auto gradients = [&](bool want_w, bool want_b) {
    const Tensor own_w(w.value(), want_w), own_b(b.value(), want_b);
    sum(linear(x, own_w, own_b) * probe).backward();
    EXPECT_EQ(own_w.has_grad(), want_w);
    EXPECT_EQ(own_b.has_grad(), want_b);
    if (want_w) expect_close(own_w.grad(), ops::matmul(probe.value(), x.value(), {.transpose_a = true}), tol::f64);
    if (want_b) expect_close(own_b.grad(), ops::sum(probe.value(), 0), tol::f64);
  };
  gradients(true, true);
  gradients(true, false);
  gradients(false, true);
  const Tensor alone(w.value(), true);
  sum(linear(x, alone) * probe).backward();
  expect_close(alone.grad(), ops::matmul(probe.value(), x.value(), {.transpose_a = true}), tol::f64);
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
