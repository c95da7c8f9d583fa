// The emulator itself: what it must report, and what it must let pass.
#if defined(AKIN_EMULATOR)

#include <gtest/gtest.h>

#include "emulator/faults.hpp"
#include "emulator/memory.hpp"
#include "kernels/cuda/warp.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using kernels::Cuda;
using kernels::Grid;

/// Runs a broken kernel and returns what the runtime says about it.
template <class... P, class... A>
std::string failure_of(const Grid& grid, void (*kernel)(P...), A... args) {
  emulator::reset();
  std::string message;
  try {
    kernels::launch("broken", Cuda{}, grid, kernel, args...);
    check_cuda("broken", cudaDeviceSynchronize());
  } catch (const Error& error) {
    message = error.what();
  }
  emulator::reset();
  return message;
}
void expect_failure(const std::string& message, const char* part) {
  EXPECT_NE(message.find(part), std::string::npos) << "says: " << message;
}

template <class T>
void leave_before_barrier(T) {
  if (threadIdx.x == 3) return;
  __syncthreads();
}
template <class T>
void meet_at_two_barriers(T) {
  if (threadIdx.x % 2)
    __syncthreads();
  else
    __syncthreads();
}
template <class T>
void shuffle_without_lane_five(T x) {
  if (threadIdx.x != 5) __shfl_xor_sync(0xffffffffu, x, 1);
}
template <class T>
void shuffle_outside_the_mask(T x) {
  if (threadIdx.x < 4) __shfl_xor_sync(0x0fu, x, 8);
}
template <class T>
void do_not_be_named(T x) {
  __shfl_xor_sync(0x0fu, x, 1);
}

TEST(Emulator, ReportsThreadsThatMissABarrier) {
  const Grid grid{dim3(1), dim3(64)};
  expect_failure(failure_of(grid, leave_before_barrier<int>, 0), "thread 3 finished while others wait");
  expect_failure(failure_of(grid, meet_at_two_barriers<int>, 0), "wait at different __syncthreads");
}

TEST(Emulator, ReportsLanesThatMissAnExchange) {
  const Grid grid{dim3(1), dim3(32)};
  expect_failure(failure_of(grid, shuffle_without_lane_five<int>, 0), "deadlock: 31 threads wait for lanes");
  expect_failure(failure_of(grid, shuffle_outside_the_mask<int>, 0), "which the mask does not name");
  expect_failure(failure_of(grid, do_not_be_named<int>, 0), "whose mask does not name it");
}

TEST(Emulator, RefusesLaunchesThatNoGpuTakes) {
  expect_failure(failure_of({dim3(1), dim3(2048)}, leave_before_barrier<int>, 0), "cudaErrorInvalidConfiguration");
  expect_failure(failure_of({dim3(0), dim3(32)}, leave_before_barrier<int>, 0), "cudaErrorInvalidConfiguration");
  expect_failure(failure_of({dim3(1), dim3(32), 1 << 20}, leave_before_barrier<int>, 0),
                 "cudaErrorInvalidConfiguration");
}

template <class T>
void add_one(T* x) {
  *x += 1;
}

TEST(Emulator, StreamsRunOnlyWhenSomebodyWaits) {
  emulator::reset();
  const OnDevice<int> x({41});
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  int seen = -1;
  kernels::launch("add", Cuda{stream}, Grid{dim3(1), dim3(1)}, add_one<int>, x.data());
  cudaMemcpyAsync(&seen, x.data(), sizeof seen, cudaMemcpyDeviceToHost, stream);
  EXPECT_EQ(seen, -1) << "nobody waited yet";
  cudaStreamSynchronize(stream);
  EXPECT_EQ(seen, 42);
  cudaStreamDestroy(stream);
}

TEST(Emulator, EventsOrderStreams) {
  emulator::reset();
  const OnDevice<int> x({1});
  cudaStream_t first = nullptr, second = nullptr;
  cudaEvent_t event = nullptr;
  cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking);
  cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking);
  cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  kernels::launch("add", Cuda{first}, Grid{dim3(1), dim3(1)}, add_one<int>, x.data());
  cudaEventRecord(event, first);
  cudaStreamWaitEvent(second, event, 0);
  int seen = -1;
  cudaMemcpyAsync(&seen, x.data(), sizeof seen, cudaMemcpyDeviceToHost, second);
  cudaStreamSynchronize(second);  // the first stream was never waited for, but for its event
  EXPECT_EQ(seen, 2);
  cudaEventDestroy(event);
  cudaStreamDestroy(first);
  cudaStreamDestroy(second);
}

TEST(Emulator, FreshMemoryIsNaN) {
  void* p = nullptr;
  ASSERT_EQ(cudaMalloc(&p, 8), cudaSuccess);
  double x = 0;
  cudaMemcpy(&x, p, 8, cudaMemcpyDeviceToHost);
  EXPECT_TRUE(std::isnan(x));
  cudaFree(p);
}

TEST(Emulator, CopiesStayInsideBlocksAndKnowTheirSide) {
  emulator::reset();
  const OnDevice<int> x({1, 2});
  int host[4] = {};
  EXPECT_EQ(cudaMemcpy(host, x.data(), 16, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, x.data(), 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, x.data(), 8, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(host[1], 2);
}

TEST(EmulatorDeathTest, TheHostCannotReadTheDevice) {
  const OnDevice<int> x({1});
  const volatile int* p = x.data();
  EXPECT_DEATH(static_cast<void>(*p), "");
}

template <class T>
void reverse(T* x, int n) {
  AKIN_DYNAMIC_SHARED(T, copy);
  copy[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = copy[n - 1 - static_cast<int>(threadIdx.x)];
}

TEST(Emulator, ManagedMemoryIsThatOfTheHostAndOfTheDevice) {
  emulator::reset();
  const auto before = emulator::heap.live_blocks;
  constexpr std::size_t bytes = 64 * sizeof(int);
  void* block = nullptr;
  ASSERT_EQ(cudaMallocManaged(&block, bytes), cudaSuccess);
  int* const x = static_cast<int*>(block);
  EXPECT_EQ(x[63], -1) << "fresh memory";
  for (int i = 0; i < 64; ++i) x[i] = i;
  kernels::launch("reverse", Cuda{}, Grid{dim3(1), dim3(64), bytes}, reverse<int>, x, 64);
  EXPECT_EQ(x[5], 5) << "nobody has waited";
  cudaDeviceSynchronize();
  EXPECT_EQ(x[5], 58);
  for (const auto kind : {cudaMemcpyDeviceToHost, cudaMemcpyHostToDevice, cudaMemcpyDefault}) {
    EXPECT_EQ(cudaMemcpy(x, x + 32, 32 * sizeof *x, kind), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(x + 32, x, 33 * sizeof *x, kind), cudaErrorInvalidValue);
  }
  EXPECT_EQ(cudaFreeAsync(x, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(x), cudaSuccess);
  EXPECT_EQ(cudaFree(x), cudaErrorInvalidValue);
  EXPECT_EQ(emulator::heap.live_blocks, before);
  EXPECT_EQ(cudaMallocManaged(&block, 0), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMallocManaged(&block, emulator::heap.limit_bytes + 1), cudaErrorMemoryAllocation);
}

TEST(EmulatorDeathTest, FreedManagedMemoryCannotBeRead) {
  void* block = nullptr;
  ASSERT_EQ(cudaMallocManaged(&block, 8), cudaSuccess);
  cudaFree(block);
  EXPECT_DEATH(static_cast<void>(*static_cast<volatile int*>(block)), "");
}

#if defined(__SANITIZE_ADDRESS__)
template <class T>
void write_behind_the_end(T* x) {
  x[2] = 1;
}
template <class T>
void write_behind_shared(T* x) {
  AKIN_SHARED(T, sums, 8);
  sums[*x] = 1;
}
TEST(EmulatorDeathTest, SanitizersSeeOutOfBounds) {
  const OnDevice<int> x({8, 8});
  const auto run = [&](void (*kernel)(int*)) {
    kernels::launch("broken", Cuda{}, Grid{dim3(1), dim3(1)}, kernel, x.data());
    cudaDeviceSynchronize();
  };
  EXPECT_DEATH(run(write_behind_the_end<int>), "");
  EXPECT_DEATH(run(write_behind_shared<int>), "");
  void* managed = nullptr;
  ASSERT_EQ(cudaMallocManaged(&managed, 8), cudaSuccess);
  EXPECT_DEATH(static_cast<int*>(managed)[2] = 1, "");
  cudaFree(managed);
}
#endif

template <class T>
void sum_of_block(T* x) {
  const T sum = kernels::block_sum(x[threadIdx.x]), again = kernels::block_sum(x[threadIdx.x]);
  if (threadIdx.x == 0) x[0] = sum + again;
}

TEST(Emulator, RunsBarriersAndShufflesInAnyOrder) {
  for (const unsigned seed : {0u, 1u, 2u}) {
    emulator::options.shuffle_seed = seed;
    std::vector<int> up(64);
    for (int i = 0; i < 64; ++i) up[static_cast<std::size_t>(i)] = i;
    const OnDevice<int> x(up), y(up);
    kernels::launch("reverse", Cuda{}, Grid{dim3(1), dim3(64), 64 * sizeof(int)}, reverse<int>, x.data(), 64);
    kernels::launch("sum", Cuda{}, Grid{dim3(1), dim3(64)}, sum_of_block<int>, y.data());
    EXPECT_EQ(x.host()[5], 58);
    EXPECT_EQ(y.host()[0], 2 * 63 * 32);
  }
  emulator::options.shuffle_seed = 0;
}

}  // namespace
}  // namespace akin_test

#endif
