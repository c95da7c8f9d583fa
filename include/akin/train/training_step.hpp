// TrainingStep: from the views of one or more batches to one update of the parameters.
#pragma once
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "../core/owned.hpp"
#include "../fn/mixed_precision.hpp"
#include "../methods/method.hpp"
#include "../optim/clip.hpp"
#include "../optim/schedule.hpp"
#include "graphed_step.hpp"
#include "optimizers.hpp"
#include "terminal.hpp"
#include "trainer_options.hpp"

namespace akin::inline AKIN_ABI::train {

/// begin(), add() for each batch, finish(). A loss or gradient that is not finite spoils the whole step:
/// parameters, targets and running statistics are then those of before. Only finish() waits for a GPU, and the add()
/// that records a CUDA graph: a step is queued without the host's knowing whether it can be made.
class TrainingStep {
 public:
  static constexpr std::int64_t most_skipped = 20;  ///< in a row

  /// Errors: an unknown optimizer, or one that does not take the options; a CUDA graph of a method on the cpu.
  AKIN_LAZY TrainingStep(methods::Method& method, const TrainerOptions& options, std::int64_t total_steps)
      : method_(method),
        options_(options),
        total_steps_(total_steps),
        optimizer_(find_optimizer(options.optimizer).make(setup(method.parameter_groups(options.weight_decay)))),
        schedule_(
            optim::cosine({.base = options.lr, .warmup_steps = options.warmup_steps, .total_steps = total_steps})) {
    if (options.gradient_checkpointing) nn::checkpoint_stages(method.encoder());
    for (const auto& [name, network] : method.networks())
      for (const auto& [inner, buffer] : network.named_buffers()) buffers_.push_back(buffer);
    for (const auto& group : optimizer_->groups())
      for (const auto& [name, parameter] : group.parameters) parameters_.push_back(parameter);
    if (!options.cuda_graph) return;
    const Device device = method.encoder().device();
    check(device == Device::cuda, "trainer", "a CUDA graph needs a method on cuda; it is on ", device,
          ": move it with to(Device::cuda), or leave out cuda_graph");
    graphed_ = make_owned<GraphedStep>(parameters_, host_counters());
  }

  AKIN_LAZY const optim::Optimizer& optimizer() const { return *optimizer_; }
  AKIN_LAZY optim::Optimizer& optimizer() { return *optimizer_; }

  /// What decides the optimizer's steps, with its name.
  AKIN_LAZY io::Json optimizer_config() const {
    io::Json::Object config = {{"name", options_.optimizer}};
    for (auto& setting : find_optimizer(options_.optimizer).settings(setup({}))) config.push_back(std::move(setting));
    return config;
  }

  /// Begins a step, before its first add(). Steps count from 0 over the whole run. Sets the learning rate, tells the
  /// method how far the run is, clears gradients, and keeps the buffers, in case the step cannot be made.
  /// Errors: step < 0; those of Method::begin_step.
  AKIN_LAZY void begin(std::int64_t step) {
    optimizer_->set_lr(schedule_(step));
    method_.begin_step(static_cast<double>(step + 1) / static_cast<double>(total_steps_));
    optimizer_->zero_grad();
    keep_buffers();
  }

  /// Forward and backward of batch number `part` of `parts`, each of which has an equal share in the step; behind the
  /// last one, the update of the parameters, if losses and gradients are finite. Errors: part is not one of
  /// 0 ... parts - 1.
  AKIN_LAZY BatchOutput add(const std::vector<Array>& views, std::int64_t part = 0, std::int64_t parts = 1) {
    check(0 <= part && part < parts, "trainer", "batches of a step count from 0, got number ", part, " of ", parts);
    check(!graphed_ || parts == 1, "trainer", "a CUDA graph holds a step of one batch, got ", parts, " batches");
    const std::int64_t steps = optimizer_->steps();
    const auto queue = [&](const std::vector<Array>& batch) {
      BatchOutput out = forward_and_backward(batch, parts);
      out.step_loss = part == 0 ? out.loss : ops::add(last_.step_loss, out.loss);
      if (part + 1 == parts) out.gate = update(out.step_loss);
      return out;
    };
    last_ = graphed_ ? graphed_->run(views, queue) : queue(views);
    if (part + 1 == parts) optimizer_->set_steps(steps + 1);  // which a launched graph does not tell it
    return last_;
  }

  /// Waits for the update. If it could not be made, counts the step as skipped and returns why. Errors: the 20th in a row;
  /// the message ends with the op and the module in which the first bad value of a forward pass on `views` appears, if
  /// one does.
  AKIN_LAZY std::string finish(TrainingPosition& position, const std::vector<Array>& views) {
    if (last_.gate.item() > 0) return position.skipped_in_a_row = 0, "";
    const double loss = last_.step_loss.item();
    const std::string problem = std::isfinite(loss)
                                    ? cat("the norm of the gradients is ", number("%g", optim::grad_norm(parameters_)))
                                    : cat("the loss is ", number("%g", loss));
    skip(position, problem, views);
    return problem;
  }

  /// Gives the memory of a CUDA graph back; the next steps record another.
  AKIN_LAZY void end() {
    if (graphed_) graphed_->forget();
  }

 private:
  AKIN_LAZY BatchOutput forward_and_backward(const std::vector<Array>& views, std::int64_t parts) {
    const MixedPrecision precision(options_.bf16);
    const auto out = method_.forward(views);
    (parts == 1 ? out.loss : out.loss / static_cast<double>(parts)).backward();
    return {ops::cast(out.loss.value(), DType::f64), ops::cast(out.embedding, DType::f32)};
  }

  AKIN_LAZY Array update(const Array& step_loss) {
    Array gate = options_.clip_norm > 0 ? optim::step_gate(parameters_, step_loss, options_.clip_norm)
                                        : optim::step_gate(parameters_, step_loss);
    optimizer_->step(gate);
    method_.end_step(gate);
    return gate;
  }

  AKIN_LAZY OptimizerSetup setup(std::vector<optim::ParameterGroup> groups) const {
    return {
        .groups = std::move(groups), .lr = options_.lr, .momentum = options_.momentum, .nesterov = options_.nesterov};
  }

  AKIN_LAZY std::vector<Tensor> host_counters() const {
    std::vector<Tensor> counters;
    for (const Tensor& buffer : buffers_)
      if (buffer.dtype() == DType::i64 && buffer.device() == Device::cpu) counters.push_back(buffer);
    return counters;
  }

  /// Those of f32, which are most, in one launch.
  AKIN_LAZY void keep_buffers() {
    before_.resize(buffers_.size());
    std::vector<ops::Update<ops::CopyStep>> copies;
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      const Array& now = buffers_[i].value();
      if (!before_[i].defined()) before_[i] = empty_like(now);
      if (now.dtype() == DType::f32)
        copies.push_back({{}, &before_[i], now});
      else
        ops::assign(before_[i], now);
    }
    ops::apply_updates("trainer", std::move(copies));
  }

  AKIN_LAZY void skip(TrainingPosition& position, const std::string& problem, const std::vector<Array>& views) {
    optimizer_->set_steps(optimizer_->steps() - 1);
    restore_buffers();
    ++position.skipped;
    if (++position.skipped_in_a_row < most_skipped) return;
    const std::string found = diagnosis(views);
    restore_buffers();
    throw Error(cat("trainer: ", most_skipped, " steps in a row were skipped; at step ", position.step, ", epoch ",
                    position.epoch, ", ", problem, "; lower the learning rate, or clip the gradients", found));
  }
  AKIN_LAZY void restore_buffers() {
    for (std::size_t i = 0; i < buffers_.size(); ++i) ops::assign(buffers_[i].mutable_value(), before_[i]);
  }

  AKIN_LAZY std::string diagnosis(const std::vector<Array>& views) {
    try {
      const AnomalyMode anomaly;
      const NoGrad forward_only;
      const MixedPrecision precision(options_.bf16);
      method_.forward(views);
      return " (the forward pass is finite: look at the backward pass in AnomalyMode)";
    } catch (const Error& first) {
      return cat(" (", first.what(), ")");
    }
  }

  methods::Method& method_;
  TrainerOptions options_;
  std::int64_t total_steps_;
  Owned<optim::Optimizer> optimizer_;
  optim::Cosine schedule_;
  std::vector<Tensor> parameters_, buffers_;
  Owned<GraphedStep> graphed_;
  std::vector<Array> before_;  // the buffers, when the step began
  BatchOutput last_;
};

}  // namespace akin::inline AKIN_ABI::train
