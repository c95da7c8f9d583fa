#include "support/test.hpp"

namespace akin {
namespace {

std::string message_of(void (*f)()) {
  try {
    f();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Error, NamesOpRuleAndBothShapes) {
  EXPECT_EQ(message_of([] {
              check(false, "matmul", "inner sizes differ: ", Shape{256, 64}, " x ", Shape{128, 10});
            }),
            "matmul: inner sizes differ: [256, 64] x [128, 10]");
}

TEST(Error, IsNotThrownWhenTheConditionHolds) { EXPECT_NO_THROW(check(true, "op", "why")); }

TEST(Error, ConcatenatesWhateverCanBePrinted) {
  EXPECT_EQ(cat("got ", 4, ' ', 0.5, " ", DType::bf16, " on ", Device::cpu, std::string("!")),
            "got 4 0.5 bf16 on cpu!");
}

TEST(Error, OfTwoArraysShowsBothSides) {
  const Array a = Array::ones({7, 33}), b = Array::ones({33, 7}, DType::f64);
  expect_error([&] { check_same_shape("add", a, b); }, "add: shapes differ: [7, 33] vs [33, 7]");
  expect_error([&] { check_same_kind("add", a, b); }, "add: dtypes differ: f32 vs f64; convert one with cast()");
  expect_error([&] { check_rank("conv2d", "x", a, 4); }, "conv2d: x needs 4 axes, got shape [7, 33]");
  expect_error([&] { check_shape("linear", "bias", a, {33}); }, "linear: bias has shape [7, 33], expected [33]");
}

}  // namespace
}  // namespace akin
