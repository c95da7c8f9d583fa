#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(NoGrad, RecordsNothing) {
  const Tensor x(Array::ones({2}), true);
  const Tensor y = no_grad([&] { return x * x; });
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE((x * x).requires_grad());
}

TEST(NoGrad, NestsAndEndsWithAnException) {
  try {
    const NoGrad outer;
    { const NoGrad inner; }
    EXPECT_FALSE(grad_enabled());
    throw Error("out");
  } catch (const Error&) {
  }
  EXPECT_TRUE(grad_enabled());
}

}  // namespace
}  // namespace akin
