#include <set>

#include "support/test.hpp"

namespace akin {
namespace {

// Known answers that come with Random123 1.09 (kat_vectors, "philox4x32 10").
TEST(Philox, ReproducesTheKnownAnswersOfRandom123) {
  EXPECT_EQ(philox(0, {0, 0, 0, 0}), (PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox(~std::uint64_t{0}, {ones, ones, ones, ones}),
            (PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x299f31d0a4093822, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),  // digits of pi
            (PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, StreamNumbersAreFnv1a) {
  EXPECT_EQ(stream_of(""), 0x811c9dc5u);
  EXPECT_EQ(stream_of("a"), 0xe40c292cu);
  EXPECT_EQ(stream_of("foobar"), 0xbf9cf968u);
}

TEST(Draws, AreTheWordsOfConsecutiveCounters) {
  const std::uint64_t seed = 0x123456789abcdef0;
  Draws draws(seed, {.index = 7, .epoch = 33, .view = 1, .stream = 257});
  for (std::uint32_t block = 0; block < 3; ++block)
    for (const std::uint32_t word : philox(seed, {block, 7, 33 << 8 | 1, 257}).words) EXPECT_EQ(draws.bits(), word);
}

TEST(Draws, SkippedAreTheDrawsBehindThoseLeftOut) {
  Draws whole(42, {7, 2, 1, 99});
  for (std::uint64_t taken = 0; taken < 9; ++taken) {
    for (std::uint64_t words : {0, 1, 2, 3, 4, 5, 8, 11, 1000}) {
      Draws behind = whole, rest = whole.skipped(words);
      for (std::uint64_t i = 0; i < words; ++i) behind.bits();
      for (int i = 0; i < 9; ++i) ASSERT_EQ(rest.bits(), behind.bits()) << taken << " taken, " << words << " skipped";
    }
    whole.bits();
  }
}

TEST(Draws, DifferInEveryCoordinate) {
  const auto first = [](std::uint64_t seed, Draws::Where where) { return Draws(seed, where).bits(); };
  const std::set<std::uint32_t> words = {
      first(1, {}),           first(2, {}),           first(std::uint64_t{1} << 32, {}),
      first(1, {.index = 1}), first(1, {.epoch = 1}), first(1, {.view = 1}),
      first(1, {.stream = 1})};
  EXPECT_EQ(words.size(), 7u);
}

TEST(Draws, AreUniformOnTheHalfOpenUnitInterval) {
  Draws draws(3, {});
  const int n = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double u = draws.uniform();
    ASSERT_TRUE(0 <= u && u < 1);
    ASSERT_EQ(static_cast<double>(static_cast<float>(u)), u) << "float and double must see the same value";
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1 / 12.0 / n));  // five standard errors
  EXPECT_NEAR(squares / n, 1 / 3.0, 5 * std::sqrt(4 / 45.0 / n));
}

TEST(Draws, BelowHitsEveryNumberEquallyOften) {
  Draws draws(4, {});
  const int n = 70000, sides = 7;
  int count[sides] = {};
  for (int i = 0; i < n; ++i) ++count[draws.below(sides)];  // an index out of range is caught by the sanitizers
  for (const int c : count) EXPECT_NEAR(c, n / sides, 5 * std::sqrt(n / sides));
  EXPECT_EQ(draws.below(1), 0u);
}

TEST(Draws, NormalHasTheMomentsOfTheStandardNormal) {
  Draws draws(5, {});
  const int n = 100000;
  double moment[5] = {};
  for (int i = 0; i < n; ++i) {
    const double x = draws.normal();
    ASSERT_TRUE(std::isfinite(x));
    for (int k = 1; k <= 4; ++k) moment[k] += std::pow(x, k) / n;
  }
  const double five = 5 / std::sqrt(n);  // standard errors: sqrt of the variances 1, 2, 15, 96
  EXPECT_NEAR(moment[1], 0, five);
  EXPECT_NEAR(moment[2], 1, five * std::sqrt(2));
  EXPECT_NEAR(moment[3], 0, five * std::sqrt(15));
  EXPECT_NEAR(moment[4], 3, five * std::sqrt(96));
}

TEST(Draws, ChanceIsNeverAtZeroAndAlwaysAtOne) {
  Draws draws(6, {});
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(draws.chance(0));
    ASSERT_TRUE(draws.chance(1));
    const double x = draws.uniform(-2, 3);
    ASSERT_TRUE(-2 <= x && x < 3);
  }
}

}  // namespace
}  // namespace akin
