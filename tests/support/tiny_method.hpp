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

/// Two noisy copies of the same random pictures.
inline std::vector<Array> two_noisy_views(std::int64_t n = 32, unsigned seed = 1) {
  const Array clean = random_array({n, 6, 6, 1}, seed, DType::f32);
  const auto noisy = [&](unsigned k) { return ops::add(clean, random_array({n, 6, 6, 1}, seed + k, DType::f32, 0.3)); };
  return {noisy(100), noisy(200)};
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
