// The softmax family along the last axis.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/softmax.hpp"

namespace akin::inline AKIN_ABI {

/// exp(x_j) / sum_k exp(x_k), the maximum subtracted first. [..., D] -> [..., D].
AKIN_LAZY Tensor softmax(const Tensor& x) {
  const Array y = ops::softmax(x.value());
  return record("softmax", y, wrt(x, [y](const Array& dy) { return ops::softmax_backward(dy, y); }));
}

/// x_j - log sum_k exp(x_k). [..., D] -> [..., D].
AKIN_LAZY Tensor log_softmax(const Tensor& x) {
  const Array y = ops::log_softmax(x.value());
  return record("log_softmax", y, wrt(x, [y](const Array& dy) { return ops::log_softmax_backward(dy, y); }));
}

/// log sum_k exp(x_k), without overflow. [..., D] -> [...].
AKIN_LAZY Tensor logsumexp(const Tensor& x) {
  const Array y = ops::logsumexp(x.value());
  return record("logsumexp", y,
                wrt(x, [x = x.value(), y](const Array& dy) { return ops::logsumexp_backward(dy, x, y); }));
}

}  // namespace akin::inline AKIN_ABI
