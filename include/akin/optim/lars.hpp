// LARS, in the four forms that published code trains with.
#pragma once
#include <cmath>

#include "../ops/optim.hpp"
#include "optimizer.hpp"

namespace akin::inline AKIN_ABI::optim {

using kernels::LarsForm;

struct LarsOptions {
  double lr = 0.3;  ///< for batches of 256; see linear_lr
  double momentum = 0.9;
  double weight_decay = 0;  ///< for the constructor that takes a module; groups bring their own
  double trust = 1e-3;      ///< eta: length of a step, per lr, in units of |p|; solo-learn's CIFAR runs have 0.02
  LarsForm form = LarsForm::fb;
  bool nesterov = false;
  bool exclude_norms_and_biases = true;  ///< neither adapt nor decay parameters of one axis or none
};

namespace detail {

/// A norm or a bias, by its rank: what published code leaves out of adaptation and decay.
AKIN_LAZY bool is_norm_or_bias(const Tensor& parameter) { return parameter.rank() <= 1; }

template <class Lazy>
class Lars final : public Optimizer {
 public:
  Lars(std::vector<ParameterGroup> groups, const LarsOptions& options)
      : Optimizer(std::move(groups), options.lr,
                  options.momentum > 0 ? std::vector<StateSlot>{{"momentum"}} : std::vector<StateSlot>{}),
        options_(options) {
    check(options.momentum >= 0 && options.momentum < 1, "lars", "momentum must lie in [0, 1), got ", options.momentum);
    check(!options.nesterov || options.momentum > 0, "lars", "nesterov needs momentum > 0");
    check(options.trust > 0 && std::isfinite(options.trust), "lars", "trust must be > 0 and finite, got ",
          options.trust);
  }
  Lars(const nn::Module& module, const LarsOptions& options) : Lars(one_group(module, options.weight_decay), options) {}

 private:
  void update(const Array& gate) override {
    std::vector<ops::Update<ops::LarsStep>> updates;
    updates.reserve(parameter_count());
    for_each_parameter([&](const ParameterGroup& group, const Tensor& p, std::size_t i) {
      const bool excluded = options_.exclude_norms_and_biases && is_norm_or_bias(p);
      const bool adapted = !excluded && (options_.form != LarsForm::lightly || group.weight_decay != 0);
      const ops::SgdStep sgd{.momentum = options_.momentum,
                             .weight_decay = excluded ? 0 : group.weight_decay,
                             .nesterov = options_.nesterov};
      updates.push_back({.step = {sgd, options_.trust, options_.form, adapted},
                         .value = &p.mutable_value(),
                         .input = p.grad(),
                         .state0 = options_.momentum > 0 ? &state(0, i) : nullptr,
                         .rate = rate_of(group)});
    });
    const Array products = ops::update_products("lars", updates);
    ops::apply_updates("lars", std::move(updates), gate, products);
  }

  LarsOptions options_;
};

}  // namespace detail

/// Layer-wise adaptive rate scaling, arXiv:1708.03888: the step of a matrix or filter p has a length in proportion to
/// |p|, whatever the scale of its gradient g.
///   d = q (g + wd p);   m = momentum m + d, from m = 0;   p -= lr m,  or lr (d + momentum m) with nesterov
/// The forms differ in the ratio q, with |.| the L2 norm of the whole parameter (Barlow Twins' and VICReg's main code;
/// lightly/utils/lars.py; solo/utils/lars.py; simclr/lars_optimizer.py):
///   fb          q = trust |p| / |g + wd p|;  1 where either norm is 0
///   lightly     q = trust |p| / (|g| + wd |p| + 1e-8);  where |p| or |g| is 0, q = 1 and wd = 0. Groups without weight
///               decay are excluded as a whole, matrices too
///   larc_clip   q = min(r / lr, 1) with lightly's ratio r, in every group: SGD whose steps are capped
///   simclr      fb's q, and the learning rate inside the momentum: m = momentum m + lr d;  p -= m. The same until lr
///               changes
/// Excluded parameters (norms and biases: one axis or none) take plain steps of SGD: q = 1, wd = 0.
/// Parameters without a gradient are skipped. Without momentum it keeps no state.
/// Errors: momentum outside [0, 1), nesterov without momentum, trust <= 0; parameters of different dtypes.
using Lars = detail::Lars<void>;

}  // namespace akin::inline AKIN_ABI::optim
