#include <akin/nn/pool.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

Array pixels() { return Array::from<float>({1, 2, 2, 2}, {1, 10, 2, 20, 3, 30, 4, 40}); }

TEST(PoolLayers, TakeTheLargestOrTheMeanOfEachWindow) {
  expect_close(nn::Module(nn::MaxPool2d({.kernel = 2, .stride = 2}))(Tensor(pixels())).value(),
               Array::from<float>({1, 1, 1, 2}, {4, 40}), tol::exact);
  expect_close(nn::Module(nn::AveragePool2d({.kernel = 2, .stride = 2}))(Tensor(pixels())).value(),
               Array::from<float>({1, 1, 1, 2}, {2.5, 25}), tol::exact);
}

TEST(PoolLayers, StrideIsTheKernelUnlessGiven) {
  const Tensor x(random_array({1, 6, 9, 1}, 1, DType::f32));
  for (const nn::Module& layer :
       {nn::Module(nn::MaxPool2d({.kernel = 3})), nn::Module(nn::AveragePool2d({.kernel = 3})),
        nn::Module(nn::MaxPool2d({.kernel = {3, 2}, .stride = {0, 3}}))})
    EXPECT_EQ(layer(x).shape(), (Shape{1, 2, 3, 1})) << layer.describe();
  EXPECT_EQ(nn::Module(nn::MaxPool2d({.kernel = 3})).describe(), "MaxPool2d(3, stride 3)");
  EXPECT_EQ(nn::Module(nn::MaxPool2d({.kernel = {3, 2}, .stride = {0, 3}})).describe(), "MaxPool2d(3x2, stride 3)");
}

TEST(PoolLayers, GlobalAveragePoolLeavesOneValuePerChannel) {
  expect_close(nn::Module(nn::GlobalAveragePool{})(Tensor(pixels())).value(), Array::from<float>({1, 2}, {2.5, 25}),
               tol::exact);
}

TEST(PoolLayers, SayWhatTheyAre) {
  EXPECT_EQ(nn::Module(nn::MaxPool2d({.kernel = 3, .stride = 2, .padding = 1})).describe(), "MaxPool2d(3, stride 2)");
  EXPECT_EQ(nn::Module(nn::AveragePool2d({.kernel = 2, .stride = 2})).describe(), "AveragePool2d(2, stride 2)");
  EXPECT_EQ(nn::Module(nn::GlobalAveragePool{}).describe(), "GlobalAveragePool");
}

TEST(PoolLayers, RejectWindowsThatDoNotFit) {
  expect_error([] { nn::Module(nn::MaxPool2d({.kernel = 3, .stride = 1}))(Tensor(pixels())); }, "max_pool2d");
}

}  // namespace
}  // namespace akin
