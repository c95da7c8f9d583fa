#include "kernels/cuda/sort.hpp"

#include "kernels/cpu/sort.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

template <class T>
class CudaSort : public testing::Test {};
using SortTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaSort, SortTypes);

/// Up to 4096 values are sorted by one block; 20 000 are five chunks, the last of them alone in a merge, then short.
struct SortCase {
  std::int64_t rows, cols;
};
const SortCase sort_cases[] = {{5, 1}, {4, 2}, {5, 7}, {3, 33}, {3, 257}, {2, 1000}, {1, 4096}, {2, 4097}, {1, 20'000}};

/// 256 different values, so many ties; NaN, both infinities and both zeros among them.
std::vector<double> awkward_values(Twins& twins, std::int64_t count) {
  const double odd[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(), -0.0, 0.0};
  std::vector<double> values = twins.numbers(count);
  for (std::size_t i = 3; i < values.size(); i += 11) values[i] = odd[i % 5];
  return values;
}

TYPED_TEST(CudaSort, IsItsTwinAlsoAtTiesAndNaN) {
  for (const SortCase& c : sort_cases)
    for (const bool descending : {false, true}) {
      SCOPED_TRACE(testing::Message() << c.rows << " x " << c.cols << ", descending " << descending);
      Twins twins;
      const std::int64_t count = c.rows * c.cols;
      const auto x = twins.input(awkward_values(twins, count)), y = twins.output(count);
      const auto order = twins.whole_output<std::int64_t>(count);
      twins.compare<TypeParam>(
          [&](auto queue, auto at) {
            kernels::sort(queue, c.rows, c.cols, descending, at(x), at(y));
            kernels::argsort(queue, c.rows, c.cols, descending, at(x), at(order));
          },
          {0, 0});
    }
}

TYPED_TEST(CudaSort, TopKIsItsTwinAlsoAtTiesAndNaN) {
  for (const SortCase& c : sort_cases)
    for (const std::int64_t k : {std::int64_t{0}, std::int64_t{1}, c.cols / 3, c.cols}) {
      SCOPED_TRACE(testing::Message() << c.rows << " x " << c.cols << ", k " << k);
      Twins twins;
      const auto x = twins.input(awkward_values(twins, c.rows * c.cols)), y = twins.output(c.rows * k);
      const auto order = twins.whole_output<std::int64_t>(c.rows * k);
      twins.compare<TypeParam>(
          [&](auto queue, auto at) { kernels::top_k(queue, c.rows, c.cols, k, at(x), at(y), at(order)); }, {0, 0});
    }
}

TYPED_TEST(CudaSort, ArgExtremeIsItsTwinAlsoAtTiesAndNaN) {
  for (const SortCase& c : sort_cases)
    for (const bool odd : {false, true}) {
      SCOPED_TRACE(testing::Message() << c.rows << " x " << c.cols << ", odd " << odd);
      Twins twins;
      const auto x = twins.input(odd ? awkward_values(twins, c.rows * c.cols) : twins.numbers(c.rows * c.cols));
      const auto largest = twins.whole_output<std::int64_t>(c.rows),
                 smallest = twins.whole_output<std::int64_t>(c.rows);
      twins.compare<TypeParam>([&](auto queue, auto at) {
        kernels::arg_extreme(queue, c.rows, c.cols, true, at(x), at(largest));
        kernels::arg_extreme(queue, c.rows, c.cols, false, at(x), at(smallest));
      });
    }
}

TEST(CudaSortCorners, NothingButNaNOrNothing) {
  Twins twins;
  const auto x = twins.input(std::vector<double>(66, std::numeric_limits<double>::quiet_NaN()));
  const auto y = twins.output(66);
  const auto order = twins.whole_output<std::int64_t>(66), at_most = twins.whole_output<std::int64_t>(2);
  twins.compare<float>([&](auto queue, auto at) {
    kernels::sort(queue, 2, 33, false, at(x), at(y));
    kernels::argsort(queue, 2, 33, true, at(x), at(order));
    kernels::arg_extreme(queue, 2, 33, false, at(x), at(at_most));
    kernels::sort(queue, 0, 33, false, at(x), at(y));
    kernels::argsort(queue, 2, 0, false, at(x), at(order));
    kernels::top_k(queue, 0, 33, 1, at(x), at(y), at(order));
    kernels::arg_extreme(queue, 0, 33, true, at(x), at(at_most));
  });
}

template <class I>
void expect_twins_of_integers() {
  for (const SortCase& c : {SortCase{3, 33}, {1, 4100}}) {
    Twins twins;
    std::vector<I> values;
    for (const double v : twins.numbers(c.rows * c.cols)) values.push_back(static_cast<I>(32 * v + 128));
    const auto x = twins.whole_input<I>(values), y = twins.whole_output<I>(c.rows * c.cols);
    const auto order = twins.whole_output<std::int64_t>(c.rows * c.cols),
               best = twins.whole_output<std::int64_t>(c.rows);
    twins.compare<float>([&](auto queue, auto at) {
      kernels::sort(queue, c.rows, c.cols, true, at(x), at(y));
      kernels::argsort(queue, c.rows, c.cols, false, at(x), at(order));
      kernels::arg_extreme(queue, c.rows, c.cols, true, at(x), at(best));
    });
  }
}

TEST(CudaSortIntegers, AreItsTwinsToo) {
  expect_twins_of_integers<std::int64_t>();
  expect_twins_of_integers<std::int32_t>();
  expect_twins_of_integers<std::uint8_t>();
}

TEST(CudaSortRows, AreMoreThanOnePassOfTheGrid) {
  Twins twins;
  const std::int64_t rows = 17'000;
  const auto x = twins.input(rows * 2), y = twins.output(rows * 2);
  const auto largest = twins.whole_output<std::int64_t>(rows);
  twins.compare<float>([&](auto queue, auto at) {
    kernels::sort(queue, rows, 2, false, at(x), at(y));
    kernels::arg_extreme(queue, rows, 2, true, at(x), at(largest));
  });
}

}  // namespace
}  // namespace akin_test
