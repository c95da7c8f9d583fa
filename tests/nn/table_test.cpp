#include <akin/nn/models/table.hpp>
#include <set>

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

}  // namespace
}  // namespace akin
