#include <akin/data/subset.hpp>
#include <set>

#include "support/numbered.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

/// n images of one pixel; image i shows i and has label i.
using test::numbered;

std::vector<std::int64_t> contents(const Dataset& d) {
  std::vector<std::int64_t> shown;
  for (std::int64_t i = 0; i < d.size(); ++i) {
    std::uint8_t pixel;
    d.read(i, &pixel);
    EXPECT_EQ(pixel, d.label(i));
    shown.push_back(pixel);
  }
  return shown;
}

using Numbers = std::vector<std::int64_t>;

TEST(Subset, ShowsTheChosenImagesInTheirOrder) {
  EXPECT_EQ(contents(*subset(numbered(9), {8, 0, 8})), (Numbers{8, 0, 8}));
  EXPECT_EQ(contents(*subset(subset(numbered(9), {8, 0, 5}), {2, 1})), (Numbers{5, 0}));
}

TEST(Subset, HeadIsTheBeginning) {
  EXPECT_EQ(contents(*head(numbered(9), 3)), (Numbers{0, 1, 2}));
  EXPECT_EQ(head(numbered(9), 0)->size(), 0);
}

TEST(Subset, RejectsImagesThatDoNotExist) {
  expect_error([] { subset(numbered(9), {9}); }, "subset: image 9 does not exist in numbered, which has 9");
  expect_error([] { head(numbered(9), 10); }, "expected 0 ... 9 images of numbered, got 10");
  expect_error([] { split_off(numbered(9), -1, 0); }, "cannot hold out -1 of the 9 images");
  expect_error([] { subset(nullptr, {}); }, "needs a data set");
}

TEST(SplitOff, PartsAreDisjointCompleteAndInOrder) {
  const auto parts = split_off(numbered(33), 7, 5);
  const Numbers train = contents(*parts.train), validation = contents(*parts.validation);
  EXPECT_EQ(validation.size(), 7u);
  EXPECT_TRUE(std::is_sorted(train.begin(), train.end()) && std::is_sorted(validation.begin(), validation.end()));
  std::set<std::int64_t> all(train.begin(), train.end());
  all.insert(validation.begin(), validation.end());
  EXPECT_EQ(train.size() + validation.size(), 33u);
  EXPECT_EQ(all.size(), 33u);
}

TEST(SplitOff, IsAPureFunctionOfTheSeed) {
  const auto held_out = [](std::uint64_t seed) { return contents(*split_off(numbered(200), 20, seed).validation); };
  EXPECT_EQ(held_out(5), held_out(5));
  EXPECT_NE(held_out(5), held_out(6));
}

}  // namespace
}  // namespace akin::data
