// Schedules: pure functions of the step.
#pragma once
#include <cmath>

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

}  // namespace akin::inline AKIN_ABI::optim
