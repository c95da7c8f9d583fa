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
  Sgd(std::vector<ParameterGroup> groups, const SgdOptions& options) : Optimizer(std::move(groups), options.lr, {"momentum"}), options_(options) {
    check(options.momentum >= 0 && options.momentum < 1, "sgd", "momentum must lie in [0, 1), got ", options.momentum);
    check(!options.nesterov || options.momentum > 0, "sgd", "nesterov needs momentum > 0");
  }
  Sgd(const nn::Module& module, const SgdOptions& options) : Sgd(one_group(module, options.weight_decay), options) {}

  void step() override {
    std::vector<ops::Update<ops::SgdStep>> updates;
    for_each_parameter([&](const ParameterGroup& group, const Tensor& p, std::size_t i) {
      updates.push_back({{.lr = lr_of(group), .momentum = options_.momentum, .weight_decay = group.weight_decay,
                          .nesterov = options_.nesterov, .first = steps_ == 0},
                         &p.mutable_value(), p.grad(), &state(0, i)});
    });
    ops::apply_updates("sgd", std::move(updates));
    ++steps_;
  }

 private:
  SgdOptions options_;
};

}  // namespace detail

/// As torch.optim.SGD, dampening 0:
///   d = g + weight_decay p;   m = momentum m + d  (m = d in the first step);   p -= lr m,  or lr (d + momentum m) with nesterov
/// Errors: momentum outside [0, 1), nesterov without momentum.
using Sgd = detail::Sgd<void>;

}  // namespace akin::inline AKIN_ABI::optim
