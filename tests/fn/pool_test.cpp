#include <akin/fn/pool.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Pool, GradientsAreRight) {
  const Tensor x = smooth({2, 5, 7, 3});
  for (const PoolOptions& o : {PoolOptions{}, PoolOptions{.kernel = 3, .stride = 2, .padding = 1},
                               PoolOptions{.kernel = {2, 3}, .stride = {1, 2}, .padding = {0, 1}}}) {
    expect_right_gradient([=](const Tensor& a) { return max_pool2d(a, o); }, {x}, "max");
    expect_right_gradient([=](const Tensor& a) { return average_pool2d(a, o); }, {x}, "average");
    expect_right_gradient([=](const Tensor& a) { return average_pool2d(a, o, false); }, {x},
                          "average of what is inside");
  }
  for (const ops::Pair out : {ops::Pair(1), ops::Pair(3), ops::Pair(2, 5)})
    expect_right_gradient([=](const Tensor& a) { return adaptive_average_pool2d(a, out); }, {x}, "adaptive");
}

}  // namespace
}  // namespace akin
