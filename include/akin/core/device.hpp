// Devices, and the one branch on them.
#pragma once
#include <ostream>
#include <type_traits>

#include "cuda.hpp"
#include "error.hpp"
#include "tags.hpp"

namespace akin::inline AKIN_ABI {

enum class Device : unsigned char { cpu, cuda };

/// Where Arrays lie that name no device: on the host, but for tests in AKIN_MANAGED_CUDA.
#if defined(AKIN_MANAGED_CUDA)
inline constexpr Device default_device = Device::cuda;
#else
inline constexpr Device default_device = Device::cpu;
#endif

inline std::ostream& operator<<(std::ostream& os, Device device) {
  return os << (device == Device::cpu ? "cpu" : "cuda");
}

[[noreturn]] inline void throw_no_cuda(std::string_view op) {
  throw Error(cat(op, ": this build has no CUDA backend; use --device cpu"));
}

/// Calls f(Cpu{}) or f(Cuda{...}). The only place in the library that branches on the device.
template <class F>
decltype(auto) on(Device device, F&& f) {
#if AKIN_CUDA
  if (device == Device::cuda) return f(kernels::Cuda{compute_stream()});
#else
  if (device == Device::cuda) throw_no_cuda("cuda");
#endif
  return f(kernels::Cpu{});
}

/// Parses --device: "cpu" or "cuda". Asking for cuda in a build without it is an Error, never a silent fallback.
AKIN_LAZY Device parse_device(std::string_view name) {
  check(name == "cpu" || name == "cuda", "device", "unknown device '", name, "'; known are cpu and cuda");
  if (name == "cuda" && !has_cuda) throw_no_cuda("--device cuda");
  return name == "cpu" ? Device::cpu : Device::cuda;
}

}  // namespace akin::inline AKIN_ABI
