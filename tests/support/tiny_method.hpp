// Methods on pictures of 6x6 pixels: small enough for every test, and the methods do not care what is inside.
#pragma once
#include <akin/methods/table.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>

#include "test.hpp"

namespace akin::test {

inline nn::Module tiny_encoder() {
  const nn::Module model = nn::Sequential(nn::Flatten{}, nn::Linear({.in = 36, .out = 16, .bias = false}),
                                          nn::BatchNorm({.features = 16, .relu = true}));
  model.initialize(1);
  return model;
}

inline Owned<methods::Method> tiny_method(std::string_view name, std::vector<double> params = {}) {
  return methods::find(name).make({.encoder = tiny_encoder(), .features = 16, .seed = 3, .params = std::move(params)});
}

/// The network of that name.
inline nn::Module network_of(const methods::Method& method, std::string_view name) {
  for (const auto& [known, module] : method.networks())
    if (known == name) return module;
  throw Error(cat("the method has no network ", name));
}

}  // namespace akin::test
