// Matrix products with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/linear.hpp"
#include "elementwise.hpp"
#include "mixed_precision.hpp"

namespace akin::inline AKIN_ABI {

using ops::MatmulOptions;

/// op(a) op(b), [.., M, K] x [.., K, N] -> [.., M, N]; op swaps the last two axes where its flag is set; leading axes
/// broadcast. Errors: inner sizes differ.
AKIN_LAZY Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options = {}) {
  const bool ta = options.transpose_a, tb = options.transpose_b;
  return record("matmul", ops::matmul(a.value(), b.value(), options),
                wrt(a,
                    [b = b.value(), s = a.shape(), ta, tb](const Array& dy) {
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

/// y = x w^T + b. x [..., in], weight [out, in], bias [out] or undefined -> [..., out].
/// In MixedPrecision the product is computed and given in bf16. Errors: the last axis of x is not `in`; bias is not [out].
AKIN_LAZY Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}) {
  check(weight.rank() == 2, "linear", "weight needs shape [out, in], got ", weight.shape());
  const std::int64_t in = weight.dim(1), out = weight.dim(0);
  check(x.rank() >= 1 && x.dim(-1) == in, "linear", "x ", x.shape(), " does not fit weight ", weight.shape(),
        "; expected x [..., ", in, "], flatten() images first");
  if (bias.defined()) check_shape("linear", "bias", bias.value(), {out});
  const Tensor rows = detail::operand(x.rank() == 2 ? x : reshape(x, {-1, in})), w = detail::operand(weight);
  const Tensor b = bias.defined() ? detail::operand(bias) : bias;
  const bool both = w.requires_grad() && b.requires_grad();  // else one of the two would be computed for nobody
  const Tensor none;
  const Tensor y = record(
      "linear",
      b.defined() ? ops::linear(rows.value(), w.value(), b.value())
                  : ops::matmul(rows.value(), w.value(), {.transpose_b = true}),
      wrt(rows, [w = w.value()](const Array& dy) { return ops::matmul(dy, w); }),
      wrt(both ? none : w,
          [rows = rows.saved()](const Array& dy) { return ops::matmul(dy, rows.value(), {.transpose_a = true}); }),
      wrt(both ? none : b, [](const Array& dy) { return ops::sum(dy, 0); }),
      wrt({both ? w : none, both ? b : none}, [rows = rows.saved()](const Array& dy) {
        auto d = ops::linear_backward_weights(dy, rows.value());
        return std::array{d.dw, d.dbias};
      }));
  if (x.rank() == 2) return y;
  Shape shape = x.shape();
  shape[x.rank() - 1] = out;
  return reshape(y, shape);
}

}  // namespace akin::inline AKIN_ABI
