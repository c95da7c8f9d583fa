#include <akin/ops/reduce.hpp>
#include <akin/ops/softmax.hpp>

#include "support/numeric.hpp"

using namespace akin;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity();
}

TEST(Softmax, OfEqualLogitsIsUniformAndRowsSumToOne) {
  expect_close(ops::softmax(Array::full({2, 4}, 1e30, DType::f64)), Array::full({2, 4}, 0.25, DType::f64), tol::exact);
  expect_close(ops::sum(ops::softmax(random_array({3, 5, 33}, 1, DType::f64, 10)), -1), Array::ones({3, 5}, DType::f64),
               tol::f64);
}

TEST(Softmax, DoesNotChangeWhenAConstantIsAdded) {
  const Array x = random_array({7, 33});
  expect_close(ops::softmax(ops::add_scalar(x, 1e3)), ops::softmax(x), tol::golden);
  expect_close(ops::logsumexp(ops::add_scalar(x, 1e3)), ops::add_scalar(ops::logsumexp(x), 1e3), tol::golden);
}

TEST(LogSoftmax, IsTheLogarithmOfSoftmaxAndKeepsTinyProbabilities) {
  const Array x = random_array({7, 33}), y = ops::log_softmax(x), p = ops::softmax(x);
  for (std::int64_t i = 0; i < x.size(); ++i) expect_close(at(y, i), std::log(at(p, i)), tol::f64);
  expect_close(at(ops::log_softmax(Array::from<float>({1, 2}, {0, 1000})), 0), -1000, tol::exact);
}

TEST(LogSumExp, OfZerosIsTheLogarithmOfTheirNumber) {
  const Array y = ops::logsumexp(Array::zeros({3, 2, 7}, DType::f64));
  EXPECT_EQ(y.shape(), (Shape{3, 2}));
  expect_close(y, Array::full({3, 2}, std::log(7.0), DType::f64), tol::f64);
}

TEST(Softmax, MaskedEntriesHaveProbabilityZeroAndAFullyMaskedRowIsZero) {
  const Array x = Array::from<double>({3, 2}, {-inf, 5, -inf, -inf, 0, 0});
  expect_close(ops::softmax(x), Array::from<double>({3, 2}, {0, 1, 0, 0, 0.5, 0.5}), tol::exact);
  expect_close(ops::logsumexp(x), Array::from<double>({3}, {5, -inf, std::log(2.0)}), tol::f64);
  expect_close(ops::log_softmax(x), Array::from<double>({3, 2}, {-inf, 0, -inf, -inf, -std::log(2.0), -std::log(2.0)}),
               tol::f64);
  const Array dx = ops::logsumexp_backward(Array::ones({3}, DType::f64), x, ops::logsumexp(x));
  expect_close(dx, Array::from<double>({3, 2}, {0, 1, 0, 0, 0.5, 0.5}), tol::f64);
}

TEST(Softmax, ANaNMakesItsRowNaN) {
  const Array y = ops::softmax(Array::from<float>({2, 3}, {1, NAN, 2, 0, 0, 0}));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(at(y, i)));
  for (int i = 3; i < 6; ++i) expect_close(at(y, i), 1.0 / 3, tol::f32);
}

TEST(Softmax, GradientsMatchCentralDifferences) {
  const Array x = random_array({4, 7}, 1, DType::f64, 2), dy = random_array({4, 7}, 2), dl = random_array({4}, 3);
  expect_gradient([](const Array& v) { return ops::softmax(v); }, x, dy, ops::softmax_backward(dy, ops::softmax(x)),
                  "softmax");
  expect_gradient([](const Array& v) { return ops::log_softmax(v); }, x, dy,
                  ops::log_softmax_backward(dy, ops::log_softmax(x)), "log_softmax");
  expect_gradient([](const Array& v) { return ops::logsumexp(v); }, x, dl,
                  ops::logsumexp_backward(dl, x, ops::logsumexp(x)), "logsumexp");
}

TEST(Softmax, AcceptsTransposedInput) {
  const Array x = random_array({5, 3});
  expect_close(ops::softmax(x.transpose()), ops::softmax(ops::contiguous(x.transpose())), tol::exact);
}

TEST(Softmax, RefusesWhatHasNoLastAxis) {
  expect_error([] { ops::softmax(Array::zeros({})); }, "softmax: needs at least one axis, got a scalar");
  expect_error([] { ops::softmax(Array::zeros({3, 0})); }, "the last axis of shape [3, 0] is empty");
  expect_error([] { ops::softmax(Array::zeros({3, 2}, DType::u8)); }, "floating-point");
  expect_error(
      [] {
        ops::softmax_backward(Array::zeros({3, 2}), Array::zeros({2, 3}));
      },
      "dy has shape [3, 2], expected [2, 3]");
}
