#include <akin/ops/conv.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

double dot(const Array& a, const Array& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += at(a, i) * at(b, i);
  return sum;
}

TEST(Conv2d, SumsTheNeighbourhoodUnderAKernelOfOnes) {
  const Array x = Array::from<float>({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Array y = ops::conv2d(x, Array::ones({1, 3, 3, 1}), {.padding = 1});
  expect_close(y, Array::from<float>({1, 3, 3, 1}, {12, 21, 16, 27, 45, 33, 24, 39, 28}), tol::exact);
}

TEST(Conv2d, CorrelatesAndDoesNotFlipTheKernel) {
  const Array x = Array::from<float>({1, 1, 3, 1}, {1, 2, 3}), w = Array::from<float>({1, 1, 2, 1}, {10, 1});
  expect_close(ops::conv2d(x, w), Array::from<float>({1, 1, 2, 1}, {12, 23}), tol::exact);
}

TEST(Conv2d, AOneByOneKernelMixesChannels) {
  const Array x = Array::from<float>({1, 1, 2, 2}, {1, 2, 3, 4}), w = Array::from<float>({1, 1, 1, 2}, {10, 1});
  expect_close(ops::conv2d(x, w), Array::from<float>({1, 1, 2, 1}, {12, 34}), tol::exact);
}

TEST(Conv2d, GroupsSeeOnlyTheirOwnChannels) {
  const Array x = Array::from<float>({1, 1, 1, 4}, {1, 2, 3, 4}), w = Array::from<float>({2, 1, 1, 2}, {1, 1, 10, 10});
  expect_close(ops::conv2d(x, w, {.groups = 2}), Array::from<float>({1, 1, 1, 2}, {3, 70}), tol::exact);
}

TEST(Conv2d, StrideAndDilationMayDifferPerAxis) {
  const Array x = random_array({2, 9, 11, 4}), w = random_array({3, 3, 2, 4}, 1);
  const Array y = ops::conv2d(x, w, {.stride = {2, 3}, .padding = {1, 0}, .dilation = {1, 2}});
  EXPECT_EQ(y.shape(), (Shape{2, 5, 3, 3}));
}

TEST(Conv2d, BothGradientsAreAdjointsOfTheForwardPass) {  // <dy, conv(x, w)> = <dx, x> = <dw, w>, as conv is bilinear
  const ops::Conv2dOptions options{.stride = 2, .padding = 1, .groups = 2};
  const Array x = random_array({3, 7, 8, 6}, 1), w = random_array({10, 3, 3, 3}, 2);
  const Array y = ops::conv2d(x, w, options), dy = random_array(y.shape(), 3);
  const Array dx = ops::conv2d_backward_data(dy, w, x.shape(), options);
  const Array dw = ops::conv2d_backward_weights(dy, x, w.shape(), options);
  expect_close(dot(dx, x), dot(dy, y), tol::golden);
  expect_close(dot(dw, w), dot(dy, y), tol::golden);
}

TEST(Conv2d, AcceptsStridedViews) {
  const Array x = random_array({5, 6, 7, 2}, 1).transpose(0, 3), w = random_array({3, 2, 2, 5}, 2);
  expect_close(ops::conv2d(x, w), ops::conv2d(ops::contiguous(x), w), tol::exact);
}

TEST(Conv2d, AnEmptyBatchGivesAnEmptyResultAndAZeroGradient) {
  const Array x = Array::zeros({0, 5, 5, 2}), w = Array::ones({3, 3, 3, 2});
  const Array y = ops::conv2d(x, w);
  EXPECT_EQ(y.shape(), (Shape{0, 3, 3, 3}));
  expect_close(ops::conv2d_backward_weights(y, x, w.shape()), Array::zeros(w.shape()), tol::exact);
  EXPECT_EQ(ops::conv2d_backward_data(y, w, x.shape()).size(), 0);
}

TEST(Conv2d, SaysWhatDoesNotFit) {
  const Array x = Array::zeros({2, 8, 8, 4});
  expect_error(
      [&] {
        ops::conv2d(Array::zeros({8, 8, 4}), Array::zeros({1, 3, 3, 4}));
      },
      "needs shape [n, h, w, c], got [8, 8, 4]");
  expect_error(
      [&] {
        ops::conv2d(x, Array::zeros({1, 3, 3, 3}));
      },
      "needs a weight [out, kh, kw, 4], got [1, 3, 3, 3]");
  expect_error([&] { ops::conv2d(x, Array::zeros({1, 9, 3, 4})); }, "does not fit into image [2, 8, 8, 4]");
  expect_error([&] { ops::conv2d(x, Array::zeros({4, 3, 3, 1}), {.groups = 3}); }, "groups = 3 must divide");
  expect_error([&] { ops::conv2d(x, Array::zeros({1, 3, 3, 4}), {.stride = 0}); }, "stride and dilation must be >= 1");
  expect_error([&] { ops::conv2d(x, Array::zeros({1, 3, 3, 4}), {.padding = -1}); }, "padding must be >= 0");
  expect_error([&] { ops::conv2d(x, Array::zeros({1, 3, 3, 4}, DType::f64)); }, "dtypes differ");
  expect_error(
      [&] {
        ops::conv2d_backward_data(x, Array::zeros({4, 3, 3, 4}), x.shape());
      },
      "dy has shape [2, 8, 8, 4], expected [2, 6, 6, 4]");
  expect_error(
      [&] {
        ops::conv2d_backward_weights(x, x, {4, 3, 3, 4});
      },
      "dy has shape [2, 8, 8, 4], expected [2, 6, 6, 4]");
}

}  // namespace
}  // namespace akin
