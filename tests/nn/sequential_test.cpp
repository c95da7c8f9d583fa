#include <akin/nn/activation.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

Tensor input(const Shape& shape, unsigned seed = 1) { return Tensor(random_array(shape, seed, DType::f32)); }

TEST(Sequential, AppliesItsChildrenInOrder) {
  const nn::Module model = nn::Sequential(nn::Flatten{}, nn::Linear({.in = 6, .out = 2}), nn::Relu{});
  EXPECT_EQ(model(input({4, 2, 3})).shape(), (Shape{4, 2}));
  EXPECT_EQ(nn::Module(nn::Sequential(std::vector<nn::Module>{}))(input({3})).shape(), (Shape{3}));
}

TEST(Sequential, NamesItsChildrenByPosition) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 6, .out = 2}), nn::Relu{}, nn::Linear({.in = 2, .out = 3}));
  std::string names;
  for (const auto& p : model.named_parameters()) names += p.name + " ";
  EXPECT_EQ(names, "0.weight 0.bias 2.weight 2.bias ");
}

TEST(Sequential, SharesTheModulesItIsGiven) {
  const nn::Module encoder = nn::Linear({.in = 6, .out = 2}), model = nn::Sequential(encoder, nn::Relu{});
  EXPECT_TRUE(model.parameters()[0].shares_with(encoder.parameters()[0]));
}

TEST(Flatten, KeepsTheFirstAxis) {
  EXPECT_EQ(nn::Module(nn::Flatten{})(input({4, 2, 3, 5})).shape(), (Shape{4, 30}));
  EXPECT_EQ(nn::Module(nn::Flatten{})(input({4, 7})).shape(), (Shape{4, 7}));
}

}  // namespace
}  // namespace akin
