// Whole training steps on the device, beside the same steps on the host.
#include <akin/akin.hpp>

#include "support/folder.hpp"
#include "support/sanitized.hpp"
#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#include "emulator/memory.hpp"
#endif

namespace akin_test {
namespace {

constexpr std::int64_t pairs = 6, side = 8;

/// A small encoder with all that the larger ones have: convolutions, batch norm with relu, pooling.
nn::Module tiny_encoder() {
  const nn::Module encoder =
      nn::Sequential(nn::Conv2d({.in = 1, .out = 8, .kernel = 3, .padding = 1, .bias = false}),
                     nn::BatchNorm({.features = 8, .relu = true}),
                     nn::Conv2d({.in = 8, .out = 12, .kernel = 3, .stride = 2, .padding = 1, .bias = false}),
                     nn::BatchNorm({.features = 12, .relu = true}), nn::Dropout({.p = 0.1}), nn::GlobalAveragePool());
  encoder.initialize(7);
  return encoder;
}

Array view(int step, int which) {
  Array x = Array::empty({pairs, side, side, 1});
  float* values = x.mut<float>();
  for (std::int64_t i = 0; i < x.size(); ++i)
    values[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i) + step) +
                                   0.3 * std::cos(1.7 * static_cast<double>(i * which)));
  return x;
}

struct Place {
  Device device;
  DType dtype = DType::f32;
};

/// The loss of one step out of `steps`.
double step_at(const Place& place, methods::Method& method, optim::Optimizer& optimizer, int step, int steps) {
  const auto there = [&](int which) { return ops::cast(view(step, which), place.dtype).to(place.device); };
  method.begin_step(static_cast<double>(step) / steps);
  const auto out = method.forward({there(1), there(2)});
  optimizer.zero_grad();
  out.loss.backward();
  optimizer.step();
  method.end_step({});
  return out.loss.item();
}

template <class Method>
std::vector<double> losses_at(const Place& place, Method& method, int steps) {
  for (const auto& network : method.networks()) network.module.to(place.dtype);
  method.to(place.device);
  optim::Sgd optimizer(method.parameter_groups(5e-4), {.lr = 0.05, .momentum = 0.9});
  std::vector<double> losses;
  for (int step = 0; step < steps; ++step) losses.push_back(step_at(place, method, optimizer, step, steps));
  return losses;
}

/// In f64 for many steps; in f32 for a few, since batch norm on so few values doubles each rounding error per step.
template <class Method, class Options>
void expect_same_losses(const Options& options) {
  struct Case {
    DType dtype;
    int steps;
    double tolerance;
  };
  constexpr Case cases[] = {{DType::f64, akin::test::sanitized ? 3 : 20, 1e-7}, {DType::f32, 3, 1e-4}};
  for (const auto& c : cases) {
    Method here(tiny_encoder(), options), there(tiny_encoder(), options);
    const auto a = losses_at({Device::cpu, c.dtype}, here, c.steps),
               b = losses_at({Device::cuda, c.dtype}, there, c.steps);
    for (std::size_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(b[i], a[i], c.tolerance * std::max(1.0, std::abs(a[i]))) << c.dtype << ", step " << i;
    EXPECT_NE(a.front(), a.back());
  }
}

TEST(CudaTraining, SimClrIsThatOfTheHost) {
  expect_same_losses<methods::SimClr>(methods::SimClrOptions{.features = 12, .hidden = 16, .out = 8});
}

TEST(CudaTraining, ByolIsThatOfTheHost) {
  expect_same_losses<methods::Byol>(methods::ByolOptions{.features = 12, .hidden = 16, .out = 8});
}

TEST(CudaTraining, SimSiamIsThatOfTheHost) {
  expect_same_losses<methods::SimSiam>(
      methods::SimSiamOptions{.features = 12, .hidden = 16, .out = 16, .bottleneck = 8});
}

/// BYOL has two networks and buffers of batch norm; Adam has two moments and counts its steps.
struct CudaTrainingRun {
  static constexpr int steps = 6;
  methods::Byol method{tiny_encoder(), {.features = 12, .hidden = 16, .out = 8}};
  optim::Adam optimizer;

  CudaTrainingRun() : optimizer((method.to(Device::cuda), method.parameter_groups(5e-4)), {.lr = 0.01}) {}
  void run(int first, int end) {
    for (int step = first; step < end; ++step) step_at({Device::cuda}, method, optimizer, step, steps);
  }
  std::vector<nn::NamedTensor> state() const { return train::state_tensors(method, optimizer); }
};

bool same_bits(const Array& device_a, const Array& device_b) {
  const Array a = device_a.to(Device::cpu), b = device_b.to(Device::cpu);
  return a.dtype() == b.dtype() && a.shape() == b.shape() && on_any(a.dtype(), [&]<class T>() {
           return std::memcmp(a.data<T>(), b.data<T>(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
         });
}

TEST(CudaTraining, AResumedRunHasTheBitsOfTheUninterruptedOne) {
  const test::Folder folder;
  const std::string path = folder / "state.safetensors";
  CudaTrainingRun whole, first, second;
  whole.run(0, whole.steps);
  first.run(0, 3);
  io::save_tensors(path, first.state());
  second.run(3, 4);  // values of its own, to be replaced
  io::load_tensors(path, second.state());
  second.run(3, whole.steps);
  const auto want = whole.state(), got = second.state(), halfway = first.state();
  ASSERT_EQ(got.size(), want.size());
  int changed = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_TRUE(same_bits(got[i].tensor.value(), want[i].tensor.value())) << want[i].name;
    changed += !same_bits(halfway[i].tensor.value(), want[i].tensor.value());
  }
  EXPECT_GT(changed, 20) << "the second half does nothing";
}

/// Ops whose small matrices pass through the host.
TEST(CudaTraining, LinearAlgebraIsThatOfTheHost) {
  Array a = Array::empty({9, 5}, DType::f64);
  for (std::int64_t i = 0; i < a.size(); ++i) a.mut<double>()[i] = std::sin(1 + 0.7 * static_cast<double>(i * i));
  const Array there = a.to(Device::cuda);
  const auto gram = [](const Array& x) { return ops::matmul(x, x, {.transpose_a = true}); };
  const auto expect_near = [](const Array& here, const Array& device) {
    const Array back = device.to(Device::cpu);
    for (std::int64_t i = 0; i < here.size(); ++i) EXPECT_NEAR(back.data<double>()[i], here.data<double>()[i], 1e-9);
  };
  expect_near(ops::singular_values(a), ops::singular_values(there));
  expect_near(ops::symmetric_eigenvalues(gram(a)), ops::symmetric_eigenvalues(gram(there)));
  expect_near(ops::cholesky(gram(a)), ops::cholesky(gram(there)));
  expect_near(ops::inverse_lower(ops::cholesky(gram(a))), ops::inverse_lower(ops::cholesky(gram(there))));
}

#if defined(AKIN_EMULATOR)
/// One step, of which the n-th allocation, copy or launch fails, for every n.
TEST(CudaTraining, EveryFailureIsAnErrorAndLeaksNothing) {
  bool struck = true;
  std::uint64_t n = 0;
  while (struck) {
    emulator::reset();
    const auto before = emulator::heap.live_blocks;
    emulator::faults.fail_at = ++n;
    std::string error;
    try {
      methods::SimClr method(tiny_encoder(), {.features = 12, .hidden = 16, .out = 8});
      losses_at({Device::cuda}, method, 1);
    } catch (const Error& thrown) {
      error = thrown.what();
    }
    struck = !emulator::faults.struck.empty();
    EXPECT_EQ(error.empty(), !struck) << emulator::faults.struck << ", call " << n << ": " << error;
    cudaDeviceSynchronize();
    EXPECT_EQ(emulator::heap.live_blocks, before) << "call " << n << ": " << error;
  }
  EXPECT_GT(n, 100u);
  emulator::reset();
}
#endif

}  // namespace
}  // namespace akin_test
