#include <akin/fn/upsample.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(UpsampleNearest, GradientsAreRight) {
  const Tensor x = smooth({2, 3, 4, 3});
  for (const ops::Pair out : {ops::Pair(4), ops::Pair(6, 8), ops::Pair(7), ops::Pair(3, 11)})
    expect_right_gradient([=](const Tensor& a) { return upsample_nearest(a, out); }, {x}, cat(out));
}

}  // namespace
}  // namespace akin
