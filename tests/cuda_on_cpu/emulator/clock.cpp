// Time and rates of the emulated GPU, for programs that measure: nothing here takes time, so any answer does.
#include "emulator.hpp"

/// "If cudaEventRecord() has not been called on either event then cudaErrorInvalidResourceHandle is returned" is left to
/// a GPU. A millisecond, since programs divide by it.
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  if (!milliseconds || !begin || !end) return cudaErrorInvalidValue;
  *milliseconds = 1;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int device) {
  if (!value) return cudaErrorInvalidValue;
  if (device != 0) return cudaErrorInvalidDevice;
  *value = 1;
  return cudaSuccess;
}
