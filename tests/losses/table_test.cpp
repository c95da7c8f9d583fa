// What every row of the table of losses must satisfy.
#include <akin/autograd/gradcheck.hpp>
#include <akin/losses/table.hpp>

#include <set>

#include "support/test.hpp"

namespace akin {
namespace {

using losses::LossInput;
using losses::LossRow;

/// The row on embeddings, views first, then targets.
Tensor compute(const LossRow& row, const std::vector<Tensor>& embeddings) {
  LossInput in;
  in.views.assign(embeddings.begin(), embeddings.begin() + row.views);
  in.targets.assign(embeddings.begin() + row.views, embeddings.end());
  return losses::compute(row, in).value;
}

TEST(LossTable, NamesAreUniqueAndSourcesGiven) {
  std::set<std::string_view> names;
  for (const auto& row : losses::table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.source.empty() || row.variant.empty()) << row.name;
    EXPECT_EQ(row.params.size(), row.defaults.size()) << row.name;
    EXPECT_EQ(&losses::find(row.name), &row);
  }
}

TEST(LossTable, EveryRowHasTheRightGradient) {
  for (const auto& row : losses::table()) {
    const auto report = gradcheck([&](const std::vector<Tensor>& in) { return compute(row, in); },
                                  {Tensor(random_array({7, 5}, 1)), Tensor(random_array({7, 5}, 2))});
    EXPECT_TRUE(report.ok) << row.name << " " << report.summary();
  }
}

TEST(LossTable, UnrelatedEmbeddingsComeCloseToTheChanceLevel) {
  constexpr std::int64_t n = 64, d = 512;  // in many dimensions random directions are nearly orthogonal
  for (const auto& row : losses::table()) {
    const double chance = row.chance(n, d);
    if (std::isnan(chance)) continue;
    const double got = compute(row, {Tensor(random_array({n, d}, 1)), Tensor(random_array({n, d}, 2))}).item();
    EXPECT_NEAR(got, chance, 0.03) << row.name;
  }
}

TEST(LossTable, EqualEmbeddingsGiveAFiniteLossAndGradient) {
  for (const auto& row : losses::table()) {
    const Tensor a(Array::ones({4, 3}, DType::f64), true), b(Array::ones({4, 3}, DType::f64));
    const Tensor loss = compute(row, {a, b});
    loss.backward();
    EXPECT_TRUE(std::isfinite(loss.item())) << row.name;
    EXPECT_TRUE(std::isfinite(ops::sum(a.grad()).item())) << row.name;
  }
}

TEST(LossTable, RowsRefuseTheWrongNumberOfViews) {
  for (const auto& row : losses::table()) expect_error([&] { losses::compute(row, LossInput{}); }, cat(row.name, ": takes "));
}

TEST(LossTable, AnUnknownNameIsRefusedWithTheNearestOne) {
  expect_error([] { losses::find("ntxent"); }, "did you mean 'nt_xent'?");
}

}  // namespace
}  // namespace akin
