#include <akin/fn/softmax.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Softmax, GradientsAreRight) {
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 7}, Shape{2, 3, 33}}) {
    const Tensor x = smooth(shape, 1, 3);
    expect_right_gradient([](const Tensor& a) { return softmax(a); }, {x}, "softmax");
    expect_right_gradient([](const Tensor& a) { return log_softmax(a); }, {x}, "log_softmax");
    expect_right_gradient([](const Tensor& a) { return logsumexp(a); }, {x}, "logsumexp");
  }
}

TEST(Softmax, GradientsOfMaskedEntriesAreZero) {
  Array masked = random_array({2, 4});
  masked.mut<double>()[1] = -INFINITY;
  const Tensor x(masked, true);
  detail::probe(logsumexp(x), 1).backward();
  EXPECT_EQ(at(x.grad(), 1), 0);
  EXPECT_TRUE(std::isfinite(at(x.grad(), 0)));
}

}  // namespace
}  // namespace akin
