// LAMB: Adam's direction, with a step as long as LARS would make it.
#pragma once
#include "lars.hpp"

namespace akin::inline AKIN_ABI::optim {

struct LambOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;     ///< in [0, 1): the shares of m and of v that stay at each step
  double eps = 1e-6;                     ///< > 0 and finite: added to the root of v, which may be 0
  double weight_decay = 0;               ///< for the constructor that takes a module; groups bring their own
  bool exclude_norms_and_biases = true;  ///< neither adapt nor decay parameters of one axis or none
};

namespace detail {

template <class Lazy>
class Lamb final : public Optimizer {
 public:
  Lamb(std::vector<ParameterGroup> groups, const LambOptions& options)
      : Optimizer(std::move(groups), options.lr, {{"m"}, {"v"}, {"step", true}}), options_(options) {
    for (const double beta : {options.beta1, options.beta2})
      check(beta >= 0 && beta < 1, "lamb", "betas must lie in [0, 1), got ", beta);
    check(options.eps > 0 && std::isfinite(options.eps), "lamb", "eps must be > 0 and finite, got ", options.eps);
  }
  Lamb(const nn::Module& module, const LambOptions& options) : Lamb(one_group(module, options.weight_decay), options) {}

 private:
  void update(const Array& gate) override {
    const std::vector<Array> directions = adam_directions(gate);
    std::vector<ops::Update<ops::LambStep>> updates;
    updates.reserve(parameter_count());
    for_each_parameter([&](const ParameterGroup& group, const Tensor& p, std::size_t) {
      const bool excluded = options_.exclude_norms_and_biases && is_norm_or_bias(p);
      const ops::SgdStep sgd{.weight_decay = excluded ? 0 : group.weight_decay};
      updates.push_back({.step = {sgd, !excluded},
                         .value = &p.mutable_value(),
                         .input = directions[updates.size()],
                         .rate = rate_of(group)});
    });
    const Array products = ops::update_products("lamb", updates);
    ops::apply_updates("lamb", std::move(updates), gate, products);
  }

  /// u of every parameter that has a gradient: a step of Adam from zeros, with a learning rate of -1.
  std::vector<Array> adam_directions(const Array& gate) {
    std::vector<Array> directions;
    for_each_parameter(
        [&](const ParameterGroup&, const Tensor& p, std::size_t) { directions.push_back(zeros_like(p.value())); });
    std::vector<ops::Update<ops::AdamStep>> updates;
    updates.reserve(parameter_count());
    const ops::AdamStep step{.lr = -1, .beta1 = options_.beta1, .beta2 = options_.beta2, .eps = options_.eps};
    for_each_parameter([&](const ParameterGroup&, const Tensor& p, std::size_t i) {
      updates.push_back({step, &directions[updates.size()], p.grad(), &state(0, i), &state(1, i), &state(2, i)});
    });
    ops::apply_updates("lamb", std::move(updates), gate);
    return directions;
  }

  LambOptions options_;
};

}  // namespace detail

/// LAMB, arXiv:1904.00962, Algorithm 2, as the code that the paper names, tensorflow_addons/optimizers/lamb.py: phi is
/// the identity, and both moments are corrected for their start at 0.
///   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2
///   u = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps) + wd p
///   p -= lr q u,   q = |p| / |u|, the L2 norms of the whole parameter;  1 where either is 0
/// Excluded parameters (norms and biases: one axis or none) take Adam's step: q = 1, wd = 0. t counts the steps of each
/// parameter. Errors: betas outside [0, 1), eps not > 0 and finite; parameters of different dtypes.
using Lamb = detail::Lamb<void>;

}  // namespace akin::inline AKIN_ABI::optim
