// The table of optimizers: what TrainerOptions::optimizer names. Adding one = its header in optim/ and a row here.
#pragma once
#include <string_view>
#include <utility>
#include <vector>

#include "../core/names.hpp"
#include "../core/owned.hpp"
#include "../io/json.hpp"
#include "../methods/table.hpp"
#include "../optim/adam.hpp"
#include "../optim/lamb.hpp"
#include "../optim/lars.hpp"
#include "../optim/sgd.hpp"

namespace akin::inline AKIN_ABI::train {

/// What a row makes an optimizer from; each takes what concerns it.
struct OptimizerSetup {
  std::vector<optim::ParameterGroup> groups;
  double lr = 0, momentum = 0;
  bool nesterov = false;
};

struct OptimizerRow {
  std::string_view name, summary;
  const methods::MethodDefaults* defaults;  ///< where those of the methods, made for SGD, do not suit; else null
  Owned<optim::Optimizer> (*make)(OptimizerSetup);
  /// What decides its steps, beside learning rate and weight decay.
  io::Json::Object (*settings)(const OptimizerSetup&);
};

AKIN_LAZY const std::vector<OptimizerRow>& optimizers() {
  static constexpr methods::MethodDefaults for_adamw{.lr = 1e-3, .weight_decay = 1e-2};
  static constexpr methods::MethodDefaults for_lars{.lr = 1, .weight_decay = 1e-4};  // SimCLR's README for CIFAR-10
  static constexpr methods::MethodDefaults for_lamb{.lr = 1e-3, .weight_decay = 1e-2};
  static const std::vector<OptimizerRow> rows = {
      {"sgd", "stochastic gradient descent with momentum", nullptr,
       [](OptimizerSetup s) {
         const optim::SgdOptions options{.lr = s.lr, .momentum = s.momentum, .nesterov = s.nesterov};
         return Owned<optim::Optimizer>(new optim::Sgd(std::move(s.groups), options));
       },
       [](const OptimizerSetup& s) {
         return io::Json::Object{{"momentum", s.momentum}, {"nesterov", s.nesterov}};
       }},
      {"adamw", "Adam with decoupled weight decay", &for_adamw,
       [](OptimizerSetup s) {
         check(!s.nesterov, "adamw", "has no nesterov; it is a variant of sgd and lars");
         return Owned<optim::Optimizer>(new optim::AdamW(std::move(s.groups), {.lr = s.lr}));
       },
       [](const OptimizerSetup&) {
         const optim::AdamOptions o;
         return io::Json::Object{{"beta1", o.beta1}, {"beta2", o.beta2}, {"eps", o.eps}};
       }},
      {"lars", "SGD with steps in proportion to each layer's weights, for large batches", &for_lars,
       [](OptimizerSetup s) {
         const optim::LarsOptions options{.lr = s.lr, .momentum = s.momentum, .nesterov = s.nesterov};
         return Owned<optim::Optimizer>(new optim::Lars(std::move(s.groups), options));
       },
       [](const OptimizerSetup& s) {
         const optim::LarsOptions o;
         return io::Json::Object{
             {"momentum", s.momentum}, {"nesterov", s.nesterov}, {"form", name_of(o.form)}, {"trust", o.trust}};
       }},
      {"lamb", "Adam with steps in proportion to each layer's weights, for large batches", &for_lamb,
       [](OptimizerSetup s) {
         check(!s.nesterov, "lamb", "has no nesterov; it is a variant of sgd and lars");
         return Owned<optim::Optimizer>(new optim::Lamb(std::move(s.groups), {.lr = s.lr}));
       },
       [](const OptimizerSetup&) {
         const optim::LambOptions o;
         return io::Json::Object{{"beta1", o.beta1}, {"beta2", o.beta2}, {"eps", o.eps}};
       }},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const OptimizerRow& find_optimizer(std::string_view name) {
  return find_row("train", "optimizer", optimizers(), name);
}

}  // namespace akin::inline AKIN_ABI::train
