#include <akin/fn/index.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Index, GradientsOfRowsTakenTwiceAddUp) {
  expect_right_gradient([](const Tensor& x) { return take(x, int_array({2, 0, 2, 2})); }, {smooth({4, 3})});
}

TEST(Index, GradientsOfGatherAreRight) {
  expect_right_gradient([](const Tensor& x) { return gather_last(x, int_array({2, 0, 1})); }, {smooth({3, 4})});
}

TEST(Index, AFilledDiagonalHasNoGradient) {
  const Tensor x = smooth({5, 5}), y = fill_diagonal(x, -7);
  for (std::int64_t i = 0; i < 25; ++i) EXPECT_EQ(at(y.value(), i), i % 6 == 0 ? -7 : at(x.value(), i));
  expect_right_gradient([](const Tensor& a) { return fill_diagonal(a, -7); }, {x});
  expect_error(
      [] {
        fill_diagonal(Tensor(Array::zeros({2, 3})), 0);
      },
      "fill_diagonal: needs a square matrix, got shape [2, 3]");
}

TEST(Index, OutOfRangeIsAnError) {
  const Tensor x(Array::zeros({3, 4}));
  expect_error([&] { take(x, int_array({3})); }, "take: index 3 at position 0 lies outside 0 ... 2");
  expect_error(
      [&] {
        gather_last(x, int_array({0, 4, 0}));
      },
      "gather_last: index 4 at position 1 lies outside 0 ... 3");
}

}  // namespace
}  // namespace akin
