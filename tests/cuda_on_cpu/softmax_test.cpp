#include "kernels/cuda/softmax.hpp"

#include "kernels/cpu/softmax.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

template <class T>
class CudaSoftmax : public testing::Test {};
using Types = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaSoftmax, Types);

TYPED_TEST(CudaSoftmax, IsItsTwin) {
  for (const std::int64_t cols : twin_sizes) {
    Twins twins;
    const std::int64_t rows = 5;
    const auto x = twins.input(rows * cols), y = twins.output(rows * cols);
    twins.compare<TypeParam>([&](auto queue, auto at) { kernels::softmax(queue, rows, cols, at(x), at(y)); });
  }
}

TYPED_TEST(CudaSoftmax, MaskedRowsAreNoNaN) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  Twins twins;
  const auto x = twins.input(std::vector<double>{-inf, -inf, -inf, 1, -inf, 2, nan, 0, 1});
  const auto y = twins.output(9);
  twins.compare<TypeParam>([&](auto queue, auto at) { kernels::softmax(queue, 3, 3, at(x), at(y)); });
}

TYPED_TEST(CudaSoftmax, BackwardIsItsTwin) {
  for (const std::int64_t cols : twin_sizes) {
    Twins twins;
    const auto y = twins.input(3 * cols), dy = twins.input(3 * cols), dx = twins.output(3 * cols);
    twins.compare<TypeParam>(
        [&](auto queue, auto at) { kernels::softmax_backward(queue, 3, cols, at(y), at(dy), at(dx)); });
  }
}

}  // namespace
}  // namespace akin_test
