#include <akin/autograd/backward.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

/// x + 1 that counts how often it is computed again.
Tensor counted(const Tensor& x, int& times, int sweeps = 1) {
  const Array y = ops::add_scalar(x.value(), 1);
  const Saved again(y, sweeps, [x = x.value(), &times] {
    ++times;
    return ops::add_scalar(x, 1);
  });
  return record("counted", y, wrt(x, [](const Array& dy) { return dy; })).saved_as(again);
}

/// The square of x from what was saved of it.
Tensor square_of_saved(const Tensor& x) {
  return record("square", ops::mul(x.value(), x.value()), wrt(x, [x = x.saved()](const Array& dy) {
                  return ops::map("square", kernels::SquareVjp{}, x.value(), dy);
                }));
}

constexpr std::int64_t many = 1 << 16;
constexpr std::size_t bytes = many * sizeof(float);

TEST(Saved, IsFreeFromWhereItsTensorEndsToWhereBackwardNeedsIt) {
  int times = 0;
  const Tensor x(Array::full({many}, 2), true);
  const auto before = memory_stats().in_use;
  Tensor loss;
  {
    const Tensor y = counted(x, times);
    loss = sum(square_of_saved(y));
    EXPECT_GE(memory_stats().in_use, before + bytes);
  }
  EXPECT_LT(memory_stats().in_use, before + bytes) << "the output is not kept";
  EXPECT_EQ(times, 0);
  loss.backward();
  EXPECT_EQ(times, 1);
  EXPECT_EQ(x.grad().data<float>()[7], 6);
  EXPECT_LT(memory_stats().in_use, before + 2 * bytes) << "only the gradient is left";
}

TEST(Saved, IsComputedOnceForAllThatShareIt) {
  int times = 0;
  const Tensor x(Array::full({7}, 2), true);
  const auto loss = [&] {
    const Tensor y = counted(x, times);
    return sum(square_of_saved(y) + square_of_saved(y));
  }();
  loss.backward();
  EXPECT_EQ(times, 1);
  EXPECT_EQ(x.grad().data<float>()[3], 12);
}

TEST(Saved, IsTheValueItselfWhileItsTensorLives) {
  int times = 0;
  const Tensor x(Array::full({7}, 2), true), y = counted(x, times);
  sum(square_of_saved(y)).backward();
  EXPECT_EQ(times, 0);
  EXPECT_TRUE(y.saved().value().shares_memory(y.value()));
}

TEST(Saved, IsKeptWhereItWouldTakeTooManySweeps) {
  int times = 0;
  const Tensor x(Array::full({7}, 2), true);
  const Tensor loss = sum(square_of_saved(counted(x, times, 100)));
  loss.backward();
  EXPECT_EQ(times, 0);
  EXPECT_EQ(x.grad().data<float>()[0], 6);
}

TEST(Saved, IsKeptWhereBackwardWillNotComeBy) {
  int times = 0;
  const Tensor frozen(Array::full({7}, 2));
  const Tensor y = counted(frozen, times);
  EXPECT_EQ(y.saved().again(), nullptr);
  EXPECT_TRUE(y.saved().value().shares_memory(y.value()));
}

TEST(Saved, OfAnOutputThatWasChangedIsWhatItWasChangedTo) {
  int times = 0;
  const Tensor x(Array::full({7}, 2), true);
  const Tensor y = counted(x, times);
  ops::assign(y.mutable_value(), Array::full({7}, 10));
  sum(square_of_saved(y)).backward();
  EXPECT_EQ(x.grad().data<float>()[0], 20);
}

TEST(Saved, RefusesWhatItIsComputedFromAfterAChange) {
  int times = 0;
  const Tensor x(Array::full({7}, 2), true);
  const Tensor loss = sum(square_of_saved(counted(x, times)));
  ops::assign(x.mutable_value(), Array::zeros({7}));
  expect_error([&] { loss.backward(); }, "were changed in place after this copy of the handle was taken");
}

TEST(Saved, SurvivesASecondBackward) {
  int times = 0;
  const Tensor x(Array::full({7}, 2), true);
  const Tensor loss = sum(square_of_saved(counted(x, times)));
  loss.backward({.retain_graph = true});
  loss.backward();
  EXPECT_EQ(x.grad().data<float>()[0], 12);
}

TEST(Saved, OfNothingIsUndefined) {
  EXPECT_FALSE(Saved().defined());
  EXPECT_FALSE(Saved().value().defined());
  EXPECT_EQ(Saved(Array::ones({3})).sweeps(), 0);
}

}  // namespace
}  // namespace akin
