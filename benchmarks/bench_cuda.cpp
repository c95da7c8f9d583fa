// The CUDA backend on the GPU of this machine: every family of kernels, and whole training steps of SimCLR.
//
//   bench_cuda [--batch N] [--smoke] [--steps N] [--pairs N] [--lr X] [--dump FOLDER] [--benchmark_filter=conv.*bf16]
//
// What a line means is said in support/cuda.hpp, what a step is in bench_step. Without a GPU it ends with an error.
// Compiled by nvcc with AKIN_WITH_CUDA; --smoke also runs where kernels are executed on the host.
#include "support/cuda_step.hpp"

using namespace bench;

namespace {

std::int64_t batch = 128;

std::int64_t at_most(std::int64_t n, std::int64_t tiny) { return smoke ? std::min(n, tiny) : n; }
double bytes_of(std::int64_t values, DType dtype) { return static_cast<double>(values * size_of(dtype)); }

// ---- what memory limits ---------------------------------------------------------------------------------------------

void add_elementwise(DType dtype) {
  const std::int64_t n = at_most(1 << 25, 1000);
  const auto add_op = [&](const char* name, int operands, double passes, auto op) {
    add_on_gpu(cat(name, '/', dtype, '/', n), {.bytes = passes * bytes_of(n, dtype)}, [=] {
      const Array a = gpu_numbers({n}, dtype), b = operands > 1 ? gpu_numbers({n}, dtype) : a;
      return [=] { op(a, b); };
    });
  };
  add_op("scale", 1, 2, [](const Array& a, const Array&) { ops::scale(a, 2); });
  add_op("add", 2, 3, [](const Array& a, const Array& b) { ops::add(a, b); });
  const DType other = dtype == DType::f32 ? DType::bf16 : DType::f32;
  add_op(dtype == DType::f32 ? "cast_to_bf16" : "cast_to_f32", 1,
         1 + static_cast<double>(size_of(other)) / static_cast<double>(size_of(dtype)),
         [other](const Array& a, const Array&) { ops::cast(a, other); });
}

void add_rows(DType dtype) {
  const auto add_op = [&](const char* name, std::int64_t rows, std::int64_t cols, double passes, auto op) {
    rows = at_most(rows, 40), cols = at_most(cols, 40);
    add_on_gpu(cat(name, '/', dtype, '/', rows, 'x', cols), {.bytes = passes * bytes_of(rows * cols, dtype)}, [=] {
      const Array x = gpu_numbers({rows, cols}, dtype), dy = passes > 2 ? gpu_numbers({rows, cols}, dtype) : x;
      return [=] { op(x, dy); };
    });
  };
  add_op("sum_rows", 1 << 17, 128, 1, [](const Array& x, const Array&) { ops::sum(x, 1); });
  add_op("sum_columns", 1 << 17, 128, 1, [](const Array& x, const Array&) { ops::sum(x, 0); });
  add_op("sum_all", 1 << 17, 128, 1, [](const Array& x, const Array&) { ops::sum(x); });
  for (const std::int64_t cols : {128, 8192}) {
    const std::int64_t rows = (1 << 24) / cols;
    add_op("softmax", rows, cols, 2, [](const Array& x, const Array&) { ops::softmax(x); });
    add_op("softmax_backward", rows, cols, 3, [](const Array& y, const Array& dy) { ops::softmax_backward(dy, y); });
  }
}

/// Passes over memory as bench_norm counts them.
void add_batch_norm(DType dtype, std::int64_t rows, std::int64_t channels) {
  rows = at_most(rows, 100), channels = at_most(channels, 40);
  const std::string size = cat('/', dtype, '/', rows, 'x', channels);
  const auto operands = [=] {
    const Array x = gpu_numbers({rows, channels}, dtype), weight = gpu_numbers({channels}),
                bias = gpu_numbers({channels});
    return std::tuple(x, weight, bias);
  };
  add_on_gpu("batch_norm_relu_forward" + size, {.bytes = 3 * bytes_of(rows * channels, dtype)}, [=] {
    return [of = operands()] {
      const auto& [x, weight, bias] = of;
      const auto stats = ops::batch_norm_stats(x);
      ops::batch_norm_apply(x, weight, bias, stats.mean, stats.rstd, {.relu = true});
    };
  });
  add_on_gpu("batch_norm_relu_backward" + size, {.bytes = 5 * bytes_of(rows * channels, dtype)}, [=] {
    const auto of = operands();
    const auto stats = ops::batch_norm_stats(std::get<0>(of));
    return [of, stats, dy = gpu_numbers({rows, channels}, dtype)] {
      const auto& [x, weight, bias] = of;
      ops::batch_norm_backward(dy, x, weight, bias, stats.mean, stats.rstd, {.relu = true});
    };
  });
}

/// All parameters of ResNet-18. SGD with momentum touches five values for each, Adam seven.
void add_optimizers() {
  const auto add_step = [](const char* name, int states, double passes, auto step) {
    std::vector<std::int64_t> sizes;
    std::int64_t total = 0;
    for (const auto& layer : resnet18_layers())
      for (int i = 0; i < layer.count; ++i)
        sizes.push_back(at_most(layer.out * layer.in * layer.kernel * layer.kernel, 500)), total += sizes.back();
    add_on_gpu(cat("optimizer/", name, '/', total), {.bytes = passes * bytes_of(total, DType::f32)}, [=] {
      std::vector<Array> arrays;  // of each tensor: value, gradient, states
      for (const std::int64_t n : sizes)
        for (int k = 0; k < 2 + states; ++k) arrays.push_back(ops::mul(gpu_numbers({n}), gpu_numbers({n})));
      return [=]() mutable {
        std::vector<ops::Update<decltype(step)>> updates;
        for (auto a = arrays.begin(); a != arrays.end(); a += 2 + states)
          updates.push_back({step, &a[0], a[1], &a[2], states > 1 ? &a[3] : nullptr});
        ops::apply_updates("optimizer", std::move(updates));
      };
    });
  };
  add_step("sgd", 1, 5, ops::SgdStep{.lr = 1e-3, .momentum = 0.9});
  add_step("adam", 2, 7, ops::AdamStep{.lr = 1e-3}.at(10));
}

/// The views of a batch; the plans are drawn before.
void add_augmentation() {
  const std::int64_t n = at_most(2 * batch, 3);
  const double views = static_cast<double>(n);
  add_on_gpu("augment_simclr/32px", {.bytes = views * 3 * 32 * 32 * 5, .views = views}, [=] {
    const kernels::ImageSize size{32, 32, 3};
    const augment::Pipeline pipeline = augment::simclr({.size = 32});
    std::vector<kernels::AugmentPlan> plans;
    for (std::int64_t i = 0; i < n; ++i)
      plans.push_back(pipeline.plan(size, 1, {.index = static_cast<std::uint32_t>(i)}));
    const auto images = data::take(*data::synthetic({.size = 32, .count = n}), data::first_indices(n)).images;
    return
        [=, images = images.to(Device::cuda), out = Array::empty({n, 32, 32, 3}, DType::f32, Device::cuda)]() mutable {
          kernels::augment(gpu_queue(), n, size, images.data<std::uint8_t>(), plans.data(), size, out.mut<float>());
        };
  });
}

// ---- what arithmetic limits -----------------------------------------------------------------------------------------

void add_products(DType dtype) {
  struct Layout {
    const char* name;
    ops::MatmulOptions options;
  };
  constexpr Layout layouts[] = {{"nn", {}}, {"nt", {.transpose_b = true}}, {"tn", {.transpose_a = true}}};
  constexpr std::int64_t shapes[][3] = {{1024, 1024, 1024}, {4096, 4096, 4096}, {8192, 8192, 8192},
                                        {512, 128, 512},    {8192, 128, 8192},  {512, 2048, 2048}};
  for (const auto& [name, options] : layouts)
    for (const auto& shape : shapes) {
      const std::int64_t m = at_most(shape[0], 70), k = at_most(shape[1], 40), n = at_most(shape[2], 50);
      const Work work{.flops = 2.0 * static_cast<double>(m * k * n), .pairs = dtype == DType::bf16};
      add_on_gpu(cat("gemm/", dtype, '/', name, '/', m, 'x', k, 'x', n), work, [=, options = options] {
        const Array a = gpu_numbers(options.transpose_a ? Shape{k, m} : Shape{m, k}, dtype),
                    b = gpu_numbers(options.transpose_b ? Shape{n, k} : Shape{k, n}, dtype);
        return [=] { ops::matmul(a, b, options); };
      });
    }
}

/// All three passes of a layer.
void add_conv(const std::string& network, ConvLayer l, std::int64_t groups, DType dtype) {
  if (smoke)
    l = {std::min<std::int64_t>(l.side, 6),
         std::min<std::int64_t>(l.in, 16),
         std::min<std::int64_t>(l.out, 16),
         l.kernel,
         l.stride,
         1};
  groups = std::min(groups, l.in);
  const std::int64_t n = at_most(batch, 2);
  const std::string size = cat('/', dtype, '/', network, '/', l.kernel, 'x', l.kernel, l.stride > 1 ? "s2" : "", '_',
                               l.in, '_', l.out, '_', l.side);
  const double values = static_cast<double>(l.side * l.side * l.in + l.out_side() * l.out_side() * l.out);
  Work work{.flops = static_cast<double>(n) * flops(l) / static_cast<double>(groups), .pairs = dtype == DType::bf16};
  if (groups > 1) work.bytes = static_cast<double>(n) * values * static_cast<double>(size_of(dtype)), work.flops = 0;
  const Shape x_shape{n, l.side, l.side, l.in}, y_shape{n, l.out_side(), l.out_side(), l.out},
      w_shape{l.out, l.kernel, l.kernel, l.in / groups};
  const ops::Conv2dOptions options{.stride = l.stride, .padding = l.kernel / 2, .groups = groups};
  const auto add_pass = [&](const char* name, const Shape& a_shape, const Shape& b_shape, auto pass) {
    add_on_gpu(name + size, work, [=] {
      const Array a = gpu_numbers(a_shape, dtype), b = gpu_numbers(b_shape, dtype);
      return [=] { pass(a, b); };
    });
  };
  add_pass("conv_forward", x_shape, w_shape, [=](const Array& x, const Array& w) { ops::conv2d(x, w, options); });
  if (l.in > 3)  // nobody asks for the gradient of the pictures
    add_pass("conv_data", y_shape, w_shape,
             [=](const Array& dy, const Array& w) { ops::conv2d_backward_data(dy, w, x_shape, options); });
  add_pass("conv_weights", y_shape, x_shape,
           [=](const Array& dy, const Array& x) { ops::conv2d_backward_weights(dy, x, w_shape, options); });
}

/// NT-Xent and its gradient, as in bench_losses.
void add_pair_loss(std::int64_t n) {
  constexpr std::int64_t d = 128;
  n = at_most(n, 20);
  const Work work{.flops = 3 * 2.0 * static_cast<double>(2 * n) * static_cast<double>(2 * n * d)};
  add_on_gpu(cat("nt_xent/", n, 'x', d), work, [=] {
    const Tensor a(gpu_numbers({n, d}), true), b(gpu_numbers({n, d}), true);
    return [=] {
      a.zero_grad(), b.zero_grad();
      losses::nt_xent(a, b, {.temperature = 0.2}).backward();
    };
  });
}

void add_all(const StepOptions& o) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    add_elementwise(dtype);
    add_rows(dtype);
    for (const std::int64_t channels : {64, 128, 256, 512}) {  // the four stages of ResNet-18 at 32 pixels
      const std::int64_t side = 32 * 64 / channels;
      add_batch_norm(dtype, batch * side * side, channels);
    }
    add_products(dtype);
    for (const auto& layer : resnet18_layers()) add_conv("resnet18", layer, 1, dtype);
    for (const ConvLayer& layer : {ConvLayer{32, 128, 128, 3, 1, 1}, {32, 128, 128, 3, 2, 1}, {8, 512, 512, 5, 1, 1}})
      add_conv("depthwise", layer, layer.in, dtype);
  }
  add_optimizers();
  add_augmentation();
  for (std::int64_t n = 256; n <= 65536; n *= 4) add_pair_loss(n);
  for (const bool bf16 : {false, true})
    for (const bool graph : {false, true}) {
      add_step_on_gpu(demo(), bf16, graph, o);
      if (!smoke) add_step_on_gpu(resnet18(), bf16, graph, o);
    }
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times the CUDA backend.");
  StepOptions o;
  add_options(program.app, o);
  program.app.add_option("--batch", batch, "pictures per call")->capture_default_str()->check(CLI::PositiveNumber);
  program.app.add_flag("--smoke", smoke, "run every line once, on operands of a few values");
  return program.run(
      argc, argv,
      [&o] {
        compute_stream();  // an error without a GPU, before anything is measured
        add_all(o);
      },
      gpu_header_line);
}
