#include <akin/nn/activation.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>

#include "support/gradients.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

TEST(Sequential, AppliesItsChildrenInOrder) {
  const nn::Module model = nn::Sequential(nn::Flatten{}, nn::Linear({.in = 6, .out = 2}), nn::Relu{});
  EXPECT_EQ(model(random_tensor({4, 2, 3})).shape(), (Shape{4, 2}));
  EXPECT_EQ(nn::Module(nn::Sequential(std::vector<nn::Module>{}))(random_tensor({3})).shape(), (Shape{3}));
}

TEST(Sequential, NamesItsChildrenByPosition) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 6, .out = 2}), nn::Relu{}, nn::Linear({.in = 2, .out = 3}));
  std::string names;
  for (const auto& p : model.named_parameters()) names += p.name + " ";
  EXPECT_EQ(names, "0.weight 0.bias 2.weight 2.bias ");
}

TEST(Sequential, OfASequentialIsACopyAndOfAModuleOfItANest) {
  const nn::Sequential inner(nn::Linear({.in = 6, .out = 2}));
  const auto first_name = [](const nn::Module& model) { return model.named_parameters()[0].name; };
  EXPECT_EQ(first_name(nn::Sequential(inner)), "0.weight");
  EXPECT_EQ(first_name(nn::Sequential({nn::Module(inner)})), "0.0.weight");
  EXPECT_EQ(first_name(nn::Sequential(nn::Module(inner))), "0.0.weight");
  EXPECT_EQ(first_name(nn::Sequential(inner, nn::Relu{})), "0.0.weight");
  EXPECT_EQ(nn::Module(nn::Sequential({nn::Module(inner), nn::Module(nn::Relu{})}))(random_tensor({4, 6})).shape(),
            (Shape{4, 2}));
}

TEST(Sequential, SharesTheModulesItIsGiven) {
  const nn::Module encoder = nn::Linear({.in = 6, .out = 2}), model = nn::Sequential(encoder, nn::Relu{});
  EXPECT_TRUE(model.parameters()[0].shares_with(encoder.parameters()[0]));
}

TEST(Flatten, KeepsTheFirstAxis) {
  EXPECT_EQ(nn::Module(nn::Flatten{})(random_tensor({4, 2, 3, 5})).shape(), (Shape{4, 30}));
  EXPECT_EQ(nn::Module(nn::Flatten{})(random_tensor({4, 7})).shape(), (Shape{4, 7}));
}

}  // namespace
}  // namespace akin
