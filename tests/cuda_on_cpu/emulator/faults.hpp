// What tests may tell the emulated runtime.
#pragma once
#include <cstdint>
#include <string>

namespace emulator {

/// Makes the n-th call that can fail (an allocation, a copy, a launch) fail.
struct Faults {
  std::uint64_t calls = 0;    ///< so far
  std::uint64_t fail_at = 0;  ///< 0: never
  std::string struck;         ///< the call that failed

  bool strikes(const char* call);
};
extern Faults faults;

/// Forgets queued work and sticky errors, as a new process would.
void reset();

}  // namespace emulator
