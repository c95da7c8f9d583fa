#include <akin/nn/linear.hpp>
#include <akin/optim/ema.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Ema, MovesParametersTowardsTheOnlineNetwork) {
  const nn::Module online = nn::Linear({.in = 2, .out = 3}), target = online.clone();
  for (const Tensor& p : target.parameters()) ops::assign(p.mutable_value(), Array::zeros(p.shape()));
  optim::ema_update(target, online, 0.75);
  const Array want = ops::scale(online.parameters()[0].value(), 0.25);
  expect_close(target.parameters()[0].value(), want, tol::f32);
  optim::ema_update(target, online, 0);
  expect_close(target.parameters()[1].value(), online.parameters()[1].value(), tol::exact);
}

TEST(Ema, DoesNothingBehindAClosedGate) {
  const nn::Module online = nn::Linear({.in = 2, .out = 3}), target = online.clone();
  const Tensor weight = online.parameters()[0];
  ops::assign(weight.mutable_value(), Array::full({3, 2}, NAN));
  const Array before = ops::clone(target.parameters()[0].value());
  const Array half = Array::full({}, 0.5, DType::f64);
  optim::ema_update(target, online, half, Array::full({}, NAN, DType::f64));
  expect_close(target.parameters()[0].value(), before, tol::exact);
}

TEST(Ema, MomentumRisesFromItsBaseToOne) {
  EXPECT_EQ(optim::ema_momentum(0.99, 0), 0.99);
  expect_close(optim::ema_momentum(0.99, 0.5), 0.995, tol::f64);
  EXPECT_EQ(optim::ema_momentum(0.99, 1), 1);
}

TEST(Ema, RejectsBadInput) {
  const nn::Module a = nn::Linear({.in = 2, .out = 3}), b = nn::Linear({.in = 2, .out = 4}),
                   c = nn::Linear({.in = 2, .out = 3, .bias = false});
  expect_error([&] { optim::ema_update(a, a.clone(), 1.5); }, "momentum must lie in [0, 1], got 1.5");
  expect_error([&] { optim::ema_update(a, b, 0.5); }, "parameter 'weight' [3, 2] does not match 'weight' [4, 2]");
  expect_error([&] { optim::ema_update(a, c, 0.5); }, "the modules have 2 and 1 parameters");
  expect_error([&] { optim::ema_update(a, a, 0.5); }, "share the parameter 'weight'; make the target with clone()");
  expect_error([] { optim::ema_momentum(1.5, 0); }, "base must lie in [0, 1], got 1.5");
  expect_error([] { optim::ema_momentum(0.9, NAN); }, "progress must lie in [0, 1], got nan");
  expect_error([] { optim::ema_momentum(0.9, 1.5); }, "progress must lie in [0, 1], got 1.5");
}

}  // namespace
}  // namespace akin
