#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

Tensor leaf(const Shape& shape, double value = 1) { return Tensor(Array::full(shape, value, DType::f64), true); }

TEST(Backward, NeedsAScalar) {
  expect_error([] { (leaf({4, 6}) * 2.0).backward(); }, "backward: needs a scalar, got shape [4, 6]");
}

TEST(Backward, NeedsSomethingToDifferentiate) {
  expect_error([] { sum(Tensor(Array::ones({2}))).backward(); }, "nothing to differentiate");
}

TEST(Backward, AddsUpOverSeveralCalls) {
  const Tensor x = leaf({1}, 3);
  for (int i = 0; i < 2; ++i) sum(x * x).backward();
  EXPECT_EQ(x.grad().item(), 12);
  x.zero_grad();
  EXPECT_FALSE(x.has_grad());
}

TEST(Backward, ReachesALeafOnceForEachUse) {
  const Tensor x = leaf({1}, 2);
  const Tensor y = x * x;            // a diamond: y is used twice
  sum(y * y + y).backward();         // d(x^4 + x^2) = 4 x^3 + 2 x
  EXPECT_EQ(x.grad().item(), 36);
}

TEST(Backward, RefusesAReleasedGraph) {
  const Tensor x = leaf({1}, 2);
  const Tensor loss = sum(x * x);
  loss.backward();
  expect_error([&] { loss.backward(); }, "released by an earlier backward()");
}

TEST(Backward, MayKeepTheGraph) {
  const Tensor x = leaf({1}, 2);
  const Tensor loss = sum(x * x);
  loss.backward({.retain_graph = true});
  loss.backward();
  EXPECT_EQ(x.grad().item(), 8);
}

TEST(Backward, DoesNotRecurseOverDeepGraphs) {
  const Tensor x = leaf({1});
  Tensor y = x;
  for (int i = 0; i < 200000; ++i) y = y + x;
  sum(y).backward();
  EXPECT_EQ(x.grad().item(), 200001);
}

TEST(Backward, DeepGraphsThatNobodyRanAreDestroyedWithoutRecursion) {
  Tensor y = leaf({1});
  for (int i = 0; i < 200000; ++i) y = y * 1.0;
  y = Tensor();
  SUCCEED();
}

TEST(Backward, GradientsOfTwoInputsDoNotShareMemoryWhenTheyGrow) {
  const Tensor a = leaf({2}), b = leaf({2});
  sum(a + b).backward();   // both gradients are the same dy
  sum(2.0 * a).backward(); // grows a's only
  EXPECT_EQ(at(a.grad(), 0), 3);
  EXPECT_EQ(at(b.grad(), 0), 1);
}

TEST(Backward, RefusesAValueThatChangedAfterForward) {
  const Tensor w = leaf({2}, 3);
  const Tensor loss = sum(w * w);
  ops::assign(w.mutable_value(), Array::zeros({2}, DType::f64));
  expect_error([&] { loss.backward(); }, "backward of 'mul': array: the values of shape [2] were changed in place");
}

TEST(Backward, AnErrorInARecipeLeavesTheLeavesUsable) {
  const Tensor w = leaf({2}, 3);
  const Tensor loss = sum(w * w);
  w.mutable_value().touch();
  expect_error([&] { loss.backward(); }, "changed in place");
  w.zero_grad();
  sum(w * w).backward();
  EXPECT_EQ(at(w.grad(), 0), 6);
}

TEST(Backward, LeavesRowMajorGradients) {
  const Tensor w(Array::from<double>({2, 3}, {1, 2, 3, 4, 5, 6}), true), k(Array::from<double>({3, 2}, {1, 2, 3, 4, 5, 6}));
  const Tensor turned = record("turn", w.value().transpose(), wrt(w, [](const Array& dy) { return dy.transpose(); }));
  sum(turned * k).backward();
  ASSERT_TRUE(w.grad().is_contiguous());
  expect_close(w.grad(), Array::from<double>({2, 3}, {1, 3, 5, 2, 4, 6}), tol::exact);
}

TEST(Backward, RefusesARecipeThatReturnsNothing) {
  const Tensor x = leaf({});
  const Tensor y = record("empty", x.value(), wrt(x, [](const Array&) { return Array(); }));
  expect_error([&] { y.backward(); }, "its backward returned no gradient");
}

TEST(Backward, RefusesAGradientOfTheWrongShape) {
  const Tensor x = leaf({2, 3});
  const Tensor y = record("bad", ops::sum(x.value()), wrt(x, [](const Array& dy) { return dy; }));
  expect_error([&] { y.backward(); }, "its backward returned f64 [] for an input that is f64 [2, 3]");
}

std::size_t bytes_in_use() { return memory_stats().in_use; }

TEST(Memory, AnActivationNobodyNeedsIsFreedDuringForward) {
  const Tensor x = leaf({1000});
  const std::size_t before = bytes_in_use();
  const Tensor y = (x + x) + x;  // addition captures nothing
  EXPECT_LE(bytes_in_use() - before, 8192u + 64u);  // y alone: x + x is gone
}

TEST(Memory, FrozenInputsAreNotCaptured) {
  const Tensor frozen(Array::ones({1000}, DType::f64)), x = leaf({1000});
  const Array kept = x.value();
  const Tensor y = x * frozen;  // needs `frozen` for x's gradient, but not x
  EXPECT_EQ(y.node()->edges.size(), 1u);
}

TEST(Memory, BackwardFreesWhatRecipesCaptured) {
  const Tensor x = leaf({1000});
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
    const Tensor x = leaf({1000});
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
