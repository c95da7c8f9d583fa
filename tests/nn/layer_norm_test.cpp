#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/layer_norm.hpp>

#include "support/gradients.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

TEST(LayerNormLayer, NormalizesRows) {
  const nn::Module layer = nn::LayerNorm({.features = 5});
  const Array y = ops::cast(layer(random_tensor({3, 5})).value(), DType::f64);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(at(ops::mean(y, 1), i), 0, 1e-6);
}

TEST(LayerNormLayer, ScalesAndShiftsEachFeature) {
  const nn::LayerNorm layer({.features = 2});
  ops::assign(layer.weight.mutable_value(), Array::from<float>({2}, {3, 5}));
  ops::assign(layer.bias.mutable_value(), Array::from<float>({2}, {10, 20}));
  const Array y = layer(Tensor(Array::from<float>({1, 2}, {-1, 1}))).value();  // normalised: -1 and 1
  expect_close(y, Array::from<float>({1, 2}, {7, 25}), tol::reduce_f32);
}

TEST(LayerNormLayer, RejectsWrongSizes) {
  expect_error([] { nn::LayerNorm({.features = 0}); }, "LayerNorm: features must be > 0, got 0");
  for (const double bad : {0.0, -1e-5, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    expect_error([&] { nn::LayerNorm({.features = 5, .eps = bad}); },
                 cat("LayerNorm: eps must be > 0 and finite, got ", bad));
  const nn::Module layer = nn::LayerNorm({.features = 5});
  expect_error([&] { layer(random_tensor({3, 4})); }, "[5]");
  EXPECT_EQ(layer.describe(), "LayerNorm(5)");
}

}  // namespace
}  // namespace akin
