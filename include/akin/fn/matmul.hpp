// Matrix products with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/matmul.hpp"
#include "elementwise.hpp"

namespace akin::inline AKIN_ABI {

using ops::MatmulOptions;

/// op(a) op(b), [.., M, K] x [.., K, N] -> [.., M, N]; op swaps the last two axes where its flag is set; leading axes
/// broadcast. Errors: inner sizes differ.
AKIN_LAZY Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options = {}) {
  const bool ta = options.transpose_a, tb = options.transpose_b;
  return record("matmul", ops::matmul(a.value(), b.value(), options),
                wrt(a, [b = b.value(), s = a.shape(), ta, tb](const Array& dy) {
                  const Array da = ta ? ops::matmul(b, dy, {.transpose_a = tb, .transpose_b = true})
                                      : ops::matmul(dy, b, {.transpose_b = !tb});
                  return ops::sum_to(da, s);
                }),
                wrt(b, [a = a.value(), s = b.shape(), ta, tb](const Array& dy) {
                  const Array db = tb ? ops::matmul(dy, a, {.transpose_a = true, .transpose_b = ta})
                                      : ops::matmul(a, dy, {.transpose_a = !ta});
                  return ops::sum_to(db, s);
                }));
}

/// y = x w^T + b. x [N, in], weight [out, in], bias [out] or undefined -> [N, out].
/// Errors: x is not [N, in]; bias is not [out].
AKIN_LAZY Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}) {
  check(x.rank() == 2 && weight.rank() == 2 && x.dim(1) == weight.dim(1), "linear", "x ", x.shape(), " does not fit weight ",
        weight.shape(), "; expected x [N, ", weight.rank() == 2 ? weight.dim(1) : -1, "], flatten() images first");
  const Tensor y = matmul(x, weight, {.transpose_b = true});
  if (!bias.defined()) return y;
  check_shape("linear", "bias", bias.value(), {weight.dim(0)});
  return y + bias;
}

}  // namespace akin::inline AKIN_ABI
