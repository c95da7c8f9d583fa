#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/activation.hpp>
#include <akin/nn/batch_norm.hpp>
#include <akin/nn/dropout.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

using nn::Module;

/// What the header's example promises: a user's layer is a plain struct.
struct Scale {
  Tensor factor{Array::ones({1}), true};
  Tensor operator()(const Tensor& x) const { return factor * x; }
  void visit(nn::Visitor& v) { v.parameter("factor", factor); }
};

Module small() {
  return nn::Sequential(nn::Linear({.in = 3, .out = 4}), nn::BatchNorm({.features = 4}), nn::Relu{}, Scale{});
}

std::vector<std::string> names(const std::vector<nn::NamedTensor>& tensors) {
  std::vector<std::string> all;
  for (const auto& t : tensors) all.push_back(t.name);
  return all;
}

TEST(Module, NamesParametersAndBuffersByTheirPlace) {
  const Module model = nn::Sequential(Module(small()), nn::Linear({.in = 4, .out = 2, .bias = false}));
  EXPECT_EQ(names(model.named_parameters()),
            (std::vector<std::string>{"0.0.weight", "0.0.bias", "0.1.weight", "0.1.bias", "0.3.factor", "1.weight"}));
  EXPECT_EQ(names(model.named_buffers()),
            (std::vector<std::string>{"0.1.running_mean", "0.1.running_var", "0.1.num_batches_tracked"}));
  EXPECT_EQ(model.parameter_count(), 12 + 4 + 4 + 4 + 1 + 8);
}

TEST(Module, CopiesShareParameters) {
  const Module layer = nn::Linear({.in = 3, .out = 4}), model = nn::Sequential(layer);
  ops::assign(layer.parameters()[0].mutable_value(), Array::zeros({4, 3}));
  EXPECT_EQ(at(model.parameters()[0].value(), 5), 0);
}

TEST(Module, ClonesDoNot) {
  const Module model = small(), copy = model.clone();
  EXPECT_EQ(names(copy.named_tensors()), names(model.named_tensors()));
  for (std::size_t i = 0; i < model.named_tensors().size(); ++i)
    expect_close(copy.named_tensors()[i].tensor.value(), model.named_tensors()[i].tensor.value(), tol::exact);
  model(Tensor(random_array({8, 3}, 1, DType::f32)));  // changes the running statistics of one
  ops::assign(model.parameters()[0].mutable_value(), Array::zeros({4, 3}));
  EXPECT_NE(at(copy.parameters()[0].value(), 5), 0);
  EXPECT_EQ(at(copy.named_buffers()[0].tensor.value(), 0), 0);
  EXPECT_EQ(copy.named_buffers()[2].tensor.item(), 0);
  EXPECT_EQ(model.named_buffers()[2].tensor.item(), 1);
}

TEST(Module, ModesReachAllLayers) {
  const Module model = nn::Sequential(Module(small()));
  model.eval();
  for (const auto& [name, module] : model.named_modules()) EXPECT_FALSE(module.training()) << name;
  model.train();
  for (const auto& [name, module] : model.named_modules()) EXPECT_TRUE(module.training()) << name;
}

TEST(Module, InitialValuesDependOnSeedAndNameAlone) {
  const Module a = nn::Sequential(nn::Linear({.in = 3, .out = 4}), nn::Linear({.in = 4, .out = 4})), b = a.clone(),
               c = a.clone();
  a.initialize(1), b.initialize(1), c.initialize(2);
  expect_close(a.parameters()[2].value(), b.parameters()[2].value(), tol::exact);
  EXPECT_NE(at(a.parameters()[0].value(), 0), at(c.parameters()[0].value(), 0));
  EXPECT_NE(at(a.parameters()[0].value(), 0), at(a.parameters()[2].value(), 0));  // two layers, two draws
}

TEST(Module, LayersOfOneShapeStartWithDifferentValues) {
  const Module model = nn::Sequential(nn::Linear({.in = 4, .out = 4}), nn::Linear({.in = 4, .out = 4}));
  EXPECT_NE(at(model.parameters()[0].value(), 0), at(model.parameters()[2].value(), 0));
}

TEST(Module, APrefixSeparatesNetworksThatShareASeed) {
  const Module a = nn::Linear({.in = 3, .out = 3}), b = a.clone();
  a.initialize(1, "encoder"), b.initialize(1, "projector");
  EXPECT_NE(at(a.parameters()[0].value(), 0), at(b.parameters()[0].value(), 0));
}

TEST(Module, AModuleUsedTwiceIsCountedTrainedAndClonedOnce) {
  const Module layer = nn::Linear({.in = 3, .out = 3}), model = nn::Sequential(layer, nn::Relu{}, layer);
  EXPECT_EQ(names(model.named_parameters()), (std::vector<std::string>{"0.weight", "0.bias"}));
  EXPECT_EQ(model.parameter_count(), 12);
  const Module copy = model.clone();
  EXPECT_EQ(copy.parameter_count(), 12);
  EXPECT_FALSE(copy.parameters()[0].shares_with(model.parameters()[0]));
}

/// Its second argument is not the training mode.
struct Scaled {
  Tensor operator()(const Tensor& x, double factor = 3) const { return factor * x; }
};

TEST(Module, OnlyABoolIsTakenForTheTrainingMode) {
  EXPECT_EQ(at(Module(Scaled{})(Tensor(Array::ones({1}))).value(), 0), 3);
}

TEST(Module, AnEmptyOneIsTheIdentity) {
  const Tensor x(Array::ones({2}));
  EXPECT_EQ(at(Module()(x).value(), 1), 1);
  EXPECT_TRUE(Module().parameters().empty());
}

TEST(Module, GivesAccessToTheLayerInside) {
  const Module layer = nn::Linear({.in = 3, .out = 4});
  EXPECT_EQ(layer.as<nn::Linear>().options.out, 4);
  expect_error([&] { layer.as<nn::Relu>(); }, "module: is a Linear(3 -> 4), not the type asked for");
}

}  // namespace
}  // namespace akin
