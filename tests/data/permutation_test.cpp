#include <akin/data/permutation.hpp>
#include <algorithm>
#include <map>

#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(Permutation, HoldsEachIndexOnce) {
  for (const int n : {0, 1, 2, 7, 33, 257, 10007}) {
    auto order = permutation(3, 1, n);
    std::sort(order.begin(), order.end());
    ASSERT_EQ(order.size(), static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], static_cast<std::uint32_t>(i));
  }
}

TEST(Permutation, IsAPureFunctionOfSeedEpochAndPurpose) {
  EXPECT_EQ(permutation(3, 1, 257), permutation(3, 1, 257));
  EXPECT_NE(permutation(3, 1, 257), permutation(3, 2, 257));
  EXPECT_NE(permutation(3, 1, 257), permutation(4, 1, 257));
  EXPECT_NE(permutation(3, 1, 257), permutation(3, 1, 257, "validation"));
}

TEST(Permutation, KeepsItsOrderForever) {  // a saved run resumes only if this never changes
  EXPECT_EQ(permutation(42, 7, 8), (std::vector<std::uint32_t>{1, 4, 7, 5, 0, 3, 6, 2}));
}

TEST(Permutation, GivesAllOrdersOfFourEquallyOften) {  // 24 orders, chi-square with 23 degrees of freedom
  std::map<std::vector<std::uint32_t>, int> counts;
  const int draws = 24 * 200;
  for (int seed = 0; seed < draws; ++seed) ++counts[permutation(static_cast<std::uint64_t>(seed), 0, 4)];
  ASSERT_EQ(counts.size(), 24u);
  double chi_square = 0;
  for (const auto& [order, count] : counts) chi_square += (count - 200.0) * (count - 200.0) / 200;
  EXPECT_LT(chi_square, 49.7);  // exceeded once in 1000 times by chance
}

TEST(Permutation, RejectsWhatTheCountersCannotHold) {
  expect_error([] { permutation(0, 0, -1); }, "0 <= n < 2^32, got -1");
  expect_error([] { permutation(0, 0, std::int64_t{1} << 32); }, "got 4294967296");
  expect_error([] { permutation(0, 1u << 24, 3); }, "epoch below 2^24");
}

}  // namespace
}  // namespace akin::data
