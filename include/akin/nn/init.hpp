// Initial values of parameters.
#pragma once
#include <cmath>

#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

namespace detail {
/// Fills a floating-point tensor from draw(), in element order: on the host, so that values do not depend on the device.
template <class Draw>
void fill(const Tensor& tensor, Draw draw) {
  Array drawn = Array::empty(tensor.shape(), tensor.dtype(), Device::cpu);
  on_float(tensor.dtype(), "initialize", [&]<class T>() {
    T* values = drawn.mut<T>();
    for (std::int64_t i = 0; i < drawn.size(); ++i) values[i] = static_cast<T>(static_cast<compute_t<T>>(draw()));
  });
  ops::assign(tensor.mutable_value(), drawn.to(tensor.device()));
}
/// Every value of a tensor; nothing where it is undefined.
AKIN_LAZY void set_all(const Tensor& tensor, double value) {
  if (tensor.defined()) fill(tensor, [value] { return value; });
}
}  // namespace detail

/// Uniform on [-bound, bound).
AKIN_LAZY void init_uniform(const Tensor& parameter, double bound, Draws draws) {
  detail::fill(parameter, [&] { return draws.uniform(-bound, bound); });
}

/// Normal with mean 0 and the given standard deviation.
AKIN_LAZY void init_normal(const Tensor& parameter, double deviation, Draws draws) {
  detail::fill(parameter, [&] { return deviation * draws.normal(); });
}

/// How the weights of linear and convolution layers start.
enum class Init {
  pytorch,         ///< U(-1/sqrt(fan_in), 1/sqrt(fan_in)) for weight and bias: the default of torch.nn layers
  kaiming_normal,  ///< N(0, 2/fan_out), bias 0: He et al. 2015 (arXiv:1502.01852), as torchvision's ResNet uses it
};

/// Initialises weight [out, ..., in] and bias [out] (may be undefined).
AKIN_LAZY void init_weights(Init init, const Tensor& weight, const Tensor& bias, const InitContext& context) {
  const double receptive = static_cast<double>(weight.size()) / static_cast<double>(weight.dim(0) * weight.dim(-1));
  const double fan_in = receptive * static_cast<double>(weight.dim(-1)),
               fan_out = receptive * static_cast<double>(weight.dim(0));
  if (init == Init::kaiming_normal) {
    init_normal(weight, std::sqrt(2 / fan_out), context.draws("weight"));
    detail::set_all(bias, 0);
  } else {
    init_uniform(weight, 1 / std::sqrt(fan_in), context.draws("weight"));
    if (bias.defined()) init_uniform(bias, 1 / std::sqrt(fan_in), context.draws("bias"));
  }
}

}  // namespace akin::inline AKIN_ABI::nn
