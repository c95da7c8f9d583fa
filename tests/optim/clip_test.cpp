#include <akin/fn/elementwise.hpp>
#include <akin/nn/linear.hpp>
#include <akin/optim/clip.hpp>

#include "support/test.hpp"
#include "support/torch_steps.hpp"

namespace akin {
namespace {

/// A parameter with exactly this gradient.
Tensor with_gradient(const std::vector<double>& g, DType dtype = DType::f64) {
  const Tensor p(Array::zeros({static_cast<std::int64_t>(g.size())}, dtype), true);
  sum(p * Tensor(ops::cast(Array::from<double>(p.shape(), g), dtype))).backward();
  return p;
}
Tensor without_gradient() { return Tensor(Array::ones({2}, DType::f64), true); }

TEST(GradNorm, IsThatOfAllGradientsTogetherAndChangesNone) {
  const Tensor a = with_gradient({3, 0}), b = with_gradient({4});
  expect_close(optim::grad_norm({a, without_gradient(), b, b}), 5, tol::f64, "a shared parameter counts once");
  expect_close(a.grad(), Array::from<double>({2}, {3, 0}), tol::exact);
  EXPECT_EQ(optim::grad_norm({}), 0);
  EXPECT_FALSE(std::isfinite(optim::grad_norm({a, with_gradient({NAN})})));
}

TEST(ClipGradNorm, ScalesAllGradientsByOneFactor) {
  const Tensor a = with_gradient({3, 0}), b = with_gradient({4}), none = without_gradient();
  expect_close(optim::clip_grad_norm({a, none, b}, 2), 5, tol::f64);
  expect_close(a.grad(), Array::from<double>({2}, {1.2, 0}), tol::f64);
  expect_close(b.grad(), Array::from<double>({1}, {1.6}), tol::f64);
  EXPECT_FALSE(none.has_grad());
  expect_close(optim::clip_grad_norm({a, none, b}, 10), 2, tol::f64, "the norm afterwards");
}

TEST(ClipGradNorm, LeavesShorterGradientsAlone) {
  for (const double max_norm : {5.0, 6.0}) {
    const Tensor p = with_gradient({3, -4});
    EXPECT_EQ(optim::clip_grad_norm({p}, max_norm), 5);
    expect_close(p.grad(), Array::from<double>({2}, {3, -4}), tol::exact);
  }
  EXPECT_EQ(optim::clip_grad_norm({without_gradient()}, 1), 0);
  EXPECT_EQ(optim::clip_grad_norm({}, 1), 0);
}

TEST(ClipGradNorm, SumsSquaresThatF32CouldNotHold) {
  const Tensor large = with_gradient({3e30, 4e30}, DType::f32), small = with_gradient({3e-30, 4e-30}, DType::f32);
  expect_close(optim::clip_grad_norm({large}, 1) / 5e30, 1, tol::f32);
  expect_close(ops::cast(large.grad(), DType::f64), Array::from<double>({2}, {0.6, 0.8}), tol::f32);
  expect_close(optim::clip_grad_norm({small}, 1e-30) / 5e-30, 1, tol::f32);
  expect_close(optim::clip_grad_norm({small}, 1) / 1e-30, 1, tol::f32);
}

TEST(ClipGradNorm, SumsOverManyValuesAndBothDtypes) {  // longer than one piece of the kernel
  const Array g = random_array({70001}, 1, DType::f32);
  const Tensor a(ops::scale(g, 0), true), b(Array::zeros({1}, DType::f64), true);
  sum(a * Tensor(g)).backward();
  sum(3 * b).backward();
  double want = 9;
  for (std::int64_t i = 0; i < g.size(); ++i) want += at(g, i) * at(g, i);
  expect_close(optim::clip_grad_norm({a, b}, 1000), std::sqrt(want), tol::f64);
}

TEST(ClipGradNorm, ReportsANormThatIsNotFiniteAndScalesNothing) {
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    const Tensor good = with_gradient({30, 40}), p = with_gradient({1, bad});
    EXPECT_FALSE(std::isfinite(optim::clip_grad_norm({good, p}, 1)));
    expect_close(good.grad(), Array::from<double>({2}, {30, 40}), tol::exact);
    expect_close(p.grad(), Array::from<double>({2}, {1, bad}), tol::exact);
  }
}

TEST(ClipGradNorm, CountsASharedParameterOnce) {
  const Tensor p = with_gradient({3, 4});
  expect_close(optim::clip_grad_norm({p, p}, 1), 5, tol::f64);
  expect_close(p.grad(), Array::from<double>({2}, {0.6, 0.8}), tol::f64);
}

TEST(ClipGradNorm, TakesTheParametersOfAModule) {
  const nn::Module model = nn::Linear({.in = 2, .out = 3});
  for (const Tensor& p : model.parameters()) sum(2 * p).backward();
  expect_close(optim::clip_grad_norm(model.parameters(), 1), 6, tol::f64);  // 9 values of 2
}

TEST(ClipGradNorm, KeepsTheMemoryOfTheGradientAsItWas) {  // other handles to it stay readable
  const Tensor p = with_gradient({3, 4});
  const Array before = p.grad();
  optim::clip_grad_norm({p}, 1);
  EXPECT_EQ(at(before, 0), 3);
}

TEST(ClipGradNorm, RejectsBadInput) {
  for (const double bad : {0.0, -1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    expect_error([&] { optim::clip_grad_norm({}, bad); }, "clip_grad_norm: max_norm must be > 0 and finite, got ");
  expect_error([] { optim::clip_grad_norm({with_gradient({1}, DType::bf16)}, 1); },
               "clip_grad_norm: values must be f32 or f64, got bf16");
}

TEST(ClipGradValue, ClampsEveryValue) {
  const Tensor a = with_gradient({3, -0.5, -7, NAN}), b = with_gradient({2}), none = without_gradient();
  optim::clip_grad_value({a, none, b}, 2.5);
  expect_close(a.grad(), Array::from<double>({4}, {2.5, -0.5, -2.5, NAN}), tol::exact);
  EXPECT_EQ(b.grad().item(), 2);
  EXPECT_FALSE(none.has_grad());
}

TEST(ClipGradValue, RejectsBadInput) {
  for (const double bad : {0.0, -1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    expect_error([&] { optim::clip_grad_value({}, bad); }, "clip_grad_value: max_value must be > 0 and finite, got ");
}

}  // namespace
}  // namespace akin
