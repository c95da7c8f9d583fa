// LARS, in the four forms that published code trains with.
#pragma once
#include <algorithm>
#include <cmath>

#include "../ops/optim.hpp"
#include "optimizer.hpp"

namespace akin::inline AKIN_ABI::optim {

/// Whose LARS; see Lars.
enum class LarsForm {
  fb,         ///< Barlow Twins, VICReg, MoCo v3
  lightly,    ///< lightly
  larc_clip,  ///< solo-learn with clip_lr
  simclr,     ///< SimCLR's TensorFlow code
};

AKIN_LAZY std::string_view name_of(LarsForm form) {
  constexpr std::string_view names[] = {"fb", "lightly", "larc_clip", "simclr"};
  return names[static_cast<std::size_t>(form)];
}

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

/// eta |p| / |g + weight_decay p|, and 1 where either is 0. From products, so it needs no array for the sum; what is
/// left of a sum that cancels below the rounding of f32 counts as 0.
AKIN_LAZY double trust_ratio(const kernels::UpdateProducts& of, double weight_decay, double eta) {
  const double decay = weight_decay * weight_decay * of.value_value;
  const double squared = of.input_input + 2 * weight_decay * of.value_input + decay;
  if (of.value_value == 0 || squared <= 1e-14 * (of.input_input + decay)) return 1;
  return eta * std::sqrt(of.value_value / squared);
}

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
  void update() override {
    std::vector<ops::Update<ops::SgdStep>> updates;
    std::vector<bool> adapted;
    for_each_parameter([&](const ParameterGroup& group, const Tensor& p, std::size_t i) {
      const bool excluded = options_.exclude_norms_and_biases && is_norm_or_bias(p);
      updates.push_back({{.lr = lr_of(group),
                          .momentum = options_.momentum,
                          .weight_decay = excluded ? 0 : group.weight_decay,
                          .nesterov = options_.nesterov},
                         &p.mutable_value(),
                         p.grad(),
                         options_.momentum > 0 ? &state(0, i) : nullptr});
      adapted.push_back(!excluded && (options_.form != LarsForm::lightly || group.weight_decay != 0));
    });
    const auto products = ops::update_products("lars", updates);
    for (std::size_t i = 0; i < updates.size(); ++i) {
      if (adapted[i]) adapt(updates[i].step, products[i]);
      if (options_.form == LarsForm::simclr) {  // m = momentum m + lr q d;  p -= m
        updates[i].step.scale *= updates[i].step.lr;
        updates[i].step.lr = 1;
      }
    }
    ops::apply_updates("lars", std::move(updates));
  }

  void adapt(ops::SgdStep& step, const kernels::UpdateProducts& of) const {
    if (options_.form == LarsForm::fb || options_.form == LarsForm::simclr) {
      step.scale = trust_ratio(of, step.weight_decay, options_.trust);
    } else if (of.value_value == 0 || of.input_input == 0) {
      step.weight_decay = 0;  // without a ratio the published code leaves out the decay too
    } else {
      const double p = std::sqrt(of.value_value), g = std::sqrt(of.input_input);
      step.scale = options_.trust * p / (g + step.weight_decay * p + 1e-8);
      if (options_.form == LarsForm::larc_clip) step.scale = std::min(step.scale / step.lr, 1.0);
    }
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
