// What all benchmark programs share: their options, the limits of this machine, and how a measurement becomes a line.
//
// A line of Google Benchmark ends with
//   GFLOP/s, peak%    operations, and their share of the rate at which this machine multiplies and adds f32 vectors
//                     from registers, measured after each call: a neighbour who slows the one slows the other.
//                     Operations are counted without padded taps; products of bf16 are measured against the bf16 dot
//                     product where kernels use it
//   GB/s, triad%      bytes, each operand counted once per pass that has to touch it, and their share of STREAM's triad
// Both limits are measured in the same process, at the same number of threads; the first line has the best that was seen
// of either. At one thread times are CPU time: on a shared machine the neighbours then cost nothing but cache, and half
// of a core that they share with us. At more threads they are wall time.
#pragma once
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <akin/akin.hpp>
#include <cstdio>

namespace bench {

using namespace akin;

inline constexpr kernels::Cpu cpu;

inline double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
inline double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }
inline double seconds_now() { return seconds_of(threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC); }

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// ---- limits ---------------------------------------------------------------------------------------------------------

inline constexpr int fma_chains = 12, fma_rounds = 1 << 14;  // chains hide the latency and fit 16 registers

/// Chains that began alike would be one to the compiler.
[[gnu::noinline]] inline void multiply_and_add() {
  using Vector = kernels::Vec<float>;
  Vector factor = kernels::broadcast(1.0f), term{}, sums[fma_chains], total{};
  benchmark::DoNotOptimize(factor);
  benchmark::DoNotOptimize(term);
  AKIN_UNROLL
  for (int i = 0; i < fma_chains; ++i) sums[i] = kernels::broadcast(static_cast<float>(i));
  for (int round = 0; round < fma_rounds; ++round) {
    AKIN_UNROLL
    for (int i = 0; i < fma_chains; ++i) sums[i] = sums[i] * factor + term;
  }
  AKIN_UNROLL
  for (int i = 0; i < fma_chains; ++i) total += sums[i];
  benchmark::DoNotOptimize(total);
}

/// The best of many looks: work per second of body(begin, end) over all of [0, n).
template <class Now, class F>
double best_rate(Now now, int looks, double work, std::int64_t n, std::int64_t grain, F body) {
  double best = 0;
  for (int look = 0; look < looks; ++look) {
    const double start = now();
    parallel_for(n, grain, body);
    best = std::max(best, work / (now() - start));
  }
  return best;
}

/// The same of bf16 pairs, two products a lane, where the processor has an instruction for it.
[[gnu::noinline]] inline void multiply_and_add_pairs() {
  using Vector = kernels::Vec<float>;
  const kernels::Vec<kernels::Bf16Pair> zeros{};
  Vector sums[fma_chains]{}, total{};
  for (int round = 0; round < fma_rounds; ++round) {
    AKIN_UNROLL
    for (int i = 0; i < fma_chains; ++i) sums[i] = kernels::multiply_add(sums[i], zeros, zeros);
  }
  AKIN_UNROLL
  for (int i = 0; i < fma_chains; ++i) total += sums[i];
  benchmark::DoNotOptimize(total);
}

inline double look_flops() { return 2.0 * kernels::lanes<float> * fma_chains * fma_rounds * threads(); }
inline void look_at_peak(std::int64_t begin, std::int64_t end) {
  for (; begin < end; ++begin) multiply_and_add();
}
inline void look_at_pairs(std::int64_t begin, std::int64_t end) {
  for (; begin < end; ++begin) multiply_and_add_pairs();
}

/// FLOP/s of independent vector multiply-adds on all threads. A look is so short that some are not interrupted, and by
/// wall time none is too good: virtual machines correct CPU time in jumps.
inline double peak_rate() {
  static const double rate = best_rate(wall_seconds, 300, look_flops(), threads(), 1, look_at_peak);
  return rate;
}

/// Looks at the rate of multiply-adds between calls, for a tenth of what each took.
class PeakBeside {
 public:
  explicit PeakBeside(bool of_pairs = false) : of_pairs_(of_pairs) {}

  void look(double call_seconds) {
    const double start = seconds_now();
    double looked = 0;
    do {
      parallel_for(threads(), 1, of_pairs_ ? look_at_pairs : look_at_peak);
      ++looks_;
      looked = seconds_now() - start;
    } while (looked < 0.1 * call_seconds);
    seconds_ += looked;
  }
  double rate() const { return (of_pairs_ ? 2 : 1) * look_flops() * looks_ / seconds_; }

 private:
  bool of_pairs_;
  double looks_ = 0, seconds_ = 0;
};

/// Bytes/s of a[i] = b[i] + k c[i] on arrays larger than any cache, counted as STREAM does: no write-allocate.
inline double triad_rate() {
  static const double rate = [] {
    constexpr std::int64_t n = 1 << 24;
    const kernels::Scratch<float> a(n), b(n), c(n);
    std::fill_n(b.data(), n, 1.0f), std::fill_n(c.data(), n, 2.0f);
    return best_rate(seconds_now, 20, 3.0 * sizeof(float) * n, n, 1 << 18, [&](std::int64_t begin, std::int64_t end) {
      float* __restrict out = a.data();
      const float *p = b.data(), *q = c.data();
      for (std::int64_t i = begin; i < end; ++i) out[i] = p[i] + 3.0f * q[i];
      benchmark::ClobberMemory();
    });
  }();
  return rate;
}

/// Programs for plain x86-64 work, and are several times slower than they could be: that must not pass unseen.
inline const char* build_note() {
#if defined(__x86_64__) && !defined(__AVX512F__)
  if (__builtin_cpu_supports("avx512f")) return ", NOT compiled for this machine, which has avx512: -march=native";
#if !defined(__AVX2__)
  if (__builtin_cpu_supports("avx2")) return ", NOT compiled for this machine, which has avx2: -march=native";
#endif
#endif
  return ", compiled for this machine";
}

inline std::string header_line() {
  return cat(AKIN_VERSION, ", ", AKIN_QUOTE(AKIN_ISA), build_note(), ", ", threads(),
             threads() == 1 ? " thread" : " threads", ", f32 multiply-adds ", train::number("%.1f", 1e-9 * peak_rate()),
             " GFLOP/s, triad ", train::number("%.1f", 1e-9 * triad_rate()), " GB/s");
}

// ---- lines ----------------------------------------------------------------------------------------------------------

/// What one call does: operations, bytes moved, pictures made. 0 is not shown.
struct Work {
  double flops = 0, bytes = 0, views = 0;
  bool pairs = false;  ///< operations on pairs of bf16: their share is of the rate of those
};

inline void count(benchmark::State& state, const Work& work, double per_second, double peak) {
  if (work.flops > 0) {
    state.counters["GFLOP/s"] = 1e-9 * work.flops * per_second;
    state.counters["peak%"] = 100 * work.flops * per_second / peak;
  }
  if (work.bytes > 0) {
    state.counters["GB/s"] = 1e-9 * work.bytes * per_second;
    state.counters["triad%"] = 100 * work.bytes * per_second / triad_rate();
  }
  if (work.views > 0) state.counters["views/s"] = work.views * per_second;
}

/// Calls until the benchmark has seen enough.
template <class Call>
void measure(benchmark::State& state, const Work& work, Call&& call) {
  PeakBeside beside(work.pairs);
  double seconds = 0;
  for (auto _ : state) {
    const double start = seconds_now();
    call();
    benchmark::ClobberMemory();
    const double took = seconds_now() - start;
    seconds += took;
    state.PauseTiming();
    beside.look(took);
    state.ResumeTiming();
  }
  count(state, work, static_cast<double>(state.iterations()) / seconds, beside.rate());
}

/// make() returns what is timed, and is called when the benchmark runs: those that are filtered out take no memory.
template <class Make>
void add(const std::string& name, const Work& work, Make make) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    measure(state, work, make());
  })->Unit(benchmark::kMicrosecond);
}

// ---- operands -------------------------------------------------------------------------------------------------------

/// Numbers in [-1, 1) that differ; a generator of quality would take longer than many a kernel.
inline Array numbers(const Shape& shape, DType dtype = DType::f32) {
  Array a = Array::empty(shape);
  float* values = a.mut<float>();
  std::uint32_t word = static_cast<std::uint32_t>(shape.numel());
  for (std::int64_t i = 0; i < a.size(); ++i) {
    word = word * 1664525 + 1013904223;  // Numerical Recipes' generator
    values[i] = static_cast<float>(static_cast<double>(word >> 8) * 0x1p-23 - 1);
  }
  return ops::cast(a, dtype);
}

// ---- memory ---------------------------------------------------------------------------------------------------------

/// How far the memory of the process grows, working memory of kernels included. Needs Linux; 0 where it does not tell.
class MemoryWatch {
 public:
  MemoryWatch() {
    trim_memory();
    ::malloc_trim(0);
    if (std::FILE* file = std::fopen("/proc/self/clear_refs", "w")) {  // 5: the peak begins anew
      std::fputs("5", file);
      std::fclose(file);
    }
    before_ = kibibytes("VmRSS:");
  }
  double grown_mib() const { return (kibibytes("VmHWM:") - before_) / 1024; }

 private:
  static double kibibytes(const char* name) {
    double found = 0;
    char line[256];
    if (std::FILE* file = std::fopen("/proc/self/status", "r")) {
      while (std::fgets(line, sizeof line, file))
        if (std::strncmp(line, name, std::strlen(name)) == 0) found = std::strtod(line + std::strlen(name), nullptr);
      std::fclose(file);
    }
    return found;
  }
  double before_ = 0;
};

// ---- programs -------------------------------------------------------------------------------------------------------

/// The options that all programs have: Program p("..."); p.app.add_option(...); return p.run(argc, argv, add_lines);
/// The header says what the lines were measured on.
class Program {
 public:
  explicit Program(const char* what) : app(what) {
    app.set_version_flag("--version", "akin " AKIN_VERSION);
    app.add_option("--threads", threads_, "threads of the kernels")->capture_default_str();
    app.allow_extras();
    app.footer(
        "Options of Google Benchmark: --benchmark_filter=REGEX, --benchmark_min_time=SECONDS,\n"
        "--benchmark_out=FILE (JSON), --benchmark_format=json, --benchmark_list_tests.");
  }

  template <class AddLines>
  int run(int argc, char** argv, AddLines add_lines, std::string (*header)() = header_line) {
    CLI11_PARSE(app, argc, argv);
    std::vector<std::string> left = app.remaining();
    left.insert(left.begin(), argv[0]);
    std::vector<char*> words;
    for (auto& word : left) words.push_back(word.data());
    int count = static_cast<int>(words.size());
    benchmark::Initialize(&count, words.data());
    if (benchmark::ReportUnrecognizedArguments(count, words.data())) return 1;
    try {
      set_threads(threads_);
      add_lines();
      benchmark::AddCustomContext("akin", header());
      return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "error: %s\n", error.what());
      return 1;
    }
  }

  CLI::App app;

 private:
  int threads_ = 1;
};

}  // namespace bench
