#include <akin/ops/elementwise.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

template <class T>
void expect_row_added() {
  for (const std::int64_t rows : {1, 7, 33, 257})
    for (const std::int64_t cols : {1, 7, 33, 257}) {
      Array fast = random_array({rows, cols}, 1, dtype_of<T>), naive = ops::clone(fast);
      const Array row = random_array({cols}, 2, dtype_of<T>);
      kernels::add_row(kernels::Cpu{}, rows, cols, row.data<T>(), fast.mut<T>());
      kernels::add_row_naive(kernels::Cpu{}, rows, cols, row.data<T>(), naive.mut<T>());
      expect_close(fast, naive, tol::exact, cat(rows, "x", cols));
    }
}

TEST(AddRowKernel, AgreesWithTheTextbook) {
  expect_row_added<float>();
  expect_row_added<double>();
  expect_row_added<bf16>();
}

}  // namespace
}  // namespace akin
