// CUDA kernels as plain C++: what device code sees when a C++ compiler builds it for the host.
//
// Given to the compiler with -include, before anything else. NVIDIA's own headers declare the types and the runtime's
// functions; this header says what qualifiers, built-in variables and intrinsics mean. Each thread of a block is a fiber
// (scheduler.cpp); memory, streams, copies and graphs are those of runtime.hpp. Nothing here models time or weak memory
// order.
#pragma once
#define AKIN_EMULATOR 1

#include <cuda_runtime_api.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>

#undef __global__
#undef __device__
#undef __host__
#undef __forceinline__
#undef __launch_bounds__
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

namespace emulator {

struct Launch {
  std::string name;
  dim3 grid, block;
  std::size_t shared_bytes = 0;
  const void* kernel = nullptr;  ///< the function
};

// ---- the thread that runs now ---------------------------------------------------------------------------------------

extern uint3 thread_index, block_index;
extern dim3 block_size, grid_size;

/// Waits for the other threads of the block. site tells barriers apart: threads that wait at different ones, or finish
/// while others wait, are reported. Returns how many came with a true predicate.
int block_barrier(const void* site, int predicate = 0);

enum class WarpOp { sync, shuffle, shuffle_xor, shuffle_up, shuffle_down, ballot, gather };
/// What the lanes of the mask exchange; the last lane that arrives computes all results. gather returns a pointer to the
/// 32 values, valid until the warp's next exchange but one.
std::uint64_t warp_exchange(WarpOp op, unsigned mask, std::uint64_t value, int argument, int width);

/// Ends the kernel with this message: the stream gets a sticky error.
[[noreturn]] void fail(std::string message);

/// The shared array declared at a site: poisoned for every block, with red zones where AddressSanitizer is on.
void* shared_array(const void* site, std::size_t bytes);
void* dynamic_shared();

/// Queues a kernel; the runtime runs it when somebody waits for its stream.
cudaError_t enqueue(const Launch& launch, cudaStream_t stream, std::function<void()> kernel);
/// Runs a kernel now, block after block.
void run_grid(const Launch& launch, const std::function<void()>& kernel);

// ---- for tests ------------------------------------------------------------------------------------------------------

struct Options {
  unsigned shuffle_seed = 0;  ///< not 0: blocks, and threads between barriers, run in this random order
};
extern Options options;

/// Called, where it is set, with every kernel that ran to its end.
extern void (*on_end_of_kernel)(const Launch&);

template <class T>
std::uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace emulator

// A different address for every place in the source, and for every instance of a template.
#define AKIN_EMULATOR_SITE      \
  ([]() -> const void* {        \
    static const char site = 0; \
    return &site;               \
  }())

// ---- built-in variables and barriers --------------------------------------------------------------------------------

#define threadIdx ::emulator::thread_index
#define blockIdx ::emulator::block_index
#define blockDim ::emulator::block_size
#define gridDim ::emulator::grid_size

#define __syncthreads() static_cast<void>(::emulator::block_barrier(AKIN_EMULATOR_SITE))
#define __syncthreads_count(predicate) ::emulator::block_barrier(AKIN_EMULATOR_SITE, (predicate) != 0)
#define __syncthreads_or(predicate) (::emulator::block_barrier(AKIN_EMULATOR_SITE, (predicate) != 0) != 0)
inline void __threadfence() {}
inline void __threadfence_block() {}

// ---- warps ----------------------------------------------------------------------------------------------------------

inline void __syncwarp(unsigned mask = 0xffffffffu) { emulator::warp_exchange(emulator::WarpOp::sync, mask, 0, 0, 32); }
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32) {
  using namespace emulator;
  return from_bits<T>(warp_exchange(WarpOp::shuffle, mask, to_bits(value), lane, width));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  using namespace emulator;
  return from_bits<T>(warp_exchange(WarpOp::shuffle_xor, mask, to_bits(value), lanes, width));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32) {
  using namespace emulator;
  return from_bits<T>(warp_exchange(WarpOp::shuffle_up, mask, to_bits(value), static_cast<int>(lanes), width));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32) {
  using namespace emulator;
  return from_bits<T>(warp_exchange(WarpOp::shuffle_down, mask, to_bits(value), static_cast<int>(lanes), width));
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(emulator::warp_exchange(emulator::WarpOp::ballot, mask, predicate != 0, 0, 32));
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) == mask; }

// ---- atomics and arithmetic -----------------------------------------------------------------------------------------

template <class T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  return std::atomic_ref<T>(*address).fetch_add(value);
}
template <class T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  const T old = *address;
  if (old < value) *address = value;
  return old;
}
template <class T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  const T old = *address;
  if (value < old) *address = value;
  return old;
}
template <class T>
T __ldg(const T* address) {
  return *address;
}
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return x ? std::countr_zero(static_cast<unsigned>(x)) + 1 : 0; }
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
