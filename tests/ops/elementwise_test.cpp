#include <akin/ops/elementwise.hpp>
#include <cmath>
#include <cstdint>

#include "support/test.hpp"
#include "support/threads.hpp"

#include <rapidcheck/gtest.h>  // after gtest.h

namespace akin {
namespace {

constexpr DType floating[] = {DType::f32, DType::f64, DType::bf16};

/// Element i, in row-major order, of any view: read through its strides.
double view_at(const Array& a, std::int64_t i) {
  const Shape steps = contiguous_strides(a.shape());
  std::int64_t offset = 0;
  for (int axis = 0; axis < a.rank(); ++axis) offset += i / steps[axis] % a.shape()[axis] * a.strides()[axis];
  return on_any(a.dtype(),
                [&]<class T>() { return static_cast<double>(static_cast<compute_t<T>>(a.data<T>()[offset])); });
}

/// A random view that has exactly this shape: of a larger array, transposed, or repeated along axes of stride 0.
Array any_view(const Shape& shape, DType dtype, unsigned seed) {
  Shape stored = shape;
  const int last = shape.rank() - 1;
  const int first = shape.rank() > 1 ? *rc::gen::inRange(0, last) : 0;
  const bool transposed = shape.rank() > 1 && *rc::gen::arbitrary<bool>();
  const bool sliced = shape.rank() > 0 && *rc::gen::arbitrary<bool>();
  const bool repeated = shape.rank() > 0 && *rc::gen::arbitrary<bool>();
  if (repeated) stored[last] = 1;
  if (transposed) std::swap(stored[first], stored[last]);
  if (sliced) stored[0] += 2;
  Array a = random_array(stored, seed, dtype);
  if (sliced) a = a.slice(0, 1, stored[0] - 1);
  if (transposed) a = a.transpose(first, last);
  return repeated ? a.broadcast_to(shape) : a;
}

Shape any_shape() {
  Shape shape;
  for (int axes = *rc::gen::inRange(0, 5); axes > 0; --axes)
    shape.push_back(*rc::gen::elementOf(std::vector{1, 2, 3, 7}));
  return shape;
}

/// A shape that broadcasts to `shape`: leading axes missing, others of size 1.
Shape broadcastable_to(const Shape& shape) {
  Shape out;
  const int missing = *rc::gen::inRange(0, shape.rank() + 1);
  for (int axis = missing; axis < shape.rank(); ++axis) out.push_back(*rc::gen::arbitrary<bool>() ? 1 : shape[axis]);
  return out;
}

RC_GTEST_PROP(Map, AgreesWithAPlainLoopOverBroadcastViews, ()) {
  const Shape shape = any_shape();
  for (const DType dtype : floating) {
    const Array a = any_view(shape, dtype, 1), b = any_view(broadcastable_to(shape), dtype, 2);
    const Array y = *rc::gen::arbitrary<bool>() ? ops::sub(a, b) : ops::scale(ops::sub(b, a), -1);
    RC_ASSERT(y.shape() == shape && y.is_contiguous() && y.dtype() == dtype);
    const Array wide = b.broadcast_to(shape);
    for (std::int64_t i = 0; i < y.size(); ++i)
      RC_ASSERT(is_close(at(y, i), view_at(a, i) - view_at(wide, i), dtype == DType::bf16 ? tol::bf16 : tol::f32));
  }
}

RC_GTEST_PROP(Map, TakesThreeOperands, ()) {
  const Shape shape = any_shape();
  const Array a = any_view(shape, DType::f64, 1), b = any_view(broadcastable_to(shape), DType::f64, 2),
              dy = any_view(broadcastable_to(shape), DType::f64, 3);
  const Array y = ops::map("maximum", kernels::MaximumVjp{}, a, b, dy);
  const Array wide_b = b.broadcast_to(shape), wide_dy = dy.broadcast_to(shape);
  for (std::int64_t i = 0; i < y.size(); ++i)
    RC_ASSERT(at(y, i) == (view_at(a, i) > view_at(wide_b, i) ? view_at(wide_dy, i) : 0));
}

TEST(Map, AgreesAtSizesThatCrossTheGrain) {
  for (const std::int64_t n : {1, 7, 33, 257, 100'000}) {
    const Array a = random_array({n}, 1, DType::f32), b = random_array({n}, 2, DType::f32);
    const Array y = ops::mul(a, b);
    for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(at(y, i), a.data<float>()[i] * b.data<float>()[i]) << n << " " << i;
  }
}

TEST(Map, BroadcastsAScalarAndARow) {
  const Array x = Array::from<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_close(ops::add(x, Array::full({}, 10)), Array::from<float>({2, 3}, {11, 12, 13, 14, 15, 16}), tol::exact);
  expect_close(ops::div(x, Array::from<float>({3}, {1, 2, 4})),
               Array::from<float>({2, 3}, {1, 1, 0.75f, 4, 2.5f, 1.5f}), tol::exact);
  expect_close(ops::add_scalar(x, -1), Array::from<float>({2, 3}, {0, 1, 2, 3, 4, 5}), tol::exact);
}

TEST(Map, SharesALongRowThatBroadcastingMadeAmongThreads) {  // [7, 100'003] and a scalar: one row of 700'021
  const Array x = random_array({7, 100'003}, 1, DType::f32), k = Array::full({}, 3),
              row = random_array({100'003}, 2, DType::f32);
  Array products[2], sums[2];
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    products[count == 1] = ops::mul(x, k);
    sums[count == 1] = ops::sub(x, row);
  }
  expect_close(products[0], products[1], tol::exact);
  expect_close(sums[0], sums[1], tol::exact);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(at(products[0], i), 3 * x.data<float>()[i]) << i;
    ASSERT_EQ(at(sums[0], i), x.data<float>()[i] - row.data<float>()[i % 100'003]) << i;
  }
}

TEST(DivScalar, RoundsOnceWhereScaleRoundsTwice) {
  EXPECT_EQ(at(ops::div_scalar(Array::full({1}, 5), 3), 0), 5.0f / 3.0f);
  EXPECT_NE(at(ops::scale(Array::full({1}, 5), 1.0 / 3), 0), 5.0f / 3.0f);
  expect_close(ops::div_scalar(Array::from<double>({2}, {1, -7}), 10), Array::from<double>({2}, {0.1, -0.7}),
               tol::exact);
  expect_error([] { ops::div_scalar(Array::ones({2}, DType::u8), 2); }, "div_scalar: needs floating-point values");
}

TEST(Map, OfNothingIsNothing) {
  for (const DType dtype : floating) {
    EXPECT_EQ(ops::add(Array::empty({0, 3}, dtype), Array::empty({3}, dtype)).shape(), (Shape{0, 3}));
    EXPECT_EQ(ops::clone(Array::empty({3, 0}, dtype).transpose()).shape(), (Shape{0, 3}));
    EXPECT_EQ(ops::cast(Array::empty({0}, dtype), DType::i32).size(), 0);
  }
}

TEST(Map, ErrorsNameTheOpAndBothOperands) {
  const Array x = Array::ones({2, 3});
  expect_error([&] { ops::add(x, Array::ones({2})); }, "add: shapes do not broadcast: [2, 3] and [2]");
  expect_error([&] { ops::mul(x, Array::ones({3}, DType::f64)); },
               "mul: dtypes differ: f32 vs f64; convert one with cast()");
  expect_error([] { ops::sub(Array::ones({2}, DType::i64), Array::ones({2}, DType::i64)); },
               "sub: needs floating-point values (f32, f64 or bf16), got i64; convert with cast()");
}

RC_GTEST_PROP(Clone, HasTheValuesOfAnyViewInItsOwnMemory, ()) {
  const Array a = any_view(any_shape(), DType::f32, 1);
  const Array b = ops::clone(a);
  RC_ASSERT(b.is_contiguous() && b.is_unique());
  for (std::int64_t i = 0; i < a.size(); ++i) RC_ASSERT(at(b, i) == view_at(a, i));
}

TEST(Clone, WorksForEveryDtype) {
  for (const DType dtype : every_dtype) {
    const Array a = ops::cast(Array::from<float>({2, 3}, {0, 1, 2, 3, 4, 5}), dtype), b = ops::clone(a.transpose());
    for (std::int64_t i = 0; i < 6; ++i) EXPECT_EQ(at(b, i), static_cast<double>(i % 2 * 3 + i / 2)) << dtype;
  }
}

TEST(Contiguous, CopiesOnlyWhatIsNotContiguous) {
  const Array a = random_array({3, 7}, 1, DType::f32);
  EXPECT_EQ(ops::contiguous(a).data<float>(), a.data<float>());
  EXPECT_NE(ops::contiguous(a.transpose()).data<float>(), a.data<float>());
}

TEST(Cast, KeepsSmallIntegersBetweenAllDtypes) {
  const Array a = Array::from<float>({5}, {0, 1, 7, 33, 200});
  for (const DType from : every_dtype)
    for (const DType to : every_dtype) {
      const Array y = ops::cast(ops::cast(a, from), to);
      EXPECT_EQ(y.dtype(), to);
      for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_EQ(at(y, i), at(a, i)) << from << " to " << to;
    }
}

TEST(Cast, TruncatesToIntegersAndRoundsToNarrowerFloats) {
  expect_close(ops::cast(Array::from<float>({3}, {2.9f, -2.9f, 0.5f}), DType::i32),
               Array::from<std::int32_t>({3}, {2, -2, 0}), tol::exact);
  EXPECT_EQ(at(ops::cast(Array::full({1}, 1.00390625), DType::bf16), 0), 1) << "a tie goes to the even neighbour";
  EXPECT_EQ(at(ops::cast(Array::full({1}, 0.1, DType::f64), DType::f32), 0), static_cast<double>(0.1f));
}

TEST(Cast, ToIntegersGivesTheNearestValueInRange) {
  const Array big = int_array({300, -1, std::int64_t{1} << 40, -(std::int64_t{1} << 40), 255});
  expect_close(ops::cast(big, DType::u8), Array::from<std::uint8_t>({5}, {255, 0, 255, 0, 255}), tol::exact);
  expect_close(ops::cast(big, DType::i32), Array::from<std::int32_t>({5}, {300, -1, INT32_MAX, INT32_MIN, 255}),
               tol::exact);
  expect_close(ops::cast(Array::from<std::int32_t>({2}, {-7, 256}), DType::u8),
               Array::from<std::uint8_t>({2}, {0, 255}), tol::exact);
  for (const DType dtype : floating) {
    const Array x = ops::cast(Array::from<double>({5}, {-1, 300, NAN, INFINITY, -INFINITY}), dtype);
    expect_close(ops::cast(x, DType::u8), Array::from<std::uint8_t>({5}, {0, 255, 0, 255, 0}), tol::exact, cat(dtype));
  }
}

TEST(Cast, SaturatesAtTheEndsOfI64) {  // 2^63 is a float and a double, but no i64
  for (const DType dtype : floating) {
    const Array x = ops::cast(Array::from<double>({3}, {0x1p63, -0x1p63, 0x1p62}), dtype);
    const Array y = ops::cast(x, DType::i64);
    EXPECT_EQ(y.data<std::int64_t>()[0], INT64_MAX) << dtype;
    EXPECT_EQ(y.data<std::int64_t>()[1], INT64_MIN) << dtype;
    EXPECT_EQ(y.data<std::int64_t>()[2], std::int64_t{1} << 62) << dtype;
  }
  const Array below = Array::full({1}, std::nextafter(0x1p63, 0), DType::f64);
  EXPECT_EQ(ops::cast(below, DType::i64).data<std::int64_t>()[0], INT64_MAX - 1023);
}

TEST(Cast, OfAViewReadsItsStrides) {
  const Array a = random_array({3, 7}, 1, DType::f32), y = ops::cast(a.transpose(), DType::f64);
  for (std::int64_t i = 0; i < y.size(); ++i) ASSERT_EQ(at(y, i), at(a, i % 3 * 7 + i / 3));
}

TEST(Accumulate, AddsInPlaceAndDeclaresTheChange) {
  for (const DType dtype : floating) {
    Array total = Array::full({7, 33}, 1, dtype);
    const Array view = random_array({33, 7}, 1, dtype).transpose();
    const Array want = ops::add(total, view);
    const Array other = total;
    ops::accumulate(total, view);
    expect_close(total, want, tol::exact);
    expect_error([&] { at(other, 0); }, "were changed in place after this copy of the handle was taken");
  }
}

TEST(Accumulate, AddsAHandleToItsOwnMemory) {
  Array x = Array::from<float>({4}, {1, 2, 3, 4});
  const float* memory = x.data<float>();
  ops::accumulate(x, x);
  EXPECT_EQ(x.data<float>(), memory);
  expect_close(x, Array::from<float>({4}, {2, 4, 6, 8}), tol::exact);
  Array all_but_first = x.slice(0, 1, 4);
  ops::accumulate(all_but_first, x.slice(0, 0, 3));
  expect_close(all_but_first, Array::from<float>({3}, {6, 10, 14}), tol::exact, "each value plus the one before");
  Array matrix = Array::from<float>({2, 2}, {1, 2, 3, 4});
  ops::accumulate(matrix, matrix.transpose());
  expect_close(matrix, Array::from<float>({2, 2}, {2, 5, 5, 8}), tol::exact);
}

TEST(Accumulate, RejectsStridedTargetsAndOtherShapesAndDtypes) {
  Array total = Array::zeros({2, 3}), strided = total.transpose();
  expect_error(
      [&] {
        ops::accumulate(strided, Array::ones({3, 2}));
      },
      "accumulate: the target must be contiguous, got shape [3, 2] with strides [1, 3]");
  expect_error([&] { ops::accumulate(total, Array::ones({3})); }, "accumulate: shapes differ: [2, 3] vs [3]");
  expect_error(
      [&] {
        ops::accumulate(total, Array::ones({2, 3}, DType::bf16));
      },
      "accumulate: dtypes differ: f32 vs bf16");
}

TEST(Assign, OverwritesConvertsAndDeclaresTheChange) {
  for (const DType dtype : every_dtype) {
    Array to = Array::zeros({2, 2}, dtype);
    const Array before = to;
    ops::assign(to, Array::from<float>({2, 2}, {1, 2, 3, 4}).transpose());
    for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(at(to, i), static_cast<double>(i % 2 * 2 + i / 2 + 1)) << dtype;
    expect_error([&] { at(before, 0); }, "were changed in place after this copy of the handle was taken");
  }
}

TEST(AddRow, AddsABiasToEveryRowInPlace) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    Array a = random_array({3, 7, 5}, 1, dtype);
    const Array row = random_array({5}, 2, dtype), want = ops::add(a, row), before = a;
    ops::add_row(a, row);
    expect_close(a, want, tol::exact, cat(dtype));
    expect_error([&] { at(before, 0); }, "were changed in place after this copy of the handle was taken");
  }
}

TEST(AddRow, RejectsWhatDoesNotFit) {
  Array a = Array::zeros({2, 3}), strided = a.transpose(), scalar = Array::zeros({});
  expect_error([&] { ops::add_row(a, Array::ones({2})); }, "add_row: the row has shape [2], expected [3]");
  expect_error([&] { ops::add_row(a, Array::ones({3}, DType::f64)); }, "add_row: dtypes differ: f32 vs f64");
  expect_error([&] { ops::add_row(strided, Array::ones({2})); }, "add_row: needs rows without gaps, got shape [3, 2]");
  expect_error([&] { ops::add_row(scalar, Array::ones({1})); }, "add_row: needs rows without gaps, got shape []");
  expect_error([&] { ops::add_row(a, a.slice(0, 0, 1).reshape({3})); }, "add_row: the row is a part of");
  Array nothing = Array::zeros({0, 3});
  EXPECT_NO_THROW(ops::add_row(nothing, Array::ones({3})));
}

TEST(Assign, BetweenOverlappingSlicesReadsBeforeItWrites) {
  for (const DType dtype : every_dtype) {
    const auto numbers = [&] { return ops::cast(Array::from<float>({5}, {1, 2, 3, 4, 5}), dtype); };
    Array x = numbers(), back = x.slice(0, 1, 4);
    ops::assign(back, x.slice(0, 0, 3));
    for (std::int64_t i = 0; i < 3; ++i) EXPECT_EQ(at(back, i), static_cast<double>(i + 1)) << dtype;
    Array y = numbers(), front = y.slice(0, 0, 3);
    ops::assign(front, y.slice(0, 2, 5));
    for (std::int64_t i = 0; i < 3; ++i) EXPECT_EQ(at(front, i), static_cast<double>(i + 3)) << dtype;
  }
  const std::int64_t n = 100'000;  // several pieces on several threads
  Array x = random_array({n + 1}, 1), back = x.slice(0, 1, n + 1);
  const Array want = ops::clone(x.slice(0, 0, n));
  ops::assign(back, x.slice(0, 0, n));
  expect_close(back, want, tol::exact);
}

TEST(Assign, RejectsOtherShapesAndStridedTargets) {
  Array to = Array::zeros({2, 3}), strided = to.transpose();
  expect_error([&] { ops::assign(to, Array::ones({3, 2})); }, "assign: shapes differ: [2, 3] vs [3, 2]");
  expect_error([&] { ops::assign(strided, Array::ones({3, 2})); }, "assign: the target must be contiguous");
}

}  // namespace
}  // namespace akin
