#include <akin/methods/table.hpp>
#include <akin/optim/sgd.hpp>

#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(MethodTable, RowsAreCompleteAndFoundByName) {
  for (const auto& row : methods::table()) {
    EXPECT_EQ(&methods::find(row.name), &row);
    EXPECT_FALSE(row.source.empty() || row.summary.empty() || row.recipe.empty()) << row.name;
    EXPECT_EQ(row.params.size(), row.defaults.size()) << row.name;
  }
  expect_error([] { methods::find("simclr2"); }, "unknown method 'simclr2'; did you mean 'simclr'?");
}

TEST(MethodTable, EveryMethodStartsNearItsChanceLevelAndLearns) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    optim::Sgd optimizer(method->parameter_groups(0), {.lr = 0.1, .momentum = 0.9});
    double first = 0, last = 0;
    for (int step = 0; step < 12; ++step) {
      const auto out = method->forward(test::two_noisy_views(32, static_cast<unsigned>(step)));
      (step == 0 ? first : last) = out.loss.item();
      EXPECT_EQ(out.embedding.rank(), 2) << row.name;
      optimizer.zero_grad();
      out.loss.backward();
      optimizer.step();
      method->after_step(step / 12.0);
    }
    const double chance = row.chance(32);
    EXPECT_LT(last, first - 0.05 * std::max(1.0, std::abs(chance))) << row.name;
    EXPECT_LT(std::abs(first - chance), 0.6 * std::max(1.0, std::abs(chance))) << row.name;
  }
}

TEST(MethodTable, EveryTrainedParameterGetsAGradientAndNoTargetDoes) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    method->forward(test::two_noisy_views()).loss.backward();
    for (const auto& group : method->parameter_groups(0))
      for (const auto& p : group.parameters) EXPECT_TRUE(p.tensor.has_grad()) << row.name << " " << p.name;
    for (const auto& t : method->named_tensors())
      EXPECT_FALSE(t.name.starts_with("target") && t.tensor.has_grad()) << row.name << " " << t.name;
  }
}

TEST(MethodTable, TheSameSeedGivesTheSameLoss) {
  for (const auto& row : methods::table())
    EXPECT_EQ(test::tiny_method(row.name)->forward(test::two_noisy_views()).loss.item(), test::tiny_method(row.name)->forward(test::two_noisy_views()).loss.item()) << row.name;
}

TEST(MethodTable, TheWrongNumberOfViewsIsAnError) {
  for (const auto& row : methods::table()) {
    const auto method = test::tiny_method(row.name);
    expect_error([&] { method->forward({test::two_noisy_views()[0]}); }, cat(row.name, ": takes 2 views, got 1"));
  }
}

}  // namespace
}  // namespace akin
