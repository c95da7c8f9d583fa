#include <akin/ops/pool.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

Array image(const Shape& shape, std::vector<double> values) { return Array::from<double>(shape, values); }

TEST(MaxPool, PicksTheLargestOfEachWindow) {
  const Array x = image({1, 2, 4, 1}, {1, 5, 2, 0, 3, 4, 8, 7});
  const auto pooled = ops::max_pool2d(x, {.kernel = 2, .stride = 2});
  expect_close(pooled.y, image({1, 1, 2, 1}, {5, 8}), tol::exact);
  EXPECT_EQ(at(pooled.index, 0), 1);
  EXPECT_EQ(at(pooled.index, 1), 6);
}

TEST(MaxPool, PicksTheFirstOfEqualValuesAndLetsNaNWin) {
  EXPECT_EQ(at(ops::max_pool2d(image({1, 2, 2, 1}, {3, 3, 3, 3}), {}).index, 0), 0);
  EXPECT_TRUE(std::isnan(at(ops::max_pool2d(image({1, 2, 2, 1}, {3, NAN, 9, 3}), {}).y, 0)));
}

TEST(MaxPool, PaddingNeverWins) {
  const auto pooled = ops::max_pool2d(image({1, 1, 1, 1}, {-5}), {.kernel = 3, .stride = 2, .padding = 1});
  EXPECT_EQ(at(pooled.y, 0), -5);
}

TEST(AveragePool, DividesByTheKernelOrByWhatIsInside) {
  const Array x = image({1, 2, 2, 1}, {1, 2, 3, 4});
  const ops::PoolOptions corner{.kernel = 2, .stride = 2, .padding = 1};
  expect_close(at(ops::average_pool2d(x, corner), 0), 0.25, tol::f64);
  expect_close(at(ops::average_pool2d(x, corner, false), 0), 1, tol::f64);
}

TEST(AdaptiveAveragePool, CutsAsTorchDoes) {  // 5 -> 3: windows 0-1, 1-3, 3-4
  const Array x = image({1, 5, 1, 1}, {1, 2, 3, 4, 5});
  expect_close(ops::adaptive_average_pool2d(x, {3, 1}), image({1, 3, 1, 1}, {1.5, 3, 4.5}), tol::f64);
  expect_close(at(ops::adaptive_average_pool2d(x, 1), 0), 3, tol::f64);
}

/// The definition, pixel by pixel in double.
double window_mean(const Array& x, const ops::PoolOptions& o, std::int64_t n, std::int64_t oy, std::int64_t ox, std::int64_t c) {
  double total = 0;
  for (std::int64_t y = oy * o.stride.h - o.padding.h, ky = 0; ky < o.kernel.h; ++ky, ++y)
    for (std::int64_t z = ox * o.stride.w - o.padding.w, kx = 0; kx < o.kernel.w; ++kx, ++z)
      if (y >= 0 && y < x.dim(1) && z >= 0 && z < x.dim(2)) total += at(x, ((n * x.dim(1) + y) * x.dim(2) + z) * x.dim(3) + c);
  return total / static_cast<double>(o.kernel.h * o.kernel.w);
}

TEST(AveragePool, EqualsTheDefinitionAtOddSizes) {
  const Array x = random_array({3, 7, 9, 5});
  const ops::PoolOptions o{.kernel = {3, 2}, .stride = {2, 3}, .padding = {1, 1}};
  const Array y = ops::average_pool2d(x, o);
  ASSERT_EQ(y.shape(), (Shape{3, 4, 4, 5}));
  for (std::int64_t i = 0; i < y.size(); ++i)
    expect_close(at(y, i), window_mean(x, o, i / 80, i / 20 % 4, i / 5 % 4, i % 5), tol::f64);
}

TEST(Pool, GivesTheSameBitsAtAnyThreadCount) {
  const Array x = random_array({9, 8, 8, 33}, 1, DType::f32);
  set_threads(1);
  const Array one = ops::adaptive_average_pool2d_backward(ops::adaptive_average_pool2d(x, 3), x.shape());
  set_threads(2);
  expect_close(ops::adaptive_average_pool2d_backward(ops::adaptive_average_pool2d(x, 3), x.shape()), one, tol::exact);
}

TEST(Pool, KeepsBf16Storage) {
  const Array x = random_array({2, 4, 4, 3}, 1, DType::bf16);
  EXPECT_EQ(ops::max_pool2d(x, {}).y.dtype(), DType::bf16);
  expect_close(ops::average_pool2d(x, {}), ops::average_pool2d(ops::cast(x, DType::f64), {}), tol::bf16);
}

TEST(Pool, ErrorsSayWhatFits) {
  const Array x = Array::zeros({2, 4, 4, 3});
  expect_error([&] { ops::max_pool2d(Array::zeros({4, 4}), {}); }, "max_pool2d: needs images [N, H, W, C], got [4, 4]");
  expect_error([&] { ops::max_pool2d(x, {.kernel = 5}); }, "kernel 5 does not fit into images [2, 4, 4, 3]");
  expect_error([&] { ops::average_pool2d(x, {.kernel = 2, .padding = 2}); }, "padding 2 must be between 0 and half the kernel 2");
  expect_error([&] { ops::max_pool2d(x, {.stride = 0}); }, "must be > 0");
  expect_error([&] { ops::adaptive_average_pool2d(x, 0); }, "output size must be > 0, got 0");
  expect_error([&] { ops::max_pool2d(Array::zeros({1, 4, 4, 1}, DType::i64), {}); }, "max_pool2d: needs floating-point values");
  expect_error([&] { ops::average_pool2d_backward(x, {2, 4, 4, 3}, {}); }, "dy has shape [2, 4, 4, 3], expected [2, 2, 2, 3]");
}

}  // namespace
}  // namespace akin
