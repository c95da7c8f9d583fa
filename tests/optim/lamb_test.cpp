#include <akin/nn/linear.hpp>
#include <akin/optim/adam.hpp>
#include <akin/optim/lamb.hpp>

#include "large_batch_steps.hpp"
#include "support/test.hpp"

namespace akin {
namespace {

const optim::LambOptions uneven{.beta1 = 0.8, .beta2 = 0.95};

TEST(Lamb, TakesTheStepsOfItsReferenceCode) {
  const Array want = test::three(0.9175282266571949, -1.8355793837180077, 0.09748167288394415);
  expect_close(test::after_three_large_batch_steps<optim::Lamb>(uneven), want, tol::f64);
  const Array f32 = test::after_three_large_batch_steps<optim::Lamb>(uneven, 0.05, false, DType::f32);
  expect_close(ops::cast(f32, DType::f64), want, tol::f32);
}

TEST(Lamb, NormsAndBiasesTakeStepsOfAdam) {
  const auto lamb = [](bool exclude) {
    auto options = uneven;
    options.exclude_norms_and_biases = exclude;
    return test::after_three_large_batch_steps<optim::Lamb>(options, 0.05, true);
  };
  expect_close(lamb(true), test::three(0.9315026236137268, -1.8938473918280891, 0.2755985031827873), tol::f64);
  const optim::AdamOptions adam{.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6};
  expect_close(lamb(true), test::after_three_large_batch_steps<optim::Adam>(adam, 0, true), tol::f64);
  expect_close(lamb(false), test::three(0.9175282266571949, -1.8355793837180077, 0.09748167288394415), tol::f64);
}

TEST(Lamb, ItsStepIsAsLongAsTheWeightsWantWhateverTheGradient) {  // |p| = 5: a step of lr |p|
  for (const double scale : {1e-3, 1.0, 1e6}) {
    const Tensor p(Array::from<double>({1, 2}, {3, 4}), true);
    optim::Lamb lamb({{{{"p", p}}}}, {.lr = 0.1});
    test::set_gradient(p, {scale, 0});
    lamb.step();
    expect_close(p.value(), Array::from<double>({1, 2}, {2.5, 4}), tol::f64, cat("gradients times ", scale));
  }
}

TEST(Lamb, AZeroNormLeavesTheStepUnscaled) {
  const Tensor zero(Array::zeros({1, 1}, DType::f64), true), still(Array::ones({1, 1}, DType::f64), true);
  optim::Lamb lamb({{{{"zero", zero}, {"still", still}}}}, {.lr = 0.1, .eps = 1e-15});
  test::set_gradient(zero, {3});
  test::set_gradient(still, {0});
  lamb.step();
  expect_close(zero.item(), -0.1, tol::f64);
  EXPECT_EQ(still.item(), 1);
}

TEST(Lamb, CountsTheStepsOfEachParameter) {
  const auto one = [] { return Tensor(Array::ones({1, 1}, DType::f64), true); };
  const Tensor early = one(), late = one();
  optim::Lamb lamb({{{{"early", early}, {"late", late}}}}, {.lr = 0.1});
  test::set_gradient(early, {2});
  lamb.step();
  expect_close(early.item(), 0.9, tol::f64);
  EXPECT_EQ(late.item(), 1);
  test::set_gradient(late, {2});
  lamb.step();
  expect_close(late.item(), 0.9, tol::f64);
  std::string counts;
  for (const auto& [name, tensor] : lamb.named_state())
    if (name.starts_with("step/")) counts += cat(name, " ", tensor.item(), "; ");
  EXPECT_EQ(counts, "step/early 2; step/late 1; ");
}

TEST(Lamb, GoesOnFromSavedStateAsIfItHadNotStopped) {
  const auto train = [](optim::Lamb& lamb, const Tensor& p, int steps) {
    for (int i = 0; i < steps; ++i) {
      lamb.zero_grad();
      (0.5 * sum(p * p)).backward();
      lamb.step();
    }
  };
  const Tensor p(Array::from<double>({1, 2}, {2, -1}), true);
  optim::Lamb lamb({{{{"p", p}}}}, {.lr = 0.05});
  train(lamb, p, 3);
  const Tensor resumed(ops::clone(p.value()), true);
  optim::Lamb second({{{{"p", resumed}}}}, {.lr = 0.05});
  for (std::size_t i = 0; i < lamb.named_state().size(); ++i)
    ops::assign(second.named_state()[i].tensor.mutable_value(), lamb.named_state()[i].tensor.value());
  train(lamb, p, 2);
  train(second, resumed, 2);
  expect_close(resumed.value(), p.value(), tol::exact);
}

TEST(Lamb, RejectsBadOptions) {
  const auto with = [](const optim::LambOptions& options) { optim::Lamb(nn::Linear({.in = 2, .out = 3}), options); };
  expect_error([&] { with({.beta1 = 1}); }, "lamb: betas must lie in [0, 1), got 1");
  expect_error([&] { with({.beta2 = NAN}); }, "lamb: betas must lie in [0, 1), got nan");
  expect_error([&] { with({.eps = 0}); }, "lamb: eps must be > 0 and finite, got 0");
}

}  // namespace
}  // namespace akin
