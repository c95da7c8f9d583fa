// The gate of a step: what every optimizer does behind it.
#include <akin/optim/adam.hpp>
#include <akin/optim/clip.hpp>
#include <akin/optim/lamb.hpp>
#include <akin/optim/lars.hpp>
#include <akin/optim/sgd.hpp>

#include "support/test.hpp"
#include "support/torch_steps.hpp"

namespace akin {
namespace {

/// Values and states after a good step, `closed` steps with a gradient of NaN behind a closed gate, and one more with
/// gradients of `factor` times g behind a gate of `gate`.
template <class Optimizer, class Options>
std::vector<Array> after_gated(const Options& options, int closed, double factor, double gate) {
  const Tensor p(Array::from<double>({1, 3}, {1, -2, 0.5}), true);
  Optimizer optimizer({{{{"p", p}}, 0.05}}, options);
  test::set_gradient(p, {0.5, -1.25, 3});
  optimizer.step();
  for (int i = 0; i < closed; ++i) {
    test::set_gradient(p, {NAN, 1, 2});
    optimizer.step(Array::full({}, NAN, DType::f64));
  }
  test::set_gradient(p, {-0.75 * factor, 0.5 * factor, 1.5 * factor});
  optimizer.step(Array::full({}, gate, DType::f64));
  std::vector<Array> all{ops::clone(p.value())};
  for (const auto& state : optimizer.named_state()) all.push_back(ops::cast(state.tensor.value(), DType::f64));
  return all;
}

template <class Optimizer, class Options>
void expect_gates(const std::string& name, const Options& options) {
  const auto want = after_gated<Optimizer>(options, 0, 1, 1), closed = after_gated<Optimizer>(options, 3, 1, 1),
             scaled = after_gated<Optimizer>(options, 0, 4, 0.25);
  for (std::size_t i = 0; i < want.size(); ++i) {
    expect_close(closed[i], want[i], tol::exact, cat(name, ": a closed gate leaves a trace"));
    expect_close(scaled[i], want[i], tol::f64, cat(name, ": a gate scales gradients"));
  }
}

TEST(Gate, EveryOptimizerScalesGradientsByItAndLeavesNoTraceWhereItIsClosed) {
  expect_gates<optim::Sgd>("sgd", optim::SgdOptions{});
  expect_gates<optim::Sgd>("sgd, nesterov", optim::SgdOptions{.momentum = 0.9, .nesterov = true});
  expect_gates<optim::Adam>("adam", optim::AdamOptions{.lr = 0.1});
  expect_gates<optim::AdamW>("adamw", optim::AdamOptions{.lr = 0.1});
  expect_gates<optim::Lamb>("lamb", optim::LambOptions{.lr = 0.1});
  using optim::LarsForm;
  for (const LarsForm form : {LarsForm::fb, LarsForm::lightly, LarsForm::larc_clip, LarsForm::simclr})
    expect_gates<optim::Lars>(cat("lars, ", name_of(form)), optim::LarsOptions{.trust = 0.02, .form = form});
}

Tensor with_gradients_of(const std::vector<double>& g) {
  const Tensor p(Array::zeros({static_cast<std::int64_t>(g.size())}, DType::f64), true);
  test::set_gradient(p, g);
  return p;
}

TEST(StepGate, IsTheFactorOfClipping) {
  const Tensor a = with_gradients_of({3, 0}), b = with_gradients_of({4});
  const Array loss = Array::full({}, 1.5);
  expect_close(optim::step_gate({a, b}, loss, 2).item(), 0.4, tol::f64);
  EXPECT_EQ(optim::step_gate({a, b, a}, loss, 5).item(), 1) << "a shared parameter counts once";
  EXPECT_EQ(optim::step_gate({a, b}, loss).item(), 1);
  EXPECT_EQ(optim::step_gate({}, loss, 1).item(), 1);
  EXPECT_EQ(at(a.grad(), 0), 3) << "the gradients stay as they are";
}

TEST(StepGate, IsClosedWhereTheLossOrAGradientIsNotFinite) {
  const Tensor good = with_gradients_of({3}), bad = with_gradients_of({INFINITY});
  EXPECT_TRUE(std::isnan(optim::step_gate({good, bad}, Array::full({}, 1)).item()));
  EXPECT_TRUE(std::isnan(optim::step_gate({good}, Array::full({}, NAN), 2).item()));
  expect_error([&] { optim::step_gate({good}, Array::full({}, 1), 0); }, "step_gate: max_norm must be > 0, got 0");
}

}  // namespace
}  // namespace akin
