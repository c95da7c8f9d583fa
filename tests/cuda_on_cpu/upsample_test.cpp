#include "kernels/cuda/upsample.hpp"

#include "kernels/cpu/upsample.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using kernels::Cuda;
using kernels::PoolShape;

template <class T>
class CudaUpsample : public testing::Test {};
using UpsampleTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaUpsample, UpsampleTypes);

PoolShape enlarged_shape(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t oh,
                         std::int64_t ow) {
  return {.n = n, .h = h, .w = w, .c = c, .oh = oh, .ow = ow};
}

/// Whole factors, odd ones, none at all, single pixels, nothing; channels of whole packs and odd ones.
const std::vector<PoolShape> enlarged_shapes = {enlarged_shape(2, 7, 7, 33, 14, 14),  enlarged_shape(3, 5, 4, 8, 9, 11),
                                                enlarged_shape(1, 4, 4, 1, 4, 4),     enlarged_shape(2, 1, 1, 2, 7, 1),
                                                enlarged_shape(1, 3, 1, 1000, 7, 3),  enlarged_shape(0, 3, 3, 4, 6, 6),
                                                enlarged_shape(3, 9, 10, 17, 25, 27), enlarged_shape(2, 3, 3, 0, 6, 6)};

TYPED_TEST(CudaUpsample, IsItsTwin) {
  for (const PoolShape& s : enlarged_shapes)
    for (const std::int64_t offset : {0, 1}) {
      Twins twins;
      const std::int64_t small = s.n * s.h * s.w * s.c, large = s.n * s.oh * s.ow * s.c;
      const auto x = twins.input(small + offset), y = twins.output(large);
      twins.compare<TypeParam>([&](auto queue, auto at) { kernels::upsample_nearest(queue, s, at(x) + offset, at(y)); },
                               {0, 0});
    }
}

TEST(CudaUpsampleBytes, AreCopiedToo) {
  Twins twins;
  const auto x = twins.whole_input<std::uint8_t>({1, 2, 3, 250, 251, 252});
  const auto y = twins.whole_output<std::uint8_t>(5 * 3);
  twins.compare<float>(
      [&](auto queue, auto at) { kernels::upsample_nearest(queue, enlarged_shape(1, 2, 1, 3, 5, 1), at(x), at(y)); });
}

TYPED_TEST(CudaUpsample, BackwardIsItsTwin) {
  for (const PoolShape& s : enlarged_shapes)
    for (const std::int64_t offset : {0, 1}) {
      Twins twins;
      const std::int64_t small = s.n * s.h * s.w * s.c, large = s.n * s.oh * s.ow * s.c;
      const auto dy = twins.input(large + offset), dx = twins.output(small);
      twins.compare<TypeParam>(
          [&](auto queue, auto at) { kernels::upsample_nearest_backward(queue, s, at(dy) + offset, at(dx)); });
    }
}

TEST(CudaUpsampleLong, TakesSeveralPasses) {
  const PoolShape s = enlarged_shape(3, 300, 301, 1, 600, 602);  // 2^20 and more pixels
  Twins twins;
  const auto x = twins.input(s.n * s.h * s.w), y = twins.output(s.n * s.oh * s.ow);
  twins.compare<float>([&](auto queue, auto at) { kernels::upsample_nearest(queue, s, at(x), at(y)); }, {0, 0});
  const PoolShape same = enlarged_shape(3, 600, 602, 1, 600, 602);
  twins.compare<float>([&](auto queue, auto at) { kernels::upsample_nearest_backward(queue, same, at(y), at(y)); });
}

/// A bf16 sum of ones would stall at 256.
TEST(CudaUpsampleBackward, AddsBf16GradientsInFloat) {
  Twins twins;
  const PoolShape s = enlarged_shape(1, 1, 1, 1, 33, 33);
  const auto dy = twins.input(std::vector<double>(33 * 33, 1)), dx = twins.output(1);
  twins.compare<bf16>([&](auto queue, auto at) { kernels::upsample_nearest_backward(queue, s, at(dy), at(dx)); });
}

}  // namespace
}  // namespace akin_test
