#include <akin/fn/elementwise.hpp>
#include <akin/nn/batch_norm.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>
#include <akin/optim/optimizer.hpp>
#include <akin/optim/sgd.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(ParameterGroups, NormsAndBiasesAreNotDecayed) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 2, .out = 3}), nn::BatchNorm({.features = 3}));
  const auto groups = optim::decay_groups(model, 0.1);
  ASSERT_EQ(groups.size(), 2u);
  ASSERT_EQ(groups[0].parameters.size(), 1u);
  EXPECT_EQ(groups[0].parameters[0].name, "0.weight");
  EXPECT_EQ(groups[0].weight_decay, 0.1);
  EXPECT_EQ(groups[1].parameters.size(), 3u);  // 0.bias, 1.weight, 1.bias
  EXPECT_EQ(groups[1].weight_decay, 0);
}

TEST(ParameterGroups, LeaveFrozenParametersOut) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 2, .out = 3}), nn::Linear({.in = 3, .out = 1}));
  for (const Tensor& p : model.as<nn::Sequential>().children[0].parameters()) p.set_requires_grad(false);
  const auto names = [](const std::vector<optim::ParameterGroup>& groups) {
    std::string all;
    for (const auto& group : groups)
      for (const auto& p : group.parameters) all += p.name + " ";
    return all;
  };
  EXPECT_EQ(names(optim::one_group(model, 0)), "1.weight 1.bias ");
  EXPECT_EQ(names(optim::decay_groups(model, 0)), "1.weight 1.bias ");
}

TEST(Optimizer, CountsItsSteps) {
  optim::Sgd sgd(nn::Linear({.in = 2, .out = 3}), {});
  EXPECT_EQ(sgd.steps(), 0);
  sgd.step();
  sgd.step();
  EXPECT_EQ(sgd.steps(), 2);
}

TEST(Optimizer, RefusesAParameterThatAppearsTwice) {
  const Tensor w(Array::ones({1}), true), b(Array::ones({1}), true);
  expect_error(
      [&] {
        optim::Sgd({{{{"w", w}, {"b", b}, {"again", w}}}}, {});
      },
      "optimizer: 'again' appears twice (the first time as 'w') and would be updated twice; list it once");
  expect_error([&] { optim::Sgd({{{{"w", w}}}, {{{"b", b}, {"again", w}}}}, {}); }, "'again' appears twice");
}

TEST(Optimizer, RefusesToTrainNothing) {
  expect_error([] { optim::Sgd(std::vector<optim::ParameterGroup>{}, {}); },
               "optimizer: there is nothing to train: no group has a parameter");
  expect_error([] { optim::Sgd({{{}, 0.1}, {{}, 0}}, {}); }, "there is nothing to train");
  expect_error([] { optim::Sgd(nn::BatchNorm({.features = 3, .affine = false}), {}); }, "there is nothing to train");
}

TEST(Optimizer, RefusesWhatIsNoParameter) {
  const Tensor w(Array::ones({1}), true);
  for (const Tensor& bad : {Tensor(Array::ones({1})), 2 * w, Tensor()})
    expect_error(
        [&] {
          optim::Sgd({{{{"bad", bad}}}}, {});
        },
        "optimizer: 'bad' is not a parameter: it needs set_requires_grad(true)");
}

TEST(Optimizer, RefusesABadWeightDecay) {
  const Tensor w(Array::ones({1}), true);
  for (const double bad : {-0.1, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    expect_error([&] { optim::Sgd({{{{"w", w}}, bad}}, {}); }, "weight_decay must be >= 0 and finite, got ");
}

}  // namespace
}  // namespace akin
