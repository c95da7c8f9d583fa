// Progress: the line that lives at the bottom of the terminal while a model trains, or plain lines in a log.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

#include "../data/clock.hpp"
#include "progress_line.hpp"

namespace akin::inline AKIN_ABI::train {

struct ProgressOptions {
  bool terminal = false;  ///< redraw one line in place; otherwise print plain lines
  bool color = false;
  bool quiet = false;           ///< print nothing at all
  int width = 0;                ///< columns; 0 asks the terminal before each redraw, so that resizing works
  double redraw_seconds = 0.1;  ///< terminal: at most this often
  double plain_seconds = 30;    ///< otherwise: a line this often, and at the end of each epoch
  double smoothing = 0.98;      ///< of the loss and of the times per step; 0 shows the last step alone
  double (*now)() = data::steady_seconds;
};

/// The options that suit a stream: bar and colours on a terminal (NO_COLOR respected), plain lines elsewhere.
AKIN_LAZY ProgressOptions progress_for(std::FILE* stream, bool quiet = false) {
  return {.terminal = is_terminal(stream), .color = wants_color(stream), .quiet = quiet};
}

/// What one training step tells; nan means unknown.
struct StepReport {
  double loss = 0;  ///< not finite: of a skipped step, left out of the average
  double lr = ProgressState::unknown;
  std::int64_t images = 0;
  double wait_seconds = 0;                        ///< of the step's time, how long the loader kept us waiting
  double embedding_std = ProgressState::unknown;  ///< nan keeps the last known one
  double healthy_std = 0;                         ///< what embedding_std is compared with: 1/sqrt(embedding size)
};

/// Exponential moving average without a bias towards zero at the start (Adam's correction, arXiv:1412.6980, section 3).
class Smoothed {
 public:
  explicit Smoothed(double decay) : decay_(decay) {}
  AKIN_LAZY void add(double x) {
    sum_ = decay_ * sum_ + (1 - decay_) * x;
    weight_ = decay_ * weight_ + (1 - decay_);
  }
  double value() const { return sum_ / weight_; }  ///< nan before the first value

 private:
  double decay_, sum_ = 0, weight_ = 0;
};

/// What people see of a training: begin_epoch(), step() behind each batch, finish() at the end of the epoch. Loss,
/// images per second and time left are smoothed (ProgressOptions::smoothing). Not for several threads at once.
class Progress {
 public:
  explicit Progress(std::FILE* out, const ProgressOptions& options = {}) : out_(out), options_(options) {}
  ~Progress() { end_line(); }  // an error message must not be written over the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Epochs count from 1. `done` steps were made before a resume.
  AKIN_LAZY void begin_epoch(int epoch, int epochs, std::int64_t steps, std::int64_t done = 0) {
    state_.epoch = epoch, state_.epochs = epochs, state_.step = done, state_.steps = steps;
    last_step_ = shown_ = options_.now();  // evaluation between the epochs is not time per step
    if (options_.terminal) show();
  }

  AKIN_LAZY void step(const StepReport& report) {
    const double now = options_.now();
    if (std::isfinite(report.loss)) loss_.add(report.loss), state_.has_loss = true;
    step_seconds_.add(now - last_step_);
    wait_seconds_.add(report.wait_seconds);
    images_.add(static_cast<double>(report.images));
    last_step_ = now;
    ++state_.step;
    state_.loss = loss_.value();
    state_.lr = report.lr;
    if (!std::isnan(report.embedding_std))
      state_.embedding_std = report.embedding_std, state_.healthy_std = report.healthy_std;
    update_rates();
    if (now - shown_ >= (options_.terminal ? options_.redraw_seconds : options_.plain_seconds)) show();
  }

  /// Shows the final state and ends the line: one line per epoch stays on the screen.
  AKIN_LAZY void finish() {
    show();
    end_line();
  }

  /// Prints text; the bar moves below it.
  AKIN_LAZY void message(std::string_view text) {
    if (options_.quiet) return;
    const bool redraw = open_;
    write((redraw ? "\r\x1b[K" : "") + printable_lines(text) + "\n");
    open_ = false;
    if (redraw) show();
  }

  const ProgressState& state() const { return state_; }

 private:
  AKIN_LAZY void update_rates() {
    const double seconds = step_seconds_.value();
    if (!(seconds > 0)) return;
    state_.images_per_second = images_.value() / seconds;
    state_.data_wait = std::clamp(wait_seconds_.value() / seconds, 0.0, 1.0);
    const std::int64_t left = state_.steps - state_.step + (state_.epochs - state_.epoch) * state_.steps;
    state_.seconds_left = seconds * static_cast<double>(std::max<std::int64_t>(left, 0));
  }

  AKIN_LAZY void show() {
    shown_ = options_.now();
    if (options_.quiet) return;
    if (!options_.terminal) return write(render_plain(state_) + "\n");
    const int width = options_.width > 0 ? options_.width : terminal_width(out_);
    write(cat("\r", render(state_, width, options_.color), "\x1b[K"));
    open_ = true;
  }

  AKIN_LAZY void end_line() {
    if (open_) write("\n");
    open_ = false;
  }

  // In one piece: other output must not come in between. A closed terminal is no reason to stop a training.
  AKIN_LAZY void write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), out_);
    std::fflush(out_);
  }

  std::FILE* out_;
  ProgressOptions options_;
  ProgressState state_;
  Smoothed loss_{options_.smoothing}, step_seconds_{options_.smoothing}, wait_seconds_{options_.smoothing},
      images_{options_.smoothing};
  double last_step_ = 0, shown_ = 0;
  bool open_ = false;
};

}  // namespace akin::inline AKIN_ABI::train
