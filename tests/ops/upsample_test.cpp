#include <akin/ops/upsample.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

TEST(UpsampleNearest, RepeatsPixels) {
  const Array x = Array::from<double>({1, 2, 2, 1}, {1, 2, 3, 4});
  expect_close(ops::upsample_nearest(x, 4),
               Array::from<double>({1, 4, 4, 1}, {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}), tol::exact);
  expect_close(ops::upsample_nearest(x, {2, 3}), Array::from<double>({1, 2, 3, 1}, {1, 1, 2, 3, 3, 4}), tol::exact);
  expect_close(ops::upsample_nearest(x, 2), x, tol::exact);
}

TEST(UpsampleNearest, ReadsViewsThroughTheirStrides) {
  const Array x = random_array({2, 3, 4, 5}), view = x.transpose(1, 2);
  ASSERT_FALSE(view.is_contiguous());
  expect_close(ops::upsample_nearest(view, 7), ops::upsample_nearest(ops::contiguous(view), 7), tol::exact);
  const Array dy = random_array({2, 7, 7, 5}), g = dy.transpose(1, 2);
  expect_close(ops::upsample_nearest_backward(g, x.shape()),
               ops::upsample_nearest_backward(ops::contiguous(g), x.shape()), tol::exact);
}

TEST(UpsampleNearest, GivesTheSameBitsAtAnyThreadCount) {
  const Array x = random_array({5, 33, 31, 7}, 1, DType::f32);
  std::vector<Array> results[2];
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    const Array y = ops::upsample_nearest(x, {67, 90});
    results[count == 1] = {y, ops::upsample_nearest_backward(y, x.shape())};
  }
  for (std::size_t i = 0; i < 2; ++i) expect_close(results[0][i], results[1][i], tol::exact, cat(i));
}

TEST(UpsampleNearest, ErrorsSayWhatFits) {
  const Array x = Array::zeros({2, 4, 5, 3});
  expect_error([&] { ops::upsample_nearest(x, 4); },
               "upsample_nearest: the output size 4 must not be smaller than that of images [2, 4, 5, 3]");
  expect_error(
      [] {
        ops::upsample_nearest(Array::zeros({4, 4}), 8);
      },
      "upsample_nearest: needs images [N, H, W, C] with pixels, got [4, 4]");
  expect_error([] { ops::upsample_nearest(Array::zeros({1, 0, 4, 1}), 8); }, "with pixels, got [1, 0, 4, 1]");
  expect_error([&] { ops::upsample_nearest(x, 0); }, "output size must be >= 1, got 0");
  expect_error([&] { ops::upsample_nearest(x, (std::int64_t{1} << 31) - 1); }, "is too large to address");
  expect_error([&] { ops::upsample_nearest(x, std::int64_t{1} << 31); }, "must be < 2^31");
  expect_error([] { ops::upsample_nearest(Array::zeros({1, 2, 2, 1}, DType::i64), 4); }, "needs floating-point values");
  expect_error(
      [&] {
        ops::upsample_nearest_backward(x, {2, 4, 5, 4});
      },
      "dy has shape [2, 4, 5, 3], expected [2, 4, 5, 4]");
  expect_error([&] { ops::upsample_nearest_backward(x, {2, 4, 6, 3}); }, "must not be smaller");
  expect_error([&] { ops::upsample_nearest_backward(Array::zeros({3}), {2, 4, 6, 3}); }, "dy needs 4 axes, got [3]");
  EXPECT_EQ(ops::upsample_nearest(Array::zeros({0, 4, 4, 3}), 9).shape(), (Shape{0, 9, 9, 3})) << "no images is fine";
}

}  // namespace
}  // namespace akin
