#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/conv.hpp>
#include <akin/ops/conv.hpp>

#include "support/gradients.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

TEST(Conv2dLayer, MapsImagesToImages) {
  const nn::Module layer = nn::Conv2d({.in = 4, .out = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = 2});
  EXPECT_EQ(layer(random_tensor({2, 7, 9, 4})).shape(), (Shape{2, 4, 5, 6}));
  EXPECT_EQ(layer.parameters()[0].shape(), (Shape{6, 3, 3, 2}));
  EXPECT_EQ(layer.describe(), "Conv2d(4 -> 6, 3x3, stride 2)");
}

TEST(Conv2dLayer, AddsItsBiasToEveryPixel) {
  const nn::Conv2d layer({.in = 2, .out = 3, .kernel = {1, 3}, .bias = true});
  const Tensor x = random_tensor({1, 5, 7, 2});
  const Array want = ops::add(ops::conv2d(x.value(), layer.weight.value()), layer.bias.value());
  expect_close(layer(x).value(), want, tol::f32);
  EXPECT_EQ(nn::Module(layer).parameters().size(), 2u);
  EXPECT_EQ(nn::Module(nn::Conv2d({.in = 2, .out = 3})).parameters().size(), 1u) << "no bias unless asked for";
}

TEST(Conv2dLayer, GivesEveryParameterAGradient) {
  const nn::Module layer = nn::Conv2d({.in = 2, .out = 3, .kernel = 3, .bias = true});
  sum(square(layer(random_tensor({1, 5, 5, 2})))).backward();
  for (const auto& p : layer.parameters()) EXPECT_TRUE(p.has_grad());
}

TEST(Conv2dLayer, RejectsImpossibleSizes) {
  expect_error([] { nn::Conv2d({.in = 0, .out = 3}); }, "Conv2d: in and out must be > 0, got in = 0, out = 3");
  expect_error([] { nn::Conv2d({.in = 4, .out = 6, .groups = 4}); },
               "Conv2d: in = 4 and out = 6 must be multiples of groups = 4");
  const nn::Module layer = nn::Conv2d({.in = 2, .out = 3});
  expect_error([&] { layer(random_tensor({1, 5, 5, 3})); }, "needs a weight [out, kh, kw, 3], got [3, 3, 3, 2]");
}

}  // namespace
}  // namespace akin
