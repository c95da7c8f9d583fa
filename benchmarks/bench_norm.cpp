// Normalisations: what memory allows, and what they reach. Each beside its textbook twin.
//
//   bench_norm [--threads N] [--benchmark_filter=batch_norm]
//
// Bytes as the fewest passes give them. Batch norm forward reads x twice (statistics, result) and writes y; its
// backward reads dy and x twice (sums, dx) and writes dx; with a residual also y twice, and writes its gradient. A row
// of layer norm stays in cache: read once, written once.
#include "support/bench.hpp"

using namespace bench;

namespace {

double bytes_of(std::int64_t rows, std::int64_t cols, int passes, DType dtype) {
  return static_cast<double>(rows * cols * passes) * static_cast<double>(size_of(dtype));
}

/// Adds a kernel and, under its name with _naive, its twin. Both take the operands that make() returns.
template <class Make, class Fast, class Naive>
void add_both(const std::string& name, const std::string& size, const Work& work, Make make, Fast fast, Naive naive) {
  add(name + "/" + size, work, [=] { return [=, operands = make()]() mutable { fast(operands); }; });
  add(name + "_naive/" + size, work, [=] { return [=, operands = make()]() mutable { naive(operands); }; });
}

/// Activations in T; statistics and parameters in f32.
struct Norm {
  Array x, y, dy, dx, dadd, weight, bias, mean, rstd, var, dweight, dbias;
};

template <class T>
auto norm_operands(std::int64_t rows, std::int64_t cols, std::int64_t statistics) {
  return [=] {
    const auto big = [&] { return numbers({rows, cols}, dtype_of<T>); };
    const auto small = [&](std::int64_t n) { return numbers({n}); };
    return Norm{big(),
                big(),
                big(),
                big(),
                big(),
                small(cols),
                small(cols),
                small(statistics),
                small(statistics),
                small(statistics),
                small(cols),
                small(cols)};
  };
}

template <class T>
kernels::BatchNormForward<T> forward_of(Norm& o, bool add) {
  return {.x = o.x.data<T>(),
          .weight = o.weight.data<float>(),
          .bias = o.bias.data<float>(),
          .mean = o.mean.data<float>(),
          .rstd = o.rstd.data<float>(),
          .add = add ? o.dy.data<T>() : nullptr,
          .relu = true,
          .y = o.y.mut<T>()};
}

template <class T>
void add_batch_norm(std::int64_t rows, std::int64_t channels, bool residual) {
  const std::string kind = residual ? "batch_norm_add_relu" : "batch_norm_relu";
  const std::string size = cat(dtype_of<T>, "/", rows, "x", channels);
  const auto make = norm_operands<T>(rows, channels, channels);
  add_both(
      kind + "_forward", size, {.bytes = bytes_of(rows, channels, residual ? 4 : 3, dtype_of<T>)}, make,
      [=](Norm& o) {
        kernels::batch_norm_stats(cpu, rows, channels, 1e-5, o.x.data<T>(), o.mean.mut<float>(), o.rstd.mut<float>(),
                                  o.var.mut<float>());
        kernels::batch_norm_apply(cpu, rows, channels, forward_of<T>(o, residual));
      },
      [=](Norm& o) {
        kernels::batch_norm_stats_naive(cpu, rows, channels, 1e-5, o.x.data<T>(), o.mean.mut<float>(),
                                        o.rstd.mut<float>(), o.var.mut<float>());
        kernels::batch_norm_apply_naive(cpu, rows, channels, forward_of<T>(o, residual));
      });
  const auto backward_of = [residual](Norm& o) {
    return kernels::BatchNormBackward<T>{.dy = o.dy.data<T>(),
                                         .x = o.x.data<T>(),
                                         .relu = true,
                                         .y = residual ? o.y.data<T>() : nullptr,
                                         .weight = o.weight.data<float>(),
                                         .bias = o.bias.data<float>(),
                                         .mean = o.mean.data<float>(),
                                         .rstd = o.rstd.data<float>(),
                                         .training = true,
                                         .dx = o.dx.mut<T>(),
                                         .dadd = residual ? o.dadd.mut<T>() : nullptr,
                                         .dweight = o.dweight.mut<float>(),
                                         .dbias = o.dbias.mut<float>()};
  };
  add_both(
      kind + "_backward", size, {.bytes = bytes_of(rows, channels, residual ? 8 : 5, dtype_of<T>)}, make,
      [=](Norm& o) { kernels::batch_norm_backward(cpu, rows, channels, backward_of(o)); },
      [=](Norm& o) { kernels::batch_norm_backward_naive(cpu, rows, channels, backward_of(o)); });
}

void add_layer_norm(std::int64_t rows, std::int64_t cols) {
  const auto forward = [](Norm& o) {
    return kernels::LayerNormForward<float>{o.x.data<float>(), o.weight.data<float>(), o.bias.data<float>(), 1e-5,
                                            o.y.mut<float>(),  o.mean.mut<float>(),    o.rstd.mut<float>()};
  };
  const auto backward = [](Norm& o) {
    return kernels::LayerNormBackward<float>{o.dy.data<float>(),     o.x.data<float>(),    o.weight.data<float>(),
                                             o.mean.data<float>(),   o.rstd.data<float>(), o.dx.mut<float>(),
                                             o.dweight.mut<float>(), o.dbias.mut<float>()};
  };
  const std::string size = cat("f32/", rows, "x", cols);
  const auto make = norm_operands<float>(rows, cols, rows);
  add_both(
      "layer_norm_forward", size, {.bytes = bytes_of(rows, cols, 2, DType::f32)}, make,
      [=](Norm& o) { kernels::layer_norm(cpu, rows, cols, forward(o)); },
      [=](Norm& o) { kernels::layer_norm_naive(cpu, rows, cols, forward(o)); });
  add_both(
      "layer_norm_backward", size, {.bytes = bytes_of(rows, cols, 3, DType::f32)}, make,
      [=](Norm& o) { kernels::layer_norm_backward(cpu, rows, cols, backward(o)); },
      [=](Norm& o) { kernels::layer_norm_backward_naive(cpu, rows, cols, backward(o)); });
  add_both(
      "l2_normalize", size, {.bytes = bytes_of(rows, cols, 2, DType::f32)}, make,
      [=](Norm& o) {
        kernels::l2_normalize(cpu, rows, cols, 1e-12, o.x.data<float>(), o.y.mut<float>(), o.mean.mut<float>());
      },
      [=](Norm& o) {
        kernels::l2_normalize_naive(cpu, rows, cols, 1e-12, o.x.data<float>(), o.y.mut<float>(), o.mean.mut<float>());
      });
}

template <class T>
void add_batch_norms() {
  for (const std::int64_t channels :
       {64, 128, 256, 512}) {  // the four stages of ResNet-18 on 128 pictures of 32 pixels
    const std::int64_t side = 32 * 64 / channels;
    add_batch_norm<T>(128 * side * side, channels, false);
    if (channels == 64) add_batch_norm<T>(128 * side * side, channels, true);
  }
  add_batch_norm<T>(512 * 28 * 28, 32, false);  // the first layer of the demo network
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times normalisations.");
  return program.run(argc, argv, [] {
    add_batch_norms<float>(), add_batch_norms<bf16>();
    add_layer_norm(16384, 256), add_layer_norm(16384, 768);
  });
}
