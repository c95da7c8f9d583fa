#include "kernels/cuda/batch_norm.hpp"

#include "kernels/cpu/batch_norm_backward.hpp"
#include "kernels/cuda/batch_norm_backward.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

template <class T>
class CudaBatchNorm : public testing::Test {};
using BatchNormTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaBatchNorm, BatchNormTypes);

struct BatchNormSize {
  std::int64_t rows, channels;
};
/// Channels that fill packs and that do not, several tiles of them, and rows of several chunks.
const BatchNormSize batch_norm_sizes[] = {{1, 1},   {1, 33},   {7, 8},    {33, 7},    {257, 64},
                                          {5, 257}, {9, 1000}, {3000, 1}, {1500, 16}, {301, 264}};

const double batch_norm_eps = 1e-5;

TYPED_TEST(CudaBatchNorm, StatisticsAreTheirTwins) {
  for (const BatchNormSize s : batch_norm_sizes) {
    SCOPED_TRACE(testing::Message() << s.rows << " x " << s.channels);
    Twins twins;
    const auto x = twins.input(s.rows * s.channels);
    const auto mean = twins.wide_output(s.channels), rstd = twins.wide_output(s.channels),
               var = twins.wide_output(s.channels);
    twins.compare<TypeParam>(
        [&](auto queue, auto at) {
          kernels::batch_norm_stats(queue, s.rows, s.channels, batch_norm_eps, at(x), at(mean), at(rstd), at(var));
        },
        twin_tolerance<compute_t<TypeParam>>);
  }
}

TEST(CudaBatchNormStats, SurviveALargeMean) {
  for (const double far : {1e2, 1e4, 1e5}) {
    Twins twins;
    const std::int64_t rows = 2001, channels = 5;
    std::vector<double> values = twins.numbers(rows * channels);
    for (double& value : values) value = static_cast<float>(value + far);
    const auto x = twins.input(values);
    const auto mean = twins.wide_output(channels), rstd = twins.wide_output(channels),
               var = twins.wide_output(channels);
    twins.compare<float>([&](auto queue, auto at) {
      kernels::batch_norm_stats(queue, rows, channels, 0, at(x), at(mean), at(rstd), at(var));
    });
  }
}

/// The mean of an infinite channel may be infinite or NaN, by where blocks begin; its variance is NaN.
TEST(CudaBatchNormStats, KeepNaNAndInfinityInTheirChannel) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {inf, -inf, nan}) {
    std::vector<double> values = Twins().numbers(300 * 3);
    values[137 * 3 + 1] = bad;
    const OnDevice<double> x(values), of_channel(std::vector<double>(9));
    double* const out = of_channel.data();
    kernels::batch_norm_stats(kernels::Cuda{}, 300, 3, batch_norm_eps, x.data(), out, out + 3, out + 6);
    const std::vector<double> got = of_channel.host();
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(i % 3 == 1, !std::isfinite(got[i])) << i;
    EXPECT_TRUE(std::isnan(got[4]) && std::isnan(got[7]));
  }
}

/// Operands of the normalisation, in awkward numbers: weights and deviations far from 1.
struct BatchNormOperands {
  BatchNormOperands(Twins& twins, std::int64_t channels)
      : weight(twins.wide_input(channels)), bias(twins.wide_input(channels)), mean(twins.wide_input(channels)) {
    std::vector<double> values = twins.numbers(channels);
    for (double& value : values) value = 0.125 + std::abs(value) / 4;
    rstd = twins.wide_input(values);
  }
  Twins::Wide weight, bias, mean, rstd;
};

/// Bits of a mode: 1 a residual, 2 a relu, 4 weights and biases.
template <class T>
void expect_batch_norm_apply(BatchNormSize s, int mode, std::int64_t offset = 0) {
  SCOPED_TRACE(testing::Message() << s.rows << " x " << s.channels << ", mode " << mode);
  Twins twins;
  const std::int64_t n = s.rows * s.channels;
  const auto x = twins.input(n + offset), add = twins.input(n), y = twins.output(n);
  const BatchNormOperands o(twins, s.channels);
  twins.compare<T>([&](auto queue, auto at) {
    using V = std::remove_reference_t<decltype(*at(x))>;
    const kernels::BatchNormForward<V> f{at(x) + offset,
                                         mode & 4 ? at(o.weight) : nullptr,
                                         mode & 4 ? at(o.bias) : nullptr,
                                         at(o.mean),
                                         at(o.rstd),
                                         mode & 1 ? at(add) : nullptr,
                                         (mode & 2) != 0,
                                         at(y)};
    kernels::batch_norm_apply(queue, s.rows, s.channels, f);
  });
}

TYPED_TEST(CudaBatchNorm, ApplyIsItsTwin) {
  for (const BatchNormSize s : batch_norm_sizes) expect_batch_norm_apply<TypeParam>(s, 7);
  for (int mode = 0; mode < 7; ++mode) expect_batch_norm_apply<TypeParam>({35, 24}, mode);
}

TYPED_TEST(CudaBatchNorm, AddsInTheSameOrderWhereNotAligned) {
  using C = compute_t<TypeParam>;
  const std::int64_t rows = 700, channels = 24;
  std::vector<TypeParam> shifted{TypeParam(C(0))};
  for (const double value : Twins().numbers(rows * channels))
    shifted.push_back(static_cast<TypeParam>(static_cast<C>(value)));
  const std::vector<TypeParam> straight(shifted.begin() + 1, shifted.end());
  const OnDevice<TypeParam> a(straight), b(shifted);
  const OnDevice<C> mean(std::vector<C>(2 * channels)), rstd(std::vector<C>(2 * channels)),
      var(std::vector<C>(2 * channels));
  for (int twin = 0; twin < 2; ++twin)
    kernels::batch_norm_stats(kernels::Cuda{}, rows, channels, batch_norm_eps, twin ? b.data() + 1 : a.data(),
                              mean.data() + twin * channels, rstd.data() + twin * channels,
                              var.data() + twin * channels);
  const std::vector<C> means = mean.host(), variances = var.host();
  for (std::size_t c = 0; c < 24; ++c) {
    EXPECT_EQ(means[c], means[c + 24]);
    EXPECT_EQ(variances[c], variances[c + 24]);
  }
}

/// Bits of a mode: 1 a residual, 2 a relu, 4 weights, biases and training.
template <class T>
void expect_batch_norm_backward(BatchNormSize s, int mode, std::int64_t offset = 0) {
  SCOPED_TRACE(testing::Message() << s.rows << " x " << s.channels << ", mode " << mode);
  Twins twins;
  const std::int64_t n = s.rows * s.channels;
  const auto dy = twins.input(n + offset), x = twins.input(n), y = twins.input(n), dx = twins.output(n);
  const auto dadd = mode & 1 ? twins.output(n) : y;
  const auto dweight = twins.wide_output(s.channels), dbias = twins.wide_output(s.channels);
  const BatchNormOperands o(twins, s.channels);
  twins.compare<T>([&](auto queue, auto at) {
    using V = std::remove_reference_t<decltype(*at(x))>;
    const kernels::BatchNormBackward<V> b{at(dy) + offset,
                                          at(x),
                                          (mode & 2) != 0,
                                          (mode & 3) == 3 ? at(y) : nullptr,
                                          mode & 4 ? at(o.weight) : nullptr,
                                          mode & 4 ? at(o.bias) : nullptr,
                                          at(o.mean),
                                          at(o.rstd),
                                          (mode & 4) != 0,
                                          at(dx),
                                          mode & 1 ? at(dadd) : nullptr,
                                          at(dweight),
                                          at(dbias)};
    kernels::batch_norm_backward(queue, s.rows, s.channels, b);
  });
}

TYPED_TEST(CudaBatchNorm, BackwardIsItsTwin) {
  for (const BatchNormSize s : batch_norm_sizes) expect_batch_norm_backward<TypeParam>(s, 6);
  for (int mode = 0; mode < 8; ++mode) expect_batch_norm_backward<TypeParam>({35, 24}, mode);
}

TYPED_TEST(CudaBatchNorm, ReadsWhatIsNotAligned) {
  expect_batch_norm_apply<TypeParam>({35, 24}, 7, 1);
  expect_batch_norm_backward<TypeParam>({35, 24}, 7, 1);
}

TYPED_TEST(CudaBatchNorm, GradientsOfNoRowsAreZero) {
  expect_batch_norm_backward<TypeParam>({0, 33}, 7);
  expect_batch_norm_backward<TypeParam>({7, 0}, 7);
  expect_batch_norm_apply<TypeParam>({0, 33}, 7);
  expect_batch_norm_apply<TypeParam>({7, 0}, 7);
}

/// Places where weight (x - mean) rstd + bias is 0 but for rounding.
TYPED_TEST(CudaBatchNorm, TheMaskFromXIsTheMaskFromYToTheBit) {
  using C = compute_t<TypeParam>;
  const std::int64_t rows = 40, channels = 24, n = rows * channels;
  Twins draw;
  std::vector<TypeParam> x, dy;
  for (const double v : draw.numbers(n)) x.push_back(static_cast<TypeParam>(static_cast<C>(v)));
  for (const double v : draw.numbers(n)) dy.push_back(static_cast<TypeParam>(static_cast<C>(v)));
  std::vector<C> weight(24), mean(24), rstd(24), bias(24);
  for (std::size_t c = 0; c < 24; ++c) {
    weight[c] = C(1) / static_cast<C>(c + 3), mean[c] = C(1) / static_cast<C>(c + 7),
    rstd[c] = C(2) / static_cast<C>(c + 5);
    const C scale = weight[c] * rstd[c], product = (static_cast<C>(x[c]) - mean[c]) * scale;
    bias[c] = -product;
  }
  for (std::size_t i = 24; i < static_cast<std::size_t>(n); i += 2) x[i] = x[i % 24];
  const OnDevice<TypeParam> in(x), g(dy), y(x), dx(x), dx_of_y(x);
  const OnDevice<C> w(weight), b(bias), m(mean), r(rstd), sums(std::vector<C>(48));
  const kernels::Cuda queue;
  kernels::batch_norm_apply(
      queue, rows, channels,
      kernels::BatchNormForward<TypeParam>{in.data(), w.data(), b.data(), m.data(), r.data(), nullptr, true, y.data()});
  for (const bool from_y : {false, true})
    kernels::batch_norm_backward(
        queue, rows, channels,
        kernels::BatchNormBackward<TypeParam>{g.data(), in.data(), true, from_y ? y.data() : nullptr, w.data(),
                                              b.data(), m.data(), r.data(), true, from_y ? dx_of_y.data() : dx.data(),
                                              nullptr, sums.data(), sums.data() + 24});
  EXPECT_TRUE(dx.host() == dx_of_y.host());
}

TEST(CudaChannelTiles, CoverEveryRow) {
  for (const std::int64_t channels : {1, 3, 64, 257, 2048, 100000})
    for (const std::int64_t rows : {1, 100, 50000, 100000000}) {
      const auto tiles = kernels::channel_tiles<float>(rows, channels);
      const std::int64_t chunks = tiles.grid.blocks.y, width = channels % 4 == 0 ? 4 : 1;
      EXPECT_GE(tiles.chunk_rows * chunks, rows);
      EXPECT_LT(tiles.chunk_rows * (chunks - 1), rows);
      EXPECT_GE(tiles.grid.blocks.x * tiles.lanes * width, channels);
      EXPECT_LE(tiles.lanes * tiles.row_threads, kernels::block_threads);
      EXPECT_LE(chunks, kernels::most_blocks);
    }
}

}  // namespace
}  // namespace akin_test
