#include <akin/ops/pool.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

double dot(const Array& a, const Array& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += at(a, i) * at(b, i);
  return sum;
}

const Array ramp = Array::from<float>({1, 4, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});

TEST(MaxPool2d, TakesTheLargestOfEachWindowAndRemembersWhere) {
  const auto [y, index] = ops::max_pool2d(ramp);
  expect_close(y, Array::from<float>({1, 2, 2, 1}, {6, 8, 14, 16}), tol::exact);
  expect_close(index, Array::from<std::int32_t>({1, 2, 2, 1}, {5, 7, 13, 15}), tol::exact);
}

TEST(MaxPool2d, PaddingNeverWins) {
  const Array y = ops::max_pool2d(Array::full({1, 3, 3, 1}, -2), {.kernel = 3, .stride = 2, .padding = 1}).y;
  expect_close(y, Array::full({1, 2, 2, 1}, -2), tol::exact);
}

TEST(MaxPool2d, BackwardSendsTheGradientToTheMaximum) {
  const auto pooled = ops::max_pool2d(ramp);
  const Array dx = ops::max_pool2d_backward(Array::from<float>({1, 2, 2, 1}, {1, 2, 3, 4}), pooled.index, ramp.shape());
  expect_close(dx, Array::from<float>({1, 4, 4, 1}, {0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4}), tol::exact);
}

TEST(AvgPool2d, CountsPaddingOnlyWhenAsked) {
  const Array x = Array::ones({1, 2, 2, 1});
  expect_close(ops::avg_pool2d(x, {.kernel = 2, .padding = 1}), Array::full({1, 2, 2, 1}, 0.25), tol::exact);
  expect_close(ops::avg_pool2d(x, {.kernel = 2, .padding = 1, .count_include_pad = false}), x, tol::exact);
}

TEST(AvgPool2d, BackwardIsTheAdjoint) {
  const Array x = random_array({2, 7, 9, 5}, 1);
  for (const bool count : {false, true}) {
    const ops::AvgPool2dOptions options{.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}, .count_include_pad = count};
    const Array y = ops::avg_pool2d(x, options), dy = random_array(y.shape(), 2);
    expect_close(dot(ops::avg_pool2d_backward(dy, x.shape(), options), x), dot(dy, y), tol::golden);
  }
}

TEST(AdaptiveAvgPool2d, SplitsUnevenSizesAsDocumented) {  // 5 -> 3: [0, 2), [1, 4), [3, 5)
  const Array x = Array::from<float>({1, 1, 5, 1}, {1, 2, 3, 4, 5});
  expect_close(ops::adaptive_avg_pool2d(x, 1, 3), Array::from<float>({1, 1, 3, 1}, {1.5, 3, 4.5}), tol::exact);
}

TEST(AdaptiveAvgPool2d, BackwardIsTheAdjoint) {
  const Array x = random_array({2, 7, 9, 33}, 1);
  for (const auto& size : {ops::Pair{3, 4}, ops::Pair{1, 1}, ops::Pair{10, 9}}) {
    const Array y = ops::adaptive_avg_pool2d(x, size.h, size.w), dy = random_array(y.shape(), 2);
    expect_close(dot(ops::adaptive_avg_pool2d_backward(dy, x.shape()), x), dot(dy, y), tol::golden);
  }
}

TEST(GlobalAvgPool2d, IsTheMeanOverAllPixels) {
  expect_close(ops::global_avg_pool2d(ramp), Array::full({1, 1}, 8.5), tol::exact);
  const Array dx = ops::global_avg_pool2d_backward(Array::full({1, 1}, 16), ramp.shape());
  expect_close(dx, Array::ones(ramp.shape()), tol::exact);
}

TEST(GlobalAvgPool2d, KeepsItsDigitsWhenTheMeanIsLarge) {
  const Array x = Array::full({1, 64, 64, 3}, 16777215.0);  // a float sum of 4096 of these would round every addition
  expect_close(ops::global_avg_pool2d(x), Array::full({1, 3}, 16777215.0), tol::exact);
}

TEST(Pool2d, AcceptsStridedViewsAndEmptyBatches) {
  const Array x = random_array({4, 6, 6, 2}, 1).transpose(0, 3);
  expect_close(ops::max_pool2d(x).y, ops::max_pool2d(ops::contiguous(x)).y, tol::exact);
  expect_close(ops::avg_pool2d(x), ops::avg_pool2d(ops::contiguous(x)), tol::exact);
  EXPECT_EQ(ops::avg_pool2d(Array::zeros({0, 4, 4, 3})).shape(), (Shape{0, 2, 2, 3}));
}

TEST(Pool2d, SaysWhatDoesNotFit) {
  expect_error([] { ops::max_pool2d(Array::zeros({4, 4, 1})); }, "needs shape [n, h, w, c], got [4, 4, 1]");
  expect_error([] { ops::max_pool2d(ramp, {.kernel = 5}); }, "kernel 5x5 does not fit into image [1, 4, 4, 1]");
  expect_error([] { ops::max_pool2d(ramp, {.kernel = 2, .padding = 2}); }, "half the kernel");
  expect_error([] { ops::avg_pool2d(ramp, {.kernel = 0}); }, "the kernel must be >= 1");
  expect_error([] { ops::avg_pool2d_backward(ramp, ramp.shape()); }, "dy has shape [1, 4, 4, 1], expected [1, 2, 2, 1]");
  expect_error([] { ops::adaptive_avg_pool2d(ramp, 0, 1); }, "at least one row and column");
  expect_error([] { ops::adaptive_avg_pool2d_backward(ramp, {2, 8, 8, 1}); }, "dy has shape [1, 4, 4, 1], expected [2, 4, 4, 1]");
  expect_error([] { ops::max_pool2d(Array::zeros({1, 4, 4, 1}, DType::u8)); }, "floating-point");
}

}  // namespace
}  // namespace akin
