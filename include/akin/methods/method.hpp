// Method: what surrounds a loss. Networks, views, the loss of one step, and what happens after the update.
#pragma once
#include <string>
#include <vector>

#include "../nn/models/heads.hpp"
#include "../nn/module.hpp"
#include "../optim/optimizer.hpp"

namespace akin::inline AKIN_ABI::methods {

/// What one training step computes.
struct StepOutput {
  Tensor loss;      ///< [], to call backward() on
  Array embedding;  ///< [N, D] projections of the first view: watched for collapse
};

class AKIN_ABI_TAG Method {
 public:
  virtual ~Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  /// Forward pass on the views of one batch, each [N, H, W, C], of the dtype and on the device of the parameters.
  /// Errors: a wrong number of views, or views of different shapes; check_views() finds both.
  virtual StepOutput forward(const std::vector<Array>& views) = 0;

  /// Before a step, at the end of which `progress` of the run lies behind, in [0, 1]: computes what changes from step to
  /// step, and puts it into arrays beside the parameters. What forward() and end_step() take from there, and from nowhere
  /// else, may be recorded as a CUDA graph.
  virtual void begin_step(double progress) { static_cast<void>(progress); }

  /// After the optimizer's step, with its gate: where that is not above 0, there was no step, and nothing may change here
  /// either (ops::apply_updates). Undefined: there was one.
  virtual void end_step(const Array& gate) { static_cast<void>(gate); }

  /// Parameters to train.
  AKIN_LAZY std::vector<optim::ParameterGroup> parameter_groups(double weight_decay) const {
    std::vector<optim::ParameterGroup> groups;
    for (const auto& [name, module] : trained_) {
      for (auto& group : optim::decay_groups(module, weight_decay)) {
        for (auto& parameter : group.parameters) parameter.name = cat(name, ".", parameter.name);
        group.constant_lr = name == constant_lr_;
        groups.push_back(std::move(group));
      }
    }
    return groups;
  }

  /// The network that the run is about: pictures in, features out.
  AKIN_LAZY const nn::Module& encoder() const { return trained_.front().module; }

  /// All networks, trained ones first, with their names ("encoder", "projector", ..., "target_encoder").
  AKIN_LAZY std::vector<nn::NamedModule> networks() const {
    auto all = trained_;
    all.insert(all.end(), targets_.begin(), targets_.end());
    return all;
  }

  /// Every parameter and buffer with its full name: what a checkpoint must hold.
  AKIN_LAZY std::vector<nn::NamedTensor> named_tensors() const {
    std::vector<nn::NamedTensor> all;
    for (const auto& [name, module] : networks())
      for (const auto& [inner, tensor] : module.named_tensors()) all.push_back({cat(name, ".", inner), tensor});
    return all;
  }

  AKIN_LAZY void train(bool on = true) const {
    for (const auto& network : networks()) network.module.train(on);
  }
  /// Moves all networks: before an optimizer takes their parameters.
  AKIN_LAZY void to(Device device) const {
    for (const auto& network : networks()) network.module.to(device);
  }

 protected:
  /// The encoder comes first, as it is. The other networks are initialised here, each under its own name: networks and
  /// runs with different seeds share no random draws. All modules get their full names ("projector.0"), for errors.
  AKIN_LAZY Method(std::uint64_t seed, std::vector<nn::NamedModule> trained) : trained_(std::move(trained)) {
    for (std::size_t i = 1; i < trained_.size(); ++i) trained_[i].module.initialize(seed, trained_[i].name);
    for (const auto& network : trained_) network.module.name_modules(network.name);
  }

  /// A network that the method moves itself; starts from values of its own.
  AKIN_LAZY void add_target(std::uint64_t seed, const std::string& name, const nn::Module& network) {
    network.initialize(seed, name);
    network.name_modules(name);
    targets_.push_back({name, network});
  }
  /// The parameters of that network do not follow the schedule of the learning rate.
  void keep_lr_of(std::string_view network) { constant_lr_ = network; }

 private:
  std::string_view constant_lr_;          // a literal
  std::vector<nn::NamedModule> trained_;  // the encoder first
  std::vector<nn::NamedModule> targets_;  // moved by the method itself, not by the optimizer
};

/// Throws unless there are `count` views of one shape.
AKIN_LAZY void check_views(std::string_view op, const std::vector<Array>& views, std::size_t count) {
  check(views.size() == count, op, "takes ", count, " views, got ", views.size());
  for (const Array& view : views) check_same_shape(op, views.front(), view);
}

}  // namespace akin::inline AKIN_ABI::methods
