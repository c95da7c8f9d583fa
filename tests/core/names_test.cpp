#include <akin/core/names.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

const std::vector<std::string> methods = {"simclr", "byol", "vicreg", "barlow-twins"};

TEST(EditDistance, CountsInsertionsDeletionsAndSubstitutions) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

TEST(EditDistance, IsSymmetric) { EXPECT_EQ(edit_distance("barlow", "byol"), edit_distance("byol", "barlow")); }

TEST(NearestName, FindsTheIntendedName) {
  EXPECT_EQ(nearest_name("simclear", methods), "simclr");
  EXPECT_EQ(nearest_name("vcireg", methods), "vicreg");
}

TEST(NearestName, IgnoresCaseAndSeparators) { EXPECT_EQ(nearest_name("BarlowTwins", methods), "barlow-twins"); }

TEST(NearestName, PrefersTheFirstOfEquals) { EXPECT_EQ(nearest_name("aa", {"ab", "ac"}), "ab"); }

TEST(NearestName, IsEmptyWhenNothingIsKnown) { EXPECT_EQ(nearest_name("anything", {}), ""); }

TEST(ThrowUnknown, SaysTheNearestNameAndAllKnownOnes) {
  expect_error(
      [] { throw_unknown("pretrain", "method", "SimCLr2", methods); },
      "pretrain: unknown method 'SimCLr2'; did you mean 'simclr'? known are simclr, byol, vicreg, barlow-twins");
}

TEST(ThrowUnknown, DoesNotGuessWildly) {
  expect_error([] { throw_unknown("pretrain", "method", "zzzzzz", methods); }, "'zzzzzz'; known are simclr");
  expect_error([] { throw_unknown("pretrain", "method", "", {}); }, "''; known are none");
}

}  // namespace
}  // namespace akin
