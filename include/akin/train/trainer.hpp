// Trainer: the loop over epochs and batches. What it shows and keeps goes to the Progress and the RunFolder it is
// given.
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../data/loader.hpp"
#include "../eval/collapse.hpp"
#include "../io/torch_weights.hpp"
#include "../methods/method.hpp"
#include "progress.hpp"
#include "run_folder.hpp"
#include "training_state.hpp"
#include "training_step.hpp"

namespace akin::inline AKIN_ABI::train {

/// Trains a method on the views of a loader, with a cosine schedule. Both must outlive it.
class Trainer {
 public:
  /// Errors: an option is out of range; an unknown optimizer.
  AKIN_LAZY Trainer(methods::Method& method, data::Loader& loader, const TrainerOptions& options)
      : method_(method), loader_(loader), options_(resolved(options, loader)), step_(method, options_, total_steps()) {}

  /// As they take effect: warm-up is shortened in a short run.
  const TrainerOptions& options() const { return options_; }
  /// Name and settings of the optimizer.
  AKIN_LAZY io::Json optimizer_config() const { return step_.optimizer_config(); }
  /// Where the next run() begins.
  const TrainingPosition& position() const { return position_; }

  /// Takes over the state of a run with the same method, data and options: run() goes on from there, and ends with the
  /// bits of a run that was never interrupted. Errors: tensors or position are not those of such a run.
  AKIN_LAZY void resume(const TrainingState& state) {
    const TrainingPosition& p = state.position;
    check(0 <= p.epoch && p.epoch <= options_.epochs && 0 <= p.batch && p.batch < loader_.steps_per_epoch() &&
              0 <= p.skipped && p.skipped <= p.step && p.batch % options_.accumulate == 0 && p.step == steps_before(p),
          "resume", "'", state.path, "' is of epoch ", p.epoch, ", batch ", p.batch, ", step ", p.step,
          ", which this run of ", options_.epochs, " epochs of ", loader_.steps_per_epoch(), " batches does not have");
    io::assign_tensors(state.path, state.file, state_tensors(method_, step_.optimizer()));
    step_.optimizer().set_steps(p.step - p.skipped);
    position_ = p;
  }

  /// From position() to the end, or until stop() says so between two steps. `folder` may be null: then nothing is
  /// written. Errors: 20 steps in a row could not be made; a parameter is not finite when it should be saved: the
  /// checkpoints are then those of before.
  AKIN_LAZY TrainerReport run(Progress& progress, RunFolder* folder = nullptr, bool (*stop)() = nullptr) {
    method_.train();
    if (folder) folder->metrics().drop_from(position_.step);  // those rows will be written again
    TrainerReport report;
    struct End {  // of a run, even by an Error
      TrainingStep& step;
      ~End() { step.end(); }
    } const end{step_};
    if (position_.epoch < options_.epochs) train_on(progress, folder, stop, report);
    report.steps = position_.step;
    report.skipped_steps = position_.skipped;
    report.embedding_std = position_.embedding_std;
    report.loss = position_.loss;
    if (!report.stopped) position_ = {};
    return report;
  }

 private:
  AKIN_LAZY static TrainerOptions resolved(const TrainerOptions& o, const data::Loader& loader) {
    detail::check_options(o);
    TrainerOptions options = o;
    options.warmup_steps = std::min(o.warmup_steps, o.epochs * detail::steps_per_epoch(o, loader) / 10);
    return options;
  }
  std::int64_t total_steps() const { return options_.epochs * detail::steps_per_epoch(options_, loader_); }
  std::int64_t steps_before(const TrainingPosition& p) const {
    return p.epoch * detail::steps_per_epoch(options_, loader_) + p.batch / options_.accumulate;
  }

  AKIN_LAZY void train_on(Progress& progress, RunFolder* folder, bool (*stop)(), TrainerReport& report) {
    double images = 0, started = data::steady_seconds(), waited = loader_.wait_seconds();
    begin_epoch(progress);
    // All epochs in one loop: the loader begins the next one while the last batch of this one is in use.
    data::Batches batches = loader_.epochs(position_.epoch, options_.epochs, position_.batch);
    for (const data::Batch& batch : batches) {
      const double now_waited = loader_.wait_seconds();
      const double wait_seconds = now_waited - std::exchange(waited, now_waited);
      const bool step_ends = train_on(batch, batches, wait_seconds, progress, folder);
      images += static_cast<double>(batch.labels.size());
      if (!step_ends) continue;
      const bool epoch_ends = position_.batch == 0;
      report.stopped = stop && stop() && position_.epoch < options_.epochs;
      report.seconds += data::steady_seconds() - started;
      if (epoch_ends) end_epoch(progress);
      const bool due = options_.save_every > 0 && position_.step % options_.save_every == 0;
      if (epoch_ends || due || report.stopped) check_parameters(batch.epoch), save(folder);
      if (report.stopped) break;
      if (epoch_ends && position_.epoch < options_.epochs) begin_epoch(progress);
      started = data::steady_seconds();
    }
    report.images_per_second = images / report.seconds;
  }

  /// Trains on one of the batches, for which the loader let us wait; moves the position, shows and logs. True if a step
  /// ended.
  AKIN_LAZY bool train_on(const data::Batch& batch, data::Batches& batches, double wait_seconds, Progress& progress,
                          RunFolder* folder) {
    TrainingPosition& p = position_;
    const std::int64_t per_epoch = loader_.steps_per_epoch(), in_step = batch.step % options_.accumulate;
    const std::int64_t parts = std::min(options_.accumulate, per_epoch - (batch.step - in_step));
    const bool step_ends = in_step + 1 == parts;
    const bool look = step_ends && (p.step % options_.log_every == 0 || p.step + 1 == total_steps());
    if (in_step == 0) step_.begin(p.step), step_loss_ = 0;
    const BatchOutput out = step_.add(batch.views, in_step, parts);
    batches.send_next();
    const double loss = out.loss.item();  // waits: all of the step is queued
    step_loss_ += loss / static_cast<double>(parts);
    if (std::isfinite(loss)) p.epoch_loss += loss, ++p.epoch_batches;
    const bool finite = look && akin::detail::all_finite(out.embedding);
    if (look) p.embedding_std = finite ? eval::embedding_std(out.embedding) : ProgressState::unknown;
    progress.step({loss, step_.optimizer().lr(), batch.labels.size(), wait_seconds,
                   look ? p.embedding_std : ProgressState::unknown,
                   1 / std::sqrt(static_cast<double>(out.embedding.dim(1)))});
    if (step_ends) end_step(batch, progress, folder);
    if (folder && look) log_row(*folder, batch.epoch, step_loss_, progress.state(), finite ? out.embedding : Array());
    if (step_ends) ++p.step;
    p.batch = (batch.step + 1) % per_epoch;
    p.epoch = batch.epoch + (p.batch == 0 ? 1 : 0);
    return step_ends;
  }

  AKIN_LAZY void end_step(const data::Batch& batch, Progress& progress, RunFolder* folder) {
    const std::string why = step_.finish(position_, batch.views);
    if (why.empty()) return;
    const std::string text = cat("warning: step ", position_.step, " was skipped: ", why);
    progress.message(text);
    if (folder) folder->log(text);
  }

  AKIN_LAZY void begin_epoch(Progress& progress) const {
    progress.begin_epoch(static_cast<int>(position_.epoch) + 1, static_cast<int>(options_.epochs),
                         loader_.steps_per_epoch(), position_.batch);
  }
  AKIN_LAZY void end_epoch(Progress& progress) {
    TrainingPosition& p = position_;
    progress.finish();
    p.loss = std::exchange(p.epoch_loss, 0) / static_cast<double>(std::exchange(p.epoch_batches, 0));
  }

  /// `embedding` is undefined if it is not finite.
  AKIN_LAZY void log_row(RunFolder& folder, std::int64_t epoch, double loss, const ProgressState& shown,
                         const Array& embedding) {
    const bool rank = embedding.defined() &&
                      position_.step % (10 * options_.log_every) == 0;  // singular values take longer than the rest
    folder.metrics().add({{"step", position_.step},
                          {"epoch", epoch},
                          {"loss", loss},
                          {"lr", step_.optimizer().lr()},
                          {"embedding_std", position_.embedding_std},
                          {"rankme", rank ? eval::rankme(embedding) : ProgressState::unknown},
                          {"images_per_second", shown.images_per_second},
                          {"data_wait", shown.data_wait}});
  }

  /// The loss shows only what happened before the last update.
  AKIN_LAZY void check_parameters(std::int64_t epoch) const {
    for (const auto& [name, tensor] : method_.named_tensors())
      check(akin::detail::all_finite(tensor.value()), "trainer", "'", name, "' holds a NaN or an infinity in epoch ",
            epoch, ", which was not saved; lower the learning rate, or find the first bad value in AnomalyMode");
  }

  /// The whole state; at the end of an epoch, also the encoder alone, for PyTorch and others to load.
  AKIN_LAZY void save(RunFolder* folder) const {
    if (!folder) return;
    // The encoder first: if we are killed between the two, the state is of before, and the encoder is written again.
    if (position_.batch == 0)
      io::save_torch(method_.encoder(), folder->checkpoint("encoder"), {{"epochs", std::to_string(position_.epoch)}});
    save_state(*folder, state_tensors(method_, step_.optimizer()), position_);
  }

  methods::Method& method_;
  data::Loader& loader_;
  TrainerOptions options_;
  TrainingStep step_;
  TrainingPosition position_;
  double step_loss_ = 0;  // mean over the batches of the step so far
};

}  // namespace akin::inline AKIN_ABI::train
