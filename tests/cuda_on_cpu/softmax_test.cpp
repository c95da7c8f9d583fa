#include "kernels/cuda/softmax.hpp"

#include "kernels/cpu/softmax.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

template <class T>
class CudaSoftmax : public testing::Test {};
using SoftmaxTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaSoftmax, SoftmaxTypes);

/// Rows of a warp, rows of a block, and both with a length that 16-byte packs do not fit.
const std::int64_t row_lengths[] = {1, 7, 33, 257, 1000, 1025, 2056};

/// Logits with masked entries; a row of nothing else, and a row with NaN and one with +inf, where there is room.
std::vector<double> masked_logits() {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  return {-inf, -inf, -inf, 1, -inf, 2, nan, 0, 1, inf, 0, -inf, 80, 90, -90};
}

TYPED_TEST(CudaSoftmax, IsItsTwin) {
  for (const std::int64_t cols : row_lengths) {
    Twins twins;
    const std::int64_t rows = 5;
    const auto x = twins.input(rows * cols), y = twins.output(rows * cols), log_y = twins.output(rows * cols),
               sum = twins.output(rows);
    twins.compare<TypeParam>([&](auto queue, auto at) {
      kernels::softmax(queue, rows, cols, at(x), at(y));
      kernels::log_softmax(queue, rows, cols, at(x), at(log_y));
      kernels::logsumexp(queue, rows, cols, at(x), at(sum));
    });
  }
}

TYPED_TEST(CudaSoftmax, MaskedRowsAreNoNaN) {
  Twins twins;
  const auto x = twins.input(masked_logits()), y = twins.output(15), log_y = twins.output(15), sum = twins.output(5);
  twins.compare<TypeParam>([&](auto queue, auto at) {
    kernels::softmax(queue, 5, 3, at(x), at(y));
    kernels::log_softmax(queue, 5, 3, at(x), at(log_y));
    kernels::logsumexp(queue, 5, 3, at(x), at(sum));
  });
}

TYPED_TEST(CudaSoftmax, BackwardIsItsTwin) {
  for (const std::int64_t cols : row_lengths) {
    Twins twins;
    const auto y = twins.input(3 * cols), dy = twins.input(3 * cols), dx = twins.output(3 * cols),
               dlog = twins.output(3 * cols);
    twins.compare<TypeParam>([&](auto queue, auto at) {
      kernels::softmax_backward(queue, 3, cols, at(y), at(dy), at(dx));
      kernels::log_softmax_backward(queue, 3, cols, at(y), at(dy), at(dlog));
    });
  }
}

TYPED_TEST(CudaSoftmax, BackwardOfLogsumexpIsItsTwinAlsoWhereAllIsMasked) {
  for (const std::int64_t cols : row_lengths) {
    Twins twins;
    const double inf = std::numeric_limits<double>::infinity();
    std::vector<double> logits = twins.numbers(3 * cols);
    std::fill_n(logits.begin() + cols, cols, -inf);
    const auto x = twins.input(logits), y = twins.input(std::vector<double>{6, -inf, 7}), dy = twins.input(3),
               dx = twins.output(3 * cols);
    twins.compare<TypeParam>(
        [&](auto queue, auto at) { kernels::logsumexp_backward(queue, 3, cols, at(x), at(y), at(dy), at(dx)); });
  }
}

TYPED_TEST(CudaSoftmax, HasTheSameBitsWhereverARowLies) {
  for (const std::int64_t cols : {1000, 1256}) {  // whole packs, of which only the first row's are aligned
    Twins twins;
    const std::vector<double> row = twins.numbers(cols);
    std::vector<TypeParam> values(static_cast<std::size_t>(2 * cols + 1));
    for (std::size_t j = 0; j < row.size(); ++j)
      values[j] = values[j + row.size() + 1] = static_cast<TypeParam>(static_cast<compute_t<TypeParam>>(row[j]));
    const OnDevice<TypeParam> x(values), y(values);
    kernels::softmax(kernels::Cuda{}, 1, cols, x.data(), y.data());
    kernels::softmax(kernels::Cuda{}, 1, cols, x.data() + cols + 1, y.data() + cols + 1);
    check_cuda("test", cudaDeviceSynchronize());
    const std::vector<TypeParam> result = y.host();
    EXPECT_TRUE(std::equal(result.begin(), result.begin() + cols, result.begin() + cols + 1));
  }
}

TEST(CudaSoftmaxRows, AreMoreThanOnePassOfTheGridOrNone) {
  for (const std::int64_t rows : {9000, 0}) {
    Twins twins;
    const auto x = twins.input(rows * 2), y = twins.output(rows * 2);
    twins.compare<float>([&](auto queue, auto at) { kernels::softmax(queue, rows, 2, at(x), at(y)); });
  }
}

}  // namespace
}  // namespace akin_test
