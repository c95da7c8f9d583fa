// Matrix products at the shapes of self-supervised learning, in every layout that forward and backward need.
//
//   bench_gemm [--threads N] [--benchmark_filter=f32/nt]
//
// gemm/TYPE/LAYOUT/MxKxN: layout nn, nt (b is stored [n, k]: similarities z z^T, linear layers) or tn (a is stored
// [k, m]: gradients of weights). bf16 operands, f32 sums.
#include "support/bench.hpp"

using namespace bench;

namespace {

struct Product {
  std::int64_t m, k, n;
};

constexpr Product shapes[] = {{512, 512, 512},   {1024, 1024, 1024}, {2048, 2048, 2048}, {256, 128, 256},
                              {512, 128, 512},   {2048, 128, 2048},  // NT-Xent of 128, 256 and 1024 pairs
                              {512, 2048, 2048}, {512, 512, 128}};   // projectors
constexpr Product small = {128, 128, 128};

struct Layout {
  const char* name;
  bool transpose_a, transpose_b;
};
constexpr Layout layouts[] = {{"nn", false, false}, {"nt", false, true}, {"tn", true, false}};

template <class T, class Kernel>
void add_gemm(const std::string& kind, const Layout& layout, const Product& p, Kernel kernel) {
  const kernels::GemmShape s{.m = p.m,
                             .n = p.n,
                             .k = p.k,
                             .transpose_a = layout.transpose_a,
                             .transpose_b = layout.transpose_b,
                             .lda = layout.transpose_a ? p.m : p.k,
                             .ldb = layout.transpose_b ? p.k : p.n,
                             .ldc = p.n};
  const Work work{.flops = 2.0 * static_cast<double>(p.m * p.k * p.n),
                  .pairs = kernels::has_bf16_dot && std::is_same_v<T, bf16>};
  add(cat(kind, "/", dtype_of<T>, "/", layout.name, "/", p.m, "x", p.k, "x", p.n), work, [=] {
    const Array a = numbers({p.m * p.k}, dtype_of<T>), b = numbers({p.k * p.n}, dtype_of<T>);
    return [=, c = Array::empty({p.m * p.n}, dtype_of<T>)]() mutable {
      kernel(s, a.data<T>(), b.data<T>(), c.template mut<T>());
    };
  });
}

template <class T>
void add_all() {
  const auto fast = [](auto&&... operands) { kernels::gemm(cpu, operands...); };
  const auto naive = [](auto&&... operands) { kernels::gemm_naive(cpu, operands...); };
  for (const auto& layout : layouts) {
    for (const auto& shape : shapes) add_gemm<T>("gemm", layout, shape, fast);
    add_gemm<T>("gemm", layout, small, fast);
    add_gemm<T>("gemm_naive", layout, small, naive);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times matrix products.");
  return program.run(argc, argv, [] { add_all<float>(), add_all<bf16>(); });
}
