#include <akin/augment/table.hpp>
#include <set>

#include "support/table_names.hpp"
#include "support/test.hpp"

namespace akin::augment {
namespace {

Samples gray_ramp(std::int64_t size, std::int64_t channels) {
  Samples samples{Array::empty({3, size, size, channels}, DType::u8), 0, {4, 0, 7}};
  for (std::int64_t i = 0; i < samples.images.size(); ++i)
    samples.images.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(i % 251);
  return samples;
}

const Normalize& last_of(const Pipeline& pipeline) { return *pipeline.transforms().back().as<Normalize>(); }

TEST(RecipeTable, NamesEachRecipeOnceAndFindsIt) {
  std::set<std::string_view> names;
  for (const auto& row : table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(&augment::find(row.name), &row);
    EXPECT_FALSE(row.what.empty()) << row.name;
  }
  EXPECT_TRUE(names.count("demo") && names.count("simclr") && names.count("byol"));
}

TEST(RecipeTable, EveryRecipeMakesViewsOfTheAskedSizeForGreyAndColour) {
  for (const auto& row : table())
    for (const std::int64_t channels : {1, 3})
      for (const std::int64_t size : {7, 33}) {
        const Views views = two_views(row.make({.size = size, .channels = channels, .normalize = {{0.4}, {0.2}}}));
        const auto made = views(gray_ramp(28, channels));
        ASSERT_EQ(made.size(), 2u) << row.name;
        for (const Array& view : made) {
          ASSERT_EQ(view.shape(), (Shape{3, size, size, channels})) << row.name;
          for (std::int64_t i = 0; i < view.size(); ++i)  // pixels in [0, 1], normalised
            ASSERT_TRUE(at(view, i) > -2.001 && at(view, i) < 3.001) << row.name << " " << at(view, i);
        }
        EXPECT_NE(at(made[0], 0), at(made[1], 0)) << row.name << ": the two views are drawn apart";
      }
}

TEST(RecipeTable, EveryRecipeEndsInTheGivenNormalisation) {
  const Normalize given{{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}};
  for (const auto& row : table()) {
    const PipelinePair pair = row.make({.size = 16, .channels = 3, .normalize = given});
    for (const Pipeline& pipeline : {pair.first, pair.second}) {
      EXPECT_EQ(last_of(pipeline).mean, given.mean) << row.name;
      EXPECT_EQ(last_of(pipeline).std, given.std) << row.name;
    }
  }
}

TEST(RecipeTable, GuessesWhatWasMeant) {
  expect_error([] { augment::find("SimCRL"); }, "augment: unknown recipe 'SimCRL'; " + test::guess("simclr", table()));
}

}  // namespace
}  // namespace akin::augment
