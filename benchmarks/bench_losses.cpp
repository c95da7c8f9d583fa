// Losses, forward and backward, and the memory that they take.
//
//   bench_losses [--threads N] [--benchmark_filter=nt_xent/1024x]
//
// nt_xent/NxD: N pairs of views. Its operations are three products with the [2N, 2N] matrix of similarities: the
// matrix, and the two roles of each embedding in the gradient. MiB is what the process grows by. `loss` is the value,
// for others to compare with: the embeddings are sin(k) and sin(k) + cos(1.7 k) / 2, k = 0, 1, ... row by row.
// loss/NAME: every loss of the table.
#include <unistd.h>

#include "support/bench.hpp"

using namespace bench;

namespace {

/// [n, d], entry k being f(k).
template <class F>
Tensor embeddings(std::int64_t n, std::int64_t d, F f) {
  Array a = Array::empty({n, d});
  for (std::int64_t k = 0; k < a.size(); ++k) a.mut<float>()[k] = static_cast<float>(f(static_cast<double>(k)));
  return Tensor(a, true);
}
Tensor first_views(std::int64_t n, std::int64_t d) {
  return embeddings(n, d, [](double k) { return std::sin(k); });
}
Tensor second_views(std::int64_t n, std::int64_t d) {
  return embeddings(n, d, [](double k) { return std::sin(k) + 0.5 * std::cos(1.7 * k); });
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

double nt_xent_step(const Tensor& a, const Tensor& b) {
  a.zero_grad(), b.zero_grad();
  const Tensor loss = losses::nt_xent(a, b, {.temperature = 0.2});
  loss.backward();
  return loss.item();
}

/// What nt_xent of n pairs should take, from what it takes of two small batches: linear or quadratic in n.
double expected_bytes(std::int64_t n, std::int64_t d) {
  static const auto grown = [d](std::int64_t pairs) {
    const MemoryWatch memory;
    nt_xent_step(first_views(pairs, d), second_views(pairs, d));
    return std::max(1.0, memory.grown_mib()) * (1 << 20);
  };
  static const double small = grown(1024), large = grown(2048);
  return large * std::pow(static_cast<double>(n) / 2048, std::log2(std::max(1.0, large / small)));
}

void add_nt_xent(std::int64_t n, std::int64_t d) {
  const std::string size = cat(n, "x", d);
  const Work work{.flops = 3 * 2.0 * static_cast<double>(2 * n * 2 * n * d)};
  const auto run = [=](benchmark::State& state) {
    const double available =
        static_cast<double>(::sysconf(_SC_AVPHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
    if (n > 4096 && expected_bytes(n, d) > 0.5 * available)
      return state.SkipWithError(
          cat("would take about ", static_cast<std::int64_t>(expected_bytes(n, d)) >> 20, " MiB").c_str());
    const MemoryWatch memory;
    const Tensor a = first_views(n, d), b = second_views(n, d);
    double loss = 0;
    measure(state, work, [&] { loss = nt_xent_step(a, b); });
    state.counters["loss"] = loss;
    state.counters["MiB"] = memory.grown_mib();
  };
  benchmark::RegisterBenchmark(("nt_xent/" + size).c_str(), run)->Unit(benchmark::kMicrosecond);
  if (n > 256) return;
  add("nt_xent_naive/" + size, work, [=] {
    const Array z = ops::l2_normalize(ops::concat({first_views(n, d).value(), second_views(n, d).value()}, 0)).y;
    return [=, dz = std::vector<double>(static_cast<std::size_t>(z.size()))]() mutable {
      benchmark::DoNotOptimize(nt_xent_naive(z.data<float>(), 2 * n, d, 0.2, dz));
    };
  });
}

/// Any row of the table, on n samples.
void add_loss(const losses::LossRow& row, std::int64_t n, std::int64_t d) {
  add(cat("loss/", row.name, "/", n, "x", d), {}, [=, &row] {
    losses::LossInput in{.labels = Array::empty({n}, DType::i64),
                         .bank = second_views(4096, d).value(),
                         .prototypes = second_views(64, d).value()};
    for (std::int64_t i = 0; i < n; ++i) in.labels.mut<std::int64_t>()[i] = i / 4;
    for (int i = 0; i < row.views; ++i) in.views.push_back(i ? second_views(n, d) : first_views(n, d));
    for (int i = 0; i < row.targets; ++i) in.targets.push_back(second_views(n, d).detach());
    return [=, &row] {
      for (const Tensor& view : in.views) view.zero_grad();
      row.compute(in).value.backward();
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times losses, forward and backward.");
  return program.run(argc, argv, [] {
    for (std::int64_t n = 256; n <= 32768; n *= 2) add_nt_xent(n, 128);
    for (const auto& row : losses::table()) add_loss(row, 256, 128);
  });
}
