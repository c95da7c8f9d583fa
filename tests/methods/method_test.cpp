#include <akin/methods/method.hpp>

#include "support/noisy_views.hpp"
#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(Method, ListsTrainedNetworksBeforeItsTargets) {
  std::string names;
  for (const auto& network : test::tiny_method("byol")->networks()) names += network.name + " ";
  EXPECT_EQ(names, "encoder projector predictor target_encoder target_projector ");
}

TEST(Method, NamesEveryTensorOnceForACheckpoint) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    std::vector<std::string> names;
    for (const auto& named : method->named_tensors()) names.push_back(named.name);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end()) << row.name;
    EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "encoder.1.weight")) << row.name;
  }
}

TEST(Method, DecaysMatricesAndLeavesNormsAndBiasesAlone) {
  for (const auto& group : test::tiny_method("simclr")->parameter_groups(0.25))
    for (const auto& p : group.parameters) EXPECT_EQ(group.weight_decay, p.tensor.rank() > 1 ? 0.25 : 0) << p.name;
}

TEST(Method, SwitchesAllNetworksBetweenTrainingAndEvaluation) {
  const auto method = test::tiny_method("byol");
  for (const bool on : {false, true}) {
    method->train(on);
    for (const auto& network : method->networks()) EXPECT_EQ(network.module.training(), on) << network.name;
  }
}

TEST(Method, NamesTheModulesOfAllItsNetworksForErrors) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    for (const auto& network : method->networks())
      for (const auto& [inner, module] : network.module.named_modules())
        EXPECT_EQ(nn::ModuleAccess::layer(module)->place(),
                  inner.empty() ? network.name : cat(network.name, ".", inner))
            << row.name;
  }
}

TEST(Method, AnomalyModeSaysInWhichNetworkAValueWentWrong) {
  const auto method = test::tiny_method("byol");
  const Tensor weight = test::network_of(*method, "predictor").parameters()[0];
  ops::assign(weight.mutable_value(), Array::full(weight.shape(), NAN));
  const AnomalyMode guard;
  expect_error([&] { method->forward(test::noisy_views(2)); }, "in module 'predictor.0'");
}

TEST(CheckViews, WantsTheRightNumberOfOneShape) {
  const Array a = Array::ones({2, 6, 6, 1}), b = Array::ones({2, 7, 7, 1});
  EXPECT_NO_THROW(methods::check_views("simclr", {a, a}, 2));
  expect_error([&] { methods::check_views("simclr", {a, a, a}, 2); }, "simclr: takes 2 views, got 3");
  expect_error(
      [&] {
        methods::check_views("simclr", {a, b}, 2);
      },
      "simclr: shapes differ: [2, 6, 6, 1] vs [2, 7, 7, 1]");
}

}  // namespace
}  // namespace akin
