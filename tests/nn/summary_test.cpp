#include <akin/nn/activation.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/models/convnet.hpp>
#include <akin/nn/models/resnet.hpp>
#include <akin/nn/sequential.hpp>
#include <akin/nn/summary.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Summary, IsATableOfModules) {
  const nn::Module model =
      nn::Sequential(nn::Linear({.in = 7, .out = 33}), nn::Relu{}, nn::Linear({.in = 33, .out = 257, .bias = false}));
  EXPECT_EQ(nn::summary(model),
            "name   layer                       parameters  buffers\n"
            "(all)  Sequential                        8745        0\n"
            "0      Linear(7 -> 33)                    264        0\n"
            "1      Relu                                 0        0\n"
            "2      Linear(33 -> 257, no bias)        8481        0\n");
}

TEST(Summary, ShowsBuffersAndTheShapeOfEachOutput) {
  const nn::Module model = nn::convnet({.channels = 3, .widths = {4, 7}});
  const Tensor mean = model.named_buffers()[0].tensor;
  EXPECT_EQ(nn::summary(model, {2, 9, 9, 3}),
            "name   layer                          output        parameters  buffers\n"
            "(all)  Sequential                     [2, 7]               382       24\n"
            "0      Conv2d(3 -> 4, 3x3, stride 1)  [2, 9, 9, 4]         108        0\n"
            "1      BatchNorm(4, relu)             [2, 9, 9, 4]           8        9\n"
            "2      Conv2d(4 -> 7, 3x3, stride 2)  [2, 5, 5, 7]         252        0\n"
            "3      BatchNorm(7, relu)             [2, 5, 5, 7]          14       15\n"
            "4      GlobalAveragePool              [2, 7]                 0        0\n");
  EXPECT_TRUE(model.training()) << "the pass ran on a copy";
  expect_close(mean.value(), Array::zeros({4}), tol::exact);
}

TEST(Summary, OfAnOutputNobodyAskedForIsADash) {  // the block applies its second norm together with the shortcut
  const std::string text = nn::summary(nn::BasicBlock({.in = 4, .width = 6, .stride = 2}), {1, 7, 7, 4});
  EXPECT_NE(text.find("bn2           BatchNorm(6, relu)             -  "), std::string::npos) << text;
  EXPECT_NE(text.find("downsample    Sequential                     [1, 4, 4, 6]"), std::string::npos) << text;
}

TEST(Summary, WorksInTheDtypeOfTheModel) {
  const nn::Module model = nn::Linear({.in = 3, .out = 2});
  model.to(DType::f64);
  EXPECT_NE(nn::summary(model, {5, 3}).find("[5, 2]"), std::string::npos);
}

TEST(Summary, RefusesAnInputThatDoesNotFit) {
  const nn::Module model = nn::Linear({.in = 3, .out = 2});
  expect_error([&] { nn::summary(model, {5, 4}); }, "linear: x [5, 4] does not fit weight [2, 3]");
  EXPECT_NO_THROW(model(Tensor(Array::ones({5, 3}))));  // and leaves nothing behind
  EXPECT_EQ(nn::detail::output_shapes(), nullptr);
}

}  // namespace
}  // namespace akin
