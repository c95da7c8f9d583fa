// Exponential moving average of a network: the target of BYOL and of every momentum encoder.
#pragma once
#include <cmath>

#include "../nn/module.hpp"
#include "../ops/optim.hpp"

namespace akin::inline AKIN_ABI::optim {

/// BYOL's schedule, arXiv:2006.07733, section 3.3:  m(t) = 1 - (1 - base) (cos(pi t) + 1) / 2.
/// progress t in [0, 1]; base at the start, 1 (a frozen target) at the end. Errors: base or progress outside [0, 1].
AKIN_LAZY double ema_momentum(double base, double progress) {
  check(base >= 0 && base <= 1, "ema_momentum", "base must lie in [0, 1], got ", base);
  check(progress >= 0 && progress <= 1, "ema_momentum", "progress must lie in [0, 1], got ", progress,
        "; it is steps done / steps in all");
  return 1 - (1 - base) * (std::cos(3.141592653589793 * progress) + 1) / 2;
}

namespace detail {

/// The updates of ema_update; errors as there, but for m.
AKIN_LAZY std::vector<ops::Update<ops::EmaStep>> ema_updates(const nn::Module& target, const nn::Module& online,
                                                             const ops::EmaStep& step, const Array* momentum) {
  const auto to = target.named_parameters(), from = online.named_parameters();
  check(to.size() == from.size(), "ema_update", "the modules have ", to.size(), " and ", from.size(), " parameters");
  std::vector<ops::Update<ops::EmaStep>> updates;
  for (std::size_t i = 0; i < to.size(); ++i) {
    check(to[i].name == from[i].name && to[i].tensor.shape() == from[i].tensor.shape(), "ema_update", "parameter '",
          to[i].name, "' ", to[i].tensor.shape(), " does not match '", from[i].name, "' ", from[i].tensor.shape());
    check(!to[i].tensor.shares_with(from[i].tensor), "ema_update", "target and online network share the parameter '",
          to[i].name, "'; make the target with clone()");
    updates.push_back(
        {.step = step, .value = &to[i].tensor.mutable_value(), .input = from[i].tensor.value(), .rate = momentum});
  }
  return updates;
}

}  // namespace detail

/// target <- m target + (1 - m) online, for parameters only: running statistics of batch norms follow the target's own
/// batches. Errors: the modules differ in names or shapes, or share a parameter; m outside [0, 1].
AKIN_LAZY void ema_update(const nn::Module& target, const nn::Module& online, double momentum) {
  check(momentum >= 0 && momentum <= 1, "ema_update", "momentum must lie in [0, 1], got ", momentum);
  ops::apply_updates("ema_update", detail::ema_updates(target, online, {momentum}, nullptr));
}
/// The same in a training step, where the host need not know whether the step was made: with the gate of the optimizer
/// (Optimizer::step), and m in [0, 1] as an array [] f64 beside the parameters. Errors: the modules differ in names or
/// shapes, or share a parameter; m, or a gate that is defined, is not [] f64 on the device of the parameters. m outside
/// [0, 1] is not noticed: the host does not read it.
AKIN_LAZY void ema_update(const nn::Module& target, const nn::Module& online, const Array& momentum,
                          const Array& gate) {
  ops::apply_updates("ema_update", detail::ema_updates(target, online, {}, &momentum), gate);
}

}  // namespace akin::inline AKIN_ABI::optim
