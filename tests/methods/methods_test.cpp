#include <akin/eval/collapse.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/methods/table.hpp>
#include <akin/optim/sgd.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

/// A small encoder for pictures of 6x6 pixels; the methods do not care what is inside.
nn::Module encoder() {
  const nn::Module model = nn::Sequential(nn::Flatten{}, nn::Linear({.in = 36, .out = 16, .bias = false}), nn::BatchNorm({.features = 16, .relu = true}));
  model.initialize(1);
  return model;
}

/// Two noisy copies of the same random pictures.
std::vector<Array> views(std::int64_t n = 32, unsigned seed = 1) {
  const Array clean = random_array({n, 6, 6, 1}, seed, DType::f32);
  const auto noisy = [&](unsigned k) { return ops::add(clean, random_array({n, 6, 6, 1}, seed + k, DType::f32, 0.3)); };
  return {noisy(100), noisy(200)};
}

std::unique_ptr<methods::Method> make(const methods::MethodRow& row, std::vector<double> params = {}) {
  return row.make({.encoder = encoder(), .features = 16, .seed = 3, .params = std::move(params)});
}

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
    const auto method = make(row);
    optim::Sgd optimizer(method->parameter_groups(0), {.lr = 0.1, .momentum = 0.9});
    double first = 0, last = 0;
    for (int step = 0; step < 12; ++step) {
      const auto out = method->forward(views(32, static_cast<unsigned>(step)));
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
    const auto method = make(row);
    method->forward(views()).loss.backward();
    for (const auto& group : method->parameter_groups(0))
      for (const auto& p : group.parameters) EXPECT_TRUE(p.tensor.has_grad()) << row.name << " " << p.name;
    for (const auto& t : method->named_tensors())
      EXPECT_FALSE(t.name.starts_with("target") && t.tensor.has_grad()) << row.name << " " << t.name;
  }
}

TEST(MethodTable, TheSameSeedGivesTheSameLoss) {
  for (const auto& row : methods::table())
    EXPECT_EQ(make(row)->forward(views()).loss.item(), make(row)->forward(views()).loss.item()) << row.name;
}

TEST(MethodTable, TheWrongNumberOfViewsIsAnError) {
  for (const auto& row : methods::table()) {
    const auto method = make(row);
    expect_error([&] { method->forward({views()[0]}); }, cat(row.name, ": takes 2 views, got 1"));
  }
}

TEST(Byol, TheTargetStartsElsewhereAndFollowsTheOnlineNetwork) {
  const auto method = make(methods::find("byol"));
  const auto distance = [&] {
    double total = 0;
    const auto networks = method->networks();
    const nn::Module online = networks[0].module, target = networks[3].module;
    EXPECT_EQ(networks[3].name, "target_encoder");
    const Array d = ops::sub(online.parameters()[0].value(), target.parameters()[0].value());
    for (std::int64_t i = 0; i < d.size(); ++i) total += at(d, i) * at(d, i);
    return total;
  };
  const double before = distance();
  EXPECT_GT(before, 0);
  method->after_step(0);  // momentum 0.99
  expect_close(distance(), before * 0.99 * 0.99, {1e-5, 1e-4});
}

TEST(SimSiam, ThePredictorKeepsItsLearningRate) {
  const auto method = make(methods::find("simsiam"));
  for (const auto& group : method->parameter_groups(0))
    for (const auto& p : group.parameters) EXPECT_EQ(group.constant_lr, p.name.starts_with("predictor.")) << p.name;
}

}  // namespace
}  // namespace akin
