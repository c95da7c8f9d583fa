#include "kernels/cuda/layer_norm.hpp"

#include "kernels/cpu/layer_norm.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

template <class T>
class CudaLayerNorm : public testing::Test {};
using LayerNormTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaLayerNorm, LayerNormTypes);

struct NormCase {
  std::int64_t rows, cols;
};
/// Rows of a warp and of a block; packs that fit and packs that do not; sums over rows in one part and in several.
const NormCase norm_cases[] = {{1, 1},    {40, 1},   {5, 7},    {33, 33},  {3, 257}, {6, 1000},
                               {2, 1025}, {3, 2056}, {300, 40}, {900, 16}, {0, 5}};

TYPED_TEST(CudaLayerNorm, IsItsTwin) {
  for (const NormCase& c : norm_cases)
    for (const int given : {0, 1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << c.rows << " x " << c.cols << ", given " << given);
      Twins twins;
      const std::int64_t rows = c.rows, cols = c.cols;
      const auto x = twins.input(rows * cols), y = twins.output(rows * cols);
      const auto weight = twins.wide_input(cols), bias = twins.wide_input(cols), mean = twins.wide_output(rows),
                 rstd = twins.wide_output(rows);
      twins.compare<TypeParam>([&](auto queue, auto at) {
        using T = std::remove_pointer_t<decltype(at(y))>;
        kernels::layer_norm(
            queue, rows, cols,
            kernels::LayerNormForward<T>{at(x), given & 1 ? at(weight) : nullptr, given & 2 ? at(bias) : nullptr, 1e-5,
                                         at(y), at(mean), at(rstd)});
      });
    }
}

TYPED_TEST(CudaLayerNorm, BackwardIsItsTwin) {
  for (const NormCase& c : norm_cases)
    for (const bool weighted : {false, true}) {
      SCOPED_TRACE(testing::Message() << c.rows << " x " << c.cols << ", weighted " << weighted);
      Twins twins;
      const std::int64_t rows = c.rows, cols = c.cols;
      const auto dy = twins.input(rows * cols), x = twins.input(rows * cols), dx = twins.output(rows * cols);
      const auto weight = twins.wide_input(cols), mean = twins.wide_input(rows), rstd = twins.wide_input(rows),
                 dweight = twins.wide_output(cols), dbias = twins.wide_output(cols);
      twins.compare<TypeParam>([&](auto queue, auto at) {
        using T = std::remove_pointer_t<decltype(at(dx))>;
        kernels::layer_norm_backward(queue, rows, cols,
                                     kernels::LayerNormBackward<T>{at(dy), at(x), weighted ? at(weight) : nullptr,
                                                                   at(mean), at(rstd), at(dx), at(dweight), at(dbias)});
      });
    }
}

/// Sums of 40 parts by a warp and by tiles. It takes 70 000 rows to be cut into so many.
template <class C>
void expect_sums_of_parts(std::int64_t cols) {
  const std::int64_t parts = 40, outputs = 2 * cols;
  const std::vector<double> values = Twins().numbers(outputs * parts);
  const OnDevice<double> in(values);
  const OnDevice<C> dweight(std::vector<C>(static_cast<std::size_t>(cols))), dbias(dweight.host());
  kernels::detail::launch_whole(
      "test", kernels::Cuda{}, {2, parts, cols},
      kernels::detail::LayerNormSumsOfParts<C>{in.data(), cols, dweight.data(), dbias.data()});
  std::vector<C> got = dweight.host();
  for (const C sum : dbias.host()) got.push_back(sum);
  for (std::int64_t i = 0; i < outputs; ++i) {
    double want = 0;  // exact, as the numbers are
    for (std::int64_t k = 0; k < parts; ++k)
      want += values[static_cast<std::size_t>((i / cols * parts + k) * cols + i % cols)];
    EXPECT_EQ(got[static_cast<std::size_t>(i)], want) << i;
  }
}

TEST(CudaLayerNormSums, OfManyPartsAreThoseOfAll) {
  for (const std::int64_t cols : {1, 3}) {
    expect_sums_of_parts<float>(cols);
    expect_sums_of_parts<double>(cols);
  }
}

TEST(CudaLayerNormStatistics, SurviveALargeMean) {
  for (const NormCase& c : {NormCase{3, 257}, {2, 2056}}) {
    Twins twins;
    std::vector<double> values = twins.numbers(c.rows * c.cols);
    for (double& value : values) value += 65536;  // exact in f32, and 2^15 standard deviations from 0
    const auto x = twins.input(values), y = twins.output(c.rows * c.cols);
    const auto mean = twins.wide_output(c.rows), rstd = twins.wide_output(c.rows);
    twins.compare<float>([&](auto queue, auto at) {
      using T = std::remove_pointer_t<decltype(at(y))>;
      kernels::layer_norm(queue, c.rows, c.cols,
                          kernels::LayerNormForward<T>{at(x), nullptr, nullptr, 1e-5, at(y), at(mean), at(rstd)});
    });
  }
}

TEST(CudaLayerNormRows, AreMoreThanOnePassOfTheGrid) {
  Twins twins;
  const std::int64_t rows = 8500, cols = 2;
  const auto x = twins.input(rows * cols), y = twins.output(rows * cols);
  const auto mean = twins.wide_output(rows), rstd = twins.wide_output(rows);
  twins.compare<float>([&](auto queue, auto at) {
    using T = std::remove_pointer_t<decltype(at(y))>;
    kernels::layer_norm(queue, rows, cols,
                        kernels::LayerNormForward<T>{at(x), nullptr, nullptr, 1e-5, at(y), at(mean), at(rstd)});
  });
}

TYPED_TEST(CudaLayerNorm, L2NormalizeIsItsTwin) {
  for (const NormCase& c : norm_cases) {
    SCOPED_TRACE(testing::Message() << c.rows << " x " << c.cols);
    Twins twins;
    const std::int64_t rows = c.rows, cols = c.cols;
    const auto x = twins.input(rows * cols), y = twins.output(rows * cols), dy = twins.input(rows * cols),
               dx = twins.output(rows * cols);
    const auto norm = twins.wide_output(rows), length = twins.wide_input(rows);
    twins.compare<TypeParam>([&](auto queue, auto at) {
      kernels::l2_normalize(queue, rows, cols, 1e-12, at(x), at(y), at(norm));
      kernels::l2_normalize_backward(queue, rows, cols, 0.5, at(x), at(dy), at(length), at(dx));  // some below 0.5
    });
  }
}

TEST(CudaL2Normalize, TakesExtremeLengths) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  Twins twins;
  const auto x = twins.input(std::vector<double>{0, 0, 1e-30, 1e-30, 0x1p126, 0x1p126, inf, 1, nan, 1});
  const auto y = twins.output(10);
  const auto norm = twins.wide_output(5);
  twins.compare<float>([&](auto queue, auto at) { kernels::l2_normalize(queue, 5, 2, 1e-12, at(x), at(y), at(norm)); });
}

}  // namespace
}  // namespace akin_test
