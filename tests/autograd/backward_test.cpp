#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

Tensor input(const Shape& shape, double value = 1) { return Tensor(Array::full(shape, value, DType::f64), true); }

TEST(Backward, NeedsAScalar) {
  expect_error([] { (input({4, 6}) * 2.0).backward(); }, "backward: needs a scalar, got shape [4, 6]");
}

TEST(Backward, NeedsSomethingToDifferentiate) {
  expect_error([] { sum(Tensor(Array::ones({2}))).backward(); }, "nothing to differentiate");
}

TEST(Backward, AddsUpOverSeveralCalls) {
  const Tensor x = input({1}, 3);
  for (int i = 0; i < 2; ++i) sum(x * x).backward();
  EXPECT_EQ(x.grad().item(), 12);
  x.zero_grad();
  EXPECT_FALSE(x.has_grad());
}

TEST(Backward, ReachesALeafOnceForEachUse) {
  const Tensor x = input({1}, 2);
  const Tensor y = x * x;     // a diamond: y is used twice
  sum(y * y + y).backward();  // d(x^4 + x^2) = 4 x^3 + 2 x
  EXPECT_EQ(x.grad().item(), 36);
}

TEST(Backward, RefusesAReleasedGraph) {
  const Tensor x = input({1}, 2);
  const Tensor loss = sum(x * x);
  loss.backward();
  expect_error([&] { loss.backward(); }, "released by an earlier backward()");
}

TEST(Backward, MayKeepTheGraph) {
  const Tensor x = input({1}, 2);
  const Tensor loss = sum(x * x);
  loss.backward({.retain_graph = true});
  loss.backward();
  EXPECT_EQ(x.grad().item(), 8);
}

TEST(Backward, DoesNotRecurseOverDeepGraphs) {
  const Tensor x = input({1});
  Tensor y = x;
  for (int i = 0; i < 200000; ++i) y = y + x;
  sum(y).backward();
  EXPECT_EQ(x.grad().item(), 200001);
}

TEST(Backward, DeepGraphsThatNobodyRanAreDestroyedWithoutRecursion) {
  Tensor y = input({1});
  for (int i = 0; i < 200000; ++i) y = y * 1.0;
  y = Tensor();
  SUCCEED();
}

TEST(Backward, GradientsOfTwoInputsDoNotShareMemoryWhenTheyGrow) {
  const Tensor a = input({2}), b = input({2});
  sum(a + b).backward();    // both gradients are the same dy
  sum(2.0 * a).backward();  // grows a's only
  EXPECT_EQ(at(a.grad(), 0), 3);
  EXPECT_EQ(at(b.grad(), 0), 1);
}

TEST(Backward, RefusesAValueThatChangedAfterForward) {
  const Tensor w = input({2}, 3);
  const Tensor loss = sum(w * w);
  ops::assign(w.mutable_value(), Array::zeros({2}, DType::f64));
  expect_error([&] { loss.backward(); }, "backward of 'mul': array: the values of shape [2] were changed in place");
}

TEST(Backward, AnErrorInARecipeLeavesTheLeavesUsable) {
  const Tensor w = input({2}, 3);
  const Tensor loss = sum(w * w);
  w.mutable_value().mut<double>()[0] = 3;
  expect_error([&] { loss.backward(); }, "changed in place");
  w.zero_grad();
  sum(w * w).backward();
  EXPECT_EQ(at(w.grad(), 0), 6);
}

/// x y, whose gradient with respect to y fails as long as *broken.
Tensor fragile_product(const Tensor& x, const Tensor& y, const bool* broken) {
  const Array a = x.value(), b = y.value();
  return record("fragile", ops::mul(a, b), wrt(x, [b](const Array& dy) { return ops::mul(dy, b); }),
                wrt(y, [a, broken](const Array& dy) {
                  check(!*broken, "fragile", "is broken");
                  return ops::mul(dy, a);
                }));
}

TEST(Backward, AnErrorInTheSecondRecipeOfAnOpIsAnErrorToo) {
  const Tensor x = input({2}, 3), y = input({2}, 5);
  const bool broken = true;
  const Tensor loss = sum(fragile_product(x, y, &broken));
  expect_error([&] { loss.backward(); }, "backward of 'fragile': fragile: is broken");
  expect_error([&] { loss.backward(); }, "was released by an earlier backward()");
}

TEST(Backward, AFailedPassLeavesNothingForTheNextToAddTo) {
  const Tensor x = input({1}, 2), y = input({1}, 3);
  bool broken = true;
  const Tensor h = x * 1.0;  // an inner node, reached before and after the op that fails
  const Tensor loss = sum(h * h + fragile_product(h, y, &broken));
  expect_error([&] { loss.backward({.retain_graph = true}); }, "is broken");
  for (const Tensor& leaf : {x, y}) leaf.zero_grad();
  broken = false;
  loss.backward({.retain_graph = true});
  EXPECT_EQ(at(x.grad(), 0), 2 * 2 + 3);
  EXPECT_EQ(at(y.grad(), 0), 2);
}

TEST(Backward, LeavesRowMajorGradients) {
  const Tensor w(Array::from<double>({2, 3}, {1, 2, 3, 4, 5, 6}), true),
      k(Array::from<double>({3, 2}, {1, 2, 3, 4, 5, 6}));
  const Tensor turned = record("turn", w.value().transpose(), wrt(w, [](const Array& dy) { return dy.transpose(); }));
  sum(turned * k).backward();
  ASSERT_TRUE(w.grad().is_contiguous());
  expect_close(w.grad(), Array::from<double>({2, 3}, {1, 3, 5, 2, 4, 6}), tol::exact);
}

TEST(Backward, RefusesARecipeThatReturnsNothing) {
  const Tensor x = input({});
  const Tensor y = record("empty", x.value(), wrt(x, [](const Array&) { return Array(); }));
  expect_error([&] { y.backward(); }, "its backward returned no gradient");
}

TEST(Backward, RefusesAGradientOfTheWrongShape) {
  const Tensor x = input({2, 3});
  const Tensor y = record("bad", ops::sum(x.value()), wrt(x, [](const Array& dy) { return dy; }));
  expect_error([&] { y.backward(); }, "its backward returned f64 [] for an input that is f64 [2, 3]");
}

std::size_t bytes_in_use() { return memory_stats().in_use; }

TEST(Memory, AnActivationNobodyNeedsIsFreedDuringForward) {
  const Tensor x = input({1000});
  const std::size_t before = bytes_in_use();
  const Tensor y = (x + x) + x;                     // addition captures nothing
  EXPECT_LE(bytes_in_use() - before, 8192u + 64u);  // y alone: x + x is gone
}

TEST(Memory, FrozenInputsAreNotCaptured) {
  const Tensor frozen(Array::ones({1000}, DType::f64)), x = input({1000});
  const Tensor moved = x + 1.0;
  const Tensor y = moved * frozen;  // needs `frozen` for the gradient of `moved`, but not `moved` itself
  EXPECT_TRUE(moved.value().is_unique());
  EXPECT_FALSE(frozen.value().is_unique());
}

TEST(Memory, BackwardFreesWhatRecipesCaptured) {
  const Tensor x = input({1000});
  const std::size_t before = bytes_in_use();
  {
    const Tensor loss = sum(exp(x * x));
    EXPECT_GT(bytes_in_use(), before + 8000u);
    loss.backward();
    EXPECT_LE(bytes_in_use(), before + 8192u + 512u);  // x's gradient and the loss
  }
  x.zero_grad();
  EXPECT_EQ(bytes_in_use(), before);
}

TEST(Memory, NothingLeaksFromAGraph) {
  const std::size_t before = bytes_in_use();
  {
    const Tensor x = input({1000});
    Tensor y = x;
    for (int i = 0; i < 10; ++i) y = exp(scale(y, 0.1)) * x;
    std::weak_ptr<detail::GradNode> node = y.node();
    y = Tensor();
    EXPECT_TRUE(node.expired());
  }
  EXPECT_EQ(bytes_in_use(), before);
}

}  // namespace
}  // namespace akin
