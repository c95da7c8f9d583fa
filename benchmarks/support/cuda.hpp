// What bench_cuda measures with: time on the GPU, the limits of the GPU, and how a measurement becomes a line.
//
// Time is that between two events on the compute stream, around all that the host queues in between. Before, outside of
// it, more memory is written than the L2 cache holds: operands come from memory, as those of a layer in a long step do.
// A kernel of a few microseconds is not resolved well: events cost about two. A line ends with
//   GB/s, copy%       bytes, each operand counted once per pass that has to touch it, and their share of a copy's rate
//   TFLOP/s, peak%    operations, and their share of the rate of multiply-adds from registers: of f32, or, for products
//                     of bf16, of tensor cores by mma.sync, which newer GPUs can exceed by other instructions
// All rates are measured in the same process. Numbers are those of the median call.
#pragma once
#include "bench.hpp"

namespace bench {

inline bool smoke = false;  ///< --smoke: every line once, on operands of a few values: does it run at all?

inline kernels::Cuda gpu_queue() { return {compute_stream()}; }

/// Two events, and memory to write over the cache.
class GpuClock {
 public:
  GpuClock() : cache_("bench_cuda", gpu_queue(), flushed_bytes()) {
    for (cudaEvent_t* event : {&begin_, &end_})
      check_cuda("bench_cuda", cudaEventCreateWithFlags(event, cudaEventDefault));
  }
  GpuClock(const GpuClock&) = delete;
  GpuClock& operator=(const GpuClock&) = delete;
  ~GpuClock() { cudaEventDestroy(begin_), cudaEventDestroy(end_); }

  /// Seconds of what f queues.
  template <class F>
  double seconds(F&& f) {
    const cudaStream_t stream = compute_stream();
    check_cuda("bench_cuda", cudaMemsetAsync(cache_.data(), 0, static_cast<std::size_t>(flushed_bytes()), stream));
    check_cuda("bench_cuda", cudaEventRecord(begin_, stream));
    f();
    check_cuda("bench_cuda", cudaEventRecord(end_, stream));
    check_cuda("bench_cuda", cudaEventSynchronize(end_));
    float milliseconds = 0;
    check_cuda("bench_cuda", cudaEventElapsedTime(&milliseconds, begin_, end_));
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  static std::int64_t flushed_bytes();

  kernels::DeviceScratch<char> cache_;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

inline int gpu_attribute(cudaDeviceAttr attribute) {
  int device = 0, value = 0;
  check_cuda("bench_cuda", cudaGetDevice(&device));
  check_cuda("bench_cuda", cudaDeviceGetAttribute(&value, attribute, device));
  return value;
}
inline std::int64_t GpuClock::flushed_bytes() { return smoke ? 1024 : 2ll * gpu_attribute(cudaDevAttrL2CacheSize); }

// ---- limits ---------------------------------------------------------------------------------------------------------

inline constexpr int peak_chains = 8;  // independent sums hide the latency

template <class T>
__global__ void multiply_add_kernel(int rounds, T factor, T term, T* out) {
  T sums[peak_chains], total = 0;
  AKIN_DEVICE_UNROLL
  for (int i = 0; i < peak_chains; ++i) sums[i] = static_cast<T>(threadIdx.x + i);
  for (int round = 0; round < rounds; ++round) {
    AKIN_DEVICE_UNROLL
    for (int i = 0; i < peak_chains; ++i) sums[i] = sums[i] * factor + term;
  }
  AKIN_DEVICE_UNROLL
  for (int i = 0; i < peak_chains; ++i) total += sums[i];
  out[kernels::first_item()] = total;
}

/// Operands are numbers of many bits: zeros would let the GPU run faster.
template <class T>
__global__ void tensor_core_kernel(int rounds, std::uint32_t seed, T* out) {
  kernels::MmaSums sums[peak_chains];
  kernels::MmaBlock a;
  for (int i = 0; i < 4; ++i) a.part[i] = (seed ^ threadIdx.x * 2654435761u * (i + 1)) & 0x3fff3fffu;
  for (int round = 0; round < rounds; ++round) {
    AKIN_DEVICE_UNROLL
    for (int i = 0; i < peak_chains; ++i) kernels::detail::multiply_add(sums[i], a, a.part[i % 4], a.part[(i + 1) % 4]);
  }
  T total = 0;
  AKIN_DEVICE_UNROLL
  for (int i = 0; i < peak_chains; ++i) total += sums[i].value[i % 4];
  out[kernels::first_item()] = total;
}

template <class Word>
__global__ void copy_kernel(std::int64_t n, const Word* from, Word* to) {
  for (std::int64_t i = kernels::first_item(); i < n; i += kernels::item_step()) to[i] = from[i];
}

/// Work per second; of f32 operations, of bf16 operations on tensor cores, of bytes read and written.
struct GpuLimits {
  double f32, bf16, copy;
};

template <class F>
double best_gpu_rate(double work, F f) {
  GpuClock clock;
  double best = 0;
  for (int look = 0; look < (smoke ? 1 : 20); ++look) best = std::max(best, work / clock.seconds(f));
  return best;
}

inline const GpuLimits& gpu_limits() {
  static const GpuLimits limits = [] {
    using Word = kernels::Pack<std::uint32_t, 4>;
    const kernels::Cuda queue = gpu_queue();
    const int blocks = smoke ? 1 : 8 * gpu_attribute(cudaDevAttrMultiProcessorCount), rounds = smoke ? 4 : 1 << 13;
    const std::int64_t threads = blocks * kernels::block_threads, words = smoke ? 256 : 1 << 25;
    const kernels::Grid grid{dim3(static_cast<unsigned>(blocks)), dim3(kernels::block_threads)};
    const kernels::DeviceScratch<float> out("bench_cuda", queue, threads);
    const kernels::DeviceScratch<Word> from("bench_cuda", queue, words), to("bench_cuda", queue, words);
    const double sums = static_cast<double>(threads) * rounds * peak_chains, bytes = 2.0 * sizeof(Word);
    return GpuLimits{
        best_gpu_rate(2 * sums,
                      [&] { launch("peak", queue, grid, multiply_add_kernel<float>, rounds, 1.0f, 0.5f, out.data()); }),
        best_gpu_rate(2.0 * 16 * 8 * 16 / kernels::warp_size * sums,
                      [&] { launch("peak", queue, grid, tensor_core_kernel<float>, rounds, 12345u, out.data()); }),
        best_gpu_rate(bytes * static_cast<double>(words), [&] {
          launch("copy", queue, kernels::grid_over(words), copy_kernel<Word>, words, from.data(), to.data());
        })};
  }();
  return limits;
}

inline std::string gpu_header_line() {
  const CudaFacts facts = cuda_facts();
  int device = 0;
  check_cuda("bench_cuda", cudaGetDevice(&device));
  const auto mhz = [](cudaDeviceAttr clock) { return gpu_attribute(clock) / 1000; };
  const auto rate = [](double per_second, double unit) { return train::number("%.1f", per_second / unit); };
  std::string line = cat(AKIN_VERSION, ", ", facts.devices[static_cast<std::size_t>(device)].name, ", ",
                         gpu_attribute(cudaDevAttrMultiProcessorCount), " multiprocessors at up to ",
                         mhz(cudaDevAttrClockRate), " MHz, memory at ", mhz(cudaDevAttrMemoryClockRate), " MHz, L2 ",
                         gpu_attribute(cudaDevAttrL2CacheSize) >> 20, " MiB, driver for CUDA ", facts.driver);
  for (const auto& library : facts.libraries) line += cat(", ", library.name, ' ', library.found);
  return cat(line, ", f32 multiply-adds ", rate(gpu_limits().f32, 1e12), " TFLOP/s, bf16 mma ",
             rate(gpu_limits().bf16, 1e12), " TFLOP/s, copy ", rate(gpu_limits().copy, 1e9), " GB/s");
}

// ---- lines ----------------------------------------------------------------------------------------------------------

inline void count_on_gpu(benchmark::State& state, const Work& work, double seconds) {
  const GpuLimits& limits = gpu_limits();
  state.counters["median_us"] = 1e6 * seconds;
  if (work.flops > 0) {
    state.counters["TFLOP/s"] = 1e-12 * work.flops / seconds;
    state.counters["peak%"] = 100 * work.flops / seconds / (work.pairs ? limits.bf16 : limits.f32);
  }
  if (work.bytes > 0) {
    state.counters["GB/s"] = 1e-9 * work.bytes / seconds;
    state.counters["copy%"] = 100 * work.bytes / seconds / limits.copy;
  }
  if (work.views > 0) state.counters["views/s"] = work.views / seconds;
}

/// Calls `warm_up` times, and as often as the benchmark wants; returns the median of its seconds.
template <class Call>
double measure_on_gpu(benchmark::State& state, int warm_up, Call&& call) {
  GpuClock clock;
  std::vector<double> each;
  for (int i = 0; i < warm_up; ++i) call();
  for (auto _ : state) {
    each.push_back(clock.seconds(call));
    state.SetIterationTime(each.back());
  }
  return median(each);
}

/// 50 calls, or fewer of long ones. make() returns what is timed.
template <class Make>
void add_on_gpu(const std::string& name, const Work& work, Make make) {
  const double calls = smoke ? 1 : std::clamp(3e12 / std::max(1.0, work.flops), 3.0, 50.0);
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) { count_on_gpu(state, work, measure_on_gpu(state, smoke ? 0 : 3, make())); })
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(static_cast<benchmark::IterationCount>(calls))
      ->UseManualTime();
}

inline Array gpu_numbers(const Shape& shape, DType dtype = DType::f32) {
  return numbers(shape, dtype).to(Device::cuda);
}

}  // namespace bench
