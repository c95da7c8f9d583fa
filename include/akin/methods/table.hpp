// The table of methods. Adding a method = one header + one test + one row here.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "../core/names.hpp"
#include "../core/owned.hpp"
#include "../losses/params.hpp"
#include "byol.hpp"
#include "simclr.hpp"
#include "simsiam.hpp"

namespace akin::inline AKIN_ABI::methods {

/// What a row builds a method from.
struct MethodSetup {
  nn::Module encoder;
  std::int64_t features = 0;  ///< width of the encoder's output
  std::uint64_t seed = 0;
  std::vector<double> params;  ///< in the order of the row's `params`; empty means its defaults
};

/// Optimizer settings that suit a method on small pictures with batches of 256.
struct MethodDefaults {
  double lr = 0.12, weight_decay = 5e-4;
};

struct MethodRow {
  std::string_view name, source, summary;
  std::string_view recipe;  ///< name of its views in augment
  int views = 2;
  bool concatenated = false;                  ///< one forward pass over all views: batch statistics span them
  bool momentum = false;                      ///< has targets that follow trained networks, named "target_..."
  bool predictor = false;                     ///< has a network of that name
  std::vector<std::string_view> params = {};  ///< names of the method's own parameters
  std::vector<double> defaults = {};
  MethodDefaults optimizer = {};
  double (*chance)(std::int64_t batch) = nullptr;        ///< loss of unrelated embeddings, or NaN
  Owned<Method> (*build)(const MethodSetup&) = nullptr;  ///< from complete params

  /// The method. Errors: another number of params than the row has; one out of range.
  AKIN_LAZY Owned<Method> make(MethodSetup setup) const {
    setup.params = losses::params_of(*this, setup.params);
    return build(setup);
  }
};

namespace detail {
/// A parameter that is a switch. Errors: neither 0 nor 1.
AKIN_LAZY bool switched(std::string_view method, std::string_view name, double value) {
  check(value == 0 || value == 1, method, name, " must be 0 or 1, got ", value);
  return value == 1;
}
}  // namespace detail

AKIN_LAZY const std::vector<MethodRow>& table() {
  static const std::vector<MethodRow> rows = {
      {.name = "simclr",
       .source = "arXiv:2002.05709",
       .summary = "contrastive: tells the partner view from all others",
       .recipe = "simclr",
       .concatenated = true,
       .params = {"temperature"},
       .defaults = {SimClrOptions{}.temperature},
       .chance = [](std::int64_t batch) { return std::log(2.0 * static_cast<double>(batch) - 1); },
       .build =
           [](const MethodSetup& s) {
             const SimClrOptions options{.features = s.features, .temperature = s.params[0], .seed = s.seed};
             return Owned<Method>(new SimClr(s.encoder, options));
           }},
      {.name = "byol",
       .source = "arXiv:2006.07733",
       .summary = "predicts a slow copy of itself, no negatives",
       .recipe = "byol",
       .momentum = true,
       .predictor = true,
       .params = {"target_momentum"},
       .defaults = {ByolOptions{}.target_momentum},
       .chance = [](std::int64_t) { return 4.0; },
       .build =
           [](const MethodSetup& s) {
             const ByolOptions options{.features = s.features, .target_momentum = s.params[0], .seed = s.seed};
             return Owned<Method>(new Byol(s.encoder, options));
           }},
      {.name = "simsiam",
       .source = "arXiv:2011.10566",
       .summary = "predicts the other view behind a stop-gradient",
       .recipe = "simclr",
       .predictor = true,
       .params = {"stop_gradient"},
       .defaults = {SimSiamOptions{}.stop_gradient},
       .chance = [](std::int64_t) { return 0.0; },
       .build =
           [](const MethodSetup& s) {
             const bool stop = detail::switched("simsiam", "stop_gradient", s.params[0]);
             const SimSiamOptions options{.features = s.features, .stop_gradient = stop, .seed = s.seed};
             return Owned<Method>(new SimSiam(s.encoder, options));
           }},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const MethodRow& find(std::string_view name) { return find_row("methods", "method", table(), name); }

}  // namespace akin::inline AKIN_ABI::methods
