#include <akin/ops/pool.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

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
double window_mean(const Array& x, const ops::PoolOptions& o, std::int64_t n, std::int64_t oy, std::int64_t ox,
                   std::int64_t c) {
  double total = 0;
  for (std::int64_t y = oy * o.stride.h - o.padding.h, ky = 0; ky < o.kernel.h; ++ky, ++y)
    for (std::int64_t z = ox * o.stride.w - o.padding.w, kx = 0; kx < o.kernel.w; ++kx, ++z)
      if (y >= 0 && y < x.dim(1) && z >= 0 && z < x.dim(2))
        total += at(x, ((n * x.dim(1) + y) * x.dim(2) + z) * x.dim(3) + c);
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
  const Array x = random_array({9, 40, 40, 33}, 1, DType::f32);  // 52'800 values an image: several pieces of work
  const ops::PoolOptions o{.kernel = 3, .stride = 2, .padding = 1};
  std::vector<Array> results[2];
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    const auto max = ops::max_pool2d(x, o);
    const Array average = ops::average_pool2d(x, o), adaptive = ops::adaptive_average_pool2d(x, 3);
    results[count == 1] = {max.y,
                           max.index,
                           average,
                           adaptive,
                           ops::max_pool2d_backward(max.y, max.index, x.shape(), o),
                           ops::average_pool2d_backward(average, x.shape(), o),
                           ops::adaptive_average_pool2d_backward(adaptive, x.shape())};
  }
  for (std::size_t i = 0; i < results[0].size(); ++i) expect_close(results[0][i], results[1][i], tol::exact, cat(i));
}

TEST(MaxPool, BackwardReadsAStridedIndexThroughItsStrides) {
  const Array x = random_array({3, 8, 8, 2}), dy = random_array({3, 4, 4, 2}, 2);
  const auto pooled = ops::max_pool2d(x, {});
  const Array strided = ops::contiguous(pooled.index.transpose(0, 3)).transpose(0, 3);
  ASSERT_FALSE(strided.is_contiguous());
  expect_close(ops::max_pool2d_backward(dy, strided, x.shape(), {}),
               ops::max_pool2d_backward(dy, pooled.index, x.shape(), {}), tol::exact);
}

TEST(MaxPool, BackwardRejectsAnIndexThatPointsOutsideTheImage) {
  const Array dy = Array::ones({1, 2, 2, 1});
  const auto backward = [&](const Array& index) { ops::max_pool2d_backward(dy, index, {1, 4, 4, 1}, {}); };
  expect_error(
      [&] {
        backward(Array::from<std::int32_t>({1, 2, 2, 1}, {0, 2, 16, 10}));
      },
      "max_pool2d backward: index 16 at position 2 lies outside 0 ... 15");
  expect_error([&] { backward(Array::from<std::int32_t>({1, 2, 2, 1}, {0, 2, 8, -1})); }, "index -1 at position 3");
  expect_error([&] { backward(Array::zeros({1, 2, 2, 1}, DType::i64)); }, "indices must be i32, got i64");
  expect_error(
      [&] {
        backward(Array::zeros({1, 2, 1, 1}, DType::i32));
      },
      "index has shape [1, 2, 1, 1], expected [1, 2, 2, 1]");
}

TEST(Pool, KeepsBf16Storage) {
  const Array x = random_array({2, 4, 4, 3}, 1, DType::bf16);
  EXPECT_EQ(ops::max_pool2d(x, {}).y.dtype(), DType::bf16);
  expect_close(ops::average_pool2d(x, {}), ops::average_pool2d(ops::cast(x, DType::f64), {}), tol::bf16);
}

TEST(Pool, OfImagesWithoutPixelsIsAnErrorAlsoWhereThePaddingWouldFillAWindow) {
  const ops::PoolOptions o{.kernel = 2, .stride = 1, .padding = 1};
  for (const Shape& shape : {Shape{2, 0, 4, 3}, Shape{2, 4, 0, 3}}) {
    const Array x = Array::zeros(shape);
    expect_error([&] { ops::max_pool2d(x, o); }, cat("max_pool2d: needs images [N, H, W, C] with pixels, got ", shape));
    expect_error([&] { ops::average_pool2d(x, o); }, "average_pool2d: needs images");
    expect_error(
        [&] {
          ops::average_pool2d_backward(Array::zeros({2, 1, 5, 3}), shape, o);
        },
        "average_pool2d backward: needs images");
  }
  EXPECT_EQ(ops::max_pool2d(Array::zeros({0, 4, 4, 3}), {}).y.shape(), (Shape{0, 2, 2, 3})) << "no images is fine";
}

TEST(Pool, OptionsThatWouldOverflowAreErrors) {
  const Array x = Array::zeros({1, 4, 4, 1});
  const std::int64_t huge = std::int64_t{1} << 62;
  expect_error([&] { ops::max_pool2d(x, {.kernel = huge, .padding = huge / 2}); }, "max_pool2d: kernel must be < 2^31");
  expect_error([&] { ops::max_pool2d(x, {.stride = {1, huge}}); }, "max_pool2d: stride must be < 2^31");
  expect_error([&] { ops::average_pool2d(x, {.padding = huge}); }, "average_pool2d: padding must be < 2^31");
  expect_error([&] { ops::average_pool2d(x, {.padding = -huge}); }, "average_pool2d: padding must be >= 0");
  expect_error([&] { ops::max_pool2d_backward(x, x, {1, huge, huge, 1}, {}); }, "too large to address");
  EXPECT_EQ(ops::max_pool2d(x, {.kernel = 2, .stride = huge >> 32}).y.size(), 1) << "a long stride is fine";
}

TEST(Pool, ErrorsSayWhatFits) {
  const Array x = Array::zeros({2, 4, 4, 3});
  expect_error(
      [&] {
        ops::max_pool2d(Array::zeros({4, 4}), {});
      },
      "max_pool2d: needs images [N, H, W, C] with pixels, got [4, 4]");
  expect_error([&] { ops::max_pool2d(x, {.kernel = 5}); }, "kernel 5 does not fit into images [2, 4, 4, 3]");
  expect_error([&] { ops::average_pool2d(x, {.kernel = 2, .padding = 2}); },
               "padding 2 must be at most half the kernel 2");
  expect_error([&] { ops::max_pool2d(x, {.stride = 0}); }, "max_pool2d: stride must be >= 1, got 0");
  expect_error([&] { ops::adaptive_average_pool2d(x, 0); }, "output size must be >= 1, got 0");
  expect_error(
      [&] {
        ops::max_pool2d(Array::zeros({1, 4, 4, 1}, DType::i64), {});
      },
      "max_pool2d: needs floating-point values");
  expect_error(
      [&] {
        ops::average_pool2d_backward(x, {2, 4, 4, 3}, {});
      },
      "dy has shape [2, 4, 4, 3], expected [2, 2, 2, 3]");
}

}  // namespace
}  // namespace akin
