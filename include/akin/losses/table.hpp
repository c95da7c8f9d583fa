// The table of losses. A row buys a loss its golden-value test, gradcheck, invariance and degenerate-input tests, and a
// line in the README. Adding a loss = one header + one test + one row here.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "../core/names.hpp"
#include "negative_cosine.hpp"
#include "nt_xent.hpp"

namespace akin::inline AKIN_ABI::losses {

/// Everything that any loss may need; a row's adapter takes what its loss has in its natural signature.
struct LossInput {
  std::vector<Tensor> views;       ///< embeddings [N, D], one per view
  std::vector<Tensor> targets;     ///< outputs of a target network, or stopped gradients: [N, D]
  Array labels;                    ///< [N] i64
  Array bank;                      ///< [M, D] embeddings of other batches
  Array prototypes;                ///< [K, D]
  std::vector<double> params;      ///< the row's parameters, in the order of its `params`; empty means its defaults
  std::vector<Array> state;        ///< what the previous call returned
};

struct LossOutput {
  Tensor value;              ///< []
  std::vector<Array> state;  ///< for losses that remember (centres, covariances, queues)
};

/// Over what a loss takes its mean: decides how batches on several devices may be combined.
enum class Aggregates { samples, pairs, statistics };

struct LossRow {
  std::string_view name, source, variant;
  int views, targets;                    ///< how many of each it takes
  Aggregates aggregates;
  std::vector<std::string_view> params;  ///< names of the parameters
  std::vector<double> defaults;
  double (*chance)(std::int64_t n, std::int64_t d);  ///< value for unrelated embeddings; NaN where there is none
  LossOutput (*compute)(const LossInput&);
};

namespace detail {
AKIN_LAZY double param(const LossInput& in, std::size_t i, double fallback) { return i < in.params.size() ? in.params[i] : fallback; }
}  // namespace detail

AKIN_LAZY const std::vector<LossRow>& table() {
  static const std::vector<LossRow> rows = {
      {"nt_xent", "SimCLR, arXiv:2002.05709, Eq. 1", "mean over the 2N anchors", 2, 0, Aggregates::pairs, {"temperature"}, {NtXentOptions{}.temperature},
       [](std::int64_t n, std::int64_t) { return std::log(2.0 * static_cast<double>(n) - 1); },
       [](const LossInput& in) {
         return LossOutput{nt_xent(in.views[0], in.views[1], {.temperature = detail::param(in, 0, NtXentOptions{}.temperature)}), {}};
       }},
      {"negative_cosine", "SimSiam, arXiv:2011.10566, Eq. 1", "one direction, target as given", 1, 1, Aggregates::samples, {}, {},
       [](std::int64_t, std::int64_t) { return 0.0; },
       [](const LossInput& in) {
         return LossOutput{negative_cosine(in.views[0], in.targets[0]), {}};
       }},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const LossRow& find(std::string_view name) { return find_row("losses", "loss", table(), name); }

/// The loss of a row. Errors: another number of views or targets than the row takes; what the loss itself refuses.
AKIN_LAZY LossOutput compute(const LossRow& row, const LossInput& in) {
  check(static_cast<int>(in.views.size()) == row.views && static_cast<int>(in.targets.size()) == row.targets, row.name, "takes ",
        row.views, " views and ", row.targets, " targets, got ", in.views.size(), " and ", in.targets.size());
  return row.compute(in);
}

}  // namespace akin::inline AKIN_ABI::losses
