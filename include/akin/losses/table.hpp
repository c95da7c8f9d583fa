// The table of losses. tests/losses/table_test.cpp holds every row against reference values, central differences, its
// invariances and chance level, and degenerate inputs. Adding a loss = one header + one test + one row here.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "../core/names.hpp"
#include "dcl.hpp"
#include "info_nce.hpp"
#include "moco.hpp"
#include "negative_cosine.hpp"
#include "nt_xent.hpp"
#include "params.hpp"
#include "siglip.hpp"
#include "sup_con.hpp"

namespace akin::inline AKIN_ABI::losses {

/// Everything that any loss may need; a row's adapter takes what its loss has in its natural signature.
struct LossInput {
  std::vector<Tensor> views = {};    ///< embeddings [N, D], one per view
  std::vector<Tensor> targets = {};  ///< outputs of a target network, or stopped gradients: [N, D]
  Array labels = {};                 ///< [N] i64
  Array bank = {};                   ///< [M, D] embeddings of other batches
  Array prototypes = {};             ///< [K, D]
  std::vector<double> params = {};   ///< in the order of the row's `params`; empty means its defaults
  std::vector<Array> state = {};     ///< what the previous call returned
};

struct LossOutput {
  Tensor value;              ///< []
  std::vector<Array> state;  ///< for losses that remember (centres, covariances, queues)
};

/// Over what a loss takes its mean: decides how batches on several devices may be combined.
enum class Aggregates { samples, pairs, statistics };

struct LossRow {
  std::string_view name, source, variant;
  int views = 2, targets = 0;  ///< how many of each it takes
  Aggregates aggregates = Aggregates::samples;
  bool length_free = false;                   ///< a function of directions: lengths of embeddings do not matter
  std::vector<std::string_view> params = {};  ///< names of the parameters
  std::vector<double> defaults = {};
  double gradcheck_rtol = 1e-6;  ///< more than that wants a reason beside it
  double (*chance)(std::int64_t n,
                   std::int64_t d) = nullptr;       ///< value for unrelated embeddings; NaN where there is none
  LossOutput (*adapt)(const LossInput&) = nullptr;  ///< from complete params to the natural signature

  /// The loss. Errors: another number of views, targets or params than the row takes; what the loss itself refuses.
  AKIN_LAZY LossOutput compute(LossInput in) const {
    check(static_cast<int>(in.views.size()) == views && static_cast<int>(in.targets.size()) == targets, name, "takes ",
          views, " views and ", targets, " targets, got ", in.views.size(), " and ", in.targets.size());
    in.params = params_of(*this, in.params);
    return adapt(in);
  }
};

AKIN_LAZY const std::vector<LossRow>& table() {
  static const std::vector<LossRow> rows = {
      {.name = "nt_xent",
       .source = "SimCLR, arXiv:2002.05709, Eq. 1",
       .variant = "mean over the 2N anchors",
       .views = 2,
       .aggregates = Aggregates::pairs,
       .length_free = true,
       .params = {"temperature"},
       .defaults = {NtXentOptions{}.temperature},
       .chance = [](std::int64_t n, std::int64_t) { return std::log(2.0 * static_cast<double>(n) - 1); },
       .adapt =
           [](const LossInput& in) {
             return LossOutput{nt_xent(in.views[0], in.views[1], {.temperature = in.params[0]}), {}};
           }},
      {.name = "negative_cosine",
       .source = "SimSiam, arXiv:2011.10566, Eq. 1",
       .variant = "one direction, target as given",
       .views = 1,
       .targets = 1,
       .aggregates = Aggregates::samples,
       .length_free = true,
       .chance = [](std::int64_t, std::int64_t) { return 0.0; },
       .adapt =
           [](const LossInput& in) {
             return LossOutput{negative_cosine(in.views[0], in.targets[0]), {}};
           }},
      {.name = "info_nce",
       .source = "CPC, arXiv:1807.03748, Eq. 4",
       .variant = "one direction, negatives of the batch",
       .views = 2,
       .aggregates = Aggregates::pairs,
       .length_free = true,
       .params = {"temperature"},
       .defaults = {InfoNceOptions{}.temperature},
       .chance = [](std::int64_t n, std::int64_t) { return std::log(static_cast<double>(n)); },
       .adapt =
           [](const LossInput& in) {
             return LossOutput{info_nce(in.views[0], in.views[1], {.temperature = in.params[0]}), {}};
           }},
      {.name = "moco",
       .source = "MoCo, arXiv:1911.05722, Eq. 1",
       .variant = "one direction, negatives of the bank",
       .views = 1,
       .targets = 1,
       .aggregates = Aggregates::samples,
       .length_free = true,
       .params = {"temperature"},
       .defaults = {MocoOptions{}.temperature},
       .chance = [](std::int64_t, std::int64_t) { return std::nan(""); },  // log(1 + K), K the size of the bank
       .adapt =
           [](const LossInput& in) {
             return LossOutput{moco(in.views[0], in.targets[0], in.bank, {.temperature = in.params[0]}), {}};
           }},
      {.name = "dcl",
       .source = "Decoupled Contrastive Learning, arXiv:2110.06848, Sec. 3",
       .variant = "mean over the 2N anchors",
       .views = 2,
       .aggregates = Aggregates::pairs,
       .length_free = true,
       .params = {"temperature"},
       .defaults = {DclOptions{}.temperature},
       .chance = [](std::int64_t n, std::int64_t) { return std::log(2.0 * static_cast<double>(n) - 2); },
       .adapt =
           [](const LossInput& in) {
             return LossOutput{dcl(in.views[0], in.views[1], {.temperature = in.params[0]}), {}};
           }},
      {.name = "sup_con",
       .source = "SupCon, arXiv:2004.11362, Eq. 2",
       .variant = "L_out, all positives in the denominator",
       .views = 2,
       .aggregates = Aggregates::pairs,
       .length_free = true,
       .params = {"temperature", "base_temperature"},
       .defaults = {SupConOptions{}.temperature, SupConOptions{}.base_temperature},
       .chance = [](std::int64_t n, std::int64_t) { return std::log(2.0 * static_cast<double>(n) - 1); },
       .adapt =
           [](const LossInput& in) {
             return LossOutput{sup_con(in.views[0], in.views[1], in.labels,
                                       {.temperature = in.params[0], .base_temperature = in.params[1]}),
                               {}};
           }},
      {.name = "siglip",
       .source = "SigLIP, arXiv:2303.15343, Algorithm 1",
       .variant = "scale and bias constant",
       .views = 2,
       .aggregates = Aggregates::pairs,
       .length_free = true,
       .params = {"scale", "bias"},
       .defaults = {SiglipOptions{}.scale, SiglipOptions{}.bias},
       .chance =
           [](std::int64_t n, std::int64_t) {
             const double b = SiglipOptions{}.bias;
             return std::log1p(std::exp(-b)) + static_cast<double>(n - 1) * std::log1p(std::exp(b));
           },
       .adapt =
           [](const LossInput& in) {
             return LossOutput{siglip(in.views[0], in.views[1], {.scale = in.params[0], .bias = in.params[1]}), {}};
           }},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const LossRow& find(std::string_view name) { return find_row("losses", "loss", table(), name); }

}  // namespace akin::inline AKIN_ABI::losses
