#include <akin/methods/table.hpp>
#include <akin/optim/sgd.hpp>

#include "support/layers.hpp"
#include "support/noisy_views.hpp"
#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(MethodTable, RowsAreCompleteAndFoundByName) {
  for (const auto& row : methods::table()) {
    EXPECT_EQ(&methods::find(row.name), &row);
    EXPECT_FALSE(row.source.empty() || row.summary.empty() || row.recipe.empty()) << row.name;
    EXPECT_EQ(row.params.size(), row.defaults.size()) << row.name;
    EXPECT_GE(row.views, 1) << row.name;
  }
  expect_error([] { methods::find("simclr2"); }, "unknown method 'simclr2'; did you mean 'simclr'?");
}

TEST(MethodTable, EveryMethodStartsNearItsChanceLevelAndLearns) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    optim::Sgd optimizer(method->parameter_groups(0), {.lr = 0.1, .momentum = 0.9});
    double first = 0, last = 0;
    for (int step = 0; step < 12; ++step) {
      method->begin_step(step / 12.0);
      const auto out = method->forward(test::noisy_views(row.views, 32, static_cast<unsigned>(step)));
      (step == 0 ? first : last) = out.loss.item();
      EXPECT_EQ(out.embedding.rank(), 2) << row.name;
      optimizer.zero_grad();
      out.loss.backward();
      optimizer.step();
      method->end_step({});
    }
    const double chance = row.chance(32);  // NaN: there is none
    EXPECT_LT(last, first - 0.05 * std::max(1.0, std::isnan(chance) ? std::abs(first) : std::abs(chance))) << row.name;
    if (std::isnan(chance)) continue;
    EXPECT_LT(std::abs(first - chance), 0.6 * std::max(1.0, std::abs(chance))) << row.name;
  }
}

TEST(MethodTable, EveryTrainedParameterGetsAGradientAndNoTargetDoes) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    method->forward(test::noisy_views(row.views)).loss.backward();
    for (const auto& group : method->parameter_groups(0))
      for (const auto& p : group.parameters) EXPECT_TRUE(p.tensor.has_grad()) << row.name << " " << p.name;
    for (const auto& t : method->named_tensors())
      EXPECT_FALSE(t.name.starts_with("target") && t.tensor.has_grad()) << row.name << " " << t.name;
  }
}

TEST(MethodTable, TheSameSeedGivesTheSameLoss) {
  for (const auto& row : methods::table()) {
    const auto loss = [&] { return test::tiny_method(row.name)->forward(test::noisy_views(row.views)).loss.item(); };
    EXPECT_EQ(loss(), loss()) << row.name;
  }
}

TEST(MethodTable, TheWrongNumberOfViewsIsAnError) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    expect_error([&] { method->forward(test::noisy_views(row.views - 1)); },
                 cat(row.name, ": takes ", row.views, " views, got ", row.views - 1));
    expect_error([&] { method->forward(test::noisy_views(row.views + 1)); },
                 cat(row.name, ": takes ", row.views, " views, got ", row.views + 1));
  }
}

TEST(MethodTable, ConcatenatedMeansOneForwardPassOverAllViews) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    method->forward(test::noisy_views(row.views));
    EXPECT_EQ(test::batches_seen(method->encoder()), (std::vector<std::int64_t>{row.concatenated ? 1 : row.views}))
        << row.name;
  }
}

TEST(MethodTable, MomentumAndPredictorMeanNetworksOfThoseNames) {
  for (const auto& row : methods::table()) {
    bool targets = false, predictor = false;
    for (const auto& network : test::tiny_method(row.name)->networks()) {
      targets |= network.name.starts_with("target_");
      predictor |= network.name == "predictor";
    }
    EXPECT_EQ(targets, row.momentum) << row.name;
    EXPECT_EQ(predictor, row.predictor) << row.name;
  }
}

TEST(MethodTable, AfterAStepOnlyTargetsMove) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    for (const auto& [name, module] : method->networks()) {
      const Tensor weight = module.parameters()[0];
      const Array before = ops::clone(weight.value());
      method->begin_step(0);
      method->end_step({});
      EXPECT_EQ(at(weight.value(), 0) != at(before, 0), name.starts_with("target_")) << row.name << " " << name;
    }
  }
}

TEST(MethodTable, EveryParameterHasItsDefaultAndRefusesNaNByItsName) {
  for (const auto& row : methods::table()) {
    const auto loss = [&](const std::vector<double>& params) {
      return test::tiny_method(row.name, params)->forward(test::noisy_views(row.views)).loss.item();
    };
    EXPECT_EQ(loss({}), loss(row.defaults)) << row.name;
    for (std::size_t i = 0; i < row.params.size(); ++i) {
      auto params = row.defaults;
      params[i] = NAN;
      expect_error([&] { test::tiny_method(row.name, params); }, cat(row.name, ": ", row.params[i], " must "));
    }
    auto more = row.defaults;
    more.push_back(1);
    expect_error([&] { test::tiny_method(row.name, more); },
                 cat(row.name, ": has ", row.params.size(), " parameters, got ", more.size()));
  }
}

}  // namespace
}  // namespace akin
