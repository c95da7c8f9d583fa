#include <akin/fn/reduce.hpp>
#include <akin/nn/dropout.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/models/convnet.hpp>

#include "support/tensors.hpp"
#include "support/test.hpp"

namespace akin::nn {
namespace {

/// Convolutions, running statistics and random draws: all that must not notice a second forward pass.
Module two_stages() {
  const auto stage = [](std::int64_t in, std::int64_t out) {
    return Sequential(Conv2d({.in = in, .out = out, .kernel = 3, .padding = 1}),
                      BatchNorm({.features = out, .relu = true}), Dropout({.p = 0.3}));
  };
  const Module model = Sequential(stage(2, 5), stage(5, 3), GlobalAveragePool{});
  model.initialize(7);
  return model;
}

/// Pairs of a convolution and a batch norm with ReLU.
Module convolutions(std::int64_t width, int pairs) {
  std::vector<Module> layers;
  for (int i = 0; i < pairs; ++i) {
    layers.push_back(Conv2d({.in = width, .out = width, .kernel = 3, .padding = 1}));
    layers.push_back(BatchNorm({.features = width, .relu = true}));
  }
  return Sequential(std::move(layers));
}

/// Two forward passes before one backward, as methods with two views do. Returns the loss, the gradients and the buffers.
std::vector<Array> trained_once(const Module& model, const Array& a, const Array& b, DType dtype) {
  const Tensor ya = model(Tensor(ops::cast(a, dtype))), yb = model(Tensor(ops::cast(b, dtype)));
  const Tensor loss = mean(ya * yb);
  loss.backward();
  std::vector<Array> all = {loss.value()};
  for (const Tensor& p : model.parameters()) all.push_back(p.grad());
  for (const auto& [name, tensor] : model.named_buffers()) all.push_back(tensor.value());
  return all;
}

void expect_same(const std::vector<Array>& got, const std::vector<Array>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) expect_close(got[i], want[i], tol::exact);
}

TEST(GradientCheckpointing, ChangesNoBitOfLossGradientsAndBuffers) {
  const Array a = random_array({5, 7, 7, 2}, 1, DType::f32), b = random_array({5, 7, 7, 2}, 2, DType::f32);
  const Module plain = two_stages(), stages = plain.clone(), whole = plain.clone();
  checkpoint_stages(stages);
  whole.checkpoint_gradients();
  const auto want = trained_once(plain, a, b, DType::f32);
  EXPECT_EQ(plain.named_buffers().size(), 10u);
  expect_same(trained_once(stages, a, b, DType::f32), want);
  expect_same(trained_once(whole, a, b, DType::f32), want);
}

TEST(GradientCheckpointing, PassesTheGradientOnToItsInput) {
  const Module layer = Linear({.in = 4, .out = 3}), again = layer.clone();
  again.checkpoint_gradients();
  const Tensor x(random_array({2, 4}, 3, DType::f32), true), y(x.value(), true);
  mean(square(layer(x))).backward();
  mean(square(again(y))).backward();
  expect_close(y.grad(), x.grad(), tol::exact);
}

TEST(GradientCheckpointing, WorksInsideOneAnotherAndInMixedPrecision) {
  const Array a = random_array({5, 7, 7, 2}, 1, DType::f32), b = random_array({5, 7, 7, 2}, 2, DType::f32);
  const Module plain = two_stages(), nested = plain.clone();
  nested.checkpoint_gradients();
  checkpoint_stages(nested);
  const auto run = [&](const Module& model) {
    Tensor loss;
    {
      const MixedPrecision on;  // off again when backward runs
      loss = mean(cast(model(Tensor(a)) * model(Tensor(b)), DType::f32));
    }
    loss.backward();
    std::vector<Array> all = {loss.value()};
    for (const Tensor& p : model.parameters()) all.push_back(p.grad());
    return all;
  };
  expect_same(run(nested), run(plain));
}

TEST(GradientCheckpointing, RunsAgainInTheModeOfTheFirstTime) {
  const Array x = random_array({5, 7, 7, 2}, 1, DType::f32);
  const Module plain = two_stages(), again = plain.clone();
  checkpoint_stages(again);
  const auto gradient = [&](const Module& model) {
    const Tensor loss = mean(square(model(Tensor(x))));
    model.eval();
    loss.backward();
    EXPECT_FALSE(model.training());
    return model.parameters()[0].grad();
  };
  expect_close(gradient(again), gradient(plain), tol::exact);
}

TEST(GradientCheckpointing, HoldsTheInputsOfTheStagesAlone) {
  const auto held = [](bool on) {
    std::vector<Module> stages;
    for (int i = 0; i < 3; ++i) stages.push_back(convolutions(8, 3));
    const Module model = Sequential(std::move(stages));
    checkpoint_stages(model, on);
    const std::size_t before = memory_stats().in_use;
    const Tensor y = model(Tensor(random_array({4, 16, 16, 8}, 1, DType::f32)));
    return memory_stats().in_use - before;
  };
  const std::size_t map = 4 * 16 * 16 * 8 * sizeof(float);
  EXPECT_GE(held(false), 3 * 3 * map);  // each of the nine pairs keeps the result of its convolution
  EXPECT_LT(held(true), 5 * map);       // four maps, and copies of the buffers
}

TEST(GradientCheckpointing, KeepsNothingWhereNothingIsTrained) {
  const Module frozen = Linear({.in = 4, .out = 3});
  for (const Tensor& p : frozen.parameters()) p.set_requires_grad(false);
  frozen.checkpoint_gradients();
  EXPECT_FALSE(frozen(Tensor(Array::ones({2, 4}))).requires_grad());
  const Module trained = Linear({.in = 4, .out = 3});
  trained.checkpoint_gradients();
  EXPECT_FALSE(no_grad([&] { return trained(Tensor(Array::ones({2, 4}))); }).requires_grad());
}

TEST(GradientCheckpointing, RefusesParametersThatChangedInBetween) {
  const Module model = Linear({.in = 4, .out = 3});
  model.checkpoint_gradients();
  const Tensor loss = mean(square(model(Tensor(Array::ones({2, 4})))));
  const Tensor weight = model.parameters()[0];
  *weight.mutable_value().mut<float>() = 5;
  expect_error([&] { loss.backward(); }, "were changed in place after this copy of the handle was taken");
}

}  // namespace
}  // namespace akin::nn
