// Errors of the emulated runtime: the last one of a call, and the one of a kernel, which stays.
#include "runtime.hpp"

namespace emulator {

cudaError_t sticky = cudaSuccess;

namespace {
cudaError_t last = cudaSuccess, explained = cudaSuccess;
std::string explanation;
}  // namespace

cudaError_t result(cudaError_t status, std::string what) {
  if (status == cudaSuccess) return status;
  last = status;
  if (status != sticky) explained = status, explanation = std::move(what);
  return status;
}

void die(cudaError_t status, std::string what) {
  if (sticky != cudaSuccess) return;
  sticky = explained = status;
  explanation = std::move(what);
}

void forget_errors() {
  sticky = last = explained = cudaSuccess;
  explanation.clear();
}

}  // namespace emulator

using namespace emulator;

/// "Returns the last error that has been produced by any of the runtime calls in the same instance of the CUDA Runtime
/// library in the host thread and resets it to cudaSuccess."
cudaError_t cudaGetLastError() {
  const cudaError_t status = sticky != cudaSuccess ? sticky : last;
  last = cudaSuccess;
  return status;
}

const char* cudaGetErrorName(cudaError_t status) {
#define AKIN_NAME(name) \
  case name:            \
    return #name
  switch (status) {
    AKIN_NAME(cudaSuccess);
    AKIN_NAME(cudaErrorInvalidValue);
    AKIN_NAME(cudaErrorMemoryAllocation);
    AKIN_NAME(cudaErrorInvalidConfiguration);
    AKIN_NAME(cudaErrorLaunchFailure);
    AKIN_NAME(cudaErrorLaunchOutOfResources);
    AKIN_NAME(cudaErrorInvalidResourceHandle);
    AKIN_NAME(cudaErrorIllegalAddress);
    AKIN_NAME(cudaErrorInsufficientDriver);
    AKIN_NAME(cudaErrorNoDevice);
    AKIN_NAME(cudaErrorNoKernelImageForDevice);
    AKIN_NAME(cudaErrorNotSupported);
    AKIN_NAME(cudaErrorStreamCaptureUnsupported);
    AKIN_NAME(cudaErrorStreamCaptureInvalidated);
    AKIN_NAME(cudaErrorStreamCaptureMerge);
    AKIN_NAME(cudaErrorStreamCaptureUnmatched);
    AKIN_NAME(cudaErrorStreamCaptureUnjoined);
    AKIN_NAME(cudaErrorStreamCaptureIsolation);
    AKIN_NAME(cudaErrorStreamCaptureImplicit);
    AKIN_NAME(cudaErrorCapturedEvent);
    default:
      return "cudaError";
  }
#undef AKIN_NAME
}

const char* cudaGetErrorString(cudaError_t status) {
  return status == explained && !explanation.empty() ? explanation.c_str() : cudaGetErrorName(status);
}
