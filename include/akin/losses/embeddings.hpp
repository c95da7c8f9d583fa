// What every loss does first with the embeddings it is given.
#pragma once
#include <cmath>

#include "../fn/norm.hpp"
#include "../fn/shape.hpp"

namespace akin::inline AKIN_ABI::losses {

/// Embeddings [N, D] ready for a loss: bf16 becomes f32, since similarities and their exponentials need the digits.
/// Errors: not [N, D] with N, D > 0.
AKIN_LAZY Tensor embeddings(std::string_view op, const Tensor& z) {
  check(z.rank() == 2 && z.size() > 0, op, "needs embeddings [N, D] with N, D > 0, got ", z.shape());
  return z.dtype() == DType::bf16 ? cast(z, DType::f32) : z;
}

/// Two views of the same batch. Errors: as above; shapes or dtypes differ.
struct ViewPair {
  Tensor a, b;
};
AKIN_LAZY ViewPair view_pair(std::string_view op, const Tensor& za, const Tensor& zb) {
  check_same_shape(op, za, zb);
  check_same_kind(op, za.value(), zb.value());
  return {embeddings(op, za), embeddings(op, zb)};
}

/// Errors: `value` is not > 0 and finite.
AKIN_LAZY void check_positive(std::string_view op, std::string_view name, double value) {
  check(value > 0 && std::isfinite(value), op, name, " must be > 0 and finite, got ", value);
}

/// Embeddings of other batches [K, D] as unit vectors, for rows [N, D]. They get no gradient. Errors: they do not fit.
AKIN_LAZY Tensor unit_bank(std::string_view op, const Array& bank, const Tensor& rows) {
  check(bank.defined() && bank.rank() == 2 && bank.dim(0) > 0 && bank.dim(1) == rows.dim(1), op,
        "needs a bank [K, D] with K > 0 for embeddings ", rows.shape(), ", got ",
        bank.defined() ? bank.shape() : Shape{0});
  const Tensor unit = l2_normalize(embeddings(op, Tensor(bank)));
  check_same_kind(op, rows.value(), unit.value());
  return unit;
}

}  // namespace akin::inline AKIN_ABI::losses
