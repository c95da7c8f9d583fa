// Kernels on their streams; what tests may break, and how the emulated runtime forgets.
#include "runtime.hpp"

#include "emulator.hpp"
#include "faults.hpp"
#include "memory.hpp"
#include "shared_memory.hpp"

namespace emulator {

Faults faults;
void (*on_end_of_kernel)(const Launch&) = nullptr;

bool Faults::strikes(const char* call) {
  ++calls;
  if (calls != fail_at) return false;
  struck = call;
  return true;
}

cudaError_t enqueue(const Launch& launch, cudaStream_t stream, std::function<void()> kernel) {
  if (faults.strikes("launch")) return result(cudaErrorLaunchOutOfResources);
  const auto size = [](dim3 d) { return std::uint64_t{d.x} * d.y * d.z; };
  if (size(launch.block) == 0 || size(launch.block) > 1024 || size(launch.grid) == 0 ||
      launch.shared_bytes > shared_limit)
    return result(cudaErrorInvalidConfiguration);
  return put(launch.name.c_str(), stream, {.run = [launch, kernel = std::move(kernel)] {
               try {
                 run_grid(launch, kernel);
                 if (on_end_of_kernel) on_end_of_kernel(launch);
               } catch (const std::string& what) {
                 die(cudaErrorLaunchFailure, what);
               }
             }});
}

/// Memory that queued work would free is freed: each block that lives costs every launch time.
void reset() {
  const auto forget = [](Stream& stream) {
    for (const Work& work : stream.work)
      if (work.frees) release(work.frees);
    stream.work.clear();
  };
  for (Stream* stream : streams) forget(*stream);
  forget(legacy_stream);
  for (Event* event : events) *event = {};
  forget_captures();
  forget_graphs();
  forget_errors();
  faults = {};
  waits = 0;
}

}  // namespace emulator
