#include <akin/losses/dcl.hpp>

#include "support/golden.hpp"
#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Dcl, WithWeightsGivesItsReference) {
  golden::expect_golden("dclw", [](const Tensor& a, const Tensor& b) { return losses::dclw(a, b); });
}

TEST(Dcl, OfIdenticalOrthogonalPairsHasAClosedForm) {  // s = 1 for the partner, 0 for the other 2N - 2
  const Tensor z(Array::eye(4, DType::f64));
  expect_close(losses::dcl(z, z, {.temperature = 1}).item(), std::log(6.0) - 1, tol::f64);
  expect_close(losses::dclw(z, z, {.temperature = 1}).item(), std::log(6.0) - 1, tol::f64);  // all weights are 1
}

TEST(Dcl, HasTheRightGradientForBothViews) {
  for (const Shape& shape : {Shape{2, 1}, Shape{7, 5}})
    expect_right_gradient([](const Tensor& a, const Tensor& b) { return losses::dcl(a, b, {.temperature = 0.3}); },
                          {smooth(shape, 1), smooth(shape, 2)});
}

TEST(Dcl, RejectsBadInput) {
  const Tensor one(random_array({1, 3})), z(random_array({4, 3}));
  expect_error([&] { losses::dcl(one, one); }, "dcl: needs 2 pairs or more, one has no negatives, got [1, 3]");
  expect_error([&] { losses::dclw(one, one); }, "dclw: needs 2 pairs or more");
  expect_error([&] { losses::dcl(z, z, {.temperature = -1}); }, "dcl: temperature must be > 0 and finite, got -1");
  expect_error([&] { losses::dclw(z, z, {.sigma = 0}); }, "dclw: sigma must be > 0 and finite, got 0");
}

}  // namespace
}  // namespace akin
