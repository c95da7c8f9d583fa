#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/optim/sgd.hpp>

#include "support/test.hpp"
#include "support/torch_steps.hpp"

namespace akin {
namespace {

Tensor parameter(double value) { return Tensor(Array::full({1}, value, DType::f64), true); }

/// After `steps` steps on the loss p^2 / 2, whose gradient is p.
double after(std::int64_t steps, optim::SgdOptions options, double weight_decay = 0) {
  const Tensor p = parameter(1);
  optim::Sgd sgd({{{{"p", p}}, weight_decay}}, options);
  for (std::int64_t i = 0; i < steps; ++i) {
    sgd.zero_grad();
    (0.5 * sum(p * p)).backward();
    sgd.step();
  }
  return p.value().item();
}

TEST(Sgd, StepsAsPyTorch) {
  const auto after_steps = [](const optim::SgdOptions& o) { return test::after_three_steps<optim::Sgd>(o); };
  expect_close(after_steps({.lr = 0.1}), test::three(0.9851986249999999, -2.096146625, 0.05877993749999996), tol::f64,
               "plain");
  expect_close(after_steps({.lr = 0.1, .momentum = 0.9}),
               test::three(0.9546436249999999, -1.902511625, -0.5930225625000001), tol::f64, "momentum");
  expect_close(after_steps({.lr = 0.1, .momentum = 0.9, .nesterov = true}),
               test::three(0.945114018875, -2.011341000875, -0.9162960211875002), tol::f64, "nesterov");
}

TEST(Sgd, FollowsTheGradient) { expect_close(after(2, {.lr = 0.1}), 0.81, tol::f64); }

TEST(Sgd, MomentumStartsAtTheFirstGradient) {  // p: 1 -> 0.9 (m = 1) -> 0.9 - 0.1 (0.9 * 1 + 0.9) = 0.72
  expect_close(after(2, {.lr = 0.1, .momentum = 0.9}), 0.72, tol::f64);
}

TEST(Sgd, NesterovLooksAhead) {  // first step: d = 1, m = 1: 1 - 0.1 (1 + 0.9)
  expect_close(after(1, {.lr = 0.1, .momentum = 0.9, .nesterov = true}), 0.81, tol::f64);
}

TEST(Sgd, WeightDecayIsAddedToTheGradient) { expect_close(after(1, {.lr = 0.1}, 0.5), 0.85, tol::f64); }

TEST(Sgd, GroupsKeepTheirOwnDecayAndMayKeepTheirLearningRate) {
  const Tensor a = parameter(1), b = parameter(1);
  optim::Sgd sgd({{{{"a", a}}, 1.0}, {{{"b", b}}, 0, true}}, {.lr = 0.1});
  sgd.set_lr(0.01);
  (sum(a) + sum(b)).backward();
  sgd.step();
  expect_close(a.value().item(), 1 - 0.01 * 2, tol::f64);
  expect_close(b.value().item(), 1 - 0.1, tol::f64);
}

TEST(Sgd, LeavesParametersWithoutAGradientAlone) {
  const Tensor p = parameter(1);
  optim::Sgd sgd({{{{"p", p}}, 0.5}}, {.lr = 0.1});
  sgd.step();
  EXPECT_EQ(p.value().item(), 1);
}

TEST(Sgd, MarksChangedParameters) {
  const Tensor p = parameter(3);
  const Tensor loss = sum(p * p);
  optim::Sgd sgd({{{{"p", p}}, 0}}, {.lr = 0.1});
  loss.backward({.retain_graph = true});
  sgd.step();
  expect_error([&] { loss.backward(); }, "changed in place");
}

TEST(Sgd, StateIsNamedAfterTheParameters) {
  optim::Sgd sgd({{{{"w", parameter(1)}}, 0}}, {.lr = 0.1, .momentum = 0.9});
  ASSERT_EQ(sgd.named_state().size(), 1u);
  EXPECT_EQ(sgd.named_state()[0].name, "momentum/w");
}

TEST(Sgd, KeepsNoStateWithoutMomentum) {
  const Tensor p = parameter(1);
  optim::Sgd sgd({{{{"p", p}}, 0.5}}, {.lr = 0.1});
  sum(p).backward();
  sgd.step();
  expect_close(p.item(), 1 - 0.1 * 1.5, tol::f64);
  EXPECT_TRUE(sgd.named_state().empty());
}

TEST(Sgd, AParameterMayGetItsFirstGradientLate) {  // its momentum starts there: PyTorch gives 0.9375 as well
  const Tensor early = parameter(1), late = parameter(1);
  optim::Sgd sgd({{{{"early", early}, {"late", late}}}}, {.lr = 0.1, .momentum = 0.9});
  for (const double g : {0.5, -1.25, 3.0}) {
    sgd.zero_grad();
    sum(g * (g == 0.5 ? early : early + late)).backward();
    sgd.step();
  }
  expect_close(early.item(), 0.802, tol::f64);
  expect_close(late.item(), 0.9375, tol::f64);
}

TEST(Sgd, RejectsBadOptions) {
  expect_error([] { after(1, {.lr = -1}); }, "lr must be >= 0 and finite, got -1");
  expect_error([] { after(1, {.momentum = 1}); }, "momentum must lie in [0, 1), got 1");
  expect_error([] { after(1, {.momentum = NAN}); }, "momentum must lie in [0, 1), got nan");
  expect_error([] { after(1, {.nesterov = true}); }, "nesterov needs momentum > 0");
}

}  // namespace
}  // namespace akin
