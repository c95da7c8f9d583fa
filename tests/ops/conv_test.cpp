#include <akin/ops/conv.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

double dot(const Array& a, const Array& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += at(a, i) * at(b, i);
  return sum;
}

/// y of that shape from the formula, for one group.
Array by_definition(const Array& x, const Array& w, const ops::Conv2dOptions& o, const Shape& shape) {
  Array y = Array::zeros(shape, DType::f64);
  double* to = y.mut<double>();
  for (std::int64_t n = 0; n < shape[0]; ++n)
    for (std::int64_t i = 0; i < shape[1]; ++i)
      for (std::int64_t j = 0; j < shape[2]; ++j)
        for (std::int64_t out = 0; out < shape[3]; ++out, ++to)
          for (std::int64_t tap = 0; tap < w.dim(1) * w.dim(2); ++tap) {
            const std::int64_t h = i * o.stride.h - o.padding.h + tap / w.dim(2) * o.dilation.h;
            const std::int64_t v = j * o.stride.w - o.padding.w + tap % w.dim(2) * o.dilation.w;
            if (h < 0 || h >= x.dim(1) || v < 0 || v >= x.dim(2)) continue;
            for (std::int64_t c = 0; c < x.dim(3); ++c)
              *to += at(x, ((n * x.dim(1) + h) * x.dim(2) + v) * x.dim(3) + c) *
                     at(w, (out * w.dim(1) * w.dim(2) + tap) * x.dim(3) + c);
          }
  return y;
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
  const ops::Conv2dOptions options{.stride = {2, 3}, .padding = {1, 0}, .dilation = {1, 2}};
  expect_close(ops::conv2d(x, w, options), by_definition(x, w, options, {2, 5, 3, 3}), tol::f64);
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

TEST(Conv2d, AlgorithmsAgree) {
  const Array x = random_array({3, 9, 10, 33}, 1, DType::f32), w = random_array({34, 3, 3, 33}, 2, DType::f32, 0.1);
  const auto run = [&](ops::ConvAlgorithm algorithm) {
    return ops::conv2d(x, w, {.padding = 1, .algorithm = algorithm});
  };
  const Array direct = run(ops::ConvAlgorithm::direct), winograd = run(ops::ConvAlgorithm::winograd);
  expect_close(winograd, direct, tol::winograd_f32);
  expect_close(run(ops::ConvAlgorithm::automatic), winograd, tol::exact);  // a large layer of single precision
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

TEST(Conv2d, OptionsThatWouldOverflowAreErrors) {
  const Array x = Array::zeros({1, 4, 4, 1}), w = Array::zeros({1, 2, 2, 1});
  const std::int64_t huge = std::int64_t{1} << 62;
  expect_error([&] { ops::conv2d(x, w, {.padding = huge}); }, "conv2d: padding must be < 2^31");
  expect_error([&] { ops::conv2d(x, w, {.dilation = {1, huge}}); }, "conv2d: dilation must be < 2^31");
  expect_error([&] { ops::conv2d(x, w, {.stride = huge}); }, "conv2d: stride must be < 2^31");
  expect_error([&] { ops::conv2d(x, Array::zeros({0, std::int64_t{1} << 40, 2, 1})); }, "kernel must be < 2^31");
  expect_error([&] { ops::conv2d_backward_data(x, w, {1, huge, huge, 1}); }, "too large to address");
}

TEST(Conv2d, AStrideBeyondTheImageSeesOneWindow) {  // and takes neither memory nor time for what it jumps over
  const std::int64_t stride = (std::int64_t{1} << 31) - 1;
  const Array x = random_array({2, 3, 4, 1}), w = random_array({5, 2, 2, 1}, 1);
  const Array y = ops::conv2d(x, w, {.stride = stride});
  expect_close(y, by_definition(x, w, {.stride = stride}, {2, 1, 1, 5}), tol::f64);
  const Array dy = random_array(y.shape(), 2);
  expect_close(dot(ops::conv2d_backward_data(dy, w, x.shape(), {.stride = stride}), x), dot(dy, y), tol::golden);
  expect_close(dot(ops::conv2d_backward_weights(dy, x, w.shape(), {.stride = stride}), w), dot(dy, y), tol::golden);
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
  expect_error(
      [&] {
        ops::conv2d(x, Array::zeros({1, 3, 3, 4}), {.stride = 0});
      },
      "conv2d: stride must be >= 1, got 0");
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
  expect_error(
      [&] {
        ops::conv2d(x, Array::zeros({4, 3, 3, 4}), {.stride = 2, .algorithm = ops::ConvAlgorithm::winograd});
      },
      "Winograd's algorithm needs a 3x3 kernel, stride 1");
}

}  // namespace
}  // namespace akin
