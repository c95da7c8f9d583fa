// What all optimizers share: parameter groups, gradients, state that a checkpoint can hold.
#pragma once
#include <cmath>
#include <string>
#include <string_view>
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

/// Two groups: matrices and filters with weight decay; norms and biases (one axis or none) without. Parameters without
/// requires_grad are frozen and left out.
AKIN_LAZY std::vector<ParameterGroup> decay_groups(const nn::Module& module, double weight_decay) {
  ParameterGroup decayed{{}, weight_decay}, plain{{}, 0};
  for (const auto& named : module.named_parameters())
    if (named.tensor.requires_grad()) (named.tensor.rank() > 1 ? decayed : plain).parameters.push_back(named);
  return {decayed, plain};
}

/// What an optimizer remembers of every parameter, for checkpoints under the name "momentum/0.weight", say.
struct StateSlot {
  std::string_view name;
  bool count = false;  ///< one whole number, instead of an array like the parameter
};

/// An optimizer owns one state per parameter and slot; step() changes parameters in place.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;  // two would share their states
  Optimizer& operator=(const Optimizer&) = delete;

  /// One update from the gradients that backward() left. Parameters without a gradient are skipped.
  /// gate   as in ops::apply_updates: gradients are multiplied by it, and no value and no state changes if it is not above
  ///        0; whether it is, the host need not know. See step_gate
  AKIN_LAZY void step(const Array& gate = {}) {
    update(gate);
    ++steps_;
  }
  std::int64_t steps() const { return steps_; }  ///< steps made, as schedules count; one that was skipped is taken back
  void set_steps(std::int64_t steps) { steps_ = steps; }

  /// Sets the learning rate of the groups that follow the schedule; those with constant_lr keep the first one. A step
  /// that was recorded (CudaGraph) takes the new one too: the number lies beside the parameters.
  /// Errors: lr negative or not finite.
  AKIN_LAZY void set_lr(double lr) {
    lr_ = checked_lr(lr);
    rate_.set_item(lr);
  }
  double lr() const { return lr_; }
  AKIN_LAZY void zero_grad() {
    for (auto& group : groups_)
      for (auto& parameter : group.parameters) parameter.tensor.zero_grad();
  }
  const std::vector<ParameterGroup>& groups() const { return groups_; }

  /// State with names such as "momentum/0.weight", for checkpoints; the arrays are the live ones.
  AKIN_LAZY std::vector<nn::NamedTensor> named_state() const {
    std::vector<nn::NamedTensor> all;
    for (const auto& slot : slots_)
      for (const auto& tensor : slot) all.push_back(tensor);
    return all;
  }

 protected:
  /// Errors: lr or a weight decay negative or not finite; no parameters; one that appears twice, or cannot be trained.
  AKIN_LAZY Optimizer(std::vector<ParameterGroup> groups, double lr, const std::vector<StateSlot>& slots)
      : groups_(std::move(groups)), lr_(checked_lr(lr)) {
    for (const auto& group : groups_)
      check(group.weight_decay >= 0 && std::isfinite(group.weight_decay), "optimizer",
            "weight_decay must be >= 0 and finite, got ", group.weight_decay);
    check_parameters();
    const Device device = first_parameter().value().device();
    rate_ = Array::full({}, lr, DType::f64, device);
    base_rate_ = Array::full({}, lr, DType::f64, device);
    for (const auto& [slot, count] : slots) {
      slots_.emplace_back();
      for (const auto& group : groups_)
        for (const auto& [name, tensor] : group.parameters)
          slots_.back().push_back(
              {cat(slot, "/", name),
               Tensor(count ? Array::zeros({}, DType::i64, tensor.value().device()) : zeros_like(tensor.value()))});
    }
  }

  virtual void update(const Array& gate) = 0;

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
  AKIN_LAZY std::size_t parameter_count() const {
    std::size_t count = 0;
    for (const auto& group : groups_) count += group.parameters.size();
    return count;
  }
  AKIN_LAZY Array& state(std::size_t slot, std::size_t i) { return slots_[slot][i].tensor.mutable_value(); }
  /// The group's learning rate.
  const Array* rate_of(const ParameterGroup& group) const { return group.constant_lr ? &base_rate_ : &rate_; }

 private:
  AKIN_LAZY static double checked_lr(double lr) {
    check(lr >= 0 && std::isfinite(lr), "optimizer", "lr must be >= 0 and finite, got ", lr);
    return lr;
  }

  AKIN_LAZY const Tensor& first_parameter() const {
    for (const auto& group : groups_)
      if (!group.parameters.empty()) return group.parameters[0].tensor;
    throw Error("optimizer: there is nothing to train: no group has a parameter (is everything frozen?)");
  }

  AKIN_LAZY void check_parameters() const {
    std::vector<nn::NamedTensor> seen;
    for (const auto& group : groups_)
      for (const auto& [name, tensor] : group.parameters) {
        check(tensor.requires_grad() && tensor.node()->op == akin::detail::leaf, "optimizer", "'", name,
              "' is not a parameter: it needs set_requires_grad(true) and may not be computed from others");
        for (const auto& [known, other] : seen)
          check(!tensor.shares_with(other), "optimizer", "'", name, "' appears twice (the first time as '", known,
                "') and would be updated twice; list it once");
        seen.push_back({name, tensor});
      }
  }

  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<nn::NamedTensor>> slots_;  // [slot][parameter, over all groups in order]
  double lr_;
  Array rate_, base_rate_;  // [] f64: lr_, and what it was at first, where the parameters are
  std::int64_t steps_ = 0;
};

/// The usual shorthand: one group of everything that is not frozen.
AKIN_LAZY std::vector<ParameterGroup> one_group(const nn::Module& module, double weight_decay) {
  ParameterGroup all{{}, weight_decay};
  for (const auto& named : module.named_parameters())
    if (named.tensor.requires_grad()) all.parameters.push_back(named);
  return {all};
}

}  // namespace akin::inline AKIN_ABI::optim
