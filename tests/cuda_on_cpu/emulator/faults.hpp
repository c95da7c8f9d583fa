// What tests may tell the emulated runtime.
#pragma once
#include <cuda_runtime_api.h>

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

/// How often the host waited: calls that block until queued work is done, and found some. A step that has its numbers
/// from the device only when it needs them counts none.
extern std::uint64_t waits;

/// What the runtime finds on the machine.
struct Machine {
  int driver = CUDART_VERSION;  ///< the CUDA that it serves; 0: none is installed
  int devices = 1, current = 0;
  int major = 9, minor = 0;  ///< compute capability
  int no_code_on = -1;       ///< the program has no code for this device
};
extern Machine machine;

/// Forgets queued work, captures, graphs, counts and sticky errors, as a new process would.
void reset();

}  // namespace emulator
