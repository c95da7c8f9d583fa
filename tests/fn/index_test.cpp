#include <akin/fn/index.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

Array indices(std::vector<std::int64_t> values) {
  return Array::from<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

TEST(Index, GradientsOfRowsTakenTwiceAddUp) {
  expect_right_gradient([](const Tensor& x) { return take(x, indices({2, 0, 2, 2})); }, {smooth({4, 3})});
}

TEST(Index, GradientsOfGatherAreRight) {
  expect_right_gradient([](const Tensor& x) { return gather_last(x, indices({2, 0, 1})); }, {smooth({3, 4})});
}

TEST(Index, OutOfRangeIsAnError) {
  const Tensor x(Array::zeros({3, 4}));
  expect_error([&] { take(x, indices({3})); }, "3");
  expect_error([&] { gather_last(x, indices({0, 4, 0})); }, "4");
}

}  // namespace
}  // namespace akin
