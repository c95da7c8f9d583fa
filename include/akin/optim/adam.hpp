// Adam and AdamW.
#pragma once
#include "../ops/optim.hpp"
#include "optimizer.hpp"

namespace akin::inline AKIN_ABI::optim {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;  ///< in [0, 1): the shares of m and of v that stay at each step
  double eps = 1e-8;                  ///< > 0 and finite: added to the root of v, which may be 0
  double weight_decay = 0;            ///< for the constructor that takes a module; groups bring their own
};

namespace detail {

template <bool decoupled>
class AdamFamily final : public Optimizer {
 public:
  AdamFamily(std::vector<ParameterGroup> groups, const AdamOptions& options)
      : Optimizer(std::move(groups), options.lr, {{"m"}, {"v"}, {"step", true}}), options_(options) {
    for (const double beta : {options.beta1, options.beta2})
      check(beta >= 0 && beta < 1, "adam", "betas must lie in [0, 1), got ", beta);
    check(options.eps > 0 && std::isfinite(options.eps), "adam", "eps must be > 0 and finite, got ", options.eps);
  }
  AdamFamily(const nn::Module& module, const AdamOptions& options)
      : AdamFamily(one_group(module, options.weight_decay), options) {}

 private:
  void update(const Array& gate) override {
    std::vector<ops::Update<ops::AdamStep>> updates;
    updates.reserve(parameter_count());
    for_each_parameter([&](const ParameterGroup& group, const Tensor& p, std::size_t i) {
      const ops::AdamStep step{.beta1 = options_.beta1,
                               .beta2 = options_.beta2,
                               .eps = options_.eps,
                               .weight_decay = group.weight_decay,
                               .decoupled = decoupled};
      updates.push_back({step, &p.mutable_value(), p.grad(), &state(0, i), &state(1, i), &state(2, i), rate_of(group)});
    });
    ops::apply_updates("adam", std::move(updates), gate);
  }

  AdamOptions options_;
};

}  // namespace detail

/// Adam, arXiv:1412.6980, Algorithm 1; weight decay is added to the gradient, as torch.optim.Adam does.
///   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2
///   p -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
/// t counts the steps of each parameter: one that gets its first gradient late is corrected from there on.
/// Errors: betas outside [0, 1), eps not > 0 and finite.
using Adam = detail::AdamFamily<false>;

/// The same with decoupled weight decay: p shrinks by lr weight_decay beside the step. arXiv:1711.05101, Algorithm 2.
using AdamW = detail::AdamFamily<true>;

}  // namespace akin::inline AKIN_ABI::optim
