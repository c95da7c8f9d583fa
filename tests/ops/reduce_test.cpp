#include <akin/ops/reduce.hpp>

#include "support/test.hpp"

#include <rapidcheck/gtest.h>  // after gtest.h

namespace akin {
namespace {

/// x [outer, n, inner] summed over n, in double.
double sum_at(const Array& x, int axis, std::int64_t out) {
  std::int64_t inner = 1;
  for (int k = axis + 1; k < x.rank(); ++k) inner *= x.shape()[k];
  const std::int64_t n = x.shape()[axis];
  double total = 0;
  for (std::int64_t k = 0; k < n; ++k) total += at(x, (out / inner * n + k) * inner + out % inner);
  return total;
}

RC_GTEST_PROP(Sum, AgreesWithAPlainLoopOnEveryAxis, ()) {
  Shape shape;
  for (int axes = *rc::gen::inRange(1, 5); axes > 0; --axes)
    shape.push_back(*rc::gen::elementOf(std::vector{1, 2, 7, 33}));
  const int axis = *rc::gen::inRange(0, shape.rank());
  const Array x = random_array(shape, 1, DType::f64), y = ops::sum(x, axis - shape.rank(), true);
  RC_ASSERT(y.rank() == x.rank() && y.shape()[axis] == 1);
  RC_ASSERT(ops::sum(x, axis).rank() == x.rank() - 1);
  for (std::int64_t i = 0; i < y.size(); ++i) RC_ASSERT(is_close(at(y, i), sum_at(x, axis, i), tol::f64));
}

RC_GTEST_PROP(SumTo, UndoesWhatBroadcastingRepeated, ()) {
  Shape wide, narrow;
  for (int axes = *rc::gen::inRange(1, 5); axes > 0; --axes)
    wide.push_back(*rc::gen::elementOf(std::vector{1, 2, 3, 7}));
  for (int axis = *rc::gen::inRange(0, wide.rank()); axis < wide.rank(); ++axis)
    narrow.push_back(*rc::gen::arbitrary<bool>() ? 1 : wide[axis]);
  const Array x = random_array(narrow, 1, DType::f64);
  const Array y = ops::sum_to(x.broadcast_to(wide), narrow);
  const double copies = static_cast<double>(wide.numel() / narrow.numel());
  expect_close(y, ops::scale(x, copies), tol::f64);
}

TEST(Sum, OfEverythingKeepsItsDigits) {  // one running f32 sum of these would be off by percents
  for (const std::int64_t n : {1, 7, 33, 257, 100'000}) {
    expect_close(ops::sum(Array::full({n}, 0.1)).item(), static_cast<double>(n) * static_cast<double>(0.1f), tol::f32,
                 cat(n));
    expect_close(ops::mean(Array::full({n}, 1e4)).item(), 1e4, tol::f32, cat(n));
  }
  EXPECT_EQ(ops::sum(Array::full({1000}, 1, DType::bf16)).item(), 1000) << "bf16 sums would stop at 256";
}

TEST(Sum, ReadsViewsThroughTheirStrides) {
  const Array x = random_array({7, 33}, 1, DType::f64);
  expect_close(ops::sum(x.transpose(), 0), ops::sum(x, 1), tol::f64);
  expect_close(ops::sum(x.slice(1, 3, 9), 1), ops::sum(ops::clone(x.slice(1, 3, 9)), 1), tol::f64);
  expect_close(ops::sum(Array::ones({3}, DType::f64).broadcast_to({7, 3}), 0), Array::full({3}, 7, DType::f64),
               tol::exact);
}

TEST(Sum, OfNothingIsZero) {
  EXPECT_EQ(ops::sum(Array::empty({0})).item(), 0);
  expect_close(ops::sum(Array::empty({0, 3}), 0), Array::zeros({3}), tol::exact);
  EXPECT_EQ(ops::sum(Array::empty({3, 0}), 0).shape(), (Shape{0}));
}

TEST(MaxAndMin, FindTheExtremesAndLetNaNWin) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Array x = Array::from<double>({2, 3}, {1, -5, 3, -2, nan, 4});
  expect_close(ops::max(x, 1), Array::from<double>({2}, {3, nan}), tol::exact);
  expect_close(ops::min(x, 1), Array::from<double>({2}, {-5, nan}), tol::exact);
  expect_close(ops::max(x, 0, true), Array::from<double>({1, 3}, {1, nan, 4}), tol::exact);
}

TEST(Mean, DividesByTheCount) {
  const Array x = Array::from<float>({2, 3}, {1, 2, 3, 5, 7, 9});
  EXPECT_EQ(ops::mean(x).item(), 4.5);
  expect_close(ops::mean(x, 0), Array::from<float>({3}, {3, 4.5f, 6}), tol::exact);
  expect_close(ops::mean(x, -1, true), Array::from<float>({2, 1}, {2, 7}), tol::exact);
}

TEST(Mean, IsDividedBeforeItIsRounded) {
  EXPECT_EQ(ops::mean(Array::full({100'000}, 3, DType::bf16)).item(), 3)
      << "the sum has no bf16: it would round to 2.98";
  EXPECT_EQ(ops::mean(Array::full({4}, 2e38)).item(), static_cast<double>(2e38f)) << "the sum has no f32";
  expect_close(ops::mean(Array::full({3, 4}, 2e38), 1), Array::full({3}, 2e38), tol::exact);
  expect_close(ops::mean(Array::full({1000, 2}, 3, DType::bf16), 0), Array::full({2}, 3, DType::bf16), tol::exact);
}

TEST(Variance, DividesTheSquaresByTheCount) {
  const Array x = Array::from<float>({2, 3}, {1, 2, 3, 5, 5, 8});
  expect_close(ops::variance(x, 1), Array::from<float>({2}, {2.0f / 3, 2}), tol::f32);
  expect_close(ops::variance(x, 0, true), Array::from<float>({1, 3}, {4, 2.25f, 6.25f}), tol::exact);
  EXPECT_EQ(ops::variance(Array::full({1, 5}, 7), 0).shape(), (Shape{5}));
  expect_close(ops::variance(Array::full({1, 5}, 7), 0), Array::zeros({5}), tol::exact);
}

TEST(Variance, SurvivesALargeMeanAndReadsViews) {
  const Array x = random_array({1001, 7}, 1), shifted = ops::cast(ops::add_scalar(x, 4096), DType::f32);
  const Array back = ops::add_scalar(ops::cast(shifted, DType::f64), -4096);  // what is left of x in f32
  expect_close(ops::variance(shifted, 0), ops::cast(ops::variance(back, 0), DType::f32), tol::f32);
  expect_close(ops::variance(x.transpose(), 1), ops::variance(x, 0), tol::f64);
}

TEST(Reductions, SayWhatTheyCannotDo) {
  const Array none = Array::empty({0, 3});
  expect_error([&] { ops::mean(none); }, "mean: no values in shape [0, 3]");
  expect_error([&] { ops::mean(none, 0); }, "mean: axis 0 of shape [0, 3] is empty");
  expect_error([&] { ops::max(none, 0); }, "max: axis 0 of shape [0, 3] is empty");
  expect_error([&] { ops::min(none, -2); }, "min: axis -2 of shape [0, 3] is empty");
  expect_error([&] { ops::variance(none, 0); }, "variance: axis 0 of shape [0, 3] is empty");
  expect_error([] { ops::sum(Array::ones({2}, DType::i64)); },
               "sum: needs floating-point values (f32, f64 or bf16), got i64");
  expect_error([] { ops::sum_to(Array::ones({2, 3}), {2}); }, "sum_to: shapes do not broadcast: [2, 3] and [2]");
  expect_error([] { ops::sum_to(Array::ones({3}), {1, 3}); }, "sum_to: cannot reduce [3] to [1, 3]");
}

TEST(Reductions, NameThemselvesWhenTheAxisDoesNotExist) {
  const Array x = Array::ones({2, 3});
  expect_error([&] { ops::sum(x, 2); }, "sum: axis 2 does not exist in shape [2, 3]");
  expect_error([&] { ops::max(x, 5); }, "max: axis 5 does not exist in shape [2, 3]");
  expect_error([&] { ops::min(x, -3); }, "min: axis -3 does not exist in shape [2, 3]");
  expect_error([&] { ops::mean(x, 5); }, "mean: axis 5 does not exist in shape [2, 3]");
  expect_error([&] { ops::variance(x, 5); }, "variance: axis 5 does not exist in shape [2, 3]");
}

}  // namespace
}  // namespace akin
