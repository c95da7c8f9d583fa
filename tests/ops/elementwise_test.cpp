#include <akin/ops/elementwise.hpp>

#include "support/test.hpp"

#include <rapidcheck/gtest.h>  // after gtest.h

namespace akin {
namespace {

constexpr DType floating[] = {DType::f32, DType::f64, DType::bf16};
constexpr DType all[] = {DType::f32, DType::f64, DType::bf16, DType::i64, DType::i32, DType::u8};

/// Element i, in row-major order, of any view: read through its strides.
double view_at(const Array& a, std::int64_t i) {
  const Shape steps = contiguous_strides(a.shape());
  std::int64_t offset = 0;
  for (int axis = 0; axis < a.rank(); ++axis) offset += i / steps[axis] % a.shape()[axis] * a.strides()[axis];
  return on_any(a.dtype(), [&]<class T>() { return static_cast<double>(static_cast<compute_t<T>>(a.data<T>()[offset])); });
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
  for (int axes = *rc::gen::inRange(0, 5); axes > 0; --axes) shape.push_back(*rc::gen::elementOf(std::vector{1, 2, 3, 7}));
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
  expect_close(ops::div(x, Array::from<float>({3}, {1, 2, 4})), Array::from<float>({2, 3}, {1, 1, 0.75f, 4, 2.5f, 1.5f}), tol::exact);
  expect_close(ops::add_scalar(x, -1), Array::from<float>({2, 3}, {0, 1, 2, 3, 4, 5}), tol::exact);
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
  expect_error([&] { ops::mul(x, Array::ones({3}, DType::f64)); }, "mul: dtypes differ: f32 vs f64; convert one with cast()");
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
  for (const DType dtype : all) {
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
  for (const DType from : all)
    for (const DType to : all) {
      const Array y = ops::cast(ops::cast(a, from), to);
      EXPECT_EQ(y.dtype(), to);
      for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_EQ(at(y, i), at(a, i)) << from << " to " << to;
    }
}

TEST(Cast, TruncatesToIntegersAndRoundsToNarrowerFloats) {
  expect_close(ops::cast(Array::from<float>({3}, {2.9f, -2.9f, 0.5f}), DType::i32), Array::from<std::int32_t>({3}, {2, -2, 0}), tol::exact);
  EXPECT_EQ(at(ops::cast(Array::full({1}, 1.00390625), DType::bf16), 0), 1) << "a tie goes to the even neighbour";
  EXPECT_EQ(at(ops::cast(Array::full({1}, 0.1, DType::f64), DType::f32), 0), static_cast<double>(0.1f));
}

TEST(Cast, OfAViewReadsItsStrides) {
  const Array a = random_array({3, 7}, 1, DType::f32), y = ops::cast(a.transpose(), DType::f64);
  for (std::int64_t i = 0; i < y.size(); ++i) ASSERT_EQ(at(y, i), at(a, i % 3 * 7 + i / 3));
}

TEST(Accumulate, AddsInPlace) {
  for (const DType dtype : floating) {
    Array total = Array::full({7, 33}, 1, dtype);
    const Array view = random_array({33, 7}, 1, dtype).transpose();
    const Array want = ops::add(total, view);
    const Array other = total;
    ops::accumulate(total, view);
    expect_close(total, want, tol::exact);
    expect_close(other, want, tol::exact, "the same memory");
  }
}

TEST(Accumulate, RejectsOtherShapesAndDtypes) {
  Array total = Array::zeros({2, 3});
  expect_error([&] { ops::accumulate(total, Array::ones({3})); }, "accumulate: shapes differ: [2, 3] vs [3]");
  expect_error([&] { ops::accumulate(total, Array::ones({2, 3}, DType::bf16)); }, "accumulate: dtypes differ: f32 vs bf16");
}

TEST(Assign, OverwritesConvertsAndDeclaresTheChange) {
  for (const DType dtype : all) {
    Array to = Array::zeros({2, 2}, dtype);
    const Array before = to;
    ops::assign(to, Array::from<float>({2, 2}, {1, 2, 3, 4}).transpose());
    for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(at(to, i), static_cast<double>(i % 2 * 2 + i / 2 + 1)) << dtype;
    expect_error([&] { at(before, 0); }, "were changed in place after this copy of the handle was taken");
  }
}

TEST(Assign, RejectsOtherShapesAndStridedTargets) {
  Array to = Array::zeros({2, 3}), strided = to.transpose();
  expect_error([&] { ops::assign(to, Array::ones({3, 2})); }, "assign: shapes differ: [2, 3] vs [3, 2]");
  expect_error([&] { ops::assign(strided, Array::ones({3, 2})); }, "assign: the target must be contiguous");
}

}  // namespace
}  // namespace akin
