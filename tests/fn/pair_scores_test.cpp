#include <akin/fn/pair_scores.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(ReducePairsFn, HasTheRightGradientForBothSides) {
  for (const std::int64_t cols : {4, 9})
    for (const std::int64_t dim : {1, 6}) {
      const Tensor a = smooth({4, dim}, 1), c = smooth({cols, dim}, 2);
      expect_right_gradient([](const Tensor& x, const Tensor& y) { return reduce_pairs(x, y, 0.6, ops::EqualIndex{}); },
                            {a, c});
      expect_right_gradient(
          [](const Tensor& x, const Tensor& y) {
            return reduce_pairs(x, y, 0.6, ops::AllPairs{}, ops::SoftplusSum{-0.5});
          },
          {a, c});
    }
}

TEST(ReducePairsFn, OfOneSetHasTheRightGradient) {
  const Tensor z = smooth({10, 3}, 1);
  expect_right_gradient([](const Tensor& x) { return reduce_pairs(x, 0.6, ops::PartnerView{5}); }, {z});
  expect_right_gradient([](const Tensor& x) { return reduce_pairs(x, 0.6, ops::DecoupledPartner{5}); }, {z});
  expect_right_gradient([](const Tensor& x) { return reduce_pairs(x, 0.6, ops::OthersOnly{}); }, {z});
  expect_right_gradient([](const Tensor& x) { return reduce_pairs(x, x, 0.6, ops::EqualIndex{}); }, {z}, "both sides");
}

TEST(ReducePairsFn, GivesNothingToASideThatNeedsNoGradient) {
  const Tensor a(random_array({3, 4}, 1), true), c(random_array({5, 4}, 2));
  detail::probe(reduce_pairs(a, c, 1, ops::AllPairs{}), 0).backward();
  EXPECT_TRUE(a.has_grad());
  EXPECT_FALSE(c.has_grad());
}

}  // namespace
}  // namespace akin
