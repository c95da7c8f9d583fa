#include <akin/nn/upsample.hpp>

#include "support/tensors.hpp"

namespace akin {
namespace {

TEST(UpsampleNearest, BringsImagesToItsSize) {
  const nn::Module layer = nn::UpsampleNearest{{7, 9}};
  EXPECT_EQ(layer(random_tensor({2, 4, 9, 3})).shape(), (Shape{2, 7, 9, 3}));
  EXPECT_EQ(layer.describe(), "UpsampleNearest(7x9)");
}

}  // namespace
}  // namespace akin
