#include "kernels/cuda/pool.hpp"

#include "kernels/cpu/pool.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using kernels::PoolShape;

template <class T>
class CudaPool : public testing::Test {};
using PoolTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaPool, PoolTypes);

/// A pooling of n images [h, w, c] with kernel kh x kw, one stride and one padding.
PoolShape pool_shape(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t kh, std::int64_t kw,
                     std::int64_t stride, std::int64_t pad) {
  PoolShape s{.n = n,
              .h = h,
              .w = w,
              .c = c,
              .kh = kh,
              .kw = kw,
              .stride_h = stride,
              .stride_w = stride,
              .pad_h = pad,
              .pad_w = pad};
  s.oh = (h + 2 * pad - kh) / stride + 1, s.ow = (w + 2 * pad - kw) / stride + 1;
  return s;
}

/// Overlap and padding, pixels that no window reaches, windows of one pixel and of whole images; few and many channels.
std::vector<PoolShape> pool_shapes() {
  return {pool_shape(1, 1, 1, 1, 1, 1, 1, 0),    pool_shape(3, 8, 9, 33, 3, 3, 2, 1),
          pool_shape(2, 9, 8, 24, 2, 3, 3, 0),   pool_shape(2, 7, 7, 257, 3, 3, 2, 1),
          pool_shape(1, 5, 6, 1000, 2, 2, 2, 0), pool_shape(2, 9, 11, 7, 9, 11, 1, 0),
          pool_shape(1, 8, 8, 8, 5, 5, 1, 2),    pool_shape(0, 8, 8, 8, 2, 2, 2, 0),
          pool_shape(2, 8, 8, 0, 2, 2, 2, 0),    pool_shape(40, 12, 11, 3, 2, 2, 1, 0)};
}

template <class F>
void for_pool_shapes(F f) {
  for (const PoolShape& s : pool_shapes()) {
    SCOPED_TRACE(testing::Message() << s.n << ' ' << s.h << ' ' << s.w << ' ' << s.c << ", kernel " << s.kh << ' '
                                    << s.kw);
    f(s, s.n * s.h * s.w * s.c, s.n * s.oh * s.ow * s.c);
  }
}

/// Few different values: many ties.
std::vector<double> tied_numbers(std::int64_t count) {
  std::vector<double> values = Twins(3).numbers(count);
  for (double& value : values) value = std::floor(value);
  return values;
}

TYPED_TEST(CudaPool, MaxIsItsTwinAlsoAtTies) {
  for_pool_shapes([](const PoolShape& s, std::int64_t inputs, std::int64_t outputs) {
    Twins twins;
    const auto x = twins.input(tied_numbers(inputs)), y = twins.output(outputs);
    const auto index = twins.whole_output<std::int32_t>(outputs);
    twins.compare<TypeParam>([&](auto queue, auto at) { kernels::max_pool(queue, s, at(x), at(y), at(index)); });
  });
}

TYPED_TEST(CudaPool, MaxTakesTheSameNaN) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const PoolShape s = pool_shape(1, 6, 5, 8, 3, 3, 1, 1);
  std::vector<double> values = tied_numbers(6 * 5 * 8);
  for (std::size_t i = 0; i < values.size(); i += 7) values[i] = i % 3 == 0 ? nan : i % 3 == 1 ? inf : -inf;
  Twins twins;
  const auto x = twins.input(values), y = twins.output(6 * 5 * 8);
  const auto index = twins.whole_output<std::int32_t>(6 * 5 * 8);
  twins.compare<TypeParam>([&](auto queue, auto at) { kernels::max_pool(queue, s, at(x), at(y), at(index)); });
}

TYPED_TEST(CudaPool, MaxBackwardIsItsTwin) {
  for_pool_shapes([](const PoolShape& s, std::int64_t inputs, std::int64_t outputs) {
    Twins twins;
    const std::vector<double> x = tied_numbers(inputs);
    std::vector<double> y(static_cast<std::size_t>(outputs));
    std::vector<std::int32_t> where(static_cast<std::size_t>(outputs));
    kernels::max_pool(kernels::Cpu{}, s, x.data(), y.data(), where.data());
    const auto index = twins.whole_input<std::int32_t>(where);
    const auto dy = twins.input(outputs), dx = twins.output(inputs);
    twins.compare<TypeParam>(
        [&](auto queue, auto at) { kernels::max_pool_backward(queue, s, at(dy), at(index), at(dx)); });
  });
}

TYPED_TEST(CudaPool, AverageAndItsGradientAreTheirTwins) {
  for (const bool count_padding : {false, true})
    for_pool_shapes([count_padding](const PoolShape& s, std::int64_t inputs, std::int64_t outputs) {
      Twins twins;
      const auto x = twins.input(inputs), y = twins.output(outputs), dy = twins.input(outputs),
                 dx = twins.output(inputs);
      twins.compare<TypeParam>([&](auto queue, auto at) {
        kernels::average_pool(queue, s, count_padding, at(x), at(y));
        kernels::average_pool_backward(queue, s, count_padding, at(dy), at(dx));
      });
    });
}

TYPED_TEST(CudaPool, AdaptiveAverageAndItsGradientAreTheirTwins) {
  for (const std::int64_t out : {1, 3, 7, 13})
    for_pool_shapes([out](PoolShape s, std::int64_t inputs, std::int64_t) {
      s.oh = out, s.ow = out + 1;
      const std::int64_t outputs = s.n * s.oh * s.ow * s.c;
      Twins twins;
      const auto x = twins.input(inputs), y = twins.output(outputs), dy = twins.input(outputs),
                 dx = twins.output(inputs);
      twins.compare<TypeParam>([&](auto queue, auto at) {
        kernels::adaptive_average_pool(queue, s, at(x), at(y));
        kernels::adaptive_average_pool_backward(queue, s, at(dy), at(dx));
      });
    });
}

TYPED_TEST(CudaPool, ReadsWhatIsNotAligned) {
  const PoolShape s = pool_shape(2, 6, 6, 8, 3, 3, 2, 1);
  const std::int64_t inputs = 2 * 6 * 6 * 8, outputs = 2 * 3 * 3 * 8;
  Twins twins;
  const auto x = twins.input(inputs + 1), y = twins.output(outputs), dx = twins.output(inputs);
  const auto index = twins.whole_output<std::int32_t>(outputs + 1);
  twins.compare<TypeParam>([&](auto queue, auto at) {
    kernels::max_pool(queue, s, at(x) + 1, at(y), at(index) + 1);
    kernels::max_pool_backward(queue, s, at(y), at(index) + 1, at(dx));
  });
}

/// 81 overlapping windows: a bf16 sum of ones / 81 would stall.
TEST(CudaPoolBf16, GradientsAreAddedInFloat) {
  const PoolShape s = pool_shape(1, 17, 17, 1, 9, 9, 1, 0);
  const OnDevice<bf16> dy(std::vector<bf16>(81, bf16(1.0f))), dx(std::vector<bf16>(17 * 17));
  kernels::average_pool_backward(kernels::Cuda{}, s, true, dy.data(), dx.data());
  EXPECT_NEAR(static_cast<float>(dx.host()[8 * 17 + 8]), 1, 0.004);
}

}  // namespace
}  // namespace akin_test
