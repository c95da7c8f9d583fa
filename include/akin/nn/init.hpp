// Initial values of parameters.
#pragma once
#include <cmath>

#include "../core/parallel.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

namespace detail {
/// Fills a floating-point tensor with value(draws), in element order; each value takes `words` words of the draws, so that
/// threads can begin anywhere. On the host, so that values do not depend on the device.
template <class Value>
void fill(const Tensor& tensor, const Draws& draws, int words, Value value) {
  Array drawn = Array::empty(tensor.shape(), tensor.dtype(), Device::cpu);
  on_float(tensor.dtype(), "initialize", [&]<class T>() {
    T* const values = drawn.mut<T>();
    parallel_for(drawn.size(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
      Draws own = draws.skipped(static_cast<std::uint64_t>(begin * words));
      for (std::int64_t i = begin; i < end; ++i) values[i] = static_cast<T>(static_cast<compute_t<T>>(value(own)));
    });
  });
  ops::assign(tensor.mutable_value(), drawn.to(tensor.device()));
}
/// Every value of a tensor; nothing where it is undefined.
AKIN_LAZY void set_all(const Tensor& tensor, double value) {
  if (tensor.defined())
    ops::assign(tensor.mutable_value(), Array::full(tensor.shape(), value, tensor.dtype(), tensor.device()));
}
}  // namespace detail

/// Uniform on [-bound, bound).
AKIN_LAZY void init_uniform(const Tensor& parameter, double bound, const Draws& draws) {
  detail::fill(parameter, draws, 1, [bound](Draws& own) { return own.uniform(-bound, bound); });
}

/// Normal with mean 0 and the given standard deviation.
AKIN_LAZY void init_normal(const Tensor& parameter, double deviation, const Draws& draws) {
  detail::fill(parameter, draws, 2, [deviation](Draws& own) { return deviation * own.normal(); });
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
