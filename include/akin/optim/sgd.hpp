// Stochastic gradient descent.
#pragma once
#include "../ops/optim.hpp"
#include "optimizer.hpp"

namespace akin::inline AKIN_ABI::optim {

struct SgdOptions {
  double lr = 0.1;
  double momentum = 0;
  double weight_decay = 0;  ///< for the constructor that takes a module; groups bring their own
  bool nesterov = false;
};

namespace detail {

template <class Lazy>
class Sgd final : public Optimizer {
 public:
  Sgd(std::vector<ParameterGroup> groups, const SgdOptions& options)
      : Optimizer(std::move(groups), options.lr,
                  options.momentum > 0 ? std::vector<StateSlot>{{"momentum"}} : std::vector<StateSlot>{}),
        options_(options) {
    check(options.momentum >= 0 && options.momentum < 1, "sgd", "momentum must lie in [0, 1), got ", options.momentum);
    check(!options.nesterov || options.momentum > 0, "sgd", "nesterov needs momentum > 0");
  }
  Sgd(const nn::Module& module, const SgdOptions& options) : Sgd(one_group(module, options.weight_decay), options) {}

 private:
  void update(const Array& gate) override {
    std::vector<ops::Update<ops::SgdStep>> updates;
    updates.reserve(parameter_count());
    for_each_parameter([&](const ParameterGroup& group, const Tensor& p, std::size_t i) {
      updates.push_back(
          {.step = {.momentum = options_.momentum, .weight_decay = group.weight_decay, .nesterov = options_.nesterov},
           .value = &p.mutable_value(),
           .input = p.grad(),
           .state0 = options_.momentum > 0 ? &state(0, i) : nullptr,
           .rate = rate_of(group)});
    });
    ops::apply_updates("sgd", std::move(updates), gate);
  }

  SgdOptions options_;
};

}  // namespace detail

/// As torch.optim.SGD, dampening 0:
///   d = g + weight_decay p;   m = momentum m + d, from m = 0;   p -= lr m,  or lr (d + momentum m) with nesterov
/// Without momentum it keeps no state. Errors: momentum outside [0, 1), nesterov without momentum.
using Sgd = detail::Sgd<void>;

}  // namespace akin::inline AKIN_ABI::optim
