#include "kernels/cuda/reduce.hpp"

#include "kernels/cpu/reduce.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

template <class T>
class CudaReduce : public testing::Test {};
using ReduceTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaReduce, ReduceTypes);

/// By a thread, a warp, a tile; the last eight are cut into parts, along one row or many columns, and the last two into
/// so many that a warp or a tile adds them.
struct ReduceCase {
  std::int64_t outer, n, inner;
};
const ReduceCase reduce_cases[] = {
    {1, 1, 1},    {7, 1, 3},    {5, 16, 33},  {33, 33, 1},   {3, 1000, 1}, {3, 1025, 1},   {2, 33, 2},
    {3, 57, 33},  {1, 20, 257}, {2, 0, 3},    {0, 7, 3},     {3, 2, 0},    {3, 0, 1},      {1, 20000, 1},
    {2, 8191, 3}, {2, 8192, 1}, {1, 97, 131}, {1, 257, 100}, {2, 700, 33}, {1, 70'000, 1}, {1, 35'000, 2}};

TYPED_TEST(CudaReduce, IsItsTwin) {
  for (const ReduceCase& c : reduce_cases) {
    SCOPED_TRACE(testing::Message() << c.outer << " x " << c.n << " x " << c.inner);
    Twins twins;
    const std::int64_t outputs = c.outer * c.inner;
    const auto x = twins.input(outputs * c.n), sum = twins.output(outputs), mean = twins.output(outputs),
               variance = twins.output(outputs);
    twins.compare<TypeParam>([&](auto queue, auto at) {
      kernels::reduce(queue, kernels::SumOf{}, c.outer, c.n, c.inner, at(x), at(sum));
      kernels::reduce(queue, kernels::MeanOf{}, c.outer, c.n, c.inner, at(x), at(mean));
      kernels::variance(queue, c.outer, c.n, c.inner, at(x), at(variance));
    });
  }
}

TYPED_TEST(CudaReduce, ExtremesAreExact) {
  for (const ReduceCase& c : reduce_cases) {
    SCOPED_TRACE(testing::Message() << c.outer << " x " << c.n << " x " << c.inner);
    Twins twins;
    const std::int64_t outputs = c.outer * c.inner;
    const auto x = twins.input(outputs * c.n), largest = twins.output(outputs), smallest = twins.output(outputs);
    twins.compare<TypeParam>(
        [&](auto queue, auto at) {
          kernels::reduce(queue, kernels::MaxOf{}, c.outer, c.n, c.inner, at(x), at(largest));
          kernels::reduce(queue, kernels::MinOf{}, c.outer, c.n, c.inner, at(x), at(smallest));
        },
        {0, 0});
  }
}

TEST(CudaReduceExtremes, LetNaNWinWhereverItStands) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ReduceCase& c : {ReduceCase{1, 7, 1}, {1, 257, 1}, {1, 1100, 1}, {1, 20000, 1}, {1, 40, 3}})
    for (std::int64_t where = 0; where < c.n; where += 1 + c.n / 5) {
      Twins twins;
      std::vector<double> values = twins.numbers(c.n * c.inner);
      values[static_cast<std::size_t>(where * c.inner)] = nan;
      const auto x = twins.input(values), largest = twins.output(c.inner), smallest = twins.output(c.inner),
                 variance = twins.output(c.inner);
      twins.compare<float>([&](auto queue, auto at) {
        kernels::reduce(queue, kernels::MaxOf{}, c.outer, c.n, c.inner, at(x), at(largest));
        kernels::reduce(queue, kernels::MinOf{}, c.outer, c.n, c.inner, at(x), at(smallest));
        kernels::variance(queue, c.outer, c.n, c.inner, at(x), at(variance));
      });
    }
}

TEST(CudaReduceSums, KeepTheDigitsOfALargeMean) {
  for (const ReduceCase& c : {ReduceCase{2, 1000, 1}, {1, 20000, 1}, {1, 300, 70}}) {
    Twins twins;
    std::vector<double> values = twins.numbers(c.outer * c.n * c.inner);
    for (double& value : values) value += 65536;  // exact in f32, and 2^16 standard deviations from 0
    const auto x = twins.input(values), sum = twins.output(c.outer * c.inner), var = twins.output(c.outer * c.inner);
    twins.compare<float>([&](auto queue, auto at) {
      kernels::reduce(queue, kernels::SumOf{}, c.outer, c.n, c.inner, at(x), at(sum));
      kernels::variance(queue, c.outer, c.n, c.inner, at(x), at(var));
    });
  }
}

TEST(CudaReduceSums, AreMoreThanOnePassOfTheGrid) {
  for (const ReduceCase& c : {ReduceCase{140'000, 2, 2}, {8500, 20, 1}, {2200, 17, 2}}) {
    Twins twins;
    const auto x = twins.input(c.outer * c.n * c.inner), sum = twins.output(c.outer * c.inner);
    twins.compare<float>(
        [&](auto queue, auto at) { kernels::reduce(queue, kernels::SumOf{}, c.outer, c.n, c.inner, at(x), at(sum)); });
  }
}

}  // namespace
}  // namespace akin_test
