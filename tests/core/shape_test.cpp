#include "support/test.hpp"

#include <rapidcheck/gtest.h>  // after gtest.h

namespace akin {
namespace {

/// A random shape with sizes 1 ... 4; small sizes make equal ones likely.
Shape any_shape(int max_axes = 4) {
  Shape shape;
  for (int axes = *rc::gen::inRange(0, max_axes + 1); axes > 0; --axes) shape.push_back(*rc::gen::inRange(1, 5));
  return shape;
}

TEST(Shape, AnAxisOfSizeOneGoesWhereItIsAsked) {
  const auto with_axis = [](int axis) {
    Shape shape{2, 3};
    shape.insert_axis("test", axis);
    return shape;
  };
  EXPECT_EQ(with_axis(0), (Shape{1, 2, 3}));
  EXPECT_EQ(with_axis(1), (Shape{2, 1, 3}));
  EXPECT_EQ(with_axis(-1), (Shape{2, 3, 1}));
  EXPECT_EQ(with_axis(-3), (Shape{1, 2, 3}));
  expect_error([&] { with_axis(3); }, "test: cannot insert axis 3 into shape [2, 3]");
}

/// A shape that broadcasts to `target`: leading axes dropped, some sizes set to 1.
Shape shrunk(const Shape& target) {
  Shape shape;
  for (int i = *rc::gen::inRange(0, target.rank() + 1); i < target.rank(); ++i)
    shape.push_back(*rc::gen::arbitrary<bool>() ? target[i] : 1);
  return shape;
}

TEST(Shape, OfAScalarHasOneElement) {
  EXPECT_EQ(Shape{}.numel(), 1);
  EXPECT_EQ(Shape{}.rank(), 0);
  EXPECT_EQ((Shape{3, 0, 5}.numel()), 0);
  EXPECT_EQ((Shape{7, 33, 257}.numel()), 59367);
}

TEST(Shape, PrintsLikeAList) {
  EXPECT_EQ(cat(Shape{}), "[]");
  EXPECT_EQ(cat(Shape{7}), "[7]");
  EXPECT_EQ(cat(Shape{7, 1, 33}), "[7, 1, 33]");
}

TEST(Shape, ComparesRankAndSizes) {
  EXPECT_EQ((Shape{2, 3}), Shape(std::vector<std::int64_t>{2, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_NE((Shape{2, 3}), (Shape{2, 3, 1}));
  EXPECT_NE(Shape{}, Shape{0});
  EXPECT_EQ((Shape{1, 1, 1}), Shape::ones(3));
}

TEST(Shape, HoldsEightAxesAndRefusesTheNinth) {
  Shape shape = Shape::ones(max_rank);
  expect_error([&] { shape.push_back(1); }, "at most 8 axes");
  expect_error([] { Shape(std::vector<std::int64_t>(9, 1)); }, "at most 8 axes");
}

TEST(Shape, CountsNegativeAxesFromTheEnd) {
  EXPECT_EQ(normalize_axis("op", -1, {4, 5, 6}), 2);
  EXPECT_EQ(normalize_axis("op", 0, {4, 5, 6}), 0);
  expect_error([] { normalize_axis("sum", 3, {4, 5, 6}); }, "sum: axis 3 does not exist in shape [4, 5, 6]");
  expect_error([] { normalize_axis("sum", -4, {4, 5, 6}); }, "axis -4 does not exist");
  expect_error([] { normalize_axis("sum", 0, {}); }, "axis 0 does not exist in shape []");
}

TEST(Shape, RefusesSizesThatCannotBeAddressed) {
  const std::int64_t huge = std::int64_t{1} << 40;
  EXPECT_NO_THROW(check_sizes("op", {huge, 0}, 4));
  EXPECT_NO_THROW(check_sizes("op", {std::int64_t{1} << 60}, 4));
  expect_error([&] { check_sizes("op", {std::int64_t{1} << 61}, 4); }, "too large to address");
  expect_error([&] { check_sizes("op", {huge, huge}, 1); }, "too large to address");
  expect_error([&] { check_sizes("op", {0, huge, huge}, 1); }, "too large to address");  // its strides overflow
  expect_error([&] { check_sizes("op", {3, -1}, 4); }, "negative size in shape [3, -1]");
}

RC_GTEST_PROP(Shape, StridesEnumerateTheElementsInOrder, ()) {
  const Shape shape = any_shape(), strides = contiguous_strides(shape);
  for (std::int64_t i = 0; i < shape.numel(); ++i) {
    std::int64_t rest = i;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      RC_ASSERT(rest / strides[axis] < shape[axis]);
      rest %= strides[axis];
    }
    RC_ASSERT(shape.rank() == 0 || rest == 0);
  }
}

RC_GTEST_PROP(Broadcast, IsTheSameBothWays, ()) {
  const Shape target = any_shape(), a = shrunk(target), b = shrunk(target);
  RC_ASSERT(broadcast_shapes("op", a, b) == broadcast_shapes("op", b, a));
}

RC_GTEST_PROP(Broadcast, OfAShapeWithOneThatBroadcastsToItIsTheShape, ()) {
  const Shape target = any_shape();
  RC_ASSERT(broadcast_shapes("op", target, shrunk(target)) == target);
  RC_ASSERT(broadcast_shapes("op", target, Shape{}) == target);
}

RC_GTEST_PROP(Broadcast, IsAssociative, ()) {
  const Shape target = any_shape(), a = shrunk(target), b = shrunk(target), c = shrunk(target);
  const auto join = [](const Shape& x, const Shape& y) { return broadcast_shapes("op", x, y); };
  RC_ASSERT(join(join(a, b), c) == join(a, join(b, c)));
}

RC_GTEST_PROP(Broadcast, RefusesExactlyTheShapesWithUnequalSizesAboveOne, ()) {
  const Shape a = any_shape(), b = any_shape();
  bool fits = true;
  for (int i = 1; i <= std::min(a.rank(), b.rank()); ++i) {
    const auto x = a[a.rank() - i], y = b[b.rank() - i];
    fits = fits && (x == y || x == 1 || y == 1);
  }
  if (fits)
    broadcast_shapes("op", a, b);
  else
    RC_ASSERT_THROWS_AS(broadcast_shapes("op", a, b), Error);
}

TEST(Broadcast, NamesBothShapesWhenTheyDoNotFit) {
  expect_error([] { broadcast_shapes("add", {7, 33}, {7}); }, "add: shapes do not broadcast: [7, 33] and [7]");
  EXPECT_EQ(broadcast_shapes("add", {0, 3}, {1, 3}), (Shape{0, 3}));
}

}  // namespace
}  // namespace akin
