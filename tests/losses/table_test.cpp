// What every row of the table of losses must satisfy. Each test takes all rows.
#include <akin/autograd/gradcheck.hpp>
#include <akin/losses/table.hpp>

#include <set>

#include "support/golden.hpp"

namespace akin {
namespace {

using losses::LossInput;
using losses::LossRow;

/// Something for every need that a row may have: n embeddings of size d per view and target, labels, a bank, prototypes.
/// Gradients are wanted for views and targets.
LossInput loss_input(const LossRow& row, std::int64_t n, std::int64_t d, DType dtype = DType::f64) {
  LossInput in;
  for (unsigned i = 0; i < static_cast<unsigned>(row.views + row.targets); ++i)
    (i < static_cast<unsigned>(row.views) ? in.views : in.targets)
        .emplace_back(random_array({n, d}, i + 1, dtype), true);
  in.labels = Array::empty({n}, DType::i64);
  std::int64_t* label = in.labels.mut<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) label[i] = i % 3;
  in.bank = random_array({11, d}, 98, dtype);
  in.prototypes = random_array({5, d}, 99, dtype);
  return in;
}

std::vector<Tensor> embeddings_of(const LossInput& in) {
  std::vector<Tensor> all = in.views;
  all.insert(all.end(), in.targets.begin(), in.targets.end());
  return all;
}

/// The same input with other embeddings, views first.
LossInput with_embeddings(LossInput in, const std::vector<Tensor>& all) {
  in.views.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(in.views.size()));
  in.targets.assign(all.begin() + static_cast<std::ptrdiff_t>(in.views.size()), all.end());
  return in;
}

/// The same input with f(embeddings, number) in place of each view and target.
template <class F>
LossInput map_embeddings(const LossInput& in, F f) {
  std::vector<Tensor> all = embeddings_of(in);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = Tensor(f(all[i].value(), i), true);
  return with_embeddings(in, all);
}

double value_of(const LossRow& row, const LossInput& in) { return row.compute(in).value.item(); }

bool all_finite(const Array& a) {
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (!std::isfinite(at(a, i))) return false;
  return true;
}

TEST(LossTable, NamesAreUniqueAndSourcesGiven) {
  std::set<std::string_view> names;
  for (const auto& row : losses::table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.source.empty() || row.variant.empty()) << row.name;
    EXPECT_EQ(row.params.size(), row.defaults.size()) << row.name;
    EXPECT_TRUE(row.chance && row.adapt) << row.name;
    EXPECT_EQ(&losses::find(row.name), &row);
  }
}

/// What the independent references hold for a row: the entry's name, and how it follows from the row's loss.
struct GoldenCase {
  std::string_view row, entry;
  Tensor (*value)(const LossRow&, const Tensor& a, const Tensor& b);
};
const GoldenCase golden_cases[] = {
    {"nt_xent", "ntxent",
     [](const LossRow& row, const Tensor& a, const Tensor& b) {
       return row.compute({.views = {a, b}, .params = {0.5}}).value;
     }},
    {"negative_cosine", "simsiam",
     [](const LossRow& row, const Tensor& a, const Tensor& b) {
       return 0.5 * (row.compute({.views = {a}, .targets = {b.detach()}}).value +
                     row.compute({.views = {b}, .targets = {a.detach()}}).value);
     }},
    {"info_nce", "infonce",
     [](const LossRow& row, const Tensor& a, const Tensor& b) {
       return row.compute({.views = {a, b}, .params = {0.1}}).value;
     }},
    {"moco", "moco",
     [](const LossRow& row, const Tensor& a, const Tensor& b) {
       return row
           .compute({.views = {a}, .targets = {b.detach()}, .bank = golden::uniform({7, 3}, 6, 1), .params = {0.07}})
           .value;
     }},
    {"dcl", "dcl",
     [](const LossRow& row, const Tensor& a, const Tensor& b) {
       return row.compute({.views = {a, b}, .params = {0.1}}).value;
     }},
    {"sup_con", "supcon_out",
     [](const LossRow& row, const Tensor& a, const Tensor& b) {
       return row.compute({.views = {a, b}, .labels = int_array({0, 1, 2, 0, 1, 2}), .params = {0.07, 0.07}}).value;
     }},
    {"siglip", "siglip",
     [](const LossRow& row, const Tensor& a, const Tensor& b) {
       return row.compute({.views = {a, b}, .params = {10, -10}}).value;
     }},
};

TEST(LossTable, EveryRowEqualsAReference) {
  for (const auto& row : losses::table()) {
    const auto* found = std::find_if(std::begin(golden_cases), std::end(golden_cases),
                                     [&](const GoldenCase& c) { return c.row == row.name; });
    ASSERT_NE(found, std::end(golden_cases)) << row.name << " has no reference: add its line to golden_cases";
    golden::expect_golden(std::string(found->entry),
                          [&](const Tensor& a, const Tensor& b) { return found->value(row, a, b); });
  }
}

TEST(LossTable, EveryRowHasTheRightGradient) {
  for (const auto& row : losses::table())
    for (const auto& [n, d] : {std::pair{7, 5}, {2, 1}, {3, 33}}) {
      const LossInput in = loss_input(row, n, d);
      const auto report =
          gradcheck([&](const std::vector<Tensor>& all) { return row.compute(with_embeddings(in, all)).value; },
                    embeddings_of(in), {.rtol = row.gradcheck_rtol});
      EXPECT_TRUE(report.ok) << row.name << " " << n << "x" << d << ": " << report.summary();
    }
}

TEST(LossTable, TheOrderOfSamplesDoesNotMatter) {
  const Array order = int_array({3, 0, 6, 5, 1, 4, 2});
  for (const auto& row : losses::table()) {
    const LossInput in = loss_input(row, 7, 5);
    LossInput moved = map_embeddings(in, [&](const Array& z, std::size_t) { return ops::take(z, order); });
    moved.labels = ops::take(in.labels, order);
    expect_close(value_of(row, moved), value_of(row, in), tol::f64, row.name);
  }
}

TEST(LossTable, LengthsDoNotMatterExactlyWhereTheRowSaysSo) {
  for (const auto& row : losses::table()) {
    const LossInput in = loss_input(row, 7, 5);
    const LossInput longer =
        map_embeddings(in, [](const Array& z, std::size_t i) { return ops::scale(z, i == 0 ? 3 : 0.2); });
    EXPECT_EQ(is_close(value_of(row, longer), value_of(row, in), tol::f64), row.length_free) << row.name;
  }
}

TEST(LossTable, UnrelatedEmbeddingsComeCloseToTheChanceLevel) {
  constexpr std::int64_t n = 64, d = 512;
  constexpr double near =
      0.03;  // cosines of random directions are 0 +- 1/sqrt(512) = 0.04; means over 64 of them are closer
  for (const auto& row : losses::table()) {
    const double chance = row.chance(n, d);
    if (std::isnan(chance)) continue;
    LossInput in = loss_input(row, n, d);
    in.params = row.defaults;
    for (std::size_t i = 0; i < row.params.size(); ++i)  // a low temperature would magnify what is left of the cosines
      if (row.params[i].ends_with("temperature")) in.params[i] = 0.5;
    EXPECT_NEAR(value_of(row, in), chance, near) << row.name;
  }
}

/// A finite value with finite gradients, or an Error.
void expect_finite_or_refused(const LossRow& row, const LossInput& in, std::string_view what) {
  Tensor loss;
  try {
    loss = row.compute(in).value;
  } catch (const Error& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with(row.name)) << error.what();
    return;
  }
  EXPECT_TRUE(std::isfinite(loss.item())) << row.name << ", " << what << ": " << loss.item();
  loss.backward();
  for (const Tensor& z : embeddings_of(in))
    EXPECT_TRUE(!z.has_grad() || all_finite(z.grad())) << row.name << ", " << what;
}

TEST(LossTable, DegenerateInputsGiveFiniteNumbersOrAnError) {
  for (const auto& row : losses::table())
    for (const DType dtype : {DType::f32, DType::f64}) {
      const LossInput in = loss_input(row, 4, 3, dtype);
      const auto filled = [&](double first, double others) {
        return map_embeddings(
            in, [&](const Array& z, std::size_t i) { return Array::full(z.shape(), i == 0 ? first : others, dtype); });
      };
      expect_finite_or_refused(row, filled(1, 1), "all equal");
      expect_finite_or_refused(row, filled(0, 0), "all zero");
      expect_finite_or_refused(row, filled(0, 1), "one side zero");
      expect_finite_or_refused(row, filled(1, -1), "opposite");
      expect_finite_or_refused(row, filled(1e15, 1e15), "huge");
      expect_finite_or_refused(row, filled(1e-15, 1e-15), "tiny");
      expect_finite_or_refused(row, loss_input(row, 1, 3, dtype), "one sample");
      expect_finite_or_refused(row, loss_input(row, 4, 1, dtype), "one dimension");
      expect_finite_or_refused(row, loss_input(row, 1, 1, dtype), "one number");
    }
}

TEST(LossTable, AnomalyModeHasNothingToReport) {
  for (const auto& row : losses::table()) {
    const LossInput in = loss_input(row, 7, 5, DType::f32);
    const AnomalyMode guard;
    EXPECT_NO_THROW(row.compute(in).value.backward()) << row.name;
  }
}

TEST(LossTable, EmptyAndMisshapenInputIsRefused) {
  for (const auto& row : losses::table()) {
    for (const Shape& shape : {Shape{0, 3}, Shape{4, 0}, Shape{4}, Shape{4, 3, 2}}) {
      const LossInput in = map_embeddings(loss_input(row, 4, 3),
                                          [&](const Array&, std::size_t) { return Array::ones(shape, DType::f64); });
      expect_error([&] { row.compute(in); }, cat(row.name, ": "));
    }
    if (row.views + row.targets < 2) continue;
    const LossInput uneven = map_embeddings(
        loss_input(row, 4, 3), [](const Array& z, std::size_t i) { return i == 0 ? z.slice(0, 0, 3) : z; });
    expect_error([&] { row.compute(uneven); }, cat(row.name, ": "));
  }
}

TEST(LossTable, RowsRefuseAnotherNumberOfViewsTargetsOrParams) {
  for (const auto& row : losses::table()) {
    const LossInput in = loss_input(row, 4, 3);
    const std::string takes = cat(row.name, ": takes ", row.views, " views and ", row.targets, " targets, got ");
    expect_error([&] { row.compute({}); }, takes);
    LossInput more = in;
    more.views.push_back(in.views[0]);
    expect_error([&] { row.compute(more); }, takes);
    more = in;
    more.targets.push_back(in.views[0]);
    expect_error([&] { row.compute(more); }, takes);
    more = in;
    more.params = row.defaults;
    EXPECT_EQ(value_of(row, more), value_of(row, in)) << row.name;
    more.params.push_back(1);
    expect_error([&] { row.compute(more); },
                 cat(row.name, ": has ", row.params.size(), " parameters, got ", more.params.size()));
  }
}

TEST(LossTable, EveryParameterRefusesNaNByItsName) {
  for (const auto& row : losses::table())
    for (std::size_t i = 0; i < row.params.size(); ++i) {
      LossInput in = loss_input(row, 4, 3);
      in.params = row.defaults;
      in.params[i] = NAN;
      expect_error([&] { row.compute(in); }, cat(row.name, ": ", row.params[i], " must "));
    }
}

TEST(LossTable, AnUnknownNameIsRefusedWithTheNearestOne) {
  expect_error([] { losses::find("ntxent"); }, "did you mean 'nt_xent'?");
}

}  // namespace
}  // namespace akin
