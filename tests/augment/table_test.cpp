#include <akin/augment/table.hpp>
#include <set>

#include "support/table_names.hpp"
#include "support/test.hpp"

namespace akin::augment {
namespace {

/// A smooth picture with some noise: nothing that a crop or a jitter leaves as it was.
Samples pictures(std::int64_t size, std::int64_t channels) {
  Samples samples{Array::empty({1, size, size, channels}, DType::u8), 0, {4}};
  Draws draws(5, {.stream = stream_of("pictures")});
  std::uint8_t* pixel = samples.images.mut<std::uint8_t>();
  for (std::int64_t i = 0; i < samples.images.size(); ++i)
    pixel[i] = static_cast<std::uint8_t>(200 * (i % (size * channels)) / (size * channels) + draws.below(50));
  return samples;
}

const Normalize& last_of(const Pipeline& pipeline) { return *pipeline.transforms().back().as<Normalize>(); }

bool same_values(const Array& a, const Array& b) {
  return a.shape() == b.shape() && std::equal(a.data<float>(), a.data<float>() + a.size(), b.data<float>());
}

TEST(RecipeTable, NamesEachRecipeOnceAndFindsIt) {
  std::set<std::string_view> names;
  for (const auto& row : table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(&augment::find(row.name), &row);
    EXPECT_FALSE(row.source.empty() || row.summary.empty()) << row.name;
  }
  EXPECT_TRUE(names.count("demo") && names.count("simclr") && names.count("byol"));
}

TEST(RecipeTable, EveryRecipeMakesTheViewsThatItsRowSays) {
  for (const auto& row : table())
    for (const std::int64_t channels : {1, 3})
      for (const std::int64_t size : {28, 32, 64, 224}) {
        const auto pipelines = row.make({.size = size, .channels = channels, .normalize = {{0.4}, {0.2}}});
        ASSERT_EQ(static_cast<int>(pipelines.size()), row.views()) << row.name;
        const auto made = Views(pipelines)(pictures(size, channels));
        for (std::size_t v = 0; v < made.size(); ++v) {
          const std::int64_t side = made[v].dim(1);
          ASSERT_EQ(made[v].shape(), (Shape{1, side, side, channels})) << row.name;
          EXPECT_TRUE(static_cast<int>(v) < row.full ? side == size : side > 0 && side < size) << row.name << " " << v;
          const float* x = made[v].data<float>();
          const auto [low, high] = std::minmax_element(x, x + made[v].size());  // pixels in [0, 1], normalised
          EXPECT_TRUE(*low > -2.001f && *high < 3.001f) << row.name << " " << *low << " " << *high;
          EXPECT_TRUE(std::all_of(x, x + made[v].size(), [](float value) { return std::isfinite(value); })) << row.name;
          for (std::size_t u = 0; u < v; ++u)
            EXPECT_FALSE(same_values(made[u], made[v])) << row.name << ": drawn apart";
        }
      }
}

TEST(RecipeTable, EveryRecipeIsAFunctionOfItsSeed) {
  for (const auto& row : table()) {
    const auto made = [&](std::uint64_t seed) {
      return Views(row.make({.size = 32, .channels = 3}), {.seed = seed})(pictures(32, 3));
    };
    const auto a = made(1), b = made(1), c = made(2);
    for (std::size_t v = 0; v < a.size(); ++v) {
      EXPECT_TRUE(same_values(a[v], b[v])) << row.name << " " << v;
      EXPECT_FALSE(same_values(a[v], c[v])) << row.name << " " << v;
    }
  }
}

TEST(RecipeTable, EveryRecipeMakesViewsOfTinyImages) {
  for (const auto& row : table())
    for (const std::int64_t size : {1, 7})
      for (const Array& view : Views(row.make({.size = size, .channels = 3}))(pictures(33, 3)))
        EXPECT_LE(view.dim(1), size) << row.name;
}

TEST(RecipeTable, EveryRecipeEndsInTheGivenNormalisation) {
  const Normalize given{{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}};
  for (const auto& row : table())
    for (const Pipeline& pipeline : row.make({.size = 16, .channels = 3, .normalize = given})) {
      EXPECT_EQ(last_of(pipeline).mean, given.mean) << row.name;
      EXPECT_EQ(last_of(pipeline).std, given.std) << row.name;
    }
}

TEST(RecipeTable, EveryRecipeButDemoRefusesOtherChannels) {
  for (const auto& row : table())
    if (row.name != "demo")
      expect_error([&] { row.make({.size = 16, .channels = 2}); }, "channels must be 1 or 3, got 2");
}

TEST(RecipeTable, GuessesWhatWasMeant) {
  expect_error([] { augment::find("SimCRL"); }, "augment: unknown recipe 'SimCRL'; " + test::guess("simclr", table()));
}

}  // namespace
}  // namespace akin::augment
