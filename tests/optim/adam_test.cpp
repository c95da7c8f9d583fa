#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/optim/adam.hpp>

#include "support/test.hpp"
#include "support/torch_steps.hpp"

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
    const double mhat = m / (1 - std::pow(o.beta1, static_cast<double>(t))),
                 vhat = v / (1 - std::pow(o.beta2, static_cast<double>(t)));
    want -= o.lr * mhat / (std::sqrt(vhat) + o.eps);
  }
  return {p.value().item(), want};
}

TEST(Adam, StepsAsPyTorch) {
  const optim::AdamOptions o{.lr = 0.1, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6};
  expect_close(test::after_three_steps<optim::Adam>(o),
               test::three(0.9168294624794184, -1.9025412175546006, 0.24275715201747455), tol::f64, "Adam");
  expect_close(test::after_three_steps<optim::AdamW>(o),
               test::three(0.9185680505609203, -1.8884431246766917, 0.23725782914086585), tol::f64, "AdamW");
}

TEST(Adam, CountsTheStepsOfEachParameter) {
  const Tensor p(Array::ones({1}, DType::f64), true), late(Array::ones({1}, DType::f64), true);
  optim::Adam adam({{{{"p", p}, {"late", late}}}}, {.lr = 0.1});
  for (const double g : {0.5, -1.25, 3.0}) {
    test::set_gradient(p, {g});
    if (g != 0.5) test::set_gradient(late, {g});
    adam.step();
  }
  expect_close(p.item(), 0.8999231975549451, tol::f64);  // PyTorch's numbers: see support/torch_steps.hpp
  expect_close(late.item(), 1.0570658530764017, tol::f64);
}

TEST(Adam, FollowsThePaper) {
  for (const double decay : {0.0, 0.1}) {
    const Outcome l2 = run<optim::Adam>(20, {.lr = 0.05}, decay),
                  decoupled = run<optim::AdamW>(20, {.lr = 0.05}, decay);
    expect_close(l2.got, l2.want, tol::f64, cat("Adam, decay ", decay));
    expect_close(decoupled.got, decoupled.want, tol::f64, cat("AdamW, decay ", decay));
  }
}

TEST(Adam, FirstStepHasTheLengthOfTheLearningRate) {  // but for eps: g / (g + eps)
  expect_close(run<optim::Adam>(1, {.lr = 0.1, .eps = 1e-15}, 0).got, 1.9, tol::f64);
}

TEST(Adam, SavesTheStepsOfEachParameter) {
  const auto one = [] { return Tensor(Array::ones({2}, DType::f64), true); };
  const Tensor often = one(), once = one(), never = one();
  optim::Adam adam({{{{"often", often}, {"once", once}}}, {{{"never", never}}}}, {});
  sum(often * once).backward();
  adam.step();
  adam.zero_grad();
  sum(often * often).backward();
  adam.step();
  std::string state;
  for (const auto& [name, tensor] : adam.named_state())
    state += name.starts_with("step/") ? cat(name, " ", tensor.dtype(), " ", tensor.item(), "; ")
                                       : cat(name, " ", tensor.shape(), "; ");
  EXPECT_EQ(state,
            "m/often [2]; m/once [2]; m/never [2]; v/often [2]; v/once [2]; v/never [2]; "
            "step/often i64 2; step/once i64 1; step/never i64 0; ");
}

TEST(Adam, GoesOnFromSavedStateAsIfItHadNotStopped) {
  const auto train = [](optim::Adam& adam, const Tensor& p, int steps) {
    for (int i = 0; i < steps; ++i) {
      adam.zero_grad();
      (0.5 * sum(p * p)).backward();
      adam.step();
    }
  };
  const Tensor p(Array::full({1}, 2, DType::f64), true);
  optim::Adam adam({{{{"p", p}}}}, {.lr = 0.05});
  train(adam, p, 3);
  const Tensor resumed(ops::clone(p.value()), true);
  optim::Adam second({{{{"p", resumed}}}}, {.lr = 0.05});
  for (std::size_t i = 0; i < adam.named_state().size(); ++i)
    ops::assign(second.named_state()[i].tensor.mutable_value(), adam.named_state()[i].tensor.value());
  train(adam, p, 2);
  train(second, resumed, 2);
  expect_close(resumed.value(), p.value(), tol::exact);
}

TEST(Adam, RejectsBadOptions) {
  expect_error([] { run<optim::Adam>(1, {.beta1 = 1}, 0); }, "betas must lie in [0, 1), got 1");
  expect_error([] { run<optim::Adam>(1, {.beta2 = NAN}, 0); }, "betas must lie in [0, 1), got nan");
  expect_error([] { run<optim::Adam>(1, {.eps = 0}, 0); }, "eps must be > 0 and finite, got 0");
  expect_error([] { run<optim::Adam>(1, {.eps = INFINITY}, 0); }, "eps must be > 0 and finite, got inf");
}

}  // namespace
}  // namespace akin
