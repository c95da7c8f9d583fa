// Walks over a module tree that reach every tensor: conversion to f64, and through it the gradient of every layer.
#include <akin/fn/reduce.hpp>
#include <akin/nn/activation.hpp>
#include <akin/nn/batch_norm.hpp>
#include <akin/nn/conv.hpp>
#include <akin/nn/layer_norm.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/models/heads.hpp>
#include <akin/nn/models/resnet.hpp>
#include <akin/nn/pool.hpp>
#include <akin/nn/sequential.hpp>
#include <akin/nn/upsample.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

using nn::Module;

TEST(ModuleTo, ConvertsParametersAndFloatingBuffersOnly) {
  const Module layer = nn::BatchNorm({.features = 3});
  layer.to(DType::f64);
  for (const auto& [name, tensor] : layer.named_tensors())
    EXPECT_EQ(tensor.dtype(), name == "num_batches_tracked" ? DType::i64 : DType::f64) << name;
  for (const Tensor& p : layer.parameters()) EXPECT_TRUE(p.requires_grad());
}

TEST(ModuleTo, LeavesNormsInF32BesideBf16) {
  const Module model = nn::Sequential(nn::Linear({.in = 5, .out = 4}), nn::BatchNorm({.features = 4}),
                                      nn::LayerNorm({.features = 4}), nn::Linear({.in = 4, .out = 3}));
  model.to(DType::bf16);
  for (const auto& [name, tensor] : model.named_tensors()) {
    const bool norm = name.starts_with("1.") || name.starts_with("2.");
    EXPECT_EQ(tensor.dtype(), name == "1.num_batches_tracked" ? DType::i64 : norm ? DType::f32 : DType::bf16) << name;
  }
  const Tensor x(random_array({7, 5}, 1, DType::bf16));
  EXPECT_EQ(model(x).dtype(), DType::bf16);
  sum(model(x)).backward();
  for (const auto& [name, p] : model.named_parameters()) EXPECT_TRUE(p.has_grad()) << name;
  model.eval();
  EXPECT_EQ(model(x).dtype(), DType::bf16);
  model.to(DType::f64);
  for (const auto& [name, p] : model.named_parameters()) EXPECT_EQ(p.dtype(), DType::f64) << name;
}

TEST(NameModules, PutsThemBelowAPrefix) {
  const Module model = nn::Sequential(Module(nn::Sequential(nn::Relu{})), nn::Flatten{});
  const auto places = [&] {
    std::string all;
    for (const auto& [name, module] : model.named_modules()) all += nn::ModuleAccess::layer(module)->place() + " ";
    return all;
  };
  model.name_modules();
  EXPECT_EQ(places(), "Sequential 0 0.0 1 ");
  model.name_modules("encoder");
  EXPECT_EQ(places(), "encoder encoder.0 encoder.0.0 encoder.1 ");
}

TEST(LayerGradients, AreRightForInputAndParameters) {
  const Tensor rows = smooth({7, 5}), image = smooth({2, 6, 5, 3}, 2);
  expect_right_layer_gradient(Module(nn::Linear({.in = 5, .out = 4})), rows, "Linear");
  expect_right_layer_gradient(Module(nn::BatchNorm({.features = 5})), rows, "BatchNorm");
  expect_right_layer_gradient(Module(nn::BatchNorm({.features = 3, .relu = true})), image, "BatchNorm, relu");
  expect_right_layer_gradient(Module(nn::BatchNorm({.features = 5, .shift = false})), rows, "BatchNorm, no shift");
  expect_right_layer_gradient(Module(nn::LayerNorm({.features = 5})), rows, "LayerNorm");
  expect_right_layer_gradient(
      Module(nn::Conv2d({.in = 3, .out = 4, .kernel = 3, .stride = 2, .padding = 1, .bias = true})), image, "Conv2d");
  expect_right_layer_gradient(Module(nn::Relu{}), rows, "Relu");
  expect_right_layer_gradient(Module(nn::Gelu{}), rows, "Gelu");
  expect_right_layer_gradient(Module(nn::Flatten{}), image, "Flatten");
  expect_right_layer_gradient(Module(nn::MaxPool2d({.kernel = 2, .stride = 2})), image, "MaxPool2d");
  expect_right_layer_gradient(Module(nn::AveragePool2d({.kernel = 2, .stride = 2})), image, "AveragePool2d");
  expect_right_layer_gradient(Module(nn::GlobalAveragePool{}), image, "GlobalAveragePool");
  expect_right_layer_gradient(nn::mlp({.widths = {5, 6, 3}}), rows, "mlp");
  expect_right_layer_gradient(Module(nn::BasicBlock({.in = 3, .width = 4, .stride = 2})), image, "BasicBlock");
  expect_right_layer_gradient(Module(nn::Bottleneck({.in = 3, .width = 2, .stride = 2})), image, "Bottleneck");
  expect_right_layer_gradient(Module(nn::UpsampleNearest{9}), image, "UpsampleNearest");
}

}  // namespace
}  // namespace akin
