// Places in the order of a stream's work, for which the host and other streams can wait.
#pragma once
#include "cuda.hpp"

#if AKIN_CUDA

namespace akin::inline AKIN_ABI::detail {

/// An event without timing. op, in all of these: what an Error names.
class CudaEvent {
 public:
  AKIN_LAZY explicit CudaEvent(std::string_view op) {
    check_cuda(op, cudaEventCreateWithFlags(&event_, cudaEventDisableTiming));
  }
  ~CudaEvent() { cudaEventDestroy(event_); }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  /// From now on it stands behind all that was queued on the stream so far.
  AKIN_LAZY void record(std::string_view op, cudaStream_t stream) { check_cuda(op, cudaEventRecord(event_, stream)); }
  /// What is queued on the stream from now on runs behind the place where it stands; nobody on the host waits.
  AKIN_LAZY void hold(std::string_view op, cudaStream_t stream) const {
    check_cuda(op, cudaStreamWaitEvent(stream, event_, 0));
  }
  /// The host waits. One that was never recorded is for nothing to wait for.
  AKIN_LAZY void wait(std::string_view op) const { check_cuda(op, cudaEventSynchronize(event_)); }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace akin::inline AKIN_ABI::detail

#endif
