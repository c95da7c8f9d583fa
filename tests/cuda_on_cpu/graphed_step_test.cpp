// Training steps as CUDA graphs, beside the same steps without; and when the host waits in either.
#include <akin/akin.hpp>

#include "support/sanitized.hpp"
#include "support/test.hpp"
#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#include "emulator/memory.hpp"
#endif

namespace akin_test {
namespace {

constexpr std::int64_t graphed_side = 8;

nn::Module graphed_encoder() {
  const nn::Module encoder =
      nn::Sequential(nn::Conv2d({.in = 1, .out = 6, .kernel = 3, .stride = 2, .padding = 1, .bias = false}),
                     nn::BatchNorm({.features = 6, .relu = true}), nn::Dropout({.p = 0.3}), nn::GlobalAveragePool());
  encoder.initialize(3);
  encoder.to(Device::cuda);
  return encoder;
}

std::vector<Array> graphed_views(int step, std::int64_t pairs = 5, double spoil = 0) {
  std::vector<Array> views;
  for (int which = 0; which < 2; ++which) {
    Array x = Array::empty({pairs, graphed_side, graphed_side, 1});
    for (std::int64_t i = 0; i < x.size(); ++i)
      x.mut<float>()[i] = static_cast<float>(std::sin(0.31 * static_cast<double>(i) + 1.7 * step + which) + spoil);
    views.push_back(x.to(Device::cuda));
  }
  return views;
}

/// Steps of BYOL, which has targets and buffers, with Adam, which counts.
struct GraphedSteps {
  methods::Byol method;
  train::TrainingStep step;
  train::TrainingPosition position;
  std::vector<double> losses;

  explicit GraphedSteps(bool graph,
                        const train::TrainerOptions& options = {.optimizer = "adamw", .lr = 0.01, .warmup_steps = 2})
      : method((graphed_encoder()), {.features = 6, .hidden = 8, .out = 4}),
        step((method.to(Device::cuda), method), with(options, graph), 20) {}
  static train::TrainerOptions with(train::TrainerOptions options, bool graph) {
    options.cuda_graph = graph;
    return options;
  }

  std::string make(const std::vector<Array>& views) {
    step.begin(position.step);
    const auto out = step.add(views);
    losses.push_back(out.loss.item());
    std::string problem = step.finish(position, views);
    ++position.step;
    return problem;
  }
  std::vector<Array> state() const {
    std::vector<Array> all;
    for (const auto& named : train::state_tensors(method, step.optimizer()))
      all.push_back(named.tensor.value().to(Device::cpu));
    return all;
  }
};

bool same_values(const Array& a, const Array& b) {
  return a.shape() == b.shape() && on_any(a.dtype(), [&]<class T>() {
           return std::memcmp(a.data<T>(), b.data<T>(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
         });
}

void expect_same_run(const GraphedSteps& graphed, const GraphedSteps& plain) {
  EXPECT_EQ(graphed.losses.size(), plain.losses.size());
  EXPECT_EQ(graphed.step.optimizer().steps(), plain.step.optimizer().steps());
  for (std::size_t i = 0; i < plain.losses.size(); ++i)
    if (!std::isnan(plain.losses[i])) {
      EXPECT_EQ(graphed.losses[i], plain.losses[i]) << "step " << i;
    }
  const auto got = graphed.state(), want = plain.state();
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(same_values(got[i], want[i])) << "tensor " << i;
}

TEST(GraphedStep, HasTheBitsOfTheStepsWithoutAGraph) {
  const train::TrainerOptions runs[] = {
      {.optimizer = "adamw", .lr = 0.05, .warmup_steps = 2, .bf16 = true},
      {.optimizer = "lars", .lr = 0.05, .warmup_steps = 2, .gradient_checkpointing = true},
      {.optimizer = "lamb", .lr = 0.05, .warmup_steps = 2, .clip_norm = 0.5},
      {.optimizer = "sgd", .lr = 0.05, .warmup_steps = 2, .clip_norm = 0.5, .bf16 = true}};
  for (const auto& options : runs) {
    GraphedSteps graphed(true, options), plain(false, options);
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(graphed.make(graphed_views(i)), "");
      EXPECT_EQ(plain.make(graphed_views(i)), "");
    }
    expect_same_run(graphed, plain);
    EXPECT_NE(plain.losses[4], plain.losses[5]);
  }
}

TEST(GraphedStep, LeavesNoTraceOfAStepThatCannotBeMade) {
  GraphedSteps graphed(true), plain(false);
  for (int i = 0; i < 6; ++i) {
    const double spoil = i == 3 ? std::nan("") : 0;
    const std::string got = graphed.make(graphed_views(i, 5, spoil)), want = plain.make(graphed_views(i, 5, spoil));
    EXPECT_EQ(got, want);
    EXPECT_EQ(got.empty(), i != 3);
  }
  expect_same_run(graphed, plain);
  EXPECT_EQ(graphed.position.skipped, 1);
}

/// On pictures of zeros its loss is 0, and its gradient not a number.
struct RootOfSquares : methods::Method {
  RootOfSquares() : Method(1, {{"encoder", nn::Sequential(nn::Flatten{}, nn::Linear({.in = 64, .out = 4}))}}) {
    for (const Tensor& parameter : encoder().parameters())
      if (parameter.rank() == 1) ops::assign(parameter.mutable_value(), Array::zeros({4}));
    to(Device::cuda);
  }
  methods::StepOutput forward(const std::vector<Array>& views) override {
    const Tensor y = encoder()(Tensor(views[0]));
    return {mean(sqrt(y * y)), y.value()};
  }
};

TEST(GraphedStep, NamesTheNormOfGradientsThatAGraphHasComputed) {
  RootOfSquares method;
  for (const Tensor& bias : method.encoder().parameters()) bias.set_requires_grad(bias.rank() > 1);
  train::TrainingStep step(method, {.lr = 0.1, .warmup_steps = 0, .cuda_graph = true}, 9);
  train::TrainingPosition position;
  for (int i = 0; i < 4; ++i) {
    const Array zeros = Array::zeros({5, 8, 8, 1}, DType::f32, Device::cuda);
    const auto views = i < 3 ? graphed_views(i) : std::vector<Array>{zeros, zeros};
    step.begin(i);
    step.add(views);
    EXPECT_EQ(step.finish(position, views), i < 3 ? "" : "the norm of the gradients is nan");
  }
}

TEST(GraphedStep, TakesABatchOfAnotherSizeWithoutTheGraph) {
  for (const int other : {1, 4}) {  // before the recording, which it puts off, and after
    GraphedSteps graphed(true), plain(false);
    for (int i = 0; i < 6; ++i) {
      const std::int64_t pairs = i == other ? 3 : 5;
      graphed.make(graphed_views(i, pairs)), plain.make(graphed_views(i, pairs));
    }
    expect_same_run(graphed, plain);
  }
}

TEST(GraphedStep, RefusesSeveralBatchesAndAMethodOnTheHost) {
  GraphedSteps steps(true);
  steps.step.begin(0);
  expect_error([&] { steps.step.add(graphed_views(0), 0, 2); },
               "trainer: a CUDA graph holds a step of one batch, got 2 batches");
  const auto encoder = graphed_encoder();
  encoder.to(Device::cpu);
  methods::SimClr here(encoder, {.features = 6, .hidden = 8, .out = 4});
  expect_error([&] { train::TrainingStep(here, {.warmup_steps = 0, .cuda_graph = true}, 2); },
               "trainer: a CUDA graph needs a method on cuda; it is on cpu");
}

#if defined(AKIN_EMULATOR)
TEST(TrainingStepOnCuda, WaitsForNothingBeforeAllOfItIsQueued) {
  for (const std::string optimizer : {"sgd", "adamw", "lars", "lamb"})
    for (const bool graph : {false, true}) {
      GraphedSteps steps(graph, {.optimizer = optimizer, .warmup_steps = 2, .clip_norm = 0.5});
      for (int i = 0; i < 2; ++i) steps.make(graphed_views(i));  // the second records
      const auto views = graphed_views(2);
      cudaDeviceSynchronize();
      const auto waits = emulator::waits;
      steps.step.begin(2);
      const auto out = steps.step.add(views);
      EXPECT_EQ(emulator::waits, waits) << optimizer << (graph ? ", graph" : "");
      EXPECT_TRUE(std::isfinite(out.loss.item()));
      EXPECT_GT(emulator::waits, waits);
    }
}

/// A failure in the step that records, or in the first launch: the calls in between are too many to fail each.
TEST(GraphedStep, EveryFifthFailureIsAnErrorAndLeaksNothing) {
  std::uint64_t n = 1, first = 0;
  bool struck = true;
  while (struck) {
    emulator::reset();
    const auto before = emulator::heap.live_blocks;
    std::string error;
    try {
      GraphedSteps steps(true);
      steps.make(graphed_views(0));
      first = emulator::faults.calls;
      emulator::faults.fail_at = first + n;
      steps.make(graphed_views(1));
      steps.make(graphed_views(2));
    } catch (const Error& thrown) {
      error = thrown.what();
    }
    struck = !emulator::faults.struck.empty();
    EXPECT_EQ(error.empty(), !struck) << emulator::faults.struck << ", call " << n << ": " << error;
    EXPECT_FALSE(is_recording_graph());
    cudaDeviceSynchronize();
    EXPECT_EQ(emulator::heap.live_blocks, before) << "call " << n << ": " << error;
    n += akin::test::sanitized ? 25 : 5;
  }
  EXPECT_GT(n, 100u);
  emulator::reset();
}

TEST(TrainingStepOnCuda, IsFewCallsWithAGraph) {
  const auto calls = [](bool graph) {
    GraphedSteps steps(graph);
    for (int i = 0; i < 3; ++i) steps.make(graphed_views(i));
    const auto before = emulator::faults.calls;
    steps.make(graphed_views(3));
    return emulator::faults.calls - before;
  };
  EXPECT_LT(calls(true), 30u);
  EXPECT_GT(calls(false), 5 * calls(true));
}
#endif

}  // namespace
}  // namespace akin_test
