#include <akin/nn/dropout.hpp>
#include <akin/nn/sequential.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(DropoutLayer, DropsInTrainingOnly) {
  const nn::Module layer = nn::Dropout({.p = 0.5});
  layer.initialize(3);
  const Tensor x(Array::ones({1000}));
  const Array first = layer(x).value(), second = layer(x).value();
  std::int64_t different = 0;
  for (std::int64_t i = 0; i < 1000; ++i) different += at(first, i) != at(second, i);
  EXPECT_NEAR(static_cast<double>(different), 500, 80);
  layer.eval();
  expect_close(layer(x).value(), x.value(), tol::exact);
}

TEST(DropoutLayer, EachModuleHasAStreamOfItsOwnThatResumes) {
  const nn::Module model = nn::Sequential(nn::Dropout({.p = 0.5}), nn::Dropout({.p = 0.5}));
  model.initialize(3);
  const auto layers = model.named_modules();
  const Tensor x(Array::ones({1000}));
  const Array a = layers[1].module(x).value(), b = layers[2].module(x).value();
  std::int64_t different = 0;
  for (std::int64_t i = 0; i < 1000; ++i) different += at(a, i) != at(b, i);
  EXPECT_GT(different, 300);
  const nn::Module later = layers[1].module.clone();  // the call count is part of the state
  expect_close(later(x).value(), layers[1].module(x).value(), tol::exact);
}

TEST(DropoutLayer, RejectsProbabilitiesOutsideTheInterval) {
  expect_error([] { nn::Dropout({.p = 1}); }, "Dropout: p must lie in [0, 1), got 1");
  expect_error([] { nn::Dropout({.p = -0.1}); }, "Dropout: p must lie in [0, 1), got -0.1");
  EXPECT_EQ(nn::Module(nn::Dropout({.p = 0.25})).describe(), "Dropout(0.25)");
}

}  // namespace
}  // namespace akin
