// Activations.
#pragma once
#include "elementwise.hpp"

namespace akin::inline AKIN_ABI {

/// max(x, 0); the gradient at 0 is 0.
AKIN_LAZY Tensor relu(const Tensor& x) { return detail::map_of_output("relu", kernels::Relu{}, kernels::ReluVjp{}, x); }
/// x Phi(x), Phi the standard normal distribution function (exact, not the tanh form). arXiv:1606.08415
AKIN_LAZY Tensor gelu(const Tensor& x) { return detail::map_of_input("gelu", kernels::Gelu{}, kernels::GeluVjp{}, x); }
/// 1 / (1 + e^-x)
AKIN_LAZY Tensor sigmoid(const Tensor& x) {
  return detail::map_of_output("sigmoid", kernels::Sigmoid{}, kernels::SigmoidVjp{}, x);
}
AKIN_LAZY Tensor tanh(const Tensor& x) { return detail::map_of_output("tanh", kernels::Tanh{}, kernels::TanhVjp{}, x); }
/// log(1 + e^x), without overflow; -softplus(-x) is log sigmoid(x).
AKIN_LAZY Tensor softplus(const Tensor& x) {
  return detail::map_of_input("softplus", kernels::Softplus{}, kernels::SoftplusVjp{}, x);
}

}  // namespace akin::inline AKIN_ABI
