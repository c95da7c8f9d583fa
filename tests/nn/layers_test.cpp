// Layers that are a function with parameters: sizes, gradients through the layer, modes, initial values.
#include <akin/fn/reduce.hpp>
#include <akin/nn/activation.hpp>
#include <akin/nn/batch_norm.hpp>
#include <akin/nn/dropout.hpp>
#include <akin/nn/layer_norm.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

Tensor input(const Shape& shape, unsigned seed = 1) { return Tensor(random_array(shape, seed, DType::f32)); }

TEST(LinearLayer, StartsAsTorchDoes) {  // uniform with bound 1/sqrt(in): standard deviation bound/sqrt(3)
  const nn::Linear layer({.in = 400, .out = 300});
  const Array w = ops::cast(layer.weight.value(), DType::f64);
  const double bound = 1 / std::sqrt(400.0);
  double largest = 0, squares = 0;
  for (std::int64_t i = 0; i < w.size(); ++i) largest = std::max(largest, std::abs(at(w, i))), squares += at(w, i) * at(w, i);
  EXPECT_LE(largest, bound);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(w.size())), bound / std::sqrt(3.0), 0.01 * bound);
}

TEST(LinearLayer, RejectsEmptySizes) {
  expect_error([] { nn::Linear({.in = 0, .out = 3}); }, "Linear: in and out must be > 0, got in = 0, out = 3");
}

TEST(BatchNormLayer, NormalizesInTrainingAndTracksStatistics) {
  const nn::Module layer = nn::BatchNorm({.features = 3});
  const Array x = random_array({50, 3}, 1, DType::f32, 2, 5);
  const Array y = ops::cast(layer(Tensor(x)).value(), DType::f64);
  EXPECT_NEAR(ops::mean(y, 0).data<double>()[0], 0, 1e-5);
  EXPECT_NEAR(ops::mean(ops::mul(y, y), 0).data<double>()[1], 1, 1e-4);
  const auto& bn = layer.as<nn::BatchNorm>();
  const double mean = ops::mean(x, 0).data<float>()[2];
  EXPECT_NEAR(at(bn.running_mean.value(), 2), 0.1 * mean, 1e-5);
  EXPECT_EQ(bn.num_batches_tracked.item(), 1);
}

TEST(BatchNormLayer, TracksTheUnbiasedVariance) {
  const nn::Module layer = nn::BatchNorm({.features = 1});
  layer(Tensor(Array::from<float>({2, 1}, {0, 2})));  // biased 1, unbiased 2
  expect_close(at(layer.as<nn::BatchNorm>().running_var.value(), 0), 0.9 + 0.1 * 2, tol::f32);
}

TEST(BatchNormLayer, UsesRunningStatisticsInEvaluation) {
  const nn::Module layer = nn::BatchNorm({.features = 2});
  layer.eval();
  const Tensor x = input({4, 2});
  expect_close(layer(x).value(), ops::scale(x.value(), 1 / std::sqrt(1 + 1e-5)), tol::f32);  // mean 0, variance 1 so far
  EXPECT_EQ(layer.as<nn::BatchNorm>().num_batches_tracked.item(), 0);
}

TEST(BatchNormLayer, RefusesASingleRowInTraining) {
  const nn::Module layer = nn::BatchNorm({.features = 8});
  expect_error([&] { layer(input({1, 8})); }, "needs more than one value per channel to compute statistics, got shape [1, 8]; use a larger batch or eval()");
  expect_error([&] { layer(input({4, 7})); }, "BatchNorm: expected [..., 8], got [4, 7]");
  layer.eval();
  EXPECT_NO_THROW(layer(input({1, 8})));
}

TEST(LayerNormLayer, NormalizesRows) {
  const nn::Module layer = nn::LayerNorm({.features = 5});
  const Array y = ops::cast(layer(input({3, 5})).value(), DType::f64);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(at(ops::mean(y, 1), i), 0, 1e-6);
}

TEST(DropoutLayer, DropsInTrainingOnly) {
  const nn::Module layer = nn::Dropout({.p = 0.5});
  layer.initialize(3);
  const Tensor x(Array::ones({1000}));
  const Array first = layer(x).value(), second = layer(x).value();
  std::int64_t different = 0;
  for (std::int64_t i = 0; i < 1000; ++i) different += at(first, i) != at(second, i);
  EXPECT_NEAR(static_cast<double>(different), 500, 80);
  layer.eval();
  expect_close(layer(x).value(), x.value(), tol::exact);
}

TEST(DropoutLayer, EachModuleHasAStreamOfItsOwnThatResumes) {
  const nn::Module model = nn::Sequential(nn::Dropout({.p = 0.5}), nn::Dropout({.p = 0.5}));
  model.initialize(3);
  const auto layers = model.named_modules();
  const Tensor x(Array::ones({1000}));
  const Array a = layers[1].module(x).value(), b = layers[2].module(x).value();
  std::int64_t different = 0;
  for (std::int64_t i = 0; i < 1000; ++i) different += at(a, i) != at(b, i);
  EXPECT_GT(different, 300);
  const nn::Module later = layers[1].module.clone();  // the call count is part of the state
  expect_close(later(x).value(), layers[1].module(x).value(), tol::exact);
}

TEST(Activations, AreLayersToo) {
  const Tensor x(Array::from<float>({2}, {-1, 2}));
  expect_close(nn::Module(nn::Relu{})(x).value(), Array::from<float>({2}, {0, 2}), tol::exact);
  EXPECT_NEAR(at(nn::Module(nn::Gelu{})(x).value(), 1), 1.9544997, 1e-6);
}

TEST(Sequential, AppliesItsChildrenInOrder) {
  const nn::Module model = nn::Sequential(nn::Flatten{}, nn::Linear({.in = 6, .out = 2}), nn::Relu{});
  EXPECT_EQ(model(input({4, 2, 3})).shape(), (Shape{4, 2}));
  EXPECT_EQ(nn::Module(nn::Sequential(std::vector<nn::Module>{}))(input({3})).shape(), (Shape{3}));
}

}  // namespace
}  // namespace akin
