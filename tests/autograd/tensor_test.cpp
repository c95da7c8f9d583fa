#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

Tensor parameter(const Shape& shape, double value = 1) { return Tensor(Array::full(shape, value, DType::f64), true); }

TEST(Tensor, CopiesShareTheValueAndTheGradient) {
  const Tensor x = parameter({2}), same = x;
  sum(x * x).backward();
  EXPECT_EQ(at(same.grad(), 0), 2);
}

TEST(Tensor, DetachSharesTheValueButNotTheGraph) {
  const Tensor x = parameter({2}, 3), y = (x * x).detach();
  EXPECT_FALSE(y.requires_grad());
  EXPECT_EQ(at(y.value(), 0), 9);
}

TEST(Tensor, WithoutAGradientSaysHowToGetOne) {
  expect_error([] { parameter({2}).grad(); }, "call backward() on a scalar that depends on this tensor of shape [2]");
}

TEST(Tensor, OfIntegersHasNoGradient) {
  expect_error([] { Tensor(Array::zeros({2}, DType::i64), true); },
               "only floating-point tensors have gradients, this one is i64");
}

TEST(Tensor, DefaultConstructedHasNoValue) {
  EXPECT_FALSE(Tensor().defined());
  expect_error([] { Tensor().shape(); }, "has no value");
}

TEST(Tensor, ThatWasComputedCannotBecomeALeaf) {
  const Tensor x = parameter({2});
  const Tensor y = x * x;
  expect_error([&] { y.set_requires_grad(false); }, "result of 'mul'; use detach()");
}

}  // namespace
}  // namespace akin
