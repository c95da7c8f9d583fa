#include <akin/nn/models/table.hpp>
#include <set>

#include "support/sanitized.hpp"
#include "support/test.hpp"

namespace akin {
namespace {

TEST(EncoderTable, NamesEachEncoderOnceAndFindsIt) {
  std::set<std::string_view> names;
  for (const auto& row : nn::encoders()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(&nn::find_encoder(row.name), &row);
    EXPECT_FALSE(row.summary.empty()) << row.name;
  }
  expect_error([] { nn::find_encoder("resnet-81"); },
               "encoders: unknown encoder 'resnet-81'; did you mean 'resnet18'?");
}

TEST(EncoderTable, TheConvnetGivesTheFeaturesThatItsRowSays) {
  const auto& row = nn::find_encoder("convnet");
  for (const std::int64_t channels : {1, 3}) {
    const nn::Module model = row.make({.size = 8, .channels = channels, .seed = 1});
    EXPECT_EQ(model(Tensor(random_array({2, 8, 8, channels}, 1, DType::f32))).shape(), (Shape{2, row.features}));
  }
}

TEST(EncoderTable, TheResnetsHaveTheFeaturesAndTheSizeThatTheirRowsSay) {
  if (test::sanitized) GTEST_SKIP();  // drawing the weights takes a minute
  for (const auto* name : {"resnet18", "resnet34", "resnet50"}) {
    const auto& row = nn::find_encoder(name);
    const nn::Module model = row.make({.size = 8, .channels = 1, .seed = 1});
    EXPECT_EQ(model(Tensor(random_array({2, 8, 8, 1}, 1, DType::f32))).shape(), (Shape{2, row.features})) << name;
    const auto tenths = std::to_string((model.parameter_count() + 50'000) / 100'000);  // 112 for 11.2 million
    EXPECT_NE(row.summary.find(tenths.substr(0, 2) + "." + tenths.substr(2) + " M parameters"), std::string::npos)
        << name;
  }
}

}  // namespace
}  // namespace akin
