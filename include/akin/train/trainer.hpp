// Trainer: the loop over epochs and batches. It knows nothing about files or terminals beyond the two it is given.
#pragma once
#include <string>
#include <vector>

#include "../data/loader.hpp"
#include "../eval/collapse.hpp"
#include "../io/checkpoint.hpp"
#include "../methods/method.hpp"
#include "../optim/schedule.hpp"
#include "../optim/sgd.hpp"
#include "progress.hpp"
#include "run_folder.hpp"

namespace akin::inline AKIN_ABI::train {

struct TrainerOptions {
  std::int64_t epochs = 6;
  double lr = 0.12;                ///< after warm-up; falls to 0 along a cosine
  double weight_decay = 5e-4;      ///< not on norms and biases
  double momentum = 0.9;
  std::int64_t warmup_steps = 100; ///< linear; shortened to a tenth of a run that is shorter than ten times as long
  std::int64_t log_every = 10;     ///< steps between rows of metrics and looks at the embeddings
};

struct TrainerReport {
  std::int64_t steps = 0;
  double seconds = 0;            ///< in the loop, without evaluation
  double images_per_second = 0;
  double embedding_std = 0;      ///< of the last look at the projections; 1/sqrt(D) is healthy, 0 collapsed
  double loss = 0;               ///< mean over the last epoch
};

/// Trains a method on the views of a loader, with SGD and a cosine schedule. Both must outlive it.
class Trainer {
 public:
  /// Errors: an option is out of range.
  AKIN_LAZY Trainer(methods::Method& method, data::Loader& loader, const TrainerOptions& options)
      : method_(method), loader_(loader), options_(checked(options)),
        total_steps_(options.epochs * loader.steps_per_epoch()),
        schedule_(optim::cosine({.base = options.lr, .warmup_steps = std::min(options.warmup_steps, total_steps_ / 10), .total_steps = total_steps_})),
        optimizer_(method.parameter_groups(options.weight_decay), {.lr = options.lr, .momentum = options.momentum}) {}

  /// One whole run. `folder` may be null: then nothing is written. Errors: the loss is not finite.
  AKIN_LAZY TrainerReport run(Progress& progress, RunFolder* folder = nullptr) {
    method_.train();
    TrainerReport report;
    for (std::int64_t epoch = 0; epoch < options_.epochs; ++epoch) {
      progress.begin_epoch(static_cast<int>(epoch) + 1, static_cast<int>(options_.epochs), loader_.steps_per_epoch());
      run_epoch(epoch, progress, folder, report);
      progress.finish();
      if (folder) save(*folder, epoch + 1);
    }
    report.images_per_second = static_cast<double>(images_) / report.seconds;
    return report;
  }

 private:
  AKIN_LAZY static const TrainerOptions& checked(const TrainerOptions& o) {
    check(o.epochs >= 1, "trainer", "epochs must be >= 1, got ", o.epochs);
    check(o.log_every >= 1, "trainer", "log_every must be >= 1, got ", o.log_every);
    check(o.warmup_steps >= 0, "trainer", "warmup_steps must be >= 0, got ", o.warmup_steps);
    check(o.lr >= 0 && std::isfinite(o.lr), "trainer", "lr must be >= 0, got ", o.lr);
    check(o.weight_decay >= 0 && std::isfinite(o.weight_decay), "trainer", "weight_decay must be >= 0, got ", o.weight_decay);
    return o;
  }

  AKIN_LAZY void run_epoch(std::int64_t epoch, Progress& progress, RunFolder* folder, TrainerReport& report) {
    const double started = steady_seconds();
    double loss_sum = 0, waited = loader_.wait_seconds();
    for (const data::Batch& batch : loader_.epoch(epoch)) {
      const bool look = report.steps % options_.log_every == 0;
      const auto out = step(batch, report.steps);
      const double loss = out.loss.item(), now_waited = loader_.wait_seconds();
      if (look) report.embedding_std = eval::embedding_std(out.embedding);
      progress.step({loss, optimizer_.lr(), batch.labels.size(), now_waited - std::exchange(waited, now_waited),
                     look ? report.embedding_std : ProgressState::unknown,
                     1 / std::sqrt(static_cast<double>(out.embedding.dim(1)))});
      if (folder && look) log_row(*folder, epoch, report, loss, progress.state(), out.embedding);
      loss_sum += loss;
      images_ += batch.labels.size();
      ++report.steps;
    }
    report.seconds += steady_seconds() - started;
    report.loss = loss_sum / static_cast<double>(loader_.steps_per_epoch());
  }

  AKIN_LAZY methods::StepOutput step(const data::Batch& batch, std::int64_t step) {
    optimizer_.set_lr(schedule_(step));
    auto out = method_.forward(batch.views);
    check(std::isfinite(out.loss.item()), "trainer", "the loss is ", number("%g", out.loss.item()), " at step ", step, ", epoch ", batch.epoch,
          "; lower the learning rate, or find the first bad value with --anomaly");
    optimizer_.zero_grad();
    out.loss.backward();
    optimizer_.step();
    method_.after_step(static_cast<double>(step + 1) / static_cast<double>(total_steps_));
    return out;
  }

  AKIN_LAZY void log_row(RunFolder& folder, std::int64_t epoch, const TrainerReport& report, double loss, const ProgressState& shown,
               const Array& embedding) {
    folder.metrics().add({{"step", report.steps},
                          {"epoch", epoch},
                          {"loss", loss},
                          {"lr", optimizer_.lr()},
                          {"embedding_std", report.embedding_std},
                          {"rankme", report.steps % (10 * options_.log_every) == 0 ? eval::rankme(embedding) : ProgressState::unknown},
                          {"images_per_second", shown.images_per_second},
                          {"data_wait", shown.data_wait}});
  }

  AKIN_LAZY void save(RunFolder& folder, std::int64_t epochs_done) {
    io::save_tensors(folder.checkpoint("last"), method_.named_tensors(), {{"epochs", std::to_string(epochs_done)}});
    io::save_tensors(folder.checkpoint("encoder"), method_.encoder().named_tensors(), {{"epochs", std::to_string(epochs_done)}});
  }

  methods::Method& method_;
  data::Loader& loader_;
  TrainerOptions options_;
  std::int64_t total_steps_;
  optim::Cosine schedule_;
  optim::Sgd optimizer_;
  std::int64_t images_ = 0;
};

}  // namespace akin::inline AKIN_ABI::train
