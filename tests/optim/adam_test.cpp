#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/optim/adam.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

/// p after `steps` steps on p^2 / 2 from p = 2, and the same by the formulas of the paper.
struct Outcome {
  double got, want;
};
template <class Optimizer>
Outcome run(std::int64_t steps, optim::AdamOptions o, double decay) {
  constexpr bool decoupled = std::is_same_v<Optimizer, optim::AdamW>;
  const Tensor p(Array::full({1}, 2, DType::f64), true);
  Optimizer adam({{{{"p", p}}, decay}}, o);
  double want = 2, m = 0, v = 0;
  for (std::int64_t t = 1; t <= steps; ++t) {
    adam.zero_grad();
    (0.5 * sum(p * p)).backward();
    adam.step();
    const double g = decoupled ? want : want + decay * want;
    if (decoupled) want -= o.lr * decay * want;
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    const double mhat = m / (1 - std::pow(o.beta1, static_cast<double>(t))), vhat = v / (1 - std::pow(o.beta2, static_cast<double>(t)));
    want -= o.lr * mhat / (std::sqrt(vhat) + o.eps);
  }
  return {p.value().item(), want};
}

TEST(Adam, FollowsThePaper) {
  for (const double decay : {0.0, 0.1}) {
    const Outcome l2 = run<optim::Adam>(20, {.lr = 0.05}, decay), decoupled = run<optim::AdamW>(20, {.lr = 0.05}, decay);
    expect_close(l2.got, l2.want, tol::f64, cat("Adam, decay ", decay));
    expect_close(decoupled.got, decoupled.want, tol::f64, cat("AdamW, decay ", decay));
  }
}

TEST(Adam, FirstStepHasTheLengthOfTheLearningRate) { expect_close(run<optim::Adam>(1, {.lr = 0.1}, 0).got, 1.9, {1e-8, 0}); }

TEST(Adam, RejectsBadOptions) {
  expect_error([] { run<optim::Adam>(1, {.beta1 = 1}, 0); }, "betas must lie in [0, 1), got 1");
  expect_error([] { run<optim::Adam>(1, {.eps = 0}, 0); }, "eps must be > 0");
}

}  // namespace
}  // namespace akin
