#include <akin/nn/activation.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Activations, AreLayersToo) {
  const Tensor x(Array::from<float>({2}, {-1, 2}));
  expect_close(nn::Module(nn::Relu{})(x).value(), Array::from<float>({2}, {0, 2}), tol::exact);
  EXPECT_NEAR(at(nn::Module(nn::Gelu{})(x).value(), 1), 1.9544997, 1e-6);
}

TEST(Activations, HaveNoParameters) {
  for (const nn::Module& layer : {nn::Module(nn::Relu{}), nn::Module(nn::Gelu{})})
    EXPECT_TRUE(layer.named_tensors().empty());
  EXPECT_EQ(nn::Module(nn::Relu{}).describe(), "Relu");
  EXPECT_EQ(nn::Module(nn::Gelu{}).describe(), "Gelu");
}

}  // namespace
}  // namespace akin
