// Every convolution of ResNet-18 at 32 pixels and of the demo network: forward, gradient of the data, of the weights.
//
//   bench_conv [--threads N] [--batch N] [--benchmark_filter=forward/f32/.*winograd]
//
// conv_PASS/TYPE/NETWORK/KERNELxKERNEL[sSTRIDE]_IN_OUT_SIDE/ALGORITHM. Operations are those of the direct algorithm, so
// that Winograd's, which needs fewer, may pass 100 %. The textbook twin gets one picture, the kernels a batch.
#include "support/bench.hpp"
#include "support/networks.hpp"

using namespace bench;

namespace {

using kernels::ConvAlgorithm;
constexpr ConvAlgorithm algorithms[] = {ConvAlgorithm::direct, ConvAlgorithm::winograd, ConvAlgorithm::automatic};

const char* name_of(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::direct ? "direct" : algorithm == ConvAlgorithm::winograd ? "winograd" : "auto";
}

kernels::ConvShape shape_of(const ConvLayer& l, std::int64_t n, ConvAlgorithm algorithm) {
  return {.n = n,
          .h = l.side,
          .w = l.side,
          .c = l.in,
          .oc = l.out,
          .kh = l.kernel,
          .kw = l.kernel,
          .oh = l.out_side(),
          .ow = l.out_side(),
          .stride_h = l.stride,
          .stride_w = l.stride,
          .pad_h = l.kernel / 2,
          .pad_w = l.kernel / 2,
          .algorithm = algorithm};
}

enum class Pass { forward, data, weights };
constexpr Pass passes[] = {Pass::forward, Pass::data, Pass::weights};

const char* name_of(Pass pass) {
  return pass == Pass::forward ? "conv_forward" : pass == Pass::data ? "conv_data" : "conv_weights";
}

struct Operands {
  Array x, w, y;
};

template <class T>
void run_fast(Pass pass, const kernels::ConvShape& s, Operands& o) {
  if (pass == Pass::forward)
    kernels::conv2d_forward(cpu, s, o.x.data<T>(), o.w.data<T>(), o.y.mut<T>());
  else if (pass == Pass::data)
    kernels::conv2d_backward_data(cpu, s, o.y.data<T>(), o.w.data<T>(), o.x.mut<T>());
  else
    kernels::conv2d_backward_weights(cpu, s, o.x.data<T>(), o.y.data<T>(), o.w.mut<T>());
}

template <class T>
void run_naive(Pass pass, const kernels::ConvShape& s, Operands& o) {
  if (pass == Pass::forward)
    kernels::conv2d_forward_naive(cpu, s, o.x.data<T>(), o.w.data<T>(), o.y.mut<T>());
  else if (pass == Pass::data)
    kernels::conv2d_backward_data_naive(cpu, s, o.y.data<T>(), o.w.data<T>(), o.x.mut<T>());
  else
    kernels::conv2d_backward_weights_naive(cpu, s, o.x.data<T>(), o.y.data<T>(), o.w.mut<T>());
}

template <class T, class Run>
void add_conv(const std::string& name, Pass pass, const ConvLayer& layer, const kernels::ConvShape& s, Run run) {
  const Work work{.flops = static_cast<double>(s.n) * flops(layer),
                  .pairs = kernels::has_bf16_dot && std::is_same_v<T, bf16>};
  add(name, work, [=] {
    Operands operands{numbers({s.n, s.h, s.w, s.c}, dtype_of<T>), numbers({s.oc, s.kh, s.kw, s.c}, dtype_of<T>),
                      numbers({s.n, s.oh, s.ow, s.oc}, dtype_of<T>)};
    return [=]() mutable { run(pass, s, operands); };
  });
}

template <class T>
void add_layer(const std::string& network, const ConvLayer& l, std::int64_t batch) {
  const std::string size = cat(l.kernel, "x", l.kernel, l.stride > 1 ? "s2" : "", "_", l.in, "_", l.out, "_", l.side);
  for (const Pass pass : passes) {
    if (pass == Pass::data && l.in <= 3) continue;  // nobody asks for the gradient of the pictures
    const std::string name = cat(name_of(pass), "/", dtype_of<T>, "/", network, "/", size, "/");
    for (const ConvAlgorithm algorithm : algorithms) {
      const kernels::ConvShape s = shape_of(l, batch, algorithm);
      if (algorithm != ConvAlgorithm::winograd || kernels::fits_winograd(s))
        add_conv<T>(name + name_of(algorithm), pass, l, s, run_fast<T>);
    }
    add_conv<T>(name + "naive", pass, l, shape_of(l, 1, ConvAlgorithm::direct), run_naive<T>);
  }
}

template <class T>
void add_all(std::int64_t batch) {
  for (const auto& layer : resnet18_layers()) add_layer<T>("resnet18", layer, batch);
  for (const auto& layer : demo_layers()) add_layer<T>("demo", layer, batch);
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times convolutions.");
  std::int64_t batch = 128;
  program.app.add_option("--batch", batch, "pictures per call")->capture_default_str()->check(CLI::PositiveNumber);
  return program.run(argc, argv, [&] { add_all<float>(batch), add_all<bf16>(batch); });
}
