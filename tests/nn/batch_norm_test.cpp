#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/batch_norm.hpp>

#include "support/gradients.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

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
  const Tensor x = random_tensor({4, 2});
  expect_close(layer(x).value(), ops::scale(x.value(), 1 / std::sqrt(1 + 1e-5)),
               tol::f32);  // mean 0, variance 1 so far
  EXPECT_EQ(layer.as<nn::BatchNorm>().num_batches_tracked.item(), 0);
}

TEST(BatchNormLayer, RefusesASingleRowInTraining) {
  const nn::Module layer = nn::BatchNorm({.features = 8});
  expect_error(
      [&] {
        layer(random_tensor({1, 8}));
      },
      "needs more than one value per channel to compute statistics, got shape [1, 8]; use a larger batch or eval()");
  expect_error([&] { layer(random_tensor({4, 7})); }, "BatchNorm: expected [..., 8], got [4, 7]");
  layer.eval();
  EXPECT_NO_THROW(layer(random_tensor({1, 8})));
}

TEST(BatchNormLayer, AddsTheResidualBeforeTheRelu) {
  const nn::BatchNorm plain({.features = 3}), fused({.features = 3, .relu = true});
  const Tensor x = random_tensor({7, 3}), residual = random_tensor({7, 3}, 2);
  const Array want = ops::map("relu", kernels::Relu{}, ops::add(plain(x, true).value(), residual.value()));
  expect_close(fused(x, true, residual).value(), want, tol::f32);
}

TEST(BatchNormLayer, WithoutScaleAndShiftHasNoParameters) {
  const nn::Module layer = nn::BatchNorm({.features = 3, .affine = false});
  EXPECT_TRUE(layer.parameters().empty());
  EXPECT_EQ(layer.named_buffers().size(), 3u);
  EXPECT_EQ(layer.describe(), "BatchNorm(3, plain)");
}

TEST(BatchNormLayer, WithoutShiftHasAScaleAlone) {
  const nn::Module layer = nn::BatchNorm({.features = 3, .shift = false});
  ASSERT_EQ(layer.named_parameters().size(), 1u);
  EXPECT_EQ(layer.named_parameters()[0].name, "weight");
  EXPECT_EQ(layer.describe(), "BatchNorm(3, no shift)");
  const Tensor x = random_tensor({7, 3});
  expect_close(layer(x).value(), nn::Module(nn::BatchNorm({.features = 3}))(x).value(), tol::exact);
}

TEST(BatchNormLayer, RejectsOptionsOutOfRange) {
  for (const double bad : {0.0, -1e-5, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    expect_error([&] { nn::BatchNorm({.features = 3, .eps = bad}); },
                 cat("BatchNorm: eps must be > 0 and finite, got ", bad));
  for (const double bad : {-0.1, 1.1, static_cast<double>(NAN)})
    expect_error([&] { nn::BatchNorm({.features = 3, .momentum = bad}); },
                 cat("BatchNorm: momentum must lie in [0, 1], got ", bad));
  EXPECT_NO_THROW(nn::BatchNorm({.features = 3, .momentum = 1}));
}

TEST(BatchNormLayer, StartsOverWhenItIsInitialized) {
  const nn::Module layer = nn::BatchNorm({.features = 3});
  layer(random_tensor({7, 3}));
  layer.initialize(1);
  const auto& bn = layer.as<nn::BatchNorm>();
  expect_close(bn.running_mean.value(), Array::zeros({3}), tol::exact);
  expect_close(bn.running_var.value(), Array::ones({3}), tol::exact);
  EXPECT_EQ(bn.num_batches_tracked.item(), 0);
}

}  // namespace
}  // namespace akin
