// The clock of everything that is timed: waiting for batches, training, progress.
#pragma once
#include <time.h>

#include "../core/macros.hpp"

namespace akin::inline AKIN_ABI::data {

/// Seconds on a clock that never jumps. Not <chrono>: it takes longer to compile than the loader.
AKIN_LAZY double steady_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace akin::inline AKIN_ABI::data
