// Schedules: pure functions of the step; and how learning rates follow the size of a batch.
#pragma once
#include <cmath>
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::optim {

struct CosineOptions {
  double base = 0.1;  ///< value at the end of warm-up
  double final = 0;   ///< reached after the last step
  std::int64_t warmup_steps = 0;
  std::int64_t total_steps = 1;
};

/// Linear warm-up, then half a cosine (SGDR without restarts, arXiv:1608.03983, Eq. 5):
///   step < warmup   base (step + 1) / warmup
///   else            final + (base - final) (1 + cos(pi t)) / 2,  t = (step - warmup) / (total - warmup)
struct Cosine {
  CosineOptions options;

  AKIN_LAZY double operator()(std::int64_t step) const {
    check(step >= 0, "cosine", "step must be >= 0, got ", step);
    const auto& o = options;
    if (step < o.warmup_steps) return o.base * static_cast<double>(step + 1) / static_cast<double>(o.warmup_steps);
    const double span = static_cast<double>(o.total_steps - o.warmup_steps);
    const double t = span > 0 ? static_cast<double>(step - o.warmup_steps) / span : 1;
    return o.final + (o.base - o.final) * (1 + std::cos(3.141592653589793 * (t < 1 ? t : 1))) / 2;
  }
};

/// Errors: base or final not finite; negative steps; warm-up longer than the run.
AKIN_LAZY Cosine cosine(const CosineOptions& options) {
  check(std::isfinite(options.base) && std::isfinite(options.final), "cosine", "base and final must be finite, got ",
        options.base, " and ", options.final);
  check(options.total_steps >= 0, "cosine", "total_steps must be >= 0, got ", options.total_steps);
  check(options.warmup_steps >= 0 && options.warmup_steps <= options.total_steps, "cosine", "warm-up of ",
        options.warmup_steps, " steps does not fit into a run of ", options.total_steps, "; shorten the warm-up");
  return {options};
}

struct MultiStepOptions {
  double base = 0.1;
  double factor = 0.1;                        ///< at every milestone
  std::vector<std::int64_t> milestones = {};  ///< steps, rising
};

/// base factor^k, with k the milestones reached: step >= milestone. As torch.optim.lr_scheduler.MultiStepLR; MoCo v1,
/// arXiv:1911.05722, section 4, multiplies by 0.1 at epochs 120 and 160 of 200.
struct MultiStep {
  MultiStepOptions options;

  AKIN_LAZY double operator()(std::int64_t step) const {
    check(step >= 0, "multi_step", "step must be >= 0, got ", step);
    double value = options.base;
    for (const std::int64_t milestone : options.milestones)
      if (step >= milestone) value *= options.factor;
    return value;
  }
};

/// Errors: base or factor not finite; milestones that are negative or do not rise.
AKIN_LAZY MultiStep multi_step(const MultiStepOptions& options) {
  check(std::isfinite(options.base) && std::isfinite(options.factor), "multi_step",
        "base and factor must be finite, got ", options.base, " and ", options.factor);
  std::int64_t last = -1;
  for (const std::int64_t milestone : options.milestones) {
    check(milestone > last, "multi_step", "milestones must be >= 0 and rise, got ", milestone, " after ", last);
    last = milestone;
  }
  return {options};
}

struct StepDecayOptions {
  double base = 0.1;
  double factor = 0.1;  ///< at the end of every period
  std::int64_t every = 1;
};

/// base factor^floor(step / every). As torch.optim.lr_scheduler.StepLR.
struct StepDecay {
  StepDecayOptions options;

  AKIN_LAZY double operator()(std::int64_t step) const {
    check(step >= 0, "step_decay", "step must be >= 0, got ", step);
    return options.base * std::pow(options.factor, static_cast<double>(step / options.every));
  }
};

/// Errors: base or factor not finite; every < 1.
AKIN_LAZY StepDecay step_decay(const StepDecayOptions& options) {
  check(std::isfinite(options.base) && std::isfinite(options.factor), "step_decay",
        "base and factor must be finite, got ", options.base, " and ", options.factor);
  check(options.every >= 1, "step_decay", "every must be >= 1 steps, got ", options.every);
  return {options};
}

namespace detail {
AKIN_LAZY void check_scaling(std::string_view op, double lr, std::int64_t batch_size) {
  check(lr >= 0 && std::isfinite(lr), op, "lr must be >= 0 and finite, got ", lr);
  check(batch_size >= 1, op, "batch_size must be >= 1, got ", batch_size);
}
}  // namespace detail

/// The learning rate for that batch from the one for 256 images:  lr batch_size / 256    arXiv:1706.02677, section 2.1
/// SimCLR, BYOL, MoCo v3, SimSiam, Barlow Twins, VICReg and DINO give theirs in this form. batch_size counts images over
/// all devices, each once, not its views. Errors: lr negative or not finite, batch_size < 1.
AKIN_LAZY double linear_lr(double lr, std::int64_t batch_size) {
  detail::check_scaling("linear_lr", lr, batch_size);
  return lr * static_cast<double>(batch_size) / 256;
}

/// lr sqrt(batch_size): better for small batches and short runs.    SimCLR, arXiv:2002.05709, Appendix B.1
/// SimCLR's lr is 0.075 here, and 0.3 in linear_lr: equal for batches of 4096.
/// Errors: lr negative or not finite, batch_size < 1.
AKIN_LAZY double sqrt_lr(double lr, std::int64_t batch_size) {
  detail::check_scaling("sqrt_lr", lr, batch_size);
  return lr * std::sqrt(static_cast<double>(batch_size));
}

}  // namespace akin::inline AKIN_ABI::optim
