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
  expect_error([] { ops::detail::rows_of("softmax", Array::ones({})); },
               "softmax: needs at least one axis, got a scalar");
}

TEST(Rows, Bf16IsComputedInF32) {
  EXPECT_EQ(ops::detail::compute_dtype(DType::bf16), DType::f32);
  EXPECT_EQ(ops::detail::compute_dtype(DType::f64), DType::f64);
}

TEST(Rows, OperandsMustBeAlike) {
  const Array x = Array::ones({2, 3});
  EXPECT_NO_THROW(ops::detail::check_like("norm", "dy", Array::zeros({2, 3}), x));
  expect_error([&] { ops::detail::check_like("norm", "dy", Array::ones({3}), x); },
               "norm: dy has shape [3], expected [2, 3]");
  expect_error(
      [&] {
        ops::detail::check_like("norm", "dy", Array::ones({2, 3}, DType::f64), x);
      },
      "norm: dtypes differ: f32 vs f64");
}

TEST(Rows, VectorsBesideThemHaveTheirComputeDtypeAndNoGaps) {
  const Array x = Array::ones({2, 3}, DType::bf16);
  const auto expect_refusal = [&](const Array& a, const std::string& why) {
    expect_error([&] { ops::detail::check_vector("norm", "mean", a, 3, x); }, "norm: mean " + why);
  };
  EXPECT_NO_THROW(ops::detail::check_vector("norm", "mean", Array::ones({3}), 3, x));
  expect_refusal(Array(), "has no value");
  expect_refusal(Array::ones({2}), "has shape [2], expected [3]");
  expect_refusal(Array::ones({3}, DType::bf16), "has dtype bf16, expected f32 for x in bf16");
  expect_refusal(Array::full({}, 1).broadcast_to({3}), "must be contiguous, got stride [0]; call contiguous() first");
}

}  // namespace
}  // namespace akin
