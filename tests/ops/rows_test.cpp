#include <akin/ops/rows.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Rows, RunAlongTheLastAxis) {
  const auto [rows, cols] = ops::detail::rows_of("test", Array::ones({2, 3, 7}));
  EXPECT_EQ(rows, 6);
  EXPECT_EQ(cols, 7);
  EXPECT_EQ(ops::detail::leading_shape(Array::ones({2, 3, 7})), (Shape{2, 3}));
  EXPECT_EQ(ops::detail::rows_of("test", Array::ones({3, 0})).cols, 0);
  expect_error([] { ops::detail::rows_of("softmax", Array::ones({})); }, "softmax: needs at least one axis, got a scalar");
}

TEST(Rows, Bf16IsComputedInF32) {
  EXPECT_EQ(ops::detail::compute_dtype(DType::bf16), DType::f32);
  EXPECT_EQ(ops::detail::compute_dtype(DType::f64), DType::f64);
}

TEST(Rows, OperandsMustBeAlike) {
  const Array x = Array::ones({2, 3});
  EXPECT_NO_THROW(ops::detail::check_like("norm", "dy", Array::zeros({2, 3}), x));
  expect_error([&] { ops::detail::check_like("norm", "dy", Array::ones({3}), x); }, "norm: dy has shape [3], expected [2, 3]");
  expect_error([&] { ops::detail::check_like("norm", "dy", Array::ones({2, 3}, DType::f64), x); }, "norm: dtypes differ: f32 vs f64");
}

}  // namespace
}  // namespace akin
