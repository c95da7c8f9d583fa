#include <akin/nn/batch_norm.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>
#include <akin/optim/optimizer.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(ParameterGroups, NormsAndBiasesAreNotDecayed) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 2, .out = 3}), nn::BatchNorm({.features = 3}));
  const auto groups = optim::decay_groups(model, 0.1);
  ASSERT_EQ(groups.size(), 2u);
  ASSERT_EQ(groups[0].parameters.size(), 1u);
  EXPECT_EQ(groups[0].parameters[0].name, "0.weight");
  EXPECT_EQ(groups[0].weight_decay, 0.1);
  EXPECT_EQ(groups[1].parameters.size(), 3u);  // 0.bias, 1.weight, 1.bias
  EXPECT_EQ(groups[1].weight_decay, 0);
}

}  // namespace
}  // namespace akin
