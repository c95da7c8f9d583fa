#include "support/test.hpp"

#include <rapidcheck/gtest.h>  // after gtest.h

namespace akin {
namespace {

/// 0, 1, 2, ... in row-major order.
Array counting(const Shape& shape) {
  Array a = Array::empty(shape, DType::i32);
  for (int i = 0; i < a.size(); ++i) a.mut<std::int32_t>()[i] = i;
  return a;
}

/// The values of any view in row-major order, read through its strides.
std::vector<std::int32_t> values_of(const Array& a) {
  std::vector<std::int32_t> values;
  const Shape steps = contiguous_strides(a.shape());
  for (std::int64_t i = 0; i < a.size(); ++i) {
    std::int64_t at = 0;
    for (int axis = 0; axis < a.rank(); ++axis) at += i / steps[axis] % a.shape()[axis] * a.strides()[axis];
    values.push_back(a.data<std::int32_t>()[at]);
  }
  return values;
}

Shape some_shape(int min_axes = 0) {
  Shape shape;
  for (int axes = *rc::gen::inRange(min_axes, 5); axes > 0; --axes) shape.push_back(*rc::gen::inRange(1, 5));
  return shape;
}
int any_axis(const Array& a) { return *rc::gen::inRange(-a.rank(), a.rank()); }

/// A random view of a random array: slices and transpositions, so rarely contiguous.
Array any_view(int min_axes = 1) {
  Array a = counting(some_shape(min_axes));
  for (int steps = *rc::gen::inRange(0, 4); steps > 0; --steps) {
    const int axis = any_axis(a);
    const auto begin = *rc::gen::inRange<std::int64_t>(0, a.dim(axis));
    a = *rc::gen::arbitrary<bool>() ? a.transpose(axis, any_axis(a))
                                    : a.slice(axis, begin, *rc::gen::inRange(begin + 1, a.dim(axis) + 1));
  }
  return a;
}

TEST(Array, IsFilledInEveryDType) {
  for (const DType dtype : every_dtype) {
    for (const Array& a : {Array::full({7}, 3, dtype), Array::ones({7}, dtype), Array::zeros({7}, dtype)}) {
      EXPECT_EQ(a.dtype(), dtype);
      EXPECT_EQ(at(a, 0), at(a, 6));
    }
    EXPECT_EQ(at(Array::full({7}, 3, dtype), 6), 3) << dtype;
    EXPECT_EQ(at(Array::ones({7}, dtype), 6), 1) << dtype;
    EXPECT_EQ(at(Array::zeros({7}, dtype), 6), 0) << dtype;
    const Array eye = Array::eye(3, dtype);
    for (int i = 0; i < 9; ++i) EXPECT_EQ(at(eye, i), i % 4 == 0) << dtype;
  }
}

TEST(Array, IsMadeFromHostValues) {
  const Array a = Array::from<double>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(a.dtype(), DType::f64);
  EXPECT_EQ(at(a, 5), 6);
  expect_error([] { Array::from<float>({2, 3}, {1, 2}); }, "shape [2, 3] needs 6 values, got 2");
}

TEST(Array, MayBeEmpty) {
  const Array a = Array::zeros({0, 33});
  EXPECT_TRUE(a.defined());
  EXPECT_EQ(a.size(), 0);
  EXPECT_TRUE(a.is_contiguous());
  EXPECT_EQ(a.reshape({33, 0}).shape(), (Shape{33, 0}));
}

TEST(Array, RefusesImpossibleShapes) {
  expect_error([] { Array::empty({-1}); }, "array: negative size in shape [-1]");
  expect_error([] { Array::empty({std::int64_t{1} << 40, std::int64_t{1} << 40}); }, "too large to address");
}

TEST(Array, ReadsOnlyItsOwnType) {
  const Array a = Array::ones({7}, DType::f64);
  expect_error([&] { a.data<float>(); }, "array: holds f64, asked for f32");
  expect_error([] { Array().data<float>(); }, "array: has no value");
  EXPECT_FALSE(Array().defined());
}

TEST(Array, HasAnItemOnlyIfItHasOneElement) {
  EXPECT_EQ(Array::full({1, 1}, 2.5, DType::bf16).item(), 2.5);
  EXPECT_EQ(Array::full({}, 7, DType::u8).item(), 7);
  expect_error([] { Array::ones({2}).item(); }, "item: expected one element, got shape [2]");
  Array x = Array::zeros({1}, DType::bf16);
  x.set_item(2.5);
  EXPECT_EQ(x.item(), 2.5);
  expect_error([] { Array::ones({2}).set_item(1); }, "set_item: expected one element, got shape [2]");
}

TEST(Array, CountsAxesFromBothEnds) {
  const Array a = Array::empty({7, 33, 257});
  EXPECT_EQ(a.dim(0), 7);
  EXPECT_EQ(a.dim(-1), 257);
  expect_error([&] { a.dim(3); }, "dim: axis 3 does not exist in shape [7, 33, 257]");
}

TEST(Array, KnowsWhenItIsAlone) {
  Array a = Array::ones({4, 4});
  EXPECT_TRUE(a.is_unique());
  {
    const Array view = a.transpose();
    EXPECT_FALSE(a.is_unique());
  }
  EXPECT_TRUE(a.is_unique());
}

RC_GTEST_PROP(ArrayView, TransposeSwapsTwoCoordinates, ()) {
  const Array a = any_view(1);
  const int i = any_axis(a), j = any_axis(a);
  const Array swapped = a.transpose(i, j);
  RC_ASSERT(swapped.dim(i) == a.dim(j));
  RC_ASSERT(values_of(swapped.transpose(i, j)) == values_of(a));
  for (std::int64_t x = 0; x < a.dim(i) && i != j; ++x)  // row x along i = row x along j of the swapped view
    RC_ASSERT(values_of(a.slice(i, x, x + 1)) == values_of(swapped.slice(j, x, x + 1).transpose(i, j)));
}

RC_GTEST_PROP(ArrayView, SlicesOfAnAxisMakeUpTheWhole, ()) {
  const Array a = any_view(1);
  const auto cut = *rc::gen::inRange<std::int64_t>(0, a.dim(0) + 1);
  auto joined = values_of(a.slice(0, 0, cut));
  const auto rest = values_of(a.slice(0, cut, a.dim(0)));
  joined.insert(joined.end(), rest.begin(), rest.end());
  RC_ASSERT(joined == values_of(a));
}

RC_GTEST_PROP(ArrayView, IsContiguousExactlyWhenItsValuesLieInOrder, ()) {
  const Array a = any_view();
  const auto* first = a.data<std::int32_t>();
  RC_ASSERT(a.is_contiguous() == (values_of(a) == std::vector<std::int32_t>(first, first + a.size())));
}

RC_GTEST_PROP(ArrayView, ReshapeKeepsTheOrder, ()) {
  const Array a = counting(some_shape());
  const auto columns = *rc::gen::elementOf(std::vector<std::int64_t>{1, 2, 3, 4});
  RC_PRE(a.size() % columns == 0);
  const Array b = a.reshape({-1, columns});
  RC_ASSERT(b.shape() == (Shape{a.size() / columns, columns}));
  RC_ASSERT(values_of(b) == values_of(a));
  RC_ASSERT(b.reshape(a.shape()).shape() == a.shape());
}

RC_GTEST_PROP(ArrayView, BroadcastRepeatsWithoutCopying, ()) {
  const Array a = any_view();
  Shape target = {*rc::gen::inRange<std::int64_t>(1, 4)};
  for (const auto size : a.shape()) target.push_back(size == 1 ? *rc::gen::inRange<std::int64_t>(1, 4) : size);
  Array b = a.broadcast_to(target);
  RC_ASSERT(b.shape() == target);
  RC_ASSERT(b.data<std::int32_t>() == a.data<std::int32_t>());
  for (std::int64_t x = 0; x < target[0]; ++x) {  // each slice at size 1 is the original again
    Array one = b.slice(0, x, x + 1);
    for (int axis = 0; axis < a.rank(); ++axis)
      if (a.dim(axis) == 1) one = one.slice(axis + 1, target[axis + 1] - 1, target[axis + 1]);
    RC_ASSERT(values_of(one) == values_of(a));
  }
}

TEST(ArrayView, AlongAnAxisOfSizeOneStaysContiguous) {
  EXPECT_TRUE(Array::ones({7, 1, 33}).transpose(0, 1).is_contiguous());
  EXPECT_TRUE(Array::ones({7, 33}).slice(0, 2, 5).is_contiguous());
  EXPECT_FALSE(Array::ones({7, 33}).slice(1, 2, 5).is_contiguous());
  EXPECT_FALSE(Array::ones({7, 1}).broadcast_to({7, 33}).is_contiguous());
}

TEST(ArrayView, RefusesWhatDoesNotFit) {
  const Array a = Array::ones({7, 33});
  expect_error([&] { a.reshape({7, 34}); }, "reshape: cannot view [7, 33] (231 values) as [7, 34]");
  expect_error([&] { a.reshape({-1, 2}); }, "reshape: cannot view [7, 33]");
  expect_error([&] { a.reshape({-1, -1}); }, "at most one size may be -1");
  expect_error([&] { a.reshape({-2, 7}); }, "reshape: ");
  expect_error([&] { Array::ones({0, 3}).reshape({0, -1}); }, "cannot infer the size -1 in [0, -1]");
  expect_error([&] { a.transpose().reshape({231}); }, "needs contiguous values, got strides [1, 33]");
  expect_error([&] { a.slice(0, 3, 8); }, "slice: range [3, 8) does not lie in axis 0 of shape [7, 33]");
  expect_error([&] { a.slice(1, 5, 4); }, "range [5, 4)");
  expect_error([&] { a.slice(2, 0, 1); }, "slice: axis 2 does not exist");
  expect_error([&] { a.transpose(0, 2); }, "transpose: axis 2 does not exist");
  expect_error([&] { a.broadcast_to({7, 34}); }, "broadcast_to: shapes do not broadcast: [7, 33] and [7, 34]");
  expect_error([&] { a.broadcast_to({33}); }, "cannot broadcast [7, 33] to [33]");
  const std::int64_t huge = (std::int64_t{1} << 62) + 1;  // 4 huge wraps around to 4
  expect_error([&] { Array::zeros({4}).reshape({huge, 4}); }, "reshape: shape [4611686018427387905, 4] is too large");
  expect_error(
      [&] {
        Array::zeros({0}).reshape({std::int64_t{1} << 32, std::int64_t{1} << 32, 0});
      },
      "too large to address");
  expect_error([&] { Array::zeros({1}).reshape({-2}); }, "reshape: negative size in shape [-2]");
  expect_error([&] { Array::zeros({1}).broadcast_to({-3}); }, "broadcast_to: negative size in shape [-3]");
}

TEST(ArrayVersion, HandlesTakenBeforeAChangeRefuseToBeRead) {
  Array parameter = Array::ones({7});
  const Array captured = parameter, view = parameter.slice(0, 1, 3);
  parameter.mut<float>()[0] = 2;
  EXPECT_EQ(at(parameter, 0), 2);
  expect_error([&] { captured.data<float>(); }, "the values of shape [7] were changed in place");
  expect_error([&] { view.data<float>(); }, "the values of shape [2] were changed in place");
}

TEST(ArrayVersion, WritingThroughTheOnlyHandleChangesNothingForIt) {
  Array a = Array::ones({7});
  const float* values = a.data<float>();
  a.mut<float>()[3] = 5;
  EXPECT_EQ(a.data<float>(), values);
  EXPECT_EQ(at(a, 3), 5);
  expect_error([] { Array().mut<float>(); }, "array: has no value");
}

TEST(ArrayVersion, HandlesTakenAfterAChangeReadTheNewValue) {
  Array parameter = Array::ones({7});
  {
    const Array captured = parameter;
    parameter.mut<float>()[0] = 1;
  }
  const Array copy = parameter, view = parameter.slice(0, 1, 3);
  EXPECT_EQ(at(copy, 0), 1);
  EXPECT_EQ(at(view, 0), 1);
}

}  // namespace
}  // namespace akin
