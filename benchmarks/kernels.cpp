// How fast the kernels are on one thread, each beside its textbook twin at a size that the twin can bear.
//
//   kernels [--benchmark_filter=conv] [--benchmark_out=kernels.json]
//
// peak%    share of the rate at which this core multiplies and adds f32 vectors from registers, measured at the start.
//          Operations are counted without padded taps.
// bytes/s  each operand counted once per pass that has to touch it.
// Times are CPU time: on a shared machine the neighbours cost nothing but cache.
#include <benchmark/benchmark.h>
#include <akin/akin.hpp>

using namespace akin;

namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// FLOP/s of independent vector multiply-adds: the best of many short looks, which no kernel can exceed.
double fma_rate() {
  using Vector = kernels::Vec<float>;
  constexpr int chains = 12, rounds = 1 << 16;  // enough to hide the latency, few enough for 16 registers
  Vector factor = kernels::broadcast(1.0f), term{};
  double best = 0;
  for (int look = 0; look < 100; ++look) {
    benchmark::DoNotOptimize(factor);
    benchmark::DoNotOptimize(term);
    Vector sums[chains] = {};
    const double start = cpu_seconds();
    for (int round = 0; round < rounds; ++round) {
      AKIN_UNROLL
      for (int i = 0; i < chains; ++i) sums[i] = sums[i] * factor + term;
    }
    const double seconds = cpu_seconds() - start;
    for (auto& sum : sums) benchmark::DoNotOptimize(sum);
    best = std::max(best, 2.0 * kernels::lanes<float> * chains * rounds / seconds);
  }
  return best;
}

double peak_rate() {
  static const double rate = fma_rate();
  return rate;
}

/// What one call does: f32 operations, bytes moved, pictures made. 0 is not shown.
struct Work {
  double flops = 0, bytes = 0, views = 0;
};

template <class F>
void add(const std::string& name, const Work& work, F call) {
  const auto run = [=](benchmark::State& state) {
    const double start = cpu_seconds();
    for (auto _ : state) call(), benchmark::ClobberMemory();
    const double per_second = static_cast<double>(state.iterations()) / (cpu_seconds() - start);
    if (work.flops > 0) state.counters["GFLOP/s"] = 1e-9 * work.flops * per_second;
    if (work.flops > 0) state.counters["peak%"] = 100 * work.flops * per_second / peak_rate();
    if (work.bytes > 0) state.counters["GB/s"] = 1e-9 * work.bytes * per_second;
    if (work.views > 0) state.counters["views/s"] = work.views * per_second;
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMicrosecond);
}
template <class Fast, class Twin>
void add_both(const std::string& name, const std::string& size, const Work& work, bool with_twin, Fast fast,
              Twin twin) {
  add(name + "/" + size, work, fast);
  if (with_twin) add(name + "_naive/" + size, work, twin);
}

Array random(const Shape& shape, std::uint32_t stream = 0) {
  Array a = Array::empty(shape);
  Draws draws(1, {.stream = stream});
  std::generate_n(a.mut<float>(), a.size(), [&] { return static_cast<float>(draws.normal()); });
  return a;
}

/// An operand of a kernel, as long as the program runs.
float* numbers(std::int64_t count, std::uint32_t stream = 0) {
  static std::vector<Array> all;
  all.push_back(random({count}, stream));
  return all.back().mut<float>();
}

constexpr kernels::Cpu cpu;

void add_gemm(std::int64_t m, std::int64_t k, std::int64_t n, bool with_twin = false) {
  const kernels::GemmShape s{.m = m, .n = n, .k = k, .lda = k, .ldb = n, .ldc = n};
  const float *a = numbers(m * k), *b = numbers(k * n, 1);
  float* c = numbers(m * n);
  add_both(
      "gemm", cat(m, "x", k, "x", n), {.flops = 2.0 * static_cast<double>(m * n * k)}, with_twin,
      [=] { kernels::gemm(cpu, s, a, b, c); }, [=] { kernels::gemm_naive(cpu, s, a, b, c); });
}

/// Taps of a window of 3, summed over its positions along one axis, that do not fall on padding.
std::int64_t taps_inside(std::int64_t in, std::int64_t out, std::int64_t stride) {
  std::int64_t taps = 0;
  for (std::int64_t i = 0; i < out; ++i)
    for (std::int64_t at = i * stride - 1; at < i * stride + 2; ++at) taps += at >= 0 && at < in;
  return taps;
}

/// A 3x3 layer of the demo network on n pictures: forward, and both gradients.
void add_conv(std::int64_t n, std::int64_t side, std::int64_t in, std::int64_t out, std::int64_t stride,
              bool twin = false) {
  const std::int64_t to = (side - 1) / stride + 1;
  const kernels::ConvShape s{n, side, side, in, out, 3, 3, to, to, stride, stride, 1, 1};  // padding 1
  float *x = numbers(n * side * side * in), *w = numbers(out * 9 * in, 1), *y = numbers(n * to * to * out, 2);
  float *dx = numbers(n * side * side * in), *dw = numbers(out * 9 * in);
  const auto taps = static_cast<double>(taps_inside(side, to, stride));
  const Work work{.flops = 2 * taps * taps * static_cast<double>(n * in * out)};
  const std::string size = cat(n, "x", side, "x", side, "x", in, "->", out, "/s", stride);
  if (in > 1)  // nobody asks for the gradient of the pictures
    add_both(
        "conv_data", size, work, twin, [=] { kernels::conv2d_backward_data(cpu, s, y, w, dx); },
        [=] { kernels::conv2d_backward_data_naive(cpu, s, y, w, dx); });
  add_both(
      "conv_weights", size, work, twin, [=] { kernels::conv2d_backward_weights(cpu, s, x, y, dw); },
      [=] { kernels::conv2d_backward_weights_naive(cpu, s, x, y, dw); });
  add_both(
      "conv_forward", size, work, twin, [=] { kernels::conv2d_forward(cpu, s, x, w, y); },
      [=] { kernels::conv2d_forward_naive(cpu, s, x, w, y); });
}

/// Statistics read x, the normalisation reads it again and writes y.
void add_batch_norm(std::int64_t rows, std::int64_t channels) {
  const float* x = numbers(rows * channels);
  float *mean = numbers(channels), *rstd = numbers(channels), *var = numbers(channels);
  // no weight, no bias, nothing added, relu
  const kernels::BatchNormForward<float> f{x, nullptr, nullptr, mean, rstd, nullptr, true, numbers(rows * channels)};
  add_both(
      "batch_norm_relu", cat(rows, "x", channels),
      {.bytes = 3.0 * sizeof(float) * static_cast<double>(rows * channels)}, true,
      [=] {
        kernels::batch_norm_stats(cpu, rows, channels, 1e-5, x, mean, rstd, var);
        kernels::batch_norm_apply(cpu, rows, channels, f);
      },
      [=] {
        kernels::batch_norm_stats_naive(cpu, rows, channels, 1e-5, x, mean, rstd, var);
        kernels::batch_norm_apply_naive(cpu, rows, channels, f);
      });
}

/// NT-Xent and its gradient as textbook loops over unit vectors z [m, d], in double.
double nt_xent_naive(const float* z, std::int64_t m, std::int64_t d, double temperature, std::vector<double>& dz) {
  const auto similarity = [&](std::int64_t i, std::int64_t k) {
    return std::inner_product(z + i * d, z + (i + 1) * d, z + k * d, 0.0) / temperature;
  };
  std::fill(dz.begin(), dz.end(), 0.0);
  double loss = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    double total = 0;
    for (std::int64_t k = 0; k < m; ++k) total += k == i ? 0 : std::exp(similarity(i, k));
    const std::int64_t partner = (i + m / 2) % m;
    loss += std::log(total) - similarity(i, partner);
    for (std::int64_t k = 0; k < m; ++k) {
      const double slope =
          k == i ? 0 : (std::exp(similarity(i, k)) / total - (k == partner)) / (temperature * static_cast<double>(m));
      for (std::int64_t c = 0; c < d; ++c) {
        dz[static_cast<std::size_t>(i * d + c)] += slope * static_cast<double>(z[k * d + c]);
        dz[static_cast<std::size_t>(k * d + c)] += slope * static_cast<double>(z[i * d + c]);
      }
    }
  }
  return loss / static_cast<double>(m);
}

/// Three products with the [2N, 2N] matrix: the similarities, and two in the gradient.
void add_nt_xent(std::int64_t n, std::int64_t d) {
  const Tensor a(random({n, d}), true), b(random({n, d}, 1), true);
  const Array z = ops::l2_normalize(random({2 * n, d})).y;
  const auto dz = std::make_shared<std::vector<double>>(static_cast<std::size_t>(z.size()));
  add_both(
      "nt_xent", cat(n, "x", d), {.flops = 3 * 2.0 * static_cast<double>(2 * n * 2 * n * d)}, true,
      [=] {
        a.zero_grad(), b.zero_grad();
        losses::nt_xent(a, b, {.temperature = 0.2}).backward();
      },
      [=] { benchmark::DoNotOptimize(nt_xent_naive(z.data<float>(), 2 * n, d, 0.2, *dz)); });
}

/// Whole views, and of the resize inside them one plane: the other steps have no twin that is slower.
void add_augmentation() {
  const Samples samples = data::take(*data::synthetic({.size = 32, .count = 256}), data::first_indices(256));
  const auto simclr = augment::simclr({.size = 32});
  add("augment_simclr/32px", {.views = 256}, [=] { simclr.apply(samples, 0); });
  const auto resize = augment::Pipeline({augment::CenterCrop{.size = 32}});
  const Array plane = Array::zeros({1, 24, 24, 1}, DType::u8);
  const float* in = numbers(24 * 24);
  float* out = numbers(32 * 32);
  add_both(
      "resize", "24->32", {.views = 1}, true, [=] { resize.apply(plane); },
      [=] { kernels::resize_naive(in, 24, 24, out, 32, 32); });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  set_threads(1);
  benchmark::AddCustomContext(
      "akin", cat(AKIN_VERSION, ", ", AKIN_QUOTE(AKIN_ISA), ", f32 multiply-adds at ", 1e-9 * peak_rate(), " GFLOP/s"));
  add_gemm(512, 512, 512), add_gemm(256, 128, 256), add_gemm(512, 512, 128), add_gemm(128, 128, 128, true);
  add_conv(64, 28, 1, 32, 1), add_conv(64, 28, 32, 64, 2), add_conv(64, 14, 64, 128, 2), add_conv(64, 7, 128, 256, 2),
      add_conv(2, 14, 64, 128, 2, true);
  add_batch_norm(64 * 28 * 28, 32);
  add_nt_xent(256, 128);
  add_augmentation();
  benchmark::RunSpecifiedBenchmarks();
}
