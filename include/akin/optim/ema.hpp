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

/// target <- m target + (1 - m) online, for parameters only: running statistics of batch norms follow the target's own
/// batches. With a gate that is not above 0, nothing: the optimizer has not made the step (Optimizer::step).
/// Errors: the modules differ in names or shapes, or share a parameter; m outside [0, 1].
AKIN_LAZY void ema_update(const nn::Module& target, const nn::Module& online, double momentum, const Array& gate = {}) {
  check(momentum >= 0 && momentum <= 1, "ema_update", "momentum must lie in [0, 1], got ", momentum);
  const auto to = target.named_parameters(), from = online.named_parameters();
  check(to.size() == from.size(), "ema_update", "the modules have ", to.size(), " and ", from.size(), " parameters");
  std::vector<ops::Update<ops::EmaStep>> updates;
  for (std::size_t i = 0; i < to.size(); ++i) {
    check(to[i].name == from[i].name && to[i].tensor.shape() == from[i].tensor.shape(), "ema_update", "parameter '",
          to[i].name, "' ", to[i].tensor.shape(), " does not match '", from[i].name, "' ", from[i].tensor.shape());
    check(!to[i].tensor.shares_with(from[i].tensor), "ema_update", "target and online network share the parameter '",
          to[i].name, "'; make the target with clone()");
    updates.push_back({{momentum}, &to[i].tensor.mutable_value(), from[i].tensor.value()});
  }
  ops::apply_updates("ema_update", std::move(updates), gate);
}

}  // namespace akin::inline AKIN_ABI::optim
