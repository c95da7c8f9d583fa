#include <akin/optim/schedule.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Cosine, WarmsUpThenFallsAlongHalfACosine) {
  const auto lr = optim::cosine({.base = 2, .final = 0.5, .warmup_steps = 4, .total_steps = 14});
  expect_close(lr(0), 0.5, tol::f64);
  expect_close(lr(3), 2, tol::f64);
  expect_close(lr(4), 2, tol::f64);
  expect_close(lr(9), 1.25, tol::f64);
  expect_close(lr(14), 0.5, tol::f64);
  expect_close(lr(99), 0.5, tol::f64);
}

TEST(Cosine, RefusesValuesAndStepsThatAreNone) {
  expect_error([] { optim::cosine({.base = NAN}); }, "cosine: base and final must be finite, got nan and 0");
  expect_error([] { optim::cosine({.final = INFINITY}); }, "cosine: base and final must be finite, got 0.1 and inf");
  expect_error([] { optim::cosine({.total_steps = -1}); }, "cosine: total_steps must be >= 0, got -1");
  expect_error([] { optim::cosine({.warmup_steps = -1}); }, "warm-up of -1 steps");
  expect_error([] { optim::cosine({.total_steps = 5})(-1); }, "cosine: step must be >= 0, got -1");
}

TEST(Cosine, RefusesAWarmUpLongerThanTheRun) {
  expect_error([] { optim::cosine({.warmup_steps = 5, .total_steps = 4}); },
               "warm-up of 5 steps does not fit into a run of 4");
}

TEST(MultiStep, FallsAtEveryMilestone) {
  const auto lr = optim::multi_step({.base = 0.3, .factor = 0.5, .milestones = {120, 160}});
  EXPECT_EQ(lr(0), 0.3);
  EXPECT_EQ(lr(119), 0.3);
  EXPECT_EQ(lr(120), 0.15);
  EXPECT_EQ(lr(159), 0.15);
  EXPECT_EQ(lr(160), 0.075);
  EXPECT_EQ(lr(999), 0.075);
  EXPECT_EQ(optim::multi_step({.base = 0.3})(999), 0.3);
}

TEST(MultiStep, RefusesMilestonesThatDoNotRise) {
  expect_error(
      [] {
        optim::multi_step({.milestones = {5, 5}});
      },
      "multi_step: milestones must be >= 0 and rise, got 5 after 5");
  expect_error([] { optim::multi_step({.milestones = {-2}}); }, "must be >= 0 and rise, got -2");
  expect_error([] { optim::multi_step({.base = NAN}); }, "multi_step: base and factor must be finite, got nan and 0.1");
  expect_error([] { optim::multi_step({.factor = INFINITY}); }, "base and factor must be finite, got 0.1 and inf");
  expect_error([] { optim::multi_step({})(-1); }, "multi_step: step must be >= 0, got -1");
}

TEST(StepDecay, FallsAtTheEndOfEveryPeriod) {
  const auto lr = optim::step_decay({.base = 2, .factor = 0.5, .every = 30});
  EXPECT_EQ(lr(0), 2);
  EXPECT_EQ(lr(29), 2);
  EXPECT_EQ(lr(30), 1);
  EXPECT_EQ(lr(59), 1);
  EXPECT_EQ(lr(60), 0.5);
}

TEST(StepDecay, RefusesBadOptions) {
  expect_error([] { optim::step_decay({.every = 0}); }, "step_decay: every must be >= 1 steps, got 0");
  expect_error([] { optim::step_decay({.base = INFINITY}); }, "base and factor must be finite, got inf and 0.1");
  expect_error([] { optim::step_decay({.factor = NAN}); }, "base and factor must be finite, got 0.1 and nan");
  expect_error([] { optim::step_decay({})(-1); }, "step_decay: step must be >= 0, got -1");
}

TEST(BatchSize, ScalesTheLearningRateLinearlyOrByItsRoot) {
  expect_close(optim::linear_lr(0.3, 256), 0.3, tol::f64);
  expect_close(optim::linear_lr(0.3, 64), 0.075, tol::f64);
  expect_close(optim::sqrt_lr(0.075, 256), 1.2, tol::f64);
  expect_close(optim::sqrt_lr(0.075, 4096), optim::linear_lr(0.3, 4096), tol::f64, "SimCLR's two rules");
}

TEST(BatchSize, RefusesLearningRatesAndSizesThatAreNone) {
  expect_error([] { optim::linear_lr(-1, 256); }, "linear_lr: lr must be >= 0 and finite, got -1");
  expect_error([] { optim::linear_lr(0.3, 0); }, "linear_lr: batch_size must be >= 1, got 0");
  expect_error([] { optim::sqrt_lr(NAN, 256); }, "sqrt_lr: lr must be >= 0 and finite, got nan");
  expect_error([] { optim::sqrt_lr(0.3, -4); }, "sqrt_lr: batch_size must be >= 1, got -4");
}

}  // namespace
}  // namespace akin
