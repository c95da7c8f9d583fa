// Copies of the emulated runtime, behind NVIDIA's own header. They read when they run, and in a graph at each replay.
#include <cstring>

#include "faults.hpp"
#include "memory.hpp"
#include "runtime.hpp"

namespace emulator {

namespace {

/// One side of a copy: all of it in one live block if it is on the device. Managed memory is on both sides.
bool is_valid_side(const void* p, std::size_t bytes, bool device) {
  if (is_managed(p)) return is_allocated(p, bytes);
  return on_device(p) == device && (!device || is_allocated(p, bytes));
}
bool is_pageable(const void* p, std::size_t bytes) { return !on_device(p) && !is_managed(p) && !is_pinned(p, bytes); }

struct Copy {
  void* to;
  const void* from;
  std::size_t bytes;
  cudaMemcpyKind kind;

  bool is_valid() const {
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (kind == cudaMemcpyDefault) to_device = on_device(to), from_device = on_device(from);
    return bytes == 0 || (is_valid_side(to, bytes, to_device) && is_valid_side(from, bytes, from_device));
  }
  bool has_pageable_side() const { return bytes > 0 && (is_pageable(to, bytes) || is_pageable(from, bytes)); }

  void run() const {
    const OpenHeap open;
    std::memmove(to, from, bytes);
  }
};

/// NVIDIA does not forbid pageable memory in a graph, but says that such a copy "might be synchronous with respect to
/// host", and not what a replay reads. So akin's own rule is that there is none.
cudaError_t check_captured_copy(const Copy& copy, const Stream* stream) {
  if (!stream || !stream->capture || !copy.has_pageable_side()) return cudaSuccess;
  return break_capture(*stream->capture, cudaErrorStreamCaptureUnsupported,
                       "cudaMemcpyAsync: pageable memory while the stream is capturing; use that of cudaMallocHost");
}

/// Queued, and once more looked at when it runs: for a graph that may be much later.
cudaError_t queue(const Copy& copy, cudaStream_t stream) {
  return put("cudaMemcpyAsync", stream, {.run = [copy, was_pageable = copy.has_pageable_side()] {
               if (copy.is_valid() && copy.has_pageable_side() == was_pageable)
                 copy.run();
               else
                 die(cudaErrorIllegalAddress, "cudaMemcpyAsync: what it reads or writes was freed before it ran");
             }});
}

/// A call that uses the null stream and waits for it.
cudaError_t check_synchronous(const char* call) {
  const auto status = check_legacy(call, legacy_stream);
  return status == cudaSuccess ? check_unsafe(call) : status;
}

}  // namespace

}  // namespace emulator

using namespace emulator;

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const Copy copy{to, from, bytes, kind};
  if (faults.strikes("cudaMemcpyAsync") || !copy.is_valid()) return result(cudaErrorInvalidValue);
  if (const auto status = check_captured_copy(copy, find_stream(stream)); status != cudaSuccess) return status;
  return queue(copy, stream);
}
/// "It is therefore also invalid to call synchronous APIs in this case. One example of a synchronous APIs is
/// cudaMemcpy()".
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const Copy copy{to, from, bytes, kind};
  if (sticky != cudaSuccess) return result(sticky);
  if (faults.strikes("cudaMemcpy") || !copy.is_valid()) return result(cudaErrorInvalidValue);
  if (const auto status = check_synchronous("cudaMemcpy"); status != cudaSuccess) return status;
  wait_for_all();
  if (sticky != cudaSuccess) return result(sticky);
  copy.run();
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes && !is_allocated(p, bytes)) return result(cudaErrorInvalidValue);
  return put("cudaMemsetAsync", stream, {.run = [=] {
               if (bytes && !is_allocated(p, bytes))
                 return die(cudaErrorIllegalAddress, "cudaMemsetAsync: freed before it ran");
               const OpenHeap open;
               std::memset(p, value, bytes);
             }});
}
cudaError_t cudaMemset(void* p, int value, std::size_t bytes) {
  if (const auto status = check_synchronous("cudaMemset"); status != cudaSuccess) return status;
  const cudaError_t status = cudaMemsetAsync(p, value, bytes, nullptr);
  if (status != cudaSuccess) return status;
  wait_for_all();
  return result(sticky);
}
