// Activations as layers.
#pragma once
#include "../fn/activation.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

/// max(x, 0)
struct Relu {
  AKIN_LAZY Tensor operator()(const Tensor& x) const { return relu(x); }
  std::string describe() const { return "Relu"; }
};

/// x Phi(x), exact form
struct Gelu {
  AKIN_LAZY Tensor operator()(const Tensor& x) const { return gelu(x); }
  std::string describe() const { return "Gelu"; }
};

}  // namespace akin::inline AKIN_ABI::nn
