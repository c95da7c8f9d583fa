#include <akin/train/training_step.hpp>

#include "support/folder.hpp"
#include "support/small_training.hpp"
#include "support/test.hpp"

namespace akin::train::small {
namespace {

/// A method whose loss is not finite in some of its steps, and which then spoils its running statistics too.
struct SometimesNan : methods::Method {
  nn::Module layer;
  bool (*bad)(std::int64_t);
  std::int64_t steps = 0;

  explicit SometimesNan(bool (*bad_at)(std::int64_t))
      : Method(1, {{"encoder",
                    nn::Sequential(nn::Flatten{}, nn::Linear({.in = 144, .out = 8}), nn::BatchNorm({.features = 8}))}}),
        layer(encoder()),
        bad(bad_at) {
    layer.initialize(1);
  }
  methods::StepOutput forward(const std::vector<Array>& views) override {
    const double factor = bad(steps++) ? std::nan("") : 1;
    const Tensor y = layer(factor * Tensor(views[0]));
    return {mean(y * y * y), y.value()};
  }
};

TEST(TrainingStep, AStepWhoseLossIsNotFiniteIsSkippedAndLeavesNoTrace) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  SometimesNan method([](std::int64_t step) { return step % 4 == 1; });
  const TrainerReport report = train(method, loader(), {.epochs = 4, .lr = 0.1}, &run);
  EXPECT_EQ(report.steps, 12);
  EXPECT_EQ(report.skipped_steps, 3);
  EXPECT_TRUE(std::isfinite(report.loss));
  for (const auto& [name, tensor] : method.named_tensors()) {
    EXPECT_TRUE(akin::detail::all_finite(tensor.value())) << name;
    if (name.ends_with("num_batches_tracked")) {
      EXPECT_EQ(at(tensor.value(), 0), 9);
    }
  }
  EXPECT_NE(io::read_file(folder / "run/log.txt").find("warning: step 5 was skipped: the loss is nan"),
            std::string::npos);
}

TEST(TrainingStep, TwentySkippedStepsInARowEndTheRunAndSayWhereTheFirstBadValueIs) {
  SometimesNan method([](std::int64_t step) { return step >= 7; });
  expect_error(
      [&] { train(method, loader(), {.epochs = 20, .lr = 0.1}); },
      "trainer: 20 steps in a row were skipped; at step 26, epoch 8, the loss is nan; lower the learning rate, "
      "or clip the gradients (anomaly: the forward of 'scale'");
  for (const auto& [name, tensor] : method.named_tensors())
    if (name.ends_with("num_batches_tracked")) {
      EXPECT_EQ(at(tensor.value(), 0), 7) << "the search for the bad value leaves no trace";
    }
  SometimesNan often([](std::int64_t step) { return step % 20 != 0; });
  EXPECT_EQ(train(often, loader(), {.epochs = 20, .lr = 0.1}).skipped_steps, 57);
}

TEST(TrainingStep, AGradientThatIsNotFiniteIsSkippedToo) {  // sqrt(0) is 0, its gradient infinite
  OwnMethod method;
  method.layer.parameters()[0].replace(Array::zeros({8, 144}));
  method.layer.parameters()[1].replace(Array::zeros({8}));
  struct Root : methods::Method {
    explicit Root(const nn::Module& layer) : Method(1, {{"encoder", layer}}) {}
    methods::StepOutput forward(const std::vector<Array>& views) override {
      const Tensor y = encoder()(Tensor(views[0]));
      return {mean(sqrt(y)), y.value()};
    }
  } root(method.layer);
  const TrainerReport report = train(root, loader(), {.epochs = 1, .lr = 0.1});
  EXPECT_EQ(report.skipped_steps, steps_per_epoch);
  EXPECT_EQ(at(root.encoder().parameters()[0].value(), 0), 0);
}

TEST(TrainingStep, AccumulatedBatchesMakeTheStepOfTheirMeanGradient) {  // of a loss that is a mean over the images
  const auto gradient_sum = [](std::int64_t batch_size, std::int64_t accumulate) {
    OwnMethod method;
    const data::Loader batches(
        pictures(), {.batch_size = batch_size, .shuffle = false, .seed = 5, .workers = 0},
        augment::two_views(augment::demo({.size = 12, .normalize = {{0.5}, {0.25}}}), {.seed = 5}));
    const auto report =
        train(method, batches, {.epochs = 1, .lr = 0.5, .momentum = 0, .warmup_steps = 0, .accumulate = accumulate});
    EXPECT_EQ(report.steps, images / (batch_size * accumulate));
    return method.encoder().parameters()[0].value();
  };
  expect_close(gradient_sum(16, 3), gradient_sum(48, 1), tol::reduce_f32);
  expect_close(gradient_sum(32, 3), gradient_sum(96, 1), tol::reduce_f32);
}

TEST(TrainingStep, RefusesANumberOfABatchThatItDoesNotHave) {
  OwnMethod method;
  TrainingStep step(method, {.epochs = 1, .warmup_steps = 0}, 10);
  step.begin(0);
  expect_error([&] { step.add({}, 1); }, "number 1 of 1");
  expect_error([&] { step.add({}, -1, 2); }, "number -1 of 2");
}

TEST(TrainingStep, TheLastStepOfAnEpochTakesTheBatchesThatAreLeft) {
  OwnMethod method;
  EXPECT_EQ(train(method, loader(), {.epochs = 3, .lr = 0.1, .accumulate = 2}).steps, 3 * 2);  // 2 + 1 batches
  EXPECT_EQ(method.steps, 3 * steps_per_epoch);
}

TEST(TrainingStep, ClippingBoundsTheLengthOfAStep) {
  const auto moved = [](double clip_norm) {
    OwnMethod method;
    const Array before = ops::clone(method.encoder().parameters()[0].value());
    train(method,
          data::Loader(pictures(), {.batch_size = images, .workers = 0},
                       augment::two_views(augment::demo({.size = 12, .normalize = {{0.5}, {0.25}}}))),
          {.epochs = 1, .lr = 1, .weight_decay = 0, .momentum = 0, .warmup_steps = 0, .clip_norm = clip_norm});
    const Array step = ops::sub(method.encoder().parameters()[0].value(), before);
    return std::sqrt(ops::sum(ops::mul(step, step)).item());
  };
  EXPECT_GT(moved(0), 0.02);
  EXPECT_LE(moved(0.01), 0.01 + 1e-6);
  EXPECT_GT(moved(0.01), 0.005);
}

TEST(TrainingStep, MixedPrecisionLearnsWithWeightsInF32) {
  auto exact = small_simclr(convolutional_encoder()), mixed = small_simclr(convolutional_encoder());
  const TrainerReport want = train(exact, loader(), {.epochs = 12, .lr = 0.3}),
                      got = train(mixed, loader(), {.epochs = 12, .lr = 0.3, .bf16 = true});
  EXPECT_FALSE(same(exact.named_tensors(), mixed.named_tensors()));
  for (const auto& [name, tensor] : mixed.named_tensors()) EXPECT_NE(tensor.dtype(), DType::bf16) << name;
  EXPECT_NEAR(got.loss, want.loss, 0.1);
  EXPECT_LT(got.loss, std::log(2.0 * batch - 1) - 0.05);
}

TEST(TrainingStep, GradientCheckpointingChangesNoBit) {
  const auto with = [](bool on) {
    auto method = small_simclr(convolutional_encoder());
    train(method, loader(), {.epochs = 2, .lr = 0.1, .gradient_checkpointing = on});
    return method.named_tensors();
  };
  EXPECT_TRUE(same(with(true), with(false)));
}

}  // namespace
}  // namespace akin::train::small
