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

TEST(Cosine, RefusesAWarmUpLongerThanTheRun) {
  expect_error([] { optim::cosine({.warmup_steps = 5, .total_steps = 4}); }, "warm-up of 5 steps does not fit into a run of 4");
}

}  // namespace
}  // namespace akin
