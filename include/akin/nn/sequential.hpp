// Layers one after the other, and the layers that only change shape.
#pragma once
#include <initializer_list>
#include <string>
#include <vector>

#include "../fn/shape.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

/// Applies its children in order; their names are "0", "1", ... as in torch.
/// Sequential(inner) is a copy of the Sequential `inner`, as for any C++ type: not a network whose only child it is.
/// That one is Sequential({Module(inner)}), whose tensors are named "0.0.weight", ...
struct Sequential {
  std::vector<Module> children;

  template <class... Layers>
  requires(std::is_convertible_v<Layers, Module>&&...) explicit Sequential(Layers... layers)
      : children{Module(std::move(layers))...} {}
  AKIN_LAZY explicit Sequential(std::vector<Module> layers) : children(std::move(layers)) {}
  AKIN_LAZY explicit Sequential(std::initializer_list<Module> layers) : children(layers) {}

  AKIN_LAZY Tensor operator()(Tensor x) const {
    for (const Module& child : children) x = child(x);
    return x;
  }
  void visit(Visitor& v) {
    for (std::size_t i = 0; i < children.size(); ++i) v.child(std::to_string(i), children[i]);
  }
  std::string describe() const { return "Sequential"; }
};

/// [N, ...] -> [N, product of the rest]
struct Flatten {
  AKIN_LAZY Tensor operator()(const Tensor& x) const { return flatten(x); }
  std::string describe() const { return "Flatten"; }
};

}  // namespace akin::inline AKIN_ABI::nn
