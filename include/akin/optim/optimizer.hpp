// What all optimizers share: parameter groups, gradients, state that a checkpoint can hold.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "../autograd/tensor.hpp"
#include "../nn/module.hpp"

namespace akin::inline AKIN_ABI::optim {

/// Parameters that are treated alike.
struct ParameterGroup {
  std::vector<nn::NamedTensor> parameters;
  double weight_decay = 0;
  bool constant_lr = false;  ///< keeps the base learning rate while others follow the schedule (SimSiam's predictor)
};

/// Two groups: matrices and filters with weight decay; norms and biases (one axis or none) without.
AKIN_LAZY std::vector<ParameterGroup> decay_groups(const nn::Module& module, double weight_decay) {
  ParameterGroup decayed{{}, weight_decay}, plain{{}, 0};
  for (const auto& named : module.named_parameters()) (named.tensor.rank() > 1 ? decayed : plain).parameters.push_back(named);
  return {decayed, plain};
}

/// An optimizer owns one state array per parameter and slot ("momentum", say); step() changes parameters in place.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update from the gradients that backward() left. Parameters without a gradient are skipped.
  virtual void step() = 0;

  void set_lr(double lr) { lr_ = checked_lr(lr); }
  double lr() const { return lr_; }
  AKIN_LAZY void zero_grad() {
    for (auto& group : groups_)
      for (auto& parameter : group.parameters) parameter.tensor.zero_grad();
  }
  const std::vector<ParameterGroup>& groups() const { return groups_; }

  /// State with names such as "momentum/0.weight", for checkpoints; the arrays are the live ones.
  AKIN_LAZY std::vector<nn::NamedTensor> named_state() const {
    std::vector<nn::NamedTensor> all;
    for (const auto& slot : slots_) all.insert(all.end(), slot.begin(), slot.end());
    return all;
  }
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

 protected:
  AKIN_LAZY Optimizer(std::vector<ParameterGroup> groups, double lr, std::initializer_list<std::string_view> slots)
      : groups_(std::move(groups)), lr_(checked_lr(lr)), base_lr_(lr) {
    for (const auto& group : groups_)
      check(group.weight_decay >= 0 && std::isfinite(group.weight_decay), "optimizer", "weight_decay must be >= 0 and finite, got ", group.weight_decay);
    for (const auto slot : slots) {
      slots_.emplace_back();
      for (const auto& group : groups_)
        for (const auto& [name, tensor] : group.parameters)
          slots_.back().push_back({cat(slot, "/", name), Tensor(zeros_like(tensor.value()))});
    }
  }
  /// visit(group, parameter, its number over all groups) for every parameter that has a gradient.
  template <class Visit>
  void for_each_parameter(Visit visit) {
    std::size_t i = 0;
    for (const auto& group : groups_)
      for (const auto& parameter : group.parameters) {
        if (parameter.tensor.has_grad()) visit(group, parameter.tensor, i);
        ++i;
      }
  }
  Array& state(std::size_t slot, std::size_t i) { return slots_[slot][i].tensor.mutable_value(); }
  double lr_of(const ParameterGroup& group) const { return group.constant_lr ? base_lr_ : lr_; }

  static double checked_lr(double lr) {
    check(lr >= 0 && std::isfinite(lr), "optimizer", "lr must be >= 0 and finite, got ", lr);
    return lr;
  }

  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<nn::NamedTensor>> slots_;  // [slot][parameter, over all groups in order]
  double lr_, base_lr_;
  std::int64_t steps_ = 0;
};

/// The usual shorthand: one group of everything.
AKIN_LAZY std::vector<ParameterGroup> one_group(const nn::Module& module, double weight_decay) {
  return {{module.named_parameters(), weight_decay}};
}

}  // namespace akin::inline AKIN_ABI::optim
