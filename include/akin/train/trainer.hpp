// Trainer: the loop over epochs and batches. What it shows and keeps goes to the Progress and the RunFolder it is
// given.
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../data/loader.hpp"
#include "../eval/collapse.hpp"
#include "../io/checkpoint.hpp"
#include "../methods/method.hpp"
#include "../optim/schedule.hpp"
#include "optimizers.hpp"
#include "progress.hpp"
#include "run_folder.hpp"

namespace akin::inline AKIN_ABI::train {

struct TrainerOptions {
  std::int64_t epochs = 6;
  std::string optimizer = "sgd";    ///< see optimizers()
  double lr = 0.12;                 ///< after warm-up; falls to 0 along a cosine
  double weight_decay = 5e-4;       ///< not on norms and biases
  double momentum = 0.9;            ///< of sgd
  bool nesterov = false;            ///< of sgd
  std::int64_t warmup_steps = 100;  ///< linear; shortened to a tenth of a run that is shorter than ten times as long
  std::int64_t log_every =
      10;  ///< steps between rows of metrics and looks at the embeddings; the last step has its own
};

struct TrainerReport {
  std::int64_t steps = 0;
  double seconds = 0;  ///< in the loop, without checkpoints
  double images_per_second = 0;
  double embedding_std = 0;  ///< of the last step's projections; 1/sqrt(D) is healthy, 0 collapsed
  double loss = 0;           ///< mean over the last epoch
};

/// Trains a method on the views of a loader, with a cosine schedule. Both must outlive it.
class Trainer {
 public:
  /// Errors: an option is out of range; an unknown optimizer.
  AKIN_LAZY Trainer(methods::Method& method, data::Loader& loader, const TrainerOptions& options)
      : method_(method),
        loader_(loader),
        options_(resolved(options, loader)),
        optimizer_(find_optimizer(options_.optimizer).make(setup(method.parameter_groups(options_.weight_decay)))),
        schedule_(
            optim::cosine({.base = options_.lr, .warmup_steps = options_.warmup_steps, .total_steps = total_steps()})) {
  }

  /// As they take effect: warm-up is shortened in a short run.
  const TrainerOptions& options() const { return options_; }
  /// Name and settings of the optimizer.
  AKIN_LAZY io::Json optimizer_config() const {
    io::Json::Object config = {{"name", options_.optimizer}};
    for (auto& setting : find_optimizer(options_.optimizer).settings(setup({}))) config.push_back(std::move(setting));
    return config;
  }

  /// One whole run. `folder` may be null: then nothing is written. Errors: the loss or, after an epoch, a parameter is
  /// not finite; the checkpoints are then those of the epoch before.
  AKIN_LAZY TrainerReport run(Progress& progress, RunFolder* folder = nullptr) {
    method_.train();
    TrainerReport report;
    double loss_sum = 0, images = 0, started = data::steady_seconds(), waited = loader_.wait_seconds();
    begin_epoch(progress, 0);
    // All epochs in one loop: the loader begins the next one while the last batch of this one is in use.
    for (const data::Batch& batch : loader_.epochs(0, options_.epochs)) {
      const double now_waited = loader_.wait_seconds();
      loss_sum += one_step(batch, now_waited - std::exchange(waited, now_waited), progress, folder, report);
      images += static_cast<double>(batch.labels.size());
      if (batch.step + 1 < loader_.steps_per_epoch()) continue;
      report.loss = std::exchange(loss_sum, 0) / static_cast<double>(loader_.steps_per_epoch());
      report.seconds += data::steady_seconds() - started;
      progress.finish();
      check_parameters(batch.epoch);
      if (folder) save(*folder, batch.epoch + 1);
      if (batch.epoch + 1 < options_.epochs) begin_epoch(progress, batch.epoch + 1);
      started = data::steady_seconds();
    }
    report.images_per_second = images / report.seconds;
    return report;
  }

 private:
  AKIN_LAZY static TrainerOptions resolved(const TrainerOptions& o, const data::Loader& loader) {
    check(o.epochs >= 1 && o.epochs <= 1 << 24, "trainer", "epochs must lie in 1 ... 2^24, got ", o.epochs);
    check(o.log_every >= 1, "trainer", "log_every must be >= 1, got ", o.log_every);
    check(o.warmup_steps >= 0, "trainer", "warmup_steps must be >= 0, got ", o.warmup_steps);
    check(o.lr >= 0 && std::isfinite(o.lr), "trainer", "lr must be >= 0, got ", o.lr);
    check(o.weight_decay >= 0 && std::isfinite(o.weight_decay), "trainer", "weight_decay must be >= 0, got ",
          o.weight_decay);
    TrainerOptions options = o;
    options.warmup_steps = std::min(o.warmup_steps, o.epochs * loader.steps_per_epoch() / 10);
    return options;
  }
  std::int64_t total_steps() const { return options_.epochs * loader_.steps_per_epoch(); }
  AKIN_LAZY OptimizerSetup setup(std::vector<optim::ParameterGroup> groups) const {
    return {
        .groups = std::move(groups), .lr = options_.lr, .momentum = options_.momentum, .nesterov = options_.nesterov};
  }

  AKIN_LAZY void begin_epoch(Progress& progress, std::int64_t epoch) const {
    progress.begin_epoch(static_cast<int>(epoch) + 1, static_cast<int>(options_.epochs), loader_.steps_per_epoch());
  }

  /// Trains on one batch, for which the loader let us wait; shows and logs it. Returns the loss.
  AKIN_LAZY double one_step(const data::Batch& batch, double wait_seconds, Progress& progress, RunFolder* folder,
                            TrainerReport& report) {
    const bool look = report.steps % options_.log_every == 0 || report.steps + 1 == total_steps();
    const auto out = train_on(batch, report.steps);
    const double loss = out.loss.item();
    if (look) report.embedding_std = eval::embedding_std(out.embedding);
    progress.step({loss, optimizer_->lr(), batch.labels.size(), wait_seconds,
                   look ? report.embedding_std : ProgressState::unknown,
                   1 / std::sqrt(static_cast<double>(out.embedding.dim(1)))});
    if (folder && look) log_row(*folder, batch.epoch, report, loss, progress.state(), out.embedding);
    ++report.steps;
    return loss;
  }

  AKIN_LAZY methods::StepOutput train_on(const data::Batch& batch, std::int64_t step) {
    optimizer_->set_lr(schedule_(step));
    auto out = method_.forward(batch.views);
    check(std::isfinite(out.loss.item()), "trainer", "the loss is ", number("%g", out.loss.item()), " at step ", step,
          ", epoch ", batch.epoch, "; lower the learning rate, or find the first bad value in AnomalyMode");
    optimizer_->zero_grad();
    out.loss.backward();
    optimizer_->step();
    method_.after_step(static_cast<double>(step + 1) / static_cast<double>(total_steps()));
    return out;
  }

  AKIN_LAZY void log_row(RunFolder& folder, std::int64_t epoch, const TrainerReport& report, double loss,
                         const ProgressState& shown, const Array& embedding) {
    const bool rank =
        report.steps % (10 * options_.log_every) == 0;  // singular values take longer than the rest of the row
    folder.metrics().add({{"step", report.steps},
                          {"epoch", epoch},
                          {"loss", loss},
                          {"lr", optimizer_->lr()},
                          {"embedding_std", report.embedding_std},
                          {"rankme", rank ? eval::rankme(embedding) : ProgressState::unknown},
                          {"images_per_second", shown.images_per_second},
                          {"data_wait", shown.data_wait}});
  }

  /// The loss shows only what happened before the last update.
  AKIN_LAZY void check_parameters(std::int64_t epoch) const {
    for (const auto& [name, tensor] : method_.named_tensors())
      check(akin::detail::all_finite(tensor.value()), "trainer", "'", name, "' holds a NaN or an infinity after epoch ",
            epoch, ", which was not saved; lower the learning rate, or find the first bad value in AnomalyMode");
  }

  AKIN_LAZY void save(RunFolder& folder, std::int64_t epochs_done) const {
    const std::map<std::string, std::string> facts = {{"epochs", std::to_string(epochs_done)}};
    io::save_tensors(folder.checkpoint("last"), method_.named_tensors(), facts);
    io::save_tensors(folder.checkpoint("encoder"), method_.encoder().named_tensors(), facts);
  }

  methods::Method& method_;
  data::Loader& loader_;
  TrainerOptions options_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  optim::Cosine schedule_;
};

}  // namespace akin::inline AKIN_ABI::train
