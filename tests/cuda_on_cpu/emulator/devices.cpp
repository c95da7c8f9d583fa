// The emulated machine: its driver, its GPUs, and whether the program has code for them; versions of NVIDIA's libraries.
#include <cstdio>

#if defined(AKIN_WITH_CUBLAS)
#include <cublasLt.h>
#endif
#if defined(AKIN_WITH_CUDNN)
#include <cudnn.h>
#endif

#include "emulator.hpp"
#include "faults.hpp"

namespace emulator {
Machine machine;
}
using emulator::machine;

namespace {
bool is_device(int device) { return device >= 0 && device < machine.devices; }
}  // namespace

/// "If no driver is installed, then 0 is returned as the driver version."
cudaError_t cudaDriverGetVersion(int* version) {
  *version = machine.driver;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
#if defined(AKIN_WITH_CUBLAS)
std::size_t cublasLtGetVersion() { return CUBLAS_VERSION; }
#endif
#if defined(AKIN_WITH_CUDNN)
std::size_t cudnnGetVersion() { return CUDNN_VERSION; }
#endif

/// "cudaErrorInsufficientDriver: ... the installed NVIDIA CUDA driver is older than the CUDA runtime library."
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  if (machine.driver / 1000 < CUDART_VERSION / 1000) return cudaErrorInsufficientDriver;  // minor versions may differ
  if (machine.devices == 0) return cudaErrorNoDevice;
  *count = machine.devices;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = machine.current;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  machine.current = device;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "Emulated GPU %d", device);
  properties->major = machine.major;
  properties->minor = machine.minor;
  properties->totalGlobalMem = std::size_t{8} << 30;
  properties->multiProcessorCount = 1;
  return cudaSuccess;
}
/// "cudaErrorNoKernelImageForDevice: This indicates that there is no kernel image available that is suitable for the
/// device."
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  if (!kernel) return cudaErrorInvalidDeviceFunction;
  *attributes = {};
  return machine.current == machine.no_code_on ? cudaErrorNoKernelImageForDevice : cudaSuccess;
}
