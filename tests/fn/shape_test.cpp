#include <akin/autograd/backward.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/fn/shape.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(ShapeFunctions, MoveValuesWhereTheyBelong) {
  const Tensor x(Array::from<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(at(ops::contiguous(transpose(x).value()), 1), 4);
  EXPECT_EQ(reshape(x, {3, -1}).shape(), (Shape{3, 2}));
  EXPECT_EQ(at(ops::contiguous(slice(x, 1, 1, 3).value()), 2), 5);
  EXPECT_EQ(at(concat(x, x, 1).value(), 4), 2);
  EXPECT_EQ(flatten(Tensor(Array::zeros({2, 3, 4, 5}))).shape(), (Shape{2, 60}));
}

TEST(ShapeFunctions, GradientsAreRight) {
  const Tensor x = smooth({3, 4, 2}), y = smooth({3, 5, 2}, 2);
  expect_right_gradient([](const Tensor& a) { return reshape(a, {6, 4}); }, {x}, "reshape");
  expect_right_gradient([](const Tensor& a) { return reshape(transpose(a, 0, 1), {4, 6}); }, {x}, "reshape of a view");
  expect_right_gradient([](const Tensor& a) { return flatten(a); }, {x}, "flatten");
  expect_right_gradient([](const Tensor& a) { return transpose(a, 0, 2); }, {x}, "transpose");
  for (const int axis : {0, 1, 2})
    expect_right_gradient([=](const Tensor& a) { return slice(a, axis, 1, 2); }, {x}, "slice");
  expect_right_gradient([](const Tensor& a, const Tensor& b) { return concat(a, b, 1); }, {x, y}, "concat");
  expect_right_gradient([](const Tensor& a) { return broadcast_to(a, {2, 3, 4, 2}); }, {x}, "broadcast_to");
}

TEST(ShapeFunctions, ManyTensorsAreJoinedAndTakenApart) {
  const Tensor x = smooth({2, 3}, 1), y = smooth({2, 3}, 2), z = smooth({2, 3}, 3);
  EXPECT_EQ(concat({x, y, z}, -1).shape(), (Shape{2, 9}));
  for (const int axis : {0, 1, 2, -1}) {
    const Tensor joined = stack({x, y, z}, axis);
    const auto parts = split(joined, 3, axis);
    ASSERT_EQ(parts.size(), 3u);
    expect_close(ops::contiguous(reshape(parts[1], {2, 3}).value()), y.value(), tol::exact);
    expect_right_gradient([=](const std::vector<Tensor>& in) { return stack(in, axis); }, {x, y, z}, "stack");
  }
  expect_right_gradient([](const std::vector<Tensor>& in) { return concat(in, 1); }, {x, y, z}, "concat of three");
  expect_right_gradient(
      [](const Tensor& a) {
        const auto halves = split(a, 2, 1);
        return concat(halves[1], halves[0], 0);  // each half must send its gradient to its own place
      },
      {smooth({3, 4})}, "split");
}

TEST(ShapeFunctions, CastConvertsTheGradientBack) {
  const Tensor x(Array::ones({3}), true);
  sum(cast(x, DType::f64)).backward();
  EXPECT_EQ(x.grad().dtype(), DType::f32);
}

TEST(ShapeFunctions, ErrorsNameTheShapes) {
  const Tensor x(Array::zeros({2, 3}));
  expect_error([&] { reshape(x, {4, 2}); }, "reshape: cannot view [2, 3] (6 values) as [4, 2]");
  expect_error([&] { slice(x, 1, 2, 4); }, "slice: range [2, 4) does not lie in axis 1 of shape [2, 3]");
  expect_error(
      [&] {
        concat(x, Tensor(Array::zeros({2, 4})), 0);
      },
      "concat: shapes differ beyond axis 0: [2, 3] vs [2, 4]");
  expect_error([&] { concat(std::vector<Tensor>{}); }, "concat: needs at least one array");
  expect_error([&] { stack({x, Tensor(Array::zeros({2, 4}))}); }, "stack: shapes differ: [2, 3] vs [2, 4]");
  expect_error([&] { stack({x}, 3); }, "stack: cannot insert axis 3 into shape [2, 3]");
  expect_error([&] { split(x, 2, 1); }, "split: cannot cut axis 1 of shape [2, 3] into 2 equal parts");
  expect_error([&] { flatten(x, 2); }, "flatten: axis 2 does not exist");
}

}  // namespace
}  // namespace akin
