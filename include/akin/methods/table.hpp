// The table of methods. Adding a method = one header + one test + one row here.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "../core/names.hpp"
#include "byol.hpp"
#include "simclr.hpp"
#include "simsiam.hpp"

namespace akin::inline AKIN_ABI::methods {

/// What a row builds a method from.
struct MethodSetup {
  nn::Module encoder;
  std::int64_t features = 0;   ///< width of the encoder's output
  std::uint64_t seed = 0;
  std::vector<double> params;  ///< the row's parameters in order; empty means its defaults
};

/// Optimizer settings that suit a method on small pictures with batches of 256.
struct MethodDefaults {
  double lr = 0.12, weight_decay = 5e-4;
};

struct MethodRow {
  std::string_view name, source, summary;
  std::string_view recipe;               ///< name of its views in augment
  int views;
  bool concatenated;                     ///< one forward pass over all views: batch statistics span them
  bool momentum, queue, predictor;       ///< has a momentum target, a queue of past embeddings, a predictor
  std::vector<std::string_view> params;  ///< names of the method's own parameters
  std::vector<double> defaults;
  MethodDefaults optimizer;
  double (*chance)(std::int64_t batch);  ///< loss of unrelated embeddings
  std::unique_ptr<Method> (*make)(const MethodSetup&);
};

namespace detail {
/// Parameter i of the row, or its default, which has one home: the method's options.
AKIN_LAZY double param(const MethodSetup& setup, std::size_t i, double fallback) {
  return i < setup.params.size() ? setup.params[i] : fallback;
}
}  // namespace detail

AKIN_LAZY const std::vector<MethodRow>& table() {
  static const std::vector<MethodRow> rows = {
      {"simclr", "arXiv:2002.05709", "contrastive: tells the partner view from all others", "simclr", 2, true, false, false, false,
       {"temperature"}, {SimClrOptions{}.temperature}, {},
       [](std::int64_t batch) { return std::log(2.0 * static_cast<double>(batch) - 1); },
       [](const MethodSetup& s) -> std::unique_ptr<Method> {
         return std::make_unique<SimClr>(s.encoder, SimClrOptions{.features = s.features, .temperature = detail::param(s, 0, SimClrOptions{}.temperature), .seed = s.seed});
       }},
      {"byol", "arXiv:2006.07733", "predicts a slow copy of itself, no negatives", "byol", 2, false, true, false, true,
       {"target_momentum"}, {ByolOptions{}.target_momentum}, {},
       [](std::int64_t) { return 4.0; },
       [](const MethodSetup& s) -> std::unique_ptr<Method> {
         return std::make_unique<Byol>(s.encoder, ByolOptions{.features = s.features, .target_momentum = detail::param(s, 0, ByolOptions{}.target_momentum), .seed = s.seed});
       }},
      {"simsiam", "arXiv:2011.10566", "predicts the other view behind a stop-gradient", "simclr", 2, false, false, false, true,
       {"stop_gradient"}, {SimSiamOptions{}.stop_gradient}, {},
       [](std::int64_t) { return 0.0; },
       [](const MethodSetup& s) -> std::unique_ptr<Method> {
         return std::make_unique<SimSiam>(s.encoder, SimSiamOptions{.features = s.features, .stop_gradient = detail::param(s, 0, SimSiamOptions{}.stop_gradient) != 0, .seed = s.seed});
       }},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const MethodRow& find(std::string_view name) { return find_row("methods", "method", table(), name); }

}  // namespace akin::inline AKIN_ABI::methods
