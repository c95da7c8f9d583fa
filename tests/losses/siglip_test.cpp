#include <akin/losses/siglip.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Siglip, OfIdenticalOrthogonalPairsHasAClosedForm) {
  const Tensor z(Array::eye(4, DType::f64));
  const double right = std::log1p(std::exp(-(3.0 - 2))), wrong = std::log1p(std::exp(-2.0));
  expect_close(losses::siglip(z, z, {.scale = 3, .bias = -2}).item(), right + 3 * wrong, tol::f64);
}

TEST(Siglip, HasTheRightGradientForBothViews) {
  for (const Shape& shape : {Shape{1, 3}, Shape{2, 1}, Shape{7, 5}})
    expect_right_gradient(
        [](const Tensor& a, const Tensor& b) { return losses::siglip(a, b, {.scale = 5, .bias = -2}); },
        {smooth(shape, 1), smooth(shape, 2)});
}

TEST(Siglip, RejectsBadInput) {
  const Tensor z(random_array({4, 3}));
  expect_error([&] { losses::siglip(z, z, {.scale = 0}); }, "siglip: scale must be > 0 and finite, got 0");
  expect_error([&] { losses::siglip(z, z, {.bias = INFINITY}); }, "siglip: bias must be finite, got inf");
}

}  // namespace
}  // namespace akin
