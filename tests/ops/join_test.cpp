#include <akin/ops/join.hpp>

#include "support/test.hpp"

using namespace akin;

TEST(Concat, PutsArraysOneAfterTheOther) {
  const Array a = Array::from<float>({2, 1}, {1, 2}), b = Array::from<float>({2, 2}, {3, 4, 5, 6});
  expect_close(ops::concat({a, b}, 1), Array::from<float>({2, 3}, {1, 3, 4, 2, 5, 6}), tol::exact);
  expect_close(ops::concat({b, b.transpose()}), Array::from<float>({4, 2}, {3, 4, 5, 6, 3, 5, 4, 6}), tol::exact);
}

TEST(Concat, IsUndoneBySplitAlongEveryAxis) {
  for (const int axis : {0, 1, 2, -1}) {
    std::vector<Array> parts;
    std::vector<std::int64_t> sizes{1, 33, 0, 7};
    for (const std::int64_t size : sizes) {
      Shape shape{3, 5, 2};
      shape[axis < 0 ? axis + 3 : axis] = size;
      parts.push_back(random_array(shape, static_cast<unsigned>(size)));
    }
    const auto back = ops::split_sizes(ops::concat(parts, axis), sizes, axis);
    for (std::size_t i = 0; i < parts.size(); ++i)
      expect_close(ops::contiguous(back[i]), parts[i], tol::exact, cat("axis ", axis));
  }
}

TEST(Stack, AddsAnAxis) {
  const Array a = Array::from<std::int64_t>({2}, {1, 2}), b = Array::from<std::int64_t>({2}, {3, 4});
  expect_close(ops::stack({a, b}), Array::from<std::int64_t>({2, 2}, {1, 2, 3, 4}), tol::exact);
  expect_close(ops::stack({a, b}, -1), Array::from<std::int64_t>({2, 2}, {1, 3, 2, 4}), tol::exact);
  EXPECT_EQ(ops::stack({Array::full({}, 1), Array::full({}, 2)}).shape(), (Shape{2}));
}

TEST(Split, GivesEqualViewsWithoutCopying) {
  const Array x = random_array({6, 2});
  const auto halves = ops::split(x, 2);
  EXPECT_EQ(halves[1].shape(), (Shape{3, 2}));
  EXPECT_EQ(halves[1].data<double>(), x.data<double>() + 6);
}

TEST(Join, RefusesWhatDoesNotFit) {
  const Array x = Array::zeros({2, 3});
  expect_error(
      [&] {
        ops::concat({x, Array::zeros({2, 4})});
      },
      "concat: shapes differ beyond axis 0: [2, 3] vs [2, 4]");
  expect_error([&] { ops::concat({x, Array::zeros({2})}); }, "shapes differ");
  expect_error([&] { ops::concat({x, Array::zeros({2, 3}, DType::f64)}); }, "dtypes differ");
  expect_error([] { ops::concat({}); }, "at least one array");
  expect_error([&] { ops::concat({x, x}, 5); }, "concat: axis 5 does not exist in shape [2, 3]");
  expect_error([&] { ops::split(x, 2, 5); }, "split: axis 5 does not exist in shape [2, 3]");
  expect_error([&] { ops::stack({x, x}, 5); }, "stack: axis 5 does not exist");
  expect_error([&] { ops::stack({x, Array::zeros({3, 2})}); }, "stack: shapes differ");
  expect_error([&] { ops::split(x, 2, 1); }, "split: cannot cut axis 1 of shape [2, 3] into 2 equal parts");
  expect_error([&] { ops::split_sizes(x, {1, 1}, 1); }, "sizes add up to 2");
}
