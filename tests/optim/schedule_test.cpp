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

}  // namespace
}  // namespace akin
